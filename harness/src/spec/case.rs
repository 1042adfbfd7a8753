//! A written case: what is sent, what the upstream plays, what is expected.

use std::time::Duration;

use crate::spec::language::expect::Expectations;
use crate::spec::language::moment::Moment;
use crate::spec::language::path::Path;
use crate::spec::language::value::Value;
use crate::spec::read::place::{At, Place};

/// One case after its product was taken: no `for` is left in it.
#[derive(Clone, Debug)]
pub struct Case {
    /// `topic::case` or `topic::case[axis=value,…]`, unique in its contract.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// The claims that its expectations check.
    pub claims: Vec<At<String>>,
    /// The configuration it needs.
    pub needs: Vec<(String, serde_json::Value)>,
    /// The states the gateway is put into.
    pub given: Vec<At<String>>,
    /// What the upstream plays, unless a step says otherwise; healthy replies where nothing is said.
    pub upstream: Option<Upstream>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The name that references use.
    pub name: Option<At<String>>,
    /// Where it stands.
    pub place: Place,
    /// What is sent.
    pub send: Send,
    /// How often.
    pub times: Times,
    /// Whether the sends leave at once, released by one barrier.
    pub together: bool,
    /// How long to wait before.
    pub after: Option<After>,
    /// What the upstream plays in this step.
    pub upstream: Option<Upstream>,
    /// Must hold.
    pub expect: Expectations,
    /// Should hold.
    pub should: Expectations,
    /// Recorded, never judged.
    pub record: Vec<Path>,
}

/// How often a step sends.
#[derive(Clone, Debug)]
pub enum Times {
    /// A number, known when the case starts.
    Count(Value),
    /// Until an answer fits, at most so often; not fitting by then fails the step.
    Until {
        /// What ends the repetition.
        fits: Expectations,
        /// The most sends.
        at_most: u32,
    },
}

/// A wait before a step.
#[derive(Clone, Debug)]
pub enum After {
    /// A fixed time.
    Duration(Duration),
    /// A limit's length.
    Limit(At<String>),
    /// Seconds that a reference gives.
    Seconds(Value),
}

/// A request: the operation's example, patched.
#[derive(Clone, Debug, Default)]
pub struct Send {
    /// The operation; `None` with `raw_line`.
    pub operation: Option<At<String>>,
    /// `METHOD /path` as it goes out, for what is no operation.
    pub raw_line: Option<Value>,
    /// The credential's role; `valid` where nothing is said, `none` sends no credential.
    pub credential: Option<At<String>>,
    /// How the credential travels, where the protocol has several ways.
    pub auth: Option<At<String>>,
    /// The protocol of a `raw_line`.
    pub protocol: Option<At<String>>,
    /// The model's role; the operation's example decides where nothing is said.
    pub model: Option<At<String>>,
    /// The step whose prompt it repeats but for the marker; a prompt unlike every other where there is none.
    pub like: Option<At<String>>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
    /// Headers added or replaced.
    pub headers: Vec<(String, Value)>,
    /// Places of the body that are set.
    pub set: Vec<(String, Value)>,
    /// A map of places that are set, which a reference names.
    pub patch: Option<Value>,
    /// Places of the body that are removed.
    pub drop: Vec<String>,
    /// The body as it goes out.
    pub raw: Option<Value>,
    /// The client that makes the call.
    pub via: Option<At<String>>,
    /// Repeats the bytes that this step sent.
    pub again: Option<At<String>>,
}

impl Turn {
    /// Every wait, before the reply and within it.
    pub fn waits(&self) -> impl Iterator<Item = &Hold> {
        let between = match &self.play {
            Play::Events { between, .. } => between.as_slice(),
            _ => &[],
        };
        self.hold.iter().chain(between)
    }
}

impl Send {
    /// Every value that it holds itself; the operation's example is not among them.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let maps = self.headers.iter().chain(&self.set).map(|(_, value)| value);
        maps.chain(&self.patch).chain(&self.raw).chain(&self.raw_line)
    }
}

/// What the upstream plays.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// One script a provider; a script without a provider is for whichever is asked.
    pub scripts: Vec<(Option<At<String>>, Vec<Turn>)>,
}

/// One reply of the upstream; the last of a script repeats.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Where it stands.
    pub place: Place,
    /// Waits before the reply.
    pub hold: Vec<Hold>,
    /// Need not be reached.
    pub spare: bool,
    /// The reply.
    pub play: Play,
}

/// A wait of the upstream.
#[derive(Clone, Debug)]
pub enum Hold {
    /// A fixed time.
    For(Duration),
    /// A limit, just inside it or past it.
    Limit {
        /// The limit's name.
        limit: At<String>,
        /// Just inside rather than past.
        inside: bool,
    },
    /// Until a moment, at most so long; a moment that did not come makes the case inconclusive.
    Until {
        /// Which.
        moment: At<Moment>,
        /// The longest wait.
        at_most: Duration,
    },
}

/// What the upstream does.
#[derive(Clone, Debug)]
pub enum Play {
    /// A healthy reply; the map patches the provider's JSON.
    Ok(Value),
    /// A status with headers and a body; the provider's own error body where none is given.
    Status {
        /// The status.
        status: Value,
        /// The reason phrase.
        reason: Option<Value>,
        /// Headers added or replaced.
        headers: Vec<(String, Value)>,
        /// A map is JSON, a text is sent as it is.
        body: Option<Value>,
    },
    /// So many events of a healthy stream, then something.
    Events {
        /// How many content events.
        count: Value,
        /// Waits behind them.
        between: Vec<Hold>,
        /// `finish`, `cut`, `reset`, `stall`, `end`, or `{error_event: BODY}`.
        then: Then,
    },
    /// A fault of the catalogue.
    Fault {
        /// Its id.
        name: Value,
        /// Its parameters.
        params: Vec<(String, Value)>,
    },
}

/// What follows the events.
#[derive(Clone, Debug)]
pub enum Then {
    /// The healthy rest.
    Finish,
    /// FIN without the final chunk.
    Cut,
    /// RST.
    Reset,
    /// Silence.
    Stall,
    /// A clean HTTP end without the stream's own ending.
    End,
    /// An error event, then a clean end.
    ErrorEvent(Value),
}
