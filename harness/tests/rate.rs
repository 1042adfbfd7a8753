//! How fast a campaign is: beside a plain load generator that sends fixed bodies over and over, on the same machine in the same
//! run. With one small body the generator shows how fast the target can be, with bodies that the campaign sends too how fast it is
//! under what it is sent.
//!
//! A measurement, so that `scripts/fuzz-rate` runs it.

#![cfg(feature = "reference-gateway")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use gateway_conformance::act::{Client, ClientOptions, ExchangeOptions};
use gateway_conformance::fuzz::engine::{self, Bounds};
use gateway_conformance::generate::campaign::{Campaign, Lane};
use gateway_conformance::generate::json::Json;
use gateway_conformance::generate::schema::MARKER as SLOT;
use gateway_conformance::run::request::resolved::Options;
use gateway_conformance::run::request::{self, Request};
use gateway_conformance::wire::exchange;
use mimalloc::MiMalloc;
use mock_upstream::MockUpstream;
use mock_upstream::scenario::{Scenario, ScenarioSpec};
use mock_upstream::server::ProviderOptions;
use serde_json::json;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const LENGTH: Duration = Duration::from_secs(8);
const ROUNDS: usize = 5;
const JOBS: usize = 48;
/// Cases of a campaign whose bodies the load generator sends, and how far each is from the one before: together they reach as far
/// as the campaign does, since its beginning holds little but breaches, which cost a gateway least.
const CASES: u64 = 4000;
/// See [`CASES`].
const STRIDE: u64 = 23;
/// The word by which the mock knows whose the load is.
const MARKER: &str = "zuqibabebibobuba";

/// One request of the load, the same each time.
struct Fixed {
    target: &'static str,
    body: Bytes,
}

#[test]
#[ignore = "a measurement: scripts/fuzz-rate"]
fn a_campaign_is_at_least_six_tenths_as_fast_as_a_plain_load_generator() {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (fuzzed, one, same) = (fuzzed(), load(|_| vec![small()]), load(of_a_campaign));
        println!(
            "fuzz {fuzzed:.0} requests/s, {:.2} of {same:.0} with a campaign's own bodies, {:.2} of {one:.0} with one small body",
            fuzzed / same,
            fuzzed / one
        );
        ratios.push(fuzzed / same);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    println!("median {median:.2}");
    assert!(median >= 0.6, "{median:.2}");
}

fn small() -> Fixed {
    let body = format!(
        r#"{{"model":"cogito-chat","messages":[{{"role":"user","content":"{MARKER}"}}],"max_tokens":16}}"#
    );
    Fixed { target: "/v1/chat/completions", body: body.into() }
}

/// Bodies that a campaign sends under a marker, which the scenario is told.
fn of_a_campaign(scenario: &Scenario) -> Vec<Fixed> {
    let wanted = Request { contract: Some("cogito".to_owned()), ..Request::default() };
    let (plan, _) = request::resolve(&wanted).unwrap().pop().unwrap();
    let examples = [
        (
            "chat",
            "/v1/chat/completions",
            json!({"model": "cogito-chat", "messages": [{"role": "user", "content": SLOT}]}),
        ),
        ("embeddings", "/v1/embeddings", json!({"model": "cogito-embed", "input": SLOT})),
    ];
    let lanes = examples.iter().map(|(operation, _, example)| {
        let shape = plan.contract.requests.iter().find(|shape| shape.operation.value == *operation).unwrap();
        Lane::new(shape, &Json::from(example), *operation == "chat").unwrap()
    });
    let campaign = Campaign::new(lanes.collect(), 1, false);
    let cases = (0..CASES).map(|number| campaign.case(number * STRIDE));
    let sent = cases.flat_map(|case| case.sends.into_iter().map(move |sent| (case.lane, sent)));
    let marked = sent.filter_map(|(lane, sent)| Some((lane, sent.marker?, sent.body)));
    marked
        .enumerate()
        .map(|(number, (lane, marker, body))| {
            scenario.mark(&marker, u32::try_from(number).unwrap()).unwrap();
            Fixed { target: examples[lane].1, body: body.into() }
        })
        .collect()
}

/// Sends the bodies over and over, each line from a place of its own on.
fn load(bodies: impl FnOnce(&Scenario) -> Vec<Fixed>) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (gateway, mock, scenario) = runtime.block_on(async {
        let mock = MockUpstream::start(mock_upstream::Options::default()).await.unwrap();
        let provider = mock.add_provider(ProviderOptions::named("load")).await.unwrap();
        let scenario = mock.open(ScenarioSpec::named("load"));
        let config = reference_gateway::Config::cogito(provider.url(), "key");
        (reference_gateway::start(config).await.unwrap(), mock, scenario)
    });
    scenario.mark(MARKER, 0).unwrap();
    let bodies = bodies(&scenario);
    let client = Client::new(ClientOptions::default()).unwrap();
    let sent = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(JOBS);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (handle, client, sent, url) =
                (runtime.handle().clone(), client.clone(), &sent, gateway.url());
            let bodies = &bodies;
            scope.spawn(move || {
                let lines = (thread..JOBS).step_by(threads).map(|line| {
                    let from = line * bodies.len() / JOBS;
                    send(client.kept(&url), bodies[from..].iter().chain(&bodies[..from]), sent, begun)
                });
                handle.block_on(join_all(lines));
            });
        }
    });
    drop(mock);
    rate(sent.load(Ordering::Relaxed), begun.elapsed())
}

async fn send<'b>(
    mut kept: gateway_conformance::act::Kept,
    bodies: impl Iterator<Item = &'b Fixed> + Clone,
    sent: &AtomicU64,
    begun: Instant,
) {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for Fixed { target, body } in bodies.cycle() {
        if begun.elapsed() >= LENGTH {
            return;
        }
        let request = exchange::Request {
            method: "POST".to_owned(),
            target: (*target).to_owned(),
            headers: vec![
                header("Content-Type", "application/json"),
                header("Authorization", "Bearer ck-valid-1"),
            ],
            body: body.clone(),
        };
        let (answer, _) = kept.exchange(request, &[], &ExchangeOptions::default()).await;
        assert!(answer.head.is_some());
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

fn fuzzed() -> f64 {
    let wanted = Request { contract: Some("cogito".to_owned()), ..Request::default() };
    let (plan, options) = request::resolve(&wanted).unwrap().pop().unwrap();
    let bounds = Bounds { time: Some(LENGTH), ..Bounds::default() };
    let outcome =
        engine::campaign(&plan, Options { jobs: JOBS, ..options }, bounds, &engine::never(), &|_| {})
            .unwrap();
    rate(outcome.progress.requests, outcome.progress.elapsed)
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(requests: u64, elapsed: Duration) -> f64 {
    requests as f64 / elapsed.as_secs_f64()
}
