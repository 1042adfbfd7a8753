//! Requests a second, the journal keeping each: the mock, bare hyper and wiremock in turns.

use std::net::SocketAddr;
use std::time::Duration;

use mock_upstream::Script;
use mock_upstream::journal::JournalCaps;

use crate::load::{Client, Until};
use crate::process;
use crate::rivals::{Hyper, Reply, Wiremock};
use crate::stage::{Stage, THREADS};

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(400);
/// Far more than a round brings, so that every request is kept.
const ROOMY: JournalCaps = JournalCaps { entries: 1 << 22, bytes: 4 << 30 };

/// What a server did in one round.
#[derive(Debug, Clone, Copy)]
struct Score {
    rate: f64,
    /// Microseconds that its threads computed for a request; none where they cannot be told.
    cost: f64,
}

pub(crate) fn run() {
    let mut stage = Stage::new();
    let (scenario, request) = stage.scenario(Script::healthy(), ROOMY, false);
    let reply = Reply::parse(&Client::connect(stage.addr, 1).reply(&request));
    scenario.close();
    let same = Hyper::start(reply.clone());
    let plain = Hyper::start(reply.plain());
    let wiremock = Wiremock::start(&reply);

    let mut scores: [Vec<Score>; 4] = Default::default();
    for round in 0..ROUNDS {
        for turn in 0..scores.len() {
            let who = (turn + round) % scores.len();
            let score = match who {
                0 => mock(&mut stage),
                1 => rival(same.addr, &mut stage),
                2 => rival(plain.addr, &mut stage),
                _ => rival(wiremock.addr(), &mut stage),
            };
            // The first round is for the caches.
            if round > 0 {
                scores[who].push(score);
            }
        }
    }
    report(&scores);
}

fn mock(stage: &mut Stage) -> Score {
    let (scenario, request) = stage.scenario(Script::healthy(), ROOMY, false);
    let (score, count) = measure(stage.addr, &request);
    let closed = scenario.close();
    assert_eq!((closed.journal.len() as u64, closed.dropped), (count, 0), "every request is on record");
    score
}

fn rival(addr: SocketAddr, stage: &mut Stage) -> Score {
    let (scenario, request) = stage.scenario(Script::healthy(), ROOMY, false);
    let (score, _) = measure(addr, &request);
    scenario.close();
    score
}

fn measure(addr: SocketAddr, request: &std::sync::Arc<[u8]>) -> (Score, u64) {
    let mut client = Client::connect(addr, CONNECTIONS);
    let before = process::busy(THREADS);
    let (count, time) = client.load(request, Until::Elapsed(ROUND));
    let spent = process::busy(THREADS) - before;
    let score =
        Score { rate: count as f64 / time.as_secs_f64(), cost: spent.as_secs_f64() * 1e6 / count as f64 };
    // One more was sent to learn the length of a reply.
    (score, count + 1)
}

fn report(scores: &[Vec<Score>; 4]) {
    println!(
        "throughput: {CONNECTIONS} connections, {} rounds of {ROUND:?} in turns, every request journalled",
        ROUNDS - 1
    );
    let names = ["mock-upstream", "hyper, the same reply", "hyper, three fields", "wiremock"];
    for (name, own) in names.into_iter().zip(scores) {
        let ratios = |what: fn(&Score) -> f64| {
            median(scores[0].iter().zip(own).map(|(mock, other)| what(mock) / what(other)))
        };
        let rate = median(own.iter().map(|score| score.rate));
        let cost = median(own.iter().map(|score| score.cost));
        print!("  {name:<22} {rate:>9.0} requests/s");
        // wiremock's thread has no name of its own.
        if name != "wiremock" {
            print!("  {cost:>6.2} µs of server time each");
        } else {
            print!("{:>33}", "");
        }
        println!("  mock / this: {:.2} (median of ratios)", ratios(|score| score.rate));
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
