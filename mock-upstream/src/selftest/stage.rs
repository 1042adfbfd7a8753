//! A mock with one provider and one marked scenario, and the requests that are sent to it.

use super::mask::masked;
use super::raw::Raw;
use super::secure::{self, Trust};
use super::{Proven, Reply, prove};
use crate::dialect::Dialect;
use crate::fault::{Lane, Premise, Probe};
use crate::scenario::{Markers, Scenario, ScenarioSpec};
use crate::script::{self, Play};
use crate::server::{MockUpstream, Options, Provider, ProviderOptions};

pub(super) struct Stage {
    pub(super) provider: Provider,
    pub(super) scenario: Scenario,
    word: String,
    /// Whether its connections carry TLS.
    secure: bool,
    mock: MockUpstream,
}

impl Stage {
    pub(super) async fn new(secure: bool) -> Result<Self, String> {
        let providers = vec![ProviderOptions { dialect: Dialect::Any, ..ProviderOptions::named("selftest") }];
        let mock = MockUpstream::start(Options { providers, ..Options::default() }).await;
        let mock = mock.map_err(|error| format!("the mock does not start: {error}"))?;
        let provider = mock.provider("selftest").ok_or("the provider is missing")?;
        let scenario = mock.open(ScenarioSpec::named("selftest"));
        let word = Markers::seeded(1).fresh().to_string();
        scenario.mark(&word, 1).map_err(|error| error.to_string())?;
        Ok(Self { provider, scenario, word, secure, mock })
    }

    pub(super) fn plays(&self, plays: impl IntoIterator<Item = Play>) -> Proven {
        self.scenario.script(None, prove::script(plays)).map_err(|error| error.to_string())
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
        self.mock.ca_pem()
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
        self.plays([Play::Ok(script::Reply::default().given(given))])?;
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

    pub(super) fn request(&self, probe: Probe, lane: Lane) -> String {
        let (word, stream) = (&self.word, lane == Lane::Stream);
        let chat = |more: &str| {
            let messages = format!(r#"[{{"role":"user","content":"say {word}"}}]"#);
            format!(r#"{{"model":"gpt-5","stream":{stream},"messages":{messages}{more}}}"#)
        };
        let usage = if stream { r#","stream_options":{"include_usage":true}"# } else { "" };
        let schema = r#","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}"#;
        let body = match probe {
            Probe::Chat | Probe::Connect | Probe::Hello | Probe::Tls => chat(""),
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
            | Probe::Tls,
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
