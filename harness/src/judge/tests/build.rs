//! Observations built by hand.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::arrange::names::secret::Secret;
use crate::judge::judge;
use crate::judge::verdict::{Answer, Finding, Judgement, Verdict};
use crate::observe::{Attempt, Observation, Observed, ObservedStep, Played, PlayedEnding};
use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::decode::Decoder;
use crate::spec::language::value::{Missing, Names, Reference};
use crate::spec::read::diagnostic::Diagnostics;
use crate::spec::read::node::{Node, Source};
use crate::wire::exchange::{End, Exchange, Head, Request};

/// A contract with something of everything.
pub(super) const CONTRACT: &str = r#"
contract: example
names:
  operations:
    chat: {protocol: openai, route: POST /v1/chat/completions, upstream: true, streams: true}
    messages: {protocol: anthropic, route: POST /v1/messages, upstream: true}
  providers: {first: {}, second: {}}
  limits: {upstream: 1s}
protocols:
  openai:
    auth: bearer
    claims: [E-01]
    fields: {type: /error/type, code: /error/code, request_id: /error/request_id}
    stream: {ends: {data: '[DONE]'}}
    envelope:
      type: object
      required: [error]
      properties:
        error:
          type: object
          required: [type, code]
          properties: {type: {type: string}, code: {type: string}}
  anthropic:
    auth: {header: x-api-key}
    fields: {type: /error/kind}
    stream: {ends: {event: message_stop}, error: {event: error}}
claims:
  E-01: {says: one envelope, level: must}
  E-02: {says: a closed table, level: must}
  E-03: {says: the types of the table, level: must}
  C-01: {says: what the case is about, level: must}
  S-01: {says: something softer, level: should}
  M-01: {says: something silent, level: may}
errors:
  upstream_status: {status: $(played.status), code: upstream_$(played.status)}
  limited: {status: 429, type: rate_limit_error, headers: {Retry-After: {matches: '^[0-9]+$'}}}
  unavailable: {status: 502, type: api_error, reading: R-1}
"#;

pub(super) fn contract(yaml: &str) -> Contract {
    decode(yaml, |decoder, node| decoder.contract(node))
}

/// A case with the claim `C-01`, of the steps (and more) that the text gives.
pub(super) fn case(yaml: &str) -> Case {
    decode(&format!("case: c\nclaims: [C-01]\n{yaml}"), |decoder, node| decoder.case("t::c".to_owned(), node))
}

fn decode<T>(yaml: &str, read: impl Fn(&mut Decoder<'_>, &Node) -> T) -> T {
    let no_files = |_: &str| Err("no files here".to_owned());
    let mut decoder = Decoder::new(&no_files);
    let node = Source::new("test.yaml", yaml).parse(&mut Diagnostics::default()).unwrap();
    let read = read(&mut decoder, &node);
    assert!(decoder.diagnostics.is_empty(), "{}", decoder.diagnostics.render(false));
    read
}

/// What a target binds here.
pub(super) struct Bound;

impl Names for Bound {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match reference {
            Reference::Model(name) => Ok(json!(format!("model-{name}"))),
            Reference::Bound(name) if name == "three" => Ok(json!(3)),
            Reference::Bound(name) if name == "place" => Ok(json!("/health/state")),
            _ => Err(Missing("nothing is bound to it".to_owned())),
        }
    }
}

/// A case, its contract, and what was observed.
pub(super) struct Trial {
    pub(super) contract: Contract,
    pub(super) case: Case,
    pub(super) observation: Observation,
}

impl Trial {
    /// Control and liveness are healthy, nothing else happened yet.
    pub(super) fn new(yaml: &str) -> Self {
        let observation = Observation {
            control: Some(Sent::healthy().observed),
            steps: Vec::new(),
            liveness: Some(Sent::healthy().observed),
            secrets: Vec::new(),
            limits: vec![("upstream".to_owned(), Duration::from_secs(1))],
            host_delay: Duration::from_millis(10),
            clock_error: Duration::ZERO,
            doubts: Vec::new(),
            imposed: Vec::new(),
        };
        Self { contract: contract(CONTRACT), case: case(yaml), observation }
    }

    /// The contract with more keys.
    pub(super) fn with(mut self, more: &str) -> Self {
        self.contract = contract(&format!("{CONTRACT}{more}"));
        self
    }

    /// The next step's exchanges.
    pub(super) fn step(mut self, sends: impl IntoIterator<Item = Sent>) -> Self {
        let number = self.observation.steps.len();
        let name =
            self.case.steps.get(number).and_then(|step| step.name.as_ref()).map(|name| name.value.clone());
        let exchanges = sends.into_iter().map(|send| send.observed).collect();
        self.observation.steps.push(ObservedStep { name, exchanges });
        self
    }

    pub(super) fn control(mut self, send: Sent) -> Self {
        self.observation.control = Some(send.observed);
        self
    }

    pub(super) fn liveness(mut self, send: Sent) -> Self {
        self.observation.liveness = Some(send.observed);
        self
    }

    pub(super) fn secret(mut self, kind: &str, text: &str) -> Self {
        self.observation.secrets.push(Secret { kind: kind.to_owned(), text: text.to_owned() });
        self
    }

    pub(super) fn judge(&self) -> Judgement {
        judge(&self.case, &self.contract, &self.observation, &Bound)
    }
}

/// One exchange in the making.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) observed: Observed,
}

