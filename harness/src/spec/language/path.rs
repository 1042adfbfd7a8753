//! Paths into an exchange: which corner, whose, which attempt, which part, read how.

use std::fmt;

mod parse;

/// A written path such as `received.first[1].headers.x-request-id|number`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The step meant; `None` is the step the path is written in.
    pub step: Option<String>,
    /// Which corner of the exchange.
    pub corner: Corner,
    /// One provider's share of `received` or `played`; `None` is all of them in order of arrival.
    pub provider: Option<String>,
    /// One attempt, counted from 1; `None` is **every** one.
    pub index: Option<usize>,
    /// Which part.
    pub field: Field,
    /// How the part is read, left to right.
    pub views: Vec<View>,
}

/// The four corners of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Corner {
    /// Client to gateway.
    Sent,
    /// Gateway to upstream, every attempt.
    Received,
    /// Upstream to gateway, every attempt.
    Played,
    /// Gateway to client.
    Got,
}

/// A part of a corner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The status code.
    Status,
    /// The reason phrase as sent.
    Reason,
    /// A header by lower-case name.
    Header(String),
    /// A trailer by lower-case name.
    Trailer(String),
    /// The whole body as text.
    Body,
    /// A place in the JSON body, as an RFC 6901 pointer.
    BodyPointer(String),
    /// A place in the JSON body that a value of the target names: `body$(value.health_at)`.
    BodyBound(String),
    /// Whether this client asks again, from what the answer's head says.
    Retry(String),
    /// A field of the error (`type`, `code`, …), where the protocol says it is; in a stream, of its error event.
    Error(String),
    /// Whether the client was told of a failure: no answer, a status outside 200–299, or an error event.
    Failed,
    /// How many server-sent events there were.
    Events,
    /// How many attempts there were.
    Count,
    /// Seconds from the first byte sent to the end.
    Elapsed,
    /// `clean`, `unmarked`, `error_event`, `broken`, `open` for `got`; `complete`, `cut`, `stalled`, `none` for `played`.
    Ending,
    /// The operation's name; absent for `raw_line`.
    Operation,
    /// The request method.
    Method,
    /// The id of the fault that was played.
    Fault,
    /// Whether the request asked for a stream.
    Stream,
}

/// A typed reading of a part; what does not parse is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Seconds: a number, or an HTTP date against the clock of the side that sent it.
    Seconds,
    /// Seconds, of a number of milliseconds.
    Milliseconds,
    /// A number.
    Number,
    /// JSON, so that key order does not matter.
    Json,
    /// The greatest of several.
    Max,
}

/// Why a text is not in the language: what is wrong with it, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, in one line.
    pub what: String,
    /// What to write instead, where that can be told.
    pub help: Option<String>,
}

impl Corner {
    /// All four, in the order of an exchange.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Received, Self::Played, Self::Got];

    /// The word it is written as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Played => "played",
            Self::Got => "got",
        }
    }

    /// The words of the parts that can be observed at this corner.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Sent => &["operation", "method", "headers", "body", "stream"],
            Self::Received => &["count", "method", "headers", "body"],
            Self::Played => {
                &["count", "status", "reason", "headers", "body", "error", "events", "ending", "fault"]
            }
            Self::Got => &[
                "status", "reason", "headers", "trailers", "body", "error", "failed", "events", "elapsed",
                "ending", "retry",
            ],
        }
    }
}

impl View {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Seconds, Self::Milliseconds, Self::Number, Self::Json, Self::Max];

    /// The word it is written as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Number => "number",
            Self::Json => "json",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "{step}.")?;
        }
        f.write_str(self.corner.word())?;
        if let Some(provider) = &self.provider {
            write!(f, ".{provider}")?;
        }
        if let Some(index) = self.index {
            write!(f, "[{index}]")?;
        }
        write!(f, ".{}", self.field)?;
        self.views.iter().try_for_each(|view| write!(f, "|{}", view.word()))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Header(name) => return write!(f, "headers.{name}"),
            Self::Trailer(name) => return write!(f, "trailers.{name}"),
            Self::BodyPointer(pointer) => return write!(f, "body{pointer}"),
            Self::BodyBound(value) => return write!(f, "body$(value.{value})"),
            Self::Retry(client) => return write!(f, "retry.{client}"),
            Self::Error(field) => return write!(f, "error.{field}"),
            Self::Status => "status",
            Self::Reason => "reason",
            Self::Body => "body",
            Self::Failed => "failed",
            Self::Events => "events",
            Self::Count => "count",
            Self::Elapsed => "elapsed",
            Self::Ending => "ending",
            Self::Operation => "operation",
            Self::Method => "method",
            Self::Fault => "fault",
            Self::Stream => "stream",
        };
        f.write_str(word)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unreadable {}

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}
