//! Reads one request off the wire: first its head, then its body, so that something can be done in between.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::Caps;
use super::chunked::{Chunked, Front};
use super::head::{Framing, Head, Refused, Scan};
use super::wire::{Left, Wire};
use crate::journal::{Clock, Entry, Moment};
use crate::script::Request;

/// Memory for a body that is taken before any of it has come.
const TRUSTED: u64 = 1 << 16;

/// A request as far as it came.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) request: Request,
    pub(super) body_length: u64,
    pub(super) body_sha256: String,
    pub(super) body_capped: bool,
    pub(super) arrived: Moment,
    /// `None` when the body did not come whole.
    pub(super) body_read: Option<Moment>,
}

impl Arrived {
    /// Notes in the entry of this request what has come of it since.
    pub(super) fn enter(self, entry: &mut Entry) {
        entry.request = self.request;
        entry.body_length = self.body_length;
        entry.body_sha256 = self.body_sha256;
        entry.body_capped = self.body_capped;
        entry.request_complete = self.body_read.is_some();
        entry.body_read = self.body_read;
    }
}

/// What a request is read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intake {
    pub(super) clock: Clock,
    pub(super) caps: Caps,
}

/// What came next on a connection.
#[derive(Debug)]
pub(super) enum Opening {
    /// The head of a request, and when it was whole; the body may follow.
    Head(Head, Moment),
    /// Something that is not a request.
    Refused(Refused),
    /// The client left, and no request had begun or its head was not whole.
    Nothing,
}

/// Why a body did not come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The client left.
    Left(Left),
    /// It stayed and sent nothing for too long, too much, or what is not a body.
    Refused(Refused),
}

/// Waits for a head. Nothing is lost when the future is dropped before there is one.
pub(super) async fn head(wire: &mut Wire, intake: Intake) -> Opening {
    let mut scan = Scan::new(intake.caps.request_head);
    loop {
        skip_blank_lines(wire);
        match scan.find(wire.ahead()) {
            Ok(Some((head, length))) => {
                wire.take(length);
                return Opening::Head(head, intake.clock.now());
            }
            Ok(None) => {}
            Err(refused) => return Opening::Refused(refused),
        }
        let more = if wire.ahead().is_empty() {
            // Between two requests a connection may be idle as long as it likes.
            wire.more().await.map_err(Cut::Left)
        } else {
            within(intake.caps.request_silence, wire.more()).await
        };
        match more {
            Ok(()) => {}
            Err(Cut::Left(_)) => return Opening::Nothing,
            Err(Cut::Refused(refused)) => return Opening::Refused(refused),
        }
    }
}

/// A body while it comes in.
#[derive(Debug)]
pub(super) struct Body {
    request: Request,
    place: Place,
    intake: Intake,
    stored: Vec<u8>,
    length: u64,
    digest: Sha256,
    arrived: Moment,
    /// Whether the client waits to be asked for it.
    awaited: bool,
    whole: Option<Moment>,
}

/// What of the body is to come.
#[derive(Debug)]
enum Place {
    Length(u64),
    Chunked(Chunked),
}

/// How far a body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is to come.
    Part,
    /// It is whole.
    Whole,
}

