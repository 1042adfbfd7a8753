//! One exchange, read: its JSON, its events, whether it failed and how it ended.

use std::sync::{Arc, LazyLock, OnceLock};

use serde_json::Value as Json;

use crate::judge::scene::words;
use crate::observe::Observed;
use crate::spec::contract::{EventMark, Protocol, StreamForm};
use crate::wire::exchange::{Break, End};
use crate::wire::header::MediaType;
use crate::wire::json;
use crate::wire::sse::{Event, Stream};

/// Which part an exchange has in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Role {
    Control,
    /// A step by its number, counted from 0.
    Step(usize),
    Liveness,
}

/// How an answer ended, in the language's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Ending {
    /// HTTP says that it is whole, a stream has the end that its protocol gives it, and no error event was in it.
    Clean,
    /// A stream that HTTP calls whole and that lacks the end that its protocol gives it.
    Unmarked,
    /// An error event, and then no more than an end or a break.
    ErrorEvent,
    /// No answer, or not all of it.
    Broken,
    /// Still open when the client stopped: at its deadline or its cap.
    Open,
}

impl Ending {
    pub(in crate::judge) fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Unmarked => "unmarked",
            Self::ErrorEvent => "error_event",
            Self::Broken => "broken",
            Self::Open => "open",
        }
    }
}

/// One exchange and what its answer says.
pub(in crate::judge) struct Evidence<'a> {
    pub(in crate::judge) role: Role,
    /// `control`, `step 1`, `refused, send 3`, ….
    pub(in crate::judge) label: Arc<str>,
    pub(in crate::judge) observed: &'a Observed,
    /// The protocol by which it is read.
    pub(in crate::judge) protocol: Option<&'a Protocol>,
    /// The whole body as JSON, once somebody asks.
    json: OnceLock<Result<Json, String>>,
    /// The events, when the answer is a stream of them.
    pub(in crate::judge) stream: Option<Stream>,
    /// The data of each event as JSON.
    pub(in crate::judge) data: Vec<Result<Json, String>>,
    /// Which events tell of an error, as far as a client reads.
    errors: Vec<usize>,
    /// Whether a stream has the end that its protocol gives it.
    marked: bool,
}

impl<'a> Evidence<'a> {
    pub(in crate::judge) fn read(
        role: Role,
        label: Arc<str>,
        observed: &'a Observed,
        protocol: Option<&'a Protocol>,
    ) -> Self {
        let exchange = &observed.exchange;
        let json = OnceLock::new();
        let read = || json::body(&exchange.body);
        let declared = exchange.head.as_ref().and_then(|head| MediaType::of(&head.headers));
        let declared = declared.is_some_and(|media| media.essence == "text/event-stream");
        // The official clients read events wherever they asked for a stream, whatever the content type says.
        let asked = observed.stream && exchange.head.is_some();
        let events = declared || (asked && json.get_or_init(read).is_err());
        let stream = events.then(|| Stream::read(&exchange.body, &exchange.pieces));
        let events = stream.as_ref().map_or(&[][..], |stream| &stream.events);
        let data: Vec<Result<Json, String>> = events.iter().map(event_json).collect();
        let form = protocol.map_or(&*ANY_FORM, |protocol| &protocol.stream);
        let read =
            events.iter().zip(&data).enumerate().take_while(|(_, (event, data))| !closes(form, event, data));
        let errors =
            read.filter(|(_, (event, data))| is_error(form, event, data)).map(|(at, _)| at).collect();
        let ends = |(event, data): (&Event, &Result<Json, String>)| {
            form.ends.iter().any(|mark| bears(event, data, mark))
        };
        let marked = form.ends.is_empty() || events.iter().zip(&data).any(ends);
        Self { role, label, observed, protocol, json, stream, data, errors, marked }
    }

    /// The whole body as JSON.
    ///
    /// # Errors
    /// In words, why it is none.
    pub(in crate::judge) fn json(&self) -> Result<&Json, &String> {
        self.json.get_or_init(|| json::body(&self.observed.exchange.body)).as_ref()
    }

    pub(in crate::judge) fn status(&self) -> Option<u16> {
        self.observed.exchange.head.as_ref().map(|head| head.status)
    }

