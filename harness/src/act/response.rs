//! Decodes an HTTP/1.1 response as its bytes arrive, and says where it stops being one.

mod events;
mod framing;
mod head;

use std::time::{Duration, Instant, SystemTime};

use bytes::{Buf, Bytes, BytesMut};

use self::events::EventCount;
use self::framing::Framing;
use self::head::{HeadReader, Parsed};
use super::ExchangeOptions;
use crate::wire::exchange::{Break, End, Exchange, Head, Request};

/// Pieces that are kept apart; later ones are joined to the last, so that a drip of single bytes stays bounded.
const PIECES: usize = 1 << 16;

/// Takes bytes in, keeps what they say.
pub(super) struct Decoder {
    state: State,
    waiting: BytesMut,
    heads: HeadReader,
    bodiless: bool,
    body_cap: usize,
    head: Option<Head>,
    body: BytesMut,
    pieces: Vec<(usize, Duration)>,
    trailers: Vec<(String, Bytes)>,
    events: EventCount,
    /// Whether the connection can carry another exchange: the body said where it ends, and nothing came behind it.
    reusable: bool,
    /// Whether it is of HTTP/1.0, where a connection ends with its answer unless it is said to go on.
    old: bool,
}

enum State {
    Head,
    Body(Framing),
    Trailers,
    Ended(End),
}

/// Why no more bytes will come.
#[derive(Debug)]
pub(super) enum Silence {
    /// FIN, and under TLS the closing alert before it.
    Closed,
    /// FIN under TLS without the closing alert.
    ClosedUnannounced,
    /// RST.
    Reset,
    /// Another failure, in words.
    Failed(String),
}

impl Decoder {
    /// A decoder for one response; `bodiless` when the request's method allows no body in it.
    pub(super) fn new(bodiless: bool, options: &ExchangeOptions) -> Self {
        Self {
            state: State::Head,
            waiting: BytesMut::new(),
            heads: HeadReader::new(options.head_cap, options.header_count_cap),
            bodiless,
            body_cap: options.body_cap,
            head: None,
            body: BytesMut::new(),
            pieces: Vec::new(),
            trailers: Vec::new(),
            events: EventCount::default(),
            reusable: false,
            old: false,
        }
    }

    /// Takes bytes that arrived `at` after the start; those behind the response's end are ignored.
    pub(super) fn feed(&mut self, bytes: &[u8], at: Duration) {
        self.waiting.extend_from_slice(bytes);
        while self.advance(at) {}
    }

    /// Says that no more bytes will come.
    pub(super) fn silent(&mut self, why: Silence) {
        let whole_if_closed = matches!(self.state, State::Body(Framing::UntilClose));
        let end = match why {
            Silence::Closed if whole_if_closed => End::Complete,
            // Only the alert tells the end of such a body from a cut.
            Silence::Closed | Silence::ClosedUnannounced => End::Broken(Break::ClosedEarly),
            Silence::Reset => End::Broken(Break::Reset),
            Silence::Failed(text) => End::Broken(Break::Transport(text)),
        };
        self.end(end);
    }

    /// Ends it from outside; the first end stands.
    pub(super) fn end(&mut self, end: End) {
        if !self.ended() {
            self.state = State::Ended(end);
        }
    }

    /// Whether nothing more is wanted.
    pub(super) fn ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// The status, once the final head is whole.
    pub(super) fn status(&self) -> Option<u16> {
        self.head.as_ref().map(|head| head.status)
    }

    /// Whether the connection can carry another exchange.
    pub(super) fn is_reusable(&self) -> bool {
        let says = |word: &str| {
            let headers = self.head.iter().flat_map(|head| &head.headers);
            let mut lines = headers.filter(|(name, _)| name == "connection");
            lines.any(|(_, value)| String::from_utf8_lossy(value).to_ascii_lowercase().contains(word))
        };
        self.reusable && !says("close") && (!self.old || says("keep-alive"))
    }

    /// How many server-sent events with data are whole.
    pub(super) fn events(&self) -> usize {
        self.events.whole()
    }

    /// All of it as a record.
    pub(super) fn into_exchange(
        self,
        request: Request,
        started: Instant,
        started_wall: SystemTime,
        elapsed: Duration,
    ) -> Exchange {
        let end = match self.state {
            State::Ended(end) => end,
            _ => End::Broken(Break::ClosedEarly),
        };
        Exchange {
            request,
            started,
            started_wall,
            head: self.head,
            body: self.body.freeze(),
            pieces: self.pieces,
            trailers: self.trailers,
            end,
            elapsed,
        }
    }

    /// One step; whether another may follow with the bytes at hand.
    fn advance(&mut self, at: Duration) -> bool {
        match &mut self.state {
            State::Ended(_) => false,
            State::Head => self.advance_head(at),
            State::Trailers => match self.heads.trailers(&mut self.waiting) {
                Parsed::Partial => false,
                Parsed::Failed(end) => self.finish(end),
                Parsed::Whole(trailers) => {
                    self.trailers = trailers;
                    self.finish(End::Complete)
                }
            },
            State::Body(framing) => {
                match framing.next(&mut self.waiting, self.body.len(), self.heads.cap()) {
                    framing::Next::Wait => false,
                    framing::Next::Again => true,
                    framing::Next::Data(data) => self.keep(&data, at),
                    framing::Next::Trailers => {
                        self.state = State::Trailers;
                        true
                    }
                    framing::Next::Done => self.finish(End::Complete),
                    framing::Next::Failed(end) => self.finish(end),
                }
            }
        }
    }

    fn advance_head(&mut self, at: Duration) -> bool {
        let old = self.waiting.starts_with(b"HTTP/1.0 ");
        let mut head = match self.heads.head(&mut self.waiting) {
            Parsed::Partial => return false,
            Parsed::Failed(end) => return self.finish(end),
            Parsed::Whole(head) => head,
        };
        // Interim responses are legal in any number; the deadline bounds them.
        if (100..200).contains(&head.status) && head.status != 101 {
            return true;
        }
        head.at = at;
        self.old = old;
        let framing = if self.bodiless { Ok(Framing::None) } else { Framing::of(&head) };
        self.head = Some(head);
        match framing {
            Ok(framing) => self.state = State::Body(framing),
            Err(why) => self.state = State::Ended(End::Broken(Break::Malformed(why))),
        }
        true
    }

    fn keep(&mut self, data: &[u8], at: Duration) -> bool {
        let room = self.body_cap - self.body.len();
        let kept = &data[..data.len().min(room)];
        self.body.extend_from_slice(kept);
        self.events.feed(kept);
        let end = self.body.len();
        let full = self.pieces.len() == PIECES;
        match self.pieces.last_mut() {
            Some(last) if full || last.1 == at => *last = (end, at),
            _ => self.pieces.push((end, at)),
        }
        if kept.len() < data.len() { self.finish(End::Capped(self.body_cap)) } else { true }
    }

    fn finish(&mut self, end: End) -> bool {
        self.reusable = end == End::Complete && self.waiting.is_empty();
        self.waiting.advance(self.waiting.len());
        self.state = State::Ended(end);
        false
    }
}
