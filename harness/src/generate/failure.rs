//! What an upstream does to a gateway instead of answering: any status with any body, headers, framing and timing, a stream
//! that goes wrong, or a fault of the catalogue; made of a seed and a number, and shrunk towards the plainest.

use std::time::Duration;

use mock_upstream::script::{
    AfterEvents, Body, Drip, ErrorEvent, EventsPlay, Headers, Hold, Play, Reply, Script, StatusPlay, Turn,
    Written,
};
use proptest::prelude::*;
use proptest::strategy::SBoxedStrategy;
use serde_json::{Value, json};

/// One failure, by the places of its parts in the tables; what comes first there is the plainest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    kind: u8,
    /// Which fault of the catalogue, of as many as there may be.
    pub fault: u32,
    status: usize,
    body: usize,
    headers: usize,
    written: usize,
    hold: usize,
    events: u64,
    then: usize,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A status.
    Status,
    /// A fault of the catalogue.
    Fault,
    /// A stream that goes wrong, where one was asked for.
    Stream,
}

/// All failures.
pub fn strategy() -> SBoxedStrategy<Draw> {
    let status = (0..STATUSES.len(), 0..BODIES.len(), plain_first(HEADERS.len()));
    let manner = (plain_first(WRITTEN.len()), plain_first(HOLDS.len()));
    let stream = (0..6_u64, 0..AFTER.len());
    (0..9_u8, any::<u32>(), status, manner, stream)
        .prop_map(|(kind, fault, (status, body, headers), (written, hold), (events, then))| Draw {
            kind,
            fault,
            status,
            body,
            headers,
            written,
            hold,
            events,
            then,
        })
        .sboxed()
}

/// A place in a table, the first as often as all others.
fn plain_first(length: usize) -> impl Strategy<Value = usize> + Send + Sync + use<> {
    prop_oneof![Just(0), 1..length]
}

impl Draw {
    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self.kind {
            0..=4 => Kind::Status,
            5..=7 => Kind::Fault,
            _ => Kind::Stream,
        }
    }

    /// A failing status: its name, and what the upstream plays. `unit` is a length of time that is short beside every limit.
    pub fn status(&self, unit: Duration) -> (String, Script) {
        let status = STATUSES[self.status];
        let (name, body) = BODIES[self.body];
        let headers = HEADERS[self.headers].iter();
        let play = Play::Status(StatusPlay {
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Headers>(),
            body: body(status),
            written: WRITTEN[self.written](unit),
            ..StatusPlay::of(status)
        });
        (format!("{status}-{name}"), self.held(play, unit))
    }

    /// A stream that goes wrong after some events: its name, and what the upstream plays.
    pub fn stream(&self, unit: Duration) -> (String, Script) {
        let (name, then) = AFTER[self.then];
        let hold = if self.written == 0 { Vec::new() } else { vec![Hold::For(unit)] };
        let play = EventsPlay { events: self.events, hold, then: then(), reply: Reply::default() };
        (format!("events-then-{name}"), self.held(Play::Events(play), unit))
    }

    fn held(&self, play: Play, unit: Duration) -> Script {
        let hold = match HOLDS[self.hold] {
            0 => Vec::new(),
            units => vec![Hold::For(unit * units)],
        };
        Script::of([Turn { hold, ..Turn::play(play) }])
    }
}

const STATUSES: &[u16] = &[
    500, 503, 429, 400, 401, 402, 403, 404, 408, 409, 410, 413, 415, 418, 422, 424, 425, 429, 451, 499, 500,
    501, 502, 503, 504, 507, 508, 520, 522, 524, 529, 530, 599,
];

