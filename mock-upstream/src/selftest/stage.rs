//! A mock with one provider and one marked scenario, and the requests that are sent to it.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::mask::masked;
use super::raw::Raw;
use super::secure::{self, Trust};
use super::{Proven, Reply, prove};
use crate::control::Client;
use crate::control::mock::{Claim, Mock, Provider, Scenario};
use crate::dialect::{Dialect, Identity};
use crate::fault::{Lane, Premise, Probe};
use crate::journal::Entry;
use crate::scenario::{Marker, Markers, ScenarioSpec};
use crate::script::{self, Play};
use crate::server::{MockUpstream, Options, ProviderOptions};

/// A mock that runs elsewhere, on which faults are proven.
#[derive(Debug, Clone)]
pub struct Served {
    client: Client,
    /// Scenarios and providers of others are there too, so these are no foreseeable words.
    markers: Arc<Mutex<Markers>>,
}

impl Served {
    /// On the mock behind this client.
    pub fn by(client: Client) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self { client, markers: Arc::new(Mutex::new(Markers::seeded(seed))) }
    }

    fn fresh(&self) -> Marker {
        self.markers.lock().unwrap_or_else(PoisonError::into_inner).fresh()
    }
}

/// Bytes in the body of a long request.
const UPLOAD: usize = 1 << 16;

pub(super) struct Stage {
    pub(super) provider: Provider,
    scenario: Scenario,
    word: String,
    /// Whether its connections carry TLS.
    secure: bool,
    mock: Mock,
}

impl Stage {
    /// On a mock of its own, or with a provider of its own on one that is served.
    pub(super) async fn new(secure: bool, served: Option<&Served>) -> Result<Self, String> {
        let word = served.map_or_else(|| Markers::seeded(1).fresh(), Served::fresh).to_string();
        let name = format!("selftest-{word}");
        let mock = match served {
            Some(served) => Mock::Remote(served.client.clone()),
            None => {
                let options = Options { providers: Vec::new(), ..Options::default() };
                let mock = MockUpstream::start(options).await;
                Mock::Embedded(mock.map_err(|error| format!("the mock does not start: {error}"))?)
            }
        };
        // Proofs know its words by their length, which that of a name on a served mock must not change.
        let identity = Identity::of("selftest");
        let options = ProviderOptions { dialect: Dialect::Any, identity, ..ProviderOptions::named(&name) };
        let provider = mock.add_provider(options).await.map_err(|error| format!("no provider: {error}"))?;
        let scenario = mock.open(ScenarioSpec::named(&name)).await.map_err(|error| error.to_string())?;
        scenario.mark(&word, 1).await.map_err(|error| error.to_string())?;
        Ok(Self { provider, scenario, word, secure, mock })
    }

    /// Gives back what it has taken of a mock that is served.
    pub(super) async fn end(self) -> Proven {
        let Mock::Remote(_) = self.mock else { return Ok(()) };
        self.scenario.close().await.map_err(|error| format!("closing the scenario: {error}"))?;
        let removed = self.mock.remove_provider(self.provider.name()).await;
        removed.map(|_| ()).map_err(|error| format!("removing the provider: {error}"))
    }

    /// By how much a moment in the journal may be off on the scale of this process.
    pub(super) fn clock_error(&self) -> Duration {
        self.mock.clock_error()
    }

    pub(super) async fn plays(&self, plays: impl IntoIterator<Item = Play>) -> Proven {
        self.scenario.script(None, prove::script(plays)).await.map_err(|error| error.to_string())
    }

    /// How many requests have arrived.
    pub(super) async fn arrivals(&self) -> Result<u64, String> {
        self.scenario.arrivals().await.map_err(|error| error.to_string())
    }

