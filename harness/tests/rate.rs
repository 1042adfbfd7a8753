//! How fast a campaign is: beside a plain load generator that sends one body over and over, on the same machine in the same run.
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
use gateway_conformance::run::request::resolved::Options;
use gateway_conformance::run::request::{self, Request};
use gateway_conformance::wire::exchange;
use mock_upstream::MockUpstream;
use mock_upstream::scenario::ScenarioSpec;
use mock_upstream::server::ProviderOptions;

const LENGTH: Duration = Duration::from_secs(15);
const JOBS: usize = 8;
/// The word by which the mock knows whose the load is.
const MARKER: &str = "zuqibabebibobuba";

#[test]
#[ignore = "a measurement: scripts/fuzz-rate"]
fn a_campaign_is_at_least_six_tenths_as_fast_as_a_plain_load_generator() {
    let plain = plain();
    let fuzzed = fuzzed();
    println!("plain {plain:.0} requests/s, fuzz {fuzzed:.0} requests/s, {:.2} of it", fuzzed / plain);
    assert!(fuzzed >= plain * 0.6, "{fuzzed:.0} of {plain:.0}");
}

/// One valid body, over and over.
fn plain() -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (gateway, _mock) = runtime.block_on(async {
        let mock = MockUpstream::start(mock_upstream::Options::default()).await.unwrap();
        let provider = mock.add_provider(ProviderOptions::named("load")).await.unwrap();
        mock.open(ScenarioSpec::named("load")).mark(MARKER, 0).unwrap();
        let config = reference_gateway::Config::cogito(provider.url(), "key");
        (reference_gateway::start(config).await.unwrap(), mock)
    });
    let client = Client::new(ClientOptions::default()).unwrap();
    let sent = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(JOBS);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (handle, client, sent, url) =
                (runtime.handle().clone(), client.clone(), &sent, gateway.url());
            scope.spawn(move || {
                let lines = (thread..JOBS).step_by(threads).map(|_| load(client.kept(&url), sent, begun));
                handle.block_on(join_all(lines));
            });
        }
    });
    rate(sent.load(Ordering::Relaxed), begun.elapsed())
}

async fn load(mut kept: gateway_conformance::act::Kept, sent: &AtomicU64, begun: Instant) {
    let body = format!(
        r#"{{"model":"cogito-chat","messages":[{{"role":"user","content":"{MARKER}"}}],"max_tokens":16}}"#
    );
    let body = Bytes::from(body);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    while begun.elapsed() < LENGTH {
        let request = exchange::Request {
            method: "POST".to_owned(),
            target: "/v1/chat/completions".to_owned(),
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