    pub(in crate::judge) fn succeeded_status(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the gateway was there at all: a connection that it never took says nothing of its contract.
    pub(in crate::judge) fn took_place(&self) -> bool {
        let end = &self.observed.exchange.end;
        self.status().is_some() || !matches!(end, End::Broken(Break::Refused | Break::Transport(_)))
    }

    /// The events that tell of an error, as far as a client reads, each with its data.
    pub(in crate::judge) fn error_events(&self) -> impl Iterator<Item = (&Event, &Result<Json, String>)> {
        let events = self.stream.as_ref().map_or(&[][..], |stream| &stream.events);
        self.errors.iter().map(|&at| (&events[at], &self.data[at]))
    }

    /// Whether the client was told of a failure: no answer, a status outside 200–299, or an error event.
    pub(in crate::judge) fn failed(&self) -> bool {
        !self.succeeded_status() || !self.errors.is_empty()
    }

    pub(in crate::judge) fn ending(&self) -> Ending {
        let told = !self.errors.is_empty();
        match &self.observed.exchange.end {
            End::Deadline | End::Capped(_) => Ending::Open,
            End::Complete | End::Broken(_) if told => Ending::ErrorEvent,
            End::Complete if self.stream.is_some() && self.succeeded_status() && !self.marked => {
                Ending::Unmarked
            }
            End::Complete => Ending::Clean,
            End::Broken(_) => Ending::Broken,
        }
    }

    /// The JSON that carries the error's fields: the first error event's, else the body's.
    pub(in crate::judge) fn error_json(&self) -> Option<&Json> {
        match self.error_events().next() {
            Some((_, data)) => data.as_ref().ok(),
            None => self.json().ok(),
        }
    }

    /// Whether HTTP allows this answer a body.
    pub(in crate::judge) fn may_have_body(&self) -> bool {
        let head_request = self.observed.exchange.request.method.eq_ignore_ascii_case("HEAD");
        !head_request && !matches!(self.status(), Some(100..=199 | 204 | 304))
    }

    /// What the client got, in a few words: `503 Service Unavailable`, `no answer: refused`, ….
    pub(in crate::judge) fn in_words(&self) -> String {
        let exchange = &self.observed.exchange;
        let end = match &exchange.end {
            End::Complete => None,
            End::Broken(Break::Refused) => Some("nothing listened at the gateway's address".to_owned()),
            End::Broken(Break::Reset) => Some("the connection was reset".to_owned()),
            End::Broken(Break::ClosedEarly) => Some("the connection was closed early".to_owned()),
            End::Broken(Break::Malformed(what)) => Some(format!("not HTTP: {}", words::excerpt(what))),
            End::Broken(Break::Transport(what)) => Some(words::excerpt(what)),
            End::Deadline => Some("still open at the client's deadline".to_owned()),
            End::Capped(bytes) => Some(format!("still sending after {bytes} bytes")),
        };
        let after = words::duration(exchange.elapsed);
        match (self.status(), end) {
            (Some(status), None) if self.ending() == Ending::ErrorEvent => {
                format!("{status} and an error event")
            }
            (Some(status), None) if self.ending() == Ending::Unmarked => {
                format!("{status} and a stream without its end")
            }
            (Some(status), None) => status.to_string(),
            (Some(status), Some(end)) => format!("{status}, then {end} after {after}"),
            (None, Some(end)) => format!("no answer: {end} after {after}"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// How streams are read of which no protocol says anything.
static ANY_FORM: LazyLock<StreamForm> = LazyLock::new(StreamForm::default);

/// Whether the event tells of an error.
pub(in crate::judge) fn is_error(form: &StreamForm, event: &Event, data: &Result<Json, String>) -> bool {
    form.error.iter().any(|mark| bears(event, data, mark))
}

/// Whether no client reads on behind this event.
fn closes(form: &StreamForm, event: &Event, data: &Result<Json, String>) -> bool {
    form.ends.iter().any(|mark| matches!(mark, EventMark::Data(_)) && bears(event, data, mark))
}

fn bears(event: &Event, data: &Result<Json, String>, mark: &EventMark) -> bool {
    match mark {
        EventMark::Event(name) => event.name.as_ref() == Some(name),
        EventMark::Data(text) => event.data.as_ref() == Some(text),
        EventMark::At(pointer) => {
            data.as_ref().is_ok_and(|data| json::at(data, pointer).is_some_and(|there| !there.is_null()))
        }
    }
}

/// The event's data as JSON.
pub(in crate::judge) fn event_json(event: &Event) -> Result<Json, String> {
    match &event.data {
        Some(data) => {
            json::body(data.as_bytes()).map_err(|why| why.replacen("the body", "the event's data", 1))
        }
        None => Err("the event has no data".to_owned()),
    }
}
