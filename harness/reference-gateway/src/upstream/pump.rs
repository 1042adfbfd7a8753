//! The stream pump: takes an upstream stream apart event by event, and says why it ended.

use serde_json::Value;

use super::deadline::Deadline;
use super::failure::UpstreamFailure;
use super::protocol::{Protocol, Read, Reader};
use super::sse::Lines;
use crate::config::Limits;
use crate::message::{BadChunk, is_type};
use crate::mutant::{Flaw, Flaws};

/// An upstream stream whose first event has arrived.
pub(crate) struct Pump {
    response: reqwest::Response,
    protocol: Protocol,
    reader: Reader,
    lines: Lines,
    first: Option<Event>,
    limits: Limits,
    flaws: Flaws,
    /// Set by flaws that make up the end of a stream.
    made_up: Option<Event>,
    swallowed_error: bool,
}

#[derive(Debug)]
pub(crate) enum Event {
    /// A chunk of the answer.
    Chunk(Value),
    /// The end that the upstream announced.
    Done,
    /// What a flawed pump lets through unread.
    Raw(Vec<u8>),
}

impl Pump {
    /// Waits for the first event: until then nothing has been promised to the client, so that an early failure
    /// still gets its own status.
    pub(super) async fn open(
        response: reqwest::Response,
        protocol: Protocol,
        deadline: Deadline,
        limits: Limits,
        flaws: Flaws,
    ) -> Result<Self, UpstreamFailure> {
        if !is_type(response.headers(), "text/event-stream") {
            return Err(UpstreamFailure::Unusable("not an event stream"));
        }
        let mut pump = Self {
            response,
            protocol,
            reader: protocol.reader(),
            lines: Lines::default(),
            first: None,
            limits,
            flaws,
            made_up: None,
            swallowed_error: false,
        };
        let first = deadline.guard(pump.read()).await??;
        if matches!(first, Event::Done) {
            return Err(UpstreamFailure::Unusable("empty stream"));
        }
        pump.first = Some(first);
        Ok(pump)
    }

    /// The next event; after [`Event::Done`] or a failure there is none.
    pub(crate) async fn next(&mut self) -> Result<Event, UpstreamFailure> {
        if let Some(event) = self.first.take().or_else(|| self.made_up.take()) {
            return Ok(event);
        }
        let idle = if self.flaws.has(Flaw::IdleDeadlineMissing) {
            Deadline::never()
        } else {
            Deadline::after(self.limits.idle)
        };
        let event = match idle.guard(self.read()).await {
            Ok(event) => event,
            Err(timed_out) => Err(timed_out.into()),
        };
        event.or_else(|failure| self.make_up(failure))
    }

    async fn read(&mut self) -> Result<Event, UpstreamFailure> {
        loop {
            while let Some(data) = self.lines.next() {
                if let Some(event) = self.understand(data)? {
                    return Ok(event);
                }
            }
            if self.lines.held() > self.limits.answer_bytes {
                return Err(UpstreamFailure::Unusable("event too large"));
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) => self.lines.push(&bytes),
                Ok(None) => return self.end(),
                Err(_) => return Err(UpstreamFailure::Unusable("broken stream")),
            }
        }
    }

    fn understand(&mut self, data: Vec<u8>) -> Result<Option<Event>, UpstreamFailure> {
        match self.reader.read(&data) {
            Ok(Read::Part(chunk)) => Ok(Some(Event::Chunk(chunk))),
            Ok(Read::Passed) => Ok(None),
            Ok(Read::Done) if self.flaws.has(Flaw::StreamDoneIsCut) => {
                Err(UpstreamFailure::Unusable("malformed event"))
            }
            Ok(Read::Done) => Ok(Some(Event::Done)),
            Err(BadChunk::Error) if self.flaws.has(Flaw::StreamErrorEventSwallowed) => {
                self.swallowed_error = true;
                Ok(None)
            }
            Err(BadChunk::Error) if self.flaws.has(Flaw::StreamErrorEventRelayed) => {
                Ok(Some(Event::Raw(data)))
            }
            Err(BadChunk::Malformed) if self.flaws.has(Flaw::StreamMalformedEventRelayed) => {
                Ok(Some(Event::Raw(data)))
            }
            Err(BadChunk::Error) => Err(UpstreamFailure::Told(data.into())),
            Err(BadChunk::Malformed) => Err(UpstreamFailure::Unusable("malformed event")),
        }
    }

    /// The bytes ended, and nothing had announced it.
    fn end(&self) -> Result<Event, UpstreamFailure> {
        let at_rest = self.lines.between_events();
        if self.flaws.has(Flaw::StreamEndUnannouncedIsDone) && at_rest || self.swallowed_error {
            return Ok(Event::Done);
        }
        Err(UpstreamFailure::Unusable("stream without its end"))
    }

    /// What a flawed pump says instead of telling the failure.
    fn make_up(&mut self, failure: UpstreamFailure) -> Result<Event, UpstreamFailure> {
        if self.flaws.has(Flaw::StreamCutIsDone) {
            return Ok(Event::Done);
        }
        if self.flaws.has(Flaw::StreamCutIsStop) {
            self.made_up = Some(Event::Done);
            return Ok(Event::Chunk(self.protocol.natural_end()));
        }
        Err(failure)
    }
}
