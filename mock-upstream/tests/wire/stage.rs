//! A mock with one provider and one marked scenario, and the requests that are sent to it.

use mock_upstream::fault::Lane;
use mock_upstream::script::{AfterEvents, EventsPlay, Gate, Hold, Reply};
use mock_upstream::server::Caps;
use mock_upstream::{
    Markers, MockUpstream, Options, Play, Provider, ProviderOptions, Scenario, ScenarioSpec, Script, Turn,
};

use crate::raw::Raw;

pub(crate) struct Stage {
    pub(crate) mock: MockUpstream,
    pub(crate) provider: Provider,
    pub(crate) scenario: Scenario,
    pub(crate) word: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with_caps(caps: Caps) -> Self {
        Self::with(Options { caps, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let mock =
            MockUpstream::start(Options { providers: vec![ProviderOptions::named("first")], ..options });
        let mock = mock.await.unwrap();
        let provider = mock.provider("first").unwrap();
        let (scenario, word) = scenario(&mock, 1);
        Self { mock, provider, scenario, word }
    }

    pub(crate) fn plays(&self, plays: impl IntoIterator<Item = Play>) {
        self.scenario.script(None, Script::of(plays.into_iter().map(Turn::play))).unwrap();
    }

    pub(crate) async fn connect(&self) -> Raw {
        Raw::connect(self.provider.addr()).await
    }

    /// A connection on which this request was sent.
    pub(crate) async fn ask(&self, request: String) -> Raw {
        let mut raw = self.connect().await;
        raw.send(request).await;
        raw
    }

    pub(crate) fn chat(&self, lane: Lane) -> String {
        chat(&self.word, lane)
    }
}

/// A scenario with a marker of its own; each seed gives another.
pub(crate) fn scenario(mock: &MockUpstream, seed: u64) -> (Scenario, String) {
    let scenario = mock.open(ScenarioSpec::named(format!("s{seed}")));
    let word = Markers::seeded(seed).fresh().to_string();
    scenario.mark(&word, 1).unwrap();
    (scenario, word)
}

pub(crate) fn chat(word: &str, lane: Lane) -> String {
    let stream = lane == Lane::Stream;
    let body = format!(
        r#"{{"model":"gpt-5","stream":{stream},"messages":[{{"role":"user","content":"say {word}"}}]}}"#
    );
    post("/v1/chat/completions", &body)
}

pub(crate) fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: upstream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One event, and the rest once this gate is open.
pub(crate) fn held(gate: &str) -> Play {
    let until = Gate { gate: gate.to_owned(), at_most: crate::raw::PATIENCE };
    let reply = Reply::default();
    Play::Events(EventsPlay { events: 1, hold: vec![Hold::Until(until)], then: AfterEvents::Finish, reply })
}
