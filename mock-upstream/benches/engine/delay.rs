//! How punctual a scripted delay is while two hundred streams are open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_upstream::journal::JournalCaps;
use mock_upstream::script::{AfterEvents, EventsPlay, Hold, Reply, Turn};
use mock_upstream::{Play, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stage::Stage;

const STREAMS: u32 = 200;
const REPEATS: u32 = 20;
const DELAY: Duration = Duration::from_millis(50);

pub(crate) fn run() {
    let mut stage = Stage::new();
    let events = EventsPlay {
        events: 1,
        hold: vec![Hold::For(DELAY)],
        then: AfterEvents::Finish,
        reply: Reply::default(),
    };
    let script = Script::of([Turn::play(Play::Events(events))]);
    let (scenario, request) = stage.scenario(script, JournalCaps::default(), true);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let seen: Vec<Duration> = runtime.block_on(async {
        let mut streams = JoinSet::new();
        for at in 0..STREAMS {
            streams.spawn(stream(stage.addr, Arc::clone(&request), DELAY * at / STREAMS));
        }
        streams.join_all().await.into_iter().flatten().collect()
    });
    println!("delay: {DELAY:?} scripted within a stream, {STREAMS} streams open, {} delays", seen.len());
    report("seen by the client", seen.iter().map(|time| off(*time)));
    let journal = scenario.close().journal;
    let waits = journal
        .iter()
        .map(|entry| entry.last_byte.unwrap().instant.duration_since(entry.first_byte.unwrap().instant));
    report("in the journal", waits.map(off));
}

/// The pauses of one connection's streams, the first of which begins after so much time.
async fn stream(addr: std::net::SocketAddr, request: Arc<[u8]>, after: Duration) -> Vec<Duration> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    sleep(after).await;
    let mut pauses = Vec::new();
    for _ in 0..REPEATS {
        stream.write_all(&request).await.unwrap();
        let mut bytes = Vec::new();
        read_until(&mut stream, &mut bytes, b"\n\n\r\n").await;
        let before = Instant::now();
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
        pauses.push(before.elapsed());
        read_until(&mut stream, &mut bytes, b"0\r\n\r\n").await;
    }
    pauses
}

async fn read_until(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: &[u8]) {
    while !bytes.ends_with(end) {
        assert_ne!(stream.read_buf(bytes).await.unwrap(), 0, "the server closed");
    }
}

fn off(time: Duration) -> f64 {
    (time.as_secs_f64() - DELAY.as_secs_f64()) * 1e3
}

fn report(where_: &str, off: impl Iterator<Item = f64>) {
    let mut sorted: Vec<f64> = off.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    println!(
        "  {where_:<18} off by {:+.2} ms at least, {:+.2} at the median, {:+.2} at the 99th percentile, {:+.2} at most",
        at(0.0),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
