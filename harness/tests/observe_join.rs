//! The journal of a mock that keeps little of a body: what was cut is known to be.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use bytes::Bytes;
use gateway_conformance::act::{Client, ClientOptions, ExchangeOptions};
use gateway_conformance::observe::Attempt;
use gateway_conformance::observe::join::{self, Own};
use gateway_conformance::wire::exchange::Request;
use mock_upstream::scenario::ScenarioSpec;
use mock_upstream::script::{Play, Reply, Script, Turn};
use mock_upstream::server::{Caps, ProviderOptions};
use mock_upstream::{MockUpstream, Options};

/// The word by which the mock knows the request.
const MARKER: &str = "zuqibabebibobuba";

/// What is known of a request with a prompt of so many words, to which so many are answered.
async fn attempt(asked: usize, answered: usize) -> Attempt {
    let caps = Caps { request_body: 2000, reply_body: 2000, ..Caps::default() };
    let mock = MockUpstream::start(Options { caps, ..Options::default() }).await.unwrap();
    let provider = mock.add_provider(ProviderOptions::named("first")).await.unwrap();
    let scenario = mock.open(ScenarioSpec::named("bodies"));
    scenario.mark(MARKER, 1).unwrap();
    let reply = Reply { answer: Some("word ".repeat(answered)), ..Reply::default() };
    scenario.script(None, Script::of([Turn::play(Play::Ok(reply))])).unwrap();
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"{MARKER} {}"}}]}}"#,
        "word ".repeat(asked)
    );
    let request = Request {
        method: "POST".to_owned(),
        target: "/v1/chat/completions".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from(body),
    };
    let client = Client::new(ClientOptions::default()).unwrap();
    let exchange = client.exchange(&provider.url(), request, &ExchangeOptions::default(), None).await;
    let own = Own { send: 1, until: None, clock_error: Duration::ZERO };
    let mut attempts = join::attempts(&exchange, &scenario.close().journal, &own, str::to_owned);
    assert_eq!(attempts.len(), 1);
    attempts.swap_remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_the_journal_cut_are_told_from_whole_ones() {
    // Of a prompt that was cut the mock reads no request, so that it has no long answer to it.
    for (asked, answered) in [(1, 1), (1000, 1), (1, 1000)] {
        let attempt = attempt(asked, answered).await;
        let played = attempt.played.unwrap();
        assert_eq!((attempt.body_cut, played.body_cut), (asked > 1, answered > 1), "{asked} {answered}");
        assert_eq!(attempt.body.len() == 2000, asked > 1);
        assert_eq!(played.body.len() == 2000, answered > 1);
    }
}