impl Sent {
    /// An answer with this status and an empty body.
    pub(super) fn got(status: u16) -> Self {
        let request = Request {
            method: "POST".to_owned(),
            target: "/v1/chat/completions".to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer client-key-0123456789".to_owned())],
            body: Bytes::from_static(br#"{"model":"m","messages":[]}"#),
        };
        let head = Head { status, reason: None, headers: Vec::new(), at: Duration::from_millis(5) };
        let exchange = Exchange {
            request,
            started: Instant::now(),
            started_wall: wall(),
            head: Some(head),
            body: Bytes::new(),
            pieces: Vec::new(),
            trailers: Vec::new(),
            end: End::Complete,
            elapsed: Duration::from_millis(20),
        };
        let operation = Some("chat".to_owned());
        let observed = Observed {
            operation,
            protocol: "openai".to_owned(),
            stream: false,
            exchange,
            attempts: Vec::new(),
        };
        Self { observed }
    }

    /// A completion that the mock gave.
    pub(super) fn healthy() -> Self {
        let completion = json!({"choices": [{"message": {"content": "hello"}}]});
        Self::got(200).json(&completion).attempt(Reply::status(200))
    }

    /// A completion that never passed the mock.
    pub(super) fn healthy_from_elsewhere() -> Self {
        let mut sent = Self::healthy();
        sent.observed.attempts.clear();
        sent
    }

    /// An error in the envelope.
    pub(super) fn error(status: u16, kind: &str, code: &str) -> Self {
        Self::got(status).json(&json!({"error": {"type": kind, "code": code, "request_id": "req_1"}}))
    }

    /// No answer.
    pub(super) fn nothing(end: End) -> Self {
        let mut sent = Self::got(0).end(end);
        sent.observed.exchange.head = None;
        sent
    }

    pub(super) fn json(self, body: &Json) -> Self {
        self.header("content-type", "application/json; charset=utf-8").body(&body.to_string())
    }

    pub(super) fn events(self, body: &str) -> Self {
        let mut sent = self.header("content-type", "text/event-stream").body(body);
        sent.observed.stream = true;
        sent
    }

    pub(super) fn body(mut self, body: &str) -> Self {
        self.observed.exchange.body = Bytes::from(body.to_owned());
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        let head = self.observed.exchange.head.as_mut().unwrap();
        head.headers.push((name.to_owned(), Bytes::from(value.to_owned())));
        self
    }

    pub(super) fn end(mut self, end: End) -> Self {
        self.observed.exchange.end = end;
        self
    }

    pub(super) fn elapsed(mut self, ms: u64) -> Self {
        self.observed.exchange.elapsed = Duration::from_millis(ms);
        self
    }

    pub(super) fn request(mut self, change: impl Fn(&mut Request)) -> Self {
        change(&mut self.observed.exchange.request);
        self
    }

    pub(super) fn attempt(mut self, reply: Reply) -> Self {
        self.observed.attempts.push(Attempt {
            provider: reply.provider,
            arrived: Duration::from_millis(2),
            method: "POST".to_owned(),
            target: "/v1/chat/completions".to_owned(),
            headers: vec![("x-trace".to_owned(), Bytes::from_static(b"7"))],
            body: reply.received,
            body_cut: false,
            body_sha256: String::new(),
            played: reply.played,
        });
        self
    }
}

/// An attempt in the making: what arrived and what was played.
#[derive(Clone)]
pub(super) struct Reply {
    provider: String,
    received: Bytes,
    played: Option<Played>,
}

impl Reply {
    pub(super) fn status(status: u16) -> Self {
        let played = Played {
            turn: Some(0),
            fault: None,
            status: Some(status),
            headers: Vec::new(),
            body: Bytes::new(),
            body_cut: false,
            events: 0,
            ended: Some(Duration::from_millis(8)),
            ending: PlayedEnding::Complete,
            delivered: Ok(()),
        };
        Self {
            provider: "first".to_owned(),
            received: Bytes::from_static(br#"{"model":"up"}"#),
            played: Some(played),
        }
    }

    pub(super) fn unplayed() -> Self {
        Self { played: None, ..Self::status(200) }
    }

    pub(super) fn play(mut self, change: impl Fn(&mut Played)) -> Self {
        change(self.played.as_mut().unwrap());
        self
    }

    pub(super) fn turn(self, turn: usize) -> Self {
        self.play(|played| played.turn = Some(turn))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        self.play(|played| played.headers.push((name.to_owned(), Bytes::from(value.to_owned()))))
    }

    pub(super) fn provider(self, provider: &str) -> Self {
        Self { provider: provider.to_owned(), ..self }
    }

    pub(super) fn received(self, body: &str) -> Self {
        Self { received: Bytes::from(body.to_owned()), ..self }
    }
}

/// Sun, 06 Nov 1994 08:49:37 GMT.
pub(super) fn wall() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// The answers to the checks of this name, as words.
pub(super) fn answers(judgement: &Judgement, name: &str) -> Vec<&'static str> {
    let checks = judgement.checks.iter().filter(|check| check.name == name);
    checks
        .map(|check| match check.answer {
            Answer::Held => "held",
            Answer::Broken => "broken",
            Answer::Unknown(_) => "unknown",
        })
        .collect()
}

/// `pass`, `fail CHECK, CHECK`, or `inconclusive`.
pub(super) fn verdict(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Fail(findings) => {
            let names: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
            format!("fail {}", names.join(", "))
        }
        Verdict::Inconclusive(_) => "inconclusive".to_owned(),
    }
}

/// Why nothing could be told.
pub(super) fn why(judgement: &Judgement) -> &str {
    match &judgement.verdict {
        Verdict::Inconclusive(why) => why,
        other => panic!("{other:?} is not inconclusive"),
    }
}

/// The first finding of level must.
pub(super) fn finding(judgement: &Judgement) -> &Finding {
    match &judgement.verdict {
        Verdict::Fail(findings) => findings.iter().next().unwrap(),
        other => panic!("{other:?} is not a failure"),
    }
}