impl Body {
    /// The body that follows this head.
    pub(super) fn of(head: Head, arrived: Moment, intake: Intake) -> Self {
        let (place, expected) = match head.framing {
            Framing::Length(length) => (Place::Length(length), length.min(TRUSTED)),
            Framing::Chunked => (Place::Chunked(Chunked::default()), 0),
        };
        let expected = usize::try_from(expected).unwrap_or_default().min(intake.caps.request_body);
        let awaited = head.expects_continue();
        Self {
            request: head.request,
            place,
            intake,
            stored: Vec::with_capacity(expected),
            length: 0,
            digest: Sha256::new(),
            arrived,
            awaited,
            whole: None,
        }
    }

    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) fn is_awaited(&self) -> bool {
        self.awaited
    }

    /// Asks for the body where the client waits for that.
    pub(super) async fn invite(&mut self, wire: &mut Wire) {
        if std::mem::take(&mut self.awaited) {
            let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
            // That the client has left by then is noticed by who reads on.
            if wire.socket.write_all(go_on).await.is_ok() {
                let _ = wire.socket.flush().await;
            }
        }
    }

    /// Reads the body to its end. Nothing is lost when the future is dropped before.
    ///
    /// # Errors
    /// Why it will not come whole.
    pub(super) async fn read(&mut self, wire: &mut Wire) -> Result<(), Cut> {
        while self.take(usize::MAX, wire)? == Progress::Part {
            within(self.intake.caps.request_silence, wire.more_of_body()).await?;
        }
        Ok(())
    }

    /// Reads so many bytes more of it and no others, if it has as many. Nothing is lost when the future is dropped before.
    ///
    /// # Errors
    /// Why they will not come.
    pub(super) async fn read_to(&mut self, length: u64, wire: &mut Wire) -> Result<(), Cut> {
        loop {
            let wanted = usize::try_from(length.saturating_sub(self.length)).unwrap_or(usize::MAX);
            if self.take(wanted, wire)? == Progress::Whole || self.length >= length {
                return Ok(());
            }
            let missing = usize::try_from(length - self.length).unwrap_or(usize::MAX);
            within(self.intake.caps.request_silence, wire.at_most(missing)).await?;
        }
    }

    /// How many bytes of it have been read.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether it is whole.
    pub(super) fn is_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// What of it is stored.
    pub(super) fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// Takes what has come of it, at most so many bytes.
    fn take(&mut self, most: usize, wire: &mut Wire) -> Result<Progress, Cut> {
        let whole = self.whole.is_some()
            || match self.place {
                Place::Length(left) => self.part_of_length(left, most, wire)?,
                Place::Chunked(coding) => self.part_of_chunks(coding, most, wire)?,
            };
        if whole {
            self.whole.get_or_insert_with(|| self.intake.clock.now());
        }
        Ok(if whole { Progress::Whole } else { Progress::Part })
    }

    fn part_of_length(&mut self, left: u64, most: usize, wire: &mut Wire) -> Result<bool, Cut> {
        if self.length.saturating_add(left) > self.intake.caps.request_length {
            return Err(TOO_MUCH);
        }
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(wire.ahead().len()).min(most);
        self.add(here, wire);
        let left = left - here as u64;
        self.place = Place::Length(left);
        Ok(left == 0)
    }

    fn part_of_chunks(&mut self, mut coding: Chunked, mut most: usize, wire: &mut Wire) -> Result<bool, Cut> {
        loop {
            let ahead = wire.ahead();
            let reach = if matches!(coding, Chunked::Data(_)) { ahead.len().min(most) } else { ahead.len() };
            let front = coding.front(&ahead[..reach]);
            match front.map_err(|why| Cut::Refused(Refused { status: 400, why }))? {
                Front::Data(count) if self.length + count as u64 > self.intake.caps.request_length => {
                    return Err(TOO_MUCH);
                }
                Front::Data(count) => {
                    self.add(count, wire);
                    most -= count;
                }
                Front::Coding(count) => wire.take(count),
                Front::Unclear => break,
                Front::Behind => return Ok(true),
            }
        }
        self.place = Place::Chunked(coding);
        Ok(false)
    }

    /// Takes so many bytes off the wire: all are digested, and stored as far as the cap allows.
    fn add(&mut self, count: usize, wire: &mut Wire) {
        let data = &wire.ahead()[..count];
        self.length += count as u64;
        self.digest.update(data);
        let room = self.intake.caps.request_body.saturating_sub(self.stored.len()).min(count);
        self.stored.extend_from_slice(&data[..room]);
        wire.take(count);
    }

    /// The request with as much of its body as has come.
    pub(super) fn arrived(self) -> Arrived {
        let body_capped = self.length > self.stored.len() as u64;
        let request = Request { body: Bytes::from(self.stored), ..self.request };
        Arrived {
            request,
            body_length: self.length,
            body_sha256: hex(&self.digest.finalize()),
            body_capped,
            arrived: self.arrived,
            body_read: self.whole,
        }
    }

    /// The same while more may come.
    pub(super) fn so_far(&self) -> Arrived {
        let (request, stored) = (self.request.clone(), Bytes::copy_from_slice(&self.stored));
        Arrived {
            request: Request { body: stored, ..request },
            body_length: self.length,
            body_sha256: hex(&self.digest.clone().finalize()),
            body_capped: self.length > self.stored.len() as u64,
            arrived: self.arrived,
            body_read: self.whole,
        }
    }
}

const TOO_MUCH: Cut = Cut::Refused(Refused { status: 413, why: "the body is too long" });
const TOO_SLOW: Cut = Cut::Refused(Refused { status: 408, why: "the client was silent within its request" });

async fn within(silence: Duration, more: impl Future<Output = Result<(), Left>>) -> Result<(), Cut> {
    timeout(silence, more).await.map_or(Err(TOO_SLOW), |more| more.map_err(Cut::Left))
}

/// Blank lines before a request are left out, as servers should.
fn skip_blank_lines(wire: &mut Wire) {
    loop {
        match wire.ahead() {
            [b'\r', b'\n', ..] => wire.take(2),
            [b'\n', ..] => wire.take(1),
            _ => return,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        hex.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
    }
    hex
}