    /// Waits until more than `seen` requests have arrived.
    pub(super) async fn changed(&self, seen: u64) -> Proven {
        self.scenario.changed(seen).await.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Waits until no exchange is under way.
    pub(super) async fn idle(&self) -> Proven {
        self.scenario.idle().await.map_err(|error| error.to_string())
    }

    pub(super) async fn journal(&self) -> Result<Vec<Entry>, String> {
        self.scenario.journal().await.map_err(|error| error.to_string())
    }

    /// How many connections are open at the provider.
    pub(super) async fn connections(&self) -> Result<usize, String> {
        self.provider.connections().await.map_err(|error| error.to_string())
    }

    pub(super) async fn connect(&self) -> Result<Raw, String> {
        let addr = self.provider.addr();
        let raw = if self.secure {
            let trust = Trust::Authority(&self.authority());
            secure::connect(addr, trust, &["http/1.1"]).await.map(Raw::over).map_err(|(error, _)| error)
        } else {
            Raw::connect(addr).await
        };
        raw.map_err(|error| format!("connecting: {error}"))
    }

    /// The certificate of the mock's authority.
    pub(super) fn authority(&self) -> String {
        self.provider.ca_pem()
    }

    /// The words by which the provider gives itself away, serial number masked.
    pub(super) fn canary(&self) -> String {
        let identity = self.provider.identity();
        let (host, organization) = (&identity.host, &identity.organization);
        let request = format!("{}{}", identity.request_id_prefix, "1".repeat(16));
        format!("(host {host}, organization {organization}, request {request})")
    }

    /// The healthy reply to this request, masked.
    pub(super) async fn healthy(&self, request: &str, given: &Premise) -> Result<Reply, String> {
        self.plays([Play::Ok(script::Reply::default().given(given))]).await?;
        let mut raw = self.connect().await?;
        raw.send(request).await.map_err(|error| error.to_string())?;
        let Reply { head, body, chunks } =
            raw.reply().await.map_err(|error| format!("the healthy reply: {error}"))?;
        Ok(Reply {
            head: String::from_utf8_lossy(&masked(head.as_bytes())).into_owned(),
            body: masked(&body),
            chunks: chunks.iter().map(|chunk| masked(chunk)).collect(),
        })
    }

    /// Gives what carries no marker to the scenario.
    pub(super) async fn claim(&self) -> Result<Claim, String> {
        let claimed = self.mock.claim(self.provider.name(), &self.scenario, 1).await;
        claimed.map_err(|error| error.to_string())
    }

    /// The head and the body of a long request.
    pub(super) fn upload(&self, lane: Lane, expects: bool) -> (String, String) {
        let (word, stream) = (&self.word, lane == Lane::Stream);
        let mut body = format!(
            r#"{{"model":"gpt-5","stream":{stream},"messages":[{{"role":"user","content":"say {word} "#
        );
        let end = r#""}]}"#;
        body.extend(std::iter::repeat_n('x', UPLOAD - body.len() - end.len()));
        body.push_str(end);
        let expect = if expects { "Expect: 100-continue\r\n" } else { "" };
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: upstream\r\nContent-Type: application/json\r\n{expect}Content-Length: {UPLOAD}\r\n\r\n"
        );
        (head, body)
    }

    pub(super) fn request(&self, probe: Probe, lane: Lane) -> String {
        let (word, stream) = (&self.word, lane == Lane::Stream);
        let chat = |more: &str| {
            let messages = format!(r#"[{{"role":"user","content":"say {word}"}}]"#);
            format!(r#"{{"model":"gpt-5","stream":{stream},"messages":{messages}{more}}}"#)
        };
        let usage = if stream { r#","stream_options":{"include_usage":true}"# } else { "" };
        let schema = r#","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}"#;
        let body = match probe {
            Probe::Chat | Probe::Connect | Probe::Hello | Probe::Tls | Probe::Upload | Probe::Http2 => {
                chat("")
            }
            Probe::ChatUsage => chat(usage),
            Probe::ChatChoices => chat(r#","n":2"#),
            Probe::ChatLogprobs => chat(r#","logprobs":true"#),
            Probe::ChatSchema => chat(schema),
            Probe::Embeddings => format!(r#"{{"model":"e","input":"{word}"}}"#),
            Probe::EmbeddingsOfTwo => format!(r#"{{"model":"e","input":["{word}","another"]}}"#),
            Probe::Responses => format!(r#"{{"model":"gpt-5","stream":{stream},"input":"say {word}"}}"#),
            Probe::Messages => chat(r#","max_tokens":16"#),
            Probe::GeminiArray => {
                format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"say {word}"}}]}}]}}"#)
            }
            Probe::Converse => {
                format!(r#"{{"messages":[{{"role":"user","content":[{{"text":"say {word}"}}]}}]}}"#)
            }
        };
        let path = path(probe, lane);
        format!(
            "POST {path} HTTP/1.1\r\nHost: upstream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

fn path(probe: Probe, lane: Lane) -> &'static str {
    match (probe, lane) {
        (
            Probe::Chat
            | Probe::ChatUsage
            | Probe::ChatChoices
            | Probe::ChatLogprobs
            | Probe::ChatSchema
            | Probe::Connect
            | Probe::Hello
            | Probe::Tls
            | Probe::Upload
            | Probe::Http2,
            _,
        ) => "/v1/chat/completions",
        (Probe::Embeddings | Probe::EmbeddingsOfTwo, _) => "/v1/embeddings",
        (Probe::Responses, _) => "/v1/responses",
        (Probe::Messages, _) => "/v1/messages",
        (Probe::GeminiArray, Lane::Plain) => "/v1beta/models/gemini:generateContent",
        (Probe::GeminiArray, Lane::Stream) => "/v1beta/models/gemini:streamGenerateContent",
        (Probe::Converse, Lane::Plain) => "/model/nova/converse",
        (Probe::Converse, Lane::Stream) => "/model/nova/converse-stream",
    }
}