/// A body under a status, with its name; none is the provider's own.
type Content = (&'static str, fn(u16) -> Option<Body>);

fn text(text: &str) -> Option<Body> {
    Some(Body::Text(text.to_owned()))
}

fn document(value: Value) -> Option<Body> {
    Some(Body::Json(value))
}

const BODIES: &[Content] = &[
    ("own", |_| None),
    ("own", |_| None),
    ("own", |_| None),
    ("empty", |_| text("")),
    ("markup", |_| text("<html><body><h1>Bad gateway</h1></body></html>")),
    ("words", |_| text("upstream connect error or disconnect/reset before headers")),
    ("text", |_| document(json!({"error": "it failed"}))),
    ("detail", |_| document(json!({"detail": [{"loc": ["body"], "msg": "field required"}]}))),
    ("code-number", |status| document(json!({"error": {"message": "m", "type": "t", "code": status}}))),
    ("message-object", |_| document(json!({"error": {"message": {"a": 1}, "type": null}}))),
    ("list", |_| document(json!([1, 2, 3]))),
    ("null", |_| document(Value::Null)),
    ("half", |_| text("{\"error\":{\"message\":\"cut o")),
    ("long", |_| text(&"word ".repeat(4000))),
    ("escapes", |_| {
        document(json!({"error": {"message": "\u{0} \u{1b}[31m \" \\ \u{2028} 🦀", "type": "x y"}}))
    }),
    ("bytes", |_| Some(Body::Bytes(b"\x1F\x8B\x08\0\xFF\xFE".to_vec().into()))),
];

const HEADERS: &[&[(&str, &str)]] = &[
    &[],
    &[("retry-after", "7")],
    &[("retry-after", "0")],
    &[("retry-after", "-3")],
    &[("retry-after", "soon")],
    &[("retry-after", "1.5")],
    &[("retry-after", "99999999999999999999")],
    &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")],
    &[("retry-after-ms", "2500")],
    &[("x-should-retry", "true")],
    &[("x-request-id", "upstream-own-id")],
    &[("content-type", "text/html; charset=utf-8")],
    &[("content-encoding", "identity")],
    &[("set-cookie", "session=1; Path=/")],
    &[("location", "https://elsewhere.example/")],
    &[("connection", "close")],
    &[("www-authenticate", "Bearer realm=\"upstream\"")],
];

/// How the answer is framed and written, given a short time.
const WRITTEN: &[fn(Duration) -> Written] = &[
    |_| Written::Whole,
    |_| Written::Chunked(usize::MAX),
    |_| Written::Chunked(1),
    |_| Written::Chunked(7),
    |_| Written::UntilClosed,
    |_| Written::Dripped(Drip { bytes: usize::MAX, every: Duration::ZERO }),
    |unit| Written::Dripped(Drip { bytes: usize::MAX, every: unit }),
    |unit| Written::Dripped(Drip { bytes: 8192, every: unit }),
];

/// What is waited for before the first byte, in short times.
const HOLDS: &[u32] = &[0, 1, 3];

/// How a stream goes on after its first events, with its name.
type After = (&'static str, fn() -> AfterEvents);

const AFTER: &[After] = &[
    ("cut", || AfterEvents::Cut),
    ("reset", || AfterEvents::Reset),
    ("end", || AfterEvents::End),
    ("error", || AfterEvents::ErrorEvent(ErrorEvent::default())),
    ("finish", || AfterEvents::Finish),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::generate::tree;

    const UNIT: Duration = Duration::from_millis(2);

    #[test]
    fn each_failure_can_be_played_and_every_part_of_the_tables_comes() {
        let all = strategy();
        let (mut names, mut scripts) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..8000 {
            let draw = tree::of(&all, 1, number).unwrap().current();
            for (name, script) in [draw.status(UNIT), draw.stream(UNIT)] {
                assert_eq!(script.check(), Ok(()), "{name}");
                scripts.insert(serde_json::to_string(&script).unwrap());
                names.insert(name);
            }
        }
        let statuses: BTreeSet<u16> = STATUSES.iter().copied().collect();
        let bodies: BTreeSet<&str> = BODIES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), statuses.len() * bodies.len() + AFTER.len());
        assert!(scripts.len() > 3000, "{}", scripts.len());
    }

    #[test]
    fn a_failure_shrinks_to_the_plainest() {
        for number in 0..50 {
            let mut tree = tree::of(&strategy(), 2, number).unwrap();
            while tree.simplify() {}
            let (name, script) = tree.current().status(UNIT);
            assert_eq!(name, "500-own");
            assert_eq!(script, Script::of([Turn::play(Play::Status(StatusPlay::of(500)))]));
        }
    }
}
