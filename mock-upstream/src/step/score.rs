//! The steps of one reply while they are put together over the healthy reply.

mod decisive;
mod events;
mod intention;

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::frame::{self, Framing};
use super::{Head, Intended, Parcel, Plan, Step};
use crate::dialect::{Content, Healthy};
use crate::fault::Extent;
use crate::script::{Drip, Gate, Hold, Request, Written};
use intention::Intention;

/// The most bytes that are put together to be written at once.
const AT_ONCE: usize = 1 << 14;

/// Bytes of a vast body with whose writing it has struck.
const VAST: usize = 1 << 16;

pub(super) struct Score<'a> {
    healthy: &'a Healthy,
    request: &'a Request,
    unix_time: u64,
    body: Bytes,
    body_written: usize,
    coding: Option<&'static str>,
    vast: bool,
    settled: bool,
    event: usize,
    latest_event: Option<Bytes>,
    framing: Framing,
    steps: Vec<Step>,
    /// How many of the steps belong to the exchange, where some do not.
    exchange: Option<usize>,
    head: Option<Head>,
    intended: Intention,
    decisive: Option<usize>,
    /// The first step that wrote what the healthy reply has not, for which a peer may leave.
    strange: Option<usize>,
    /// The step that wrote a head which differs from the healthy one.
    strange_head: Option<usize>,
    /// How many of the steps stay as they are, whatever is written next.
    apart: usize,
    /// Where a script lies about the framing, the peer cannot know where the next reply begins.
    honest: bool,
}

impl<'a> Score<'a> {
    pub(super) fn new(healthy: &'a Healthy, request: &'a Request, unix_time: u64) -> Self {
        Self {
            healthy,
            request,
            unix_time,
            body: healthy.body(),
            body_written: 0,
            coding: None,
            vast: false,
            settled: false,
            event: 0,
            latest_event: None,
            framing: Framing::Bodiless,
            steps: Vec::new(),
            exchange: None,
            head: None,
            intended: Intention::default(),
            decisive: None,
            strange: None,
            strange_head: None,
            apart: 0,
            honest: true,
        }
    }

    pub(super) fn healthy(&self) -> &'a Healthy {
        self.healthy
    }

    pub(super) fn holds(&mut self, holds: &[Hold]) {
        self.steps.extend(holds.iter().map(|hold| match hold {
            Hold::For(time) => Step::Wait(*time),
            Hold::Until(Gate { gate, at_most }) => Step::Gate { name: gate.clone(), at_most: *at_most },
        }));
    }

    /// Holds of an honest turn: waiting for a time is part of what was scripted, so that a peer that leaves meanwhile
    /// has seen it. What decides later takes precedence.
    pub(super) fn decisive_holds(&mut self, holds: &[Hold]) {
        let before = self.steps.len();
        self.holds(holds);
        let last_wait = holds.iter().rposition(|hold| matches!(hold, Hold::For(_)));
        self.decisive = last_wait.map(|at| before + at).or(self.decisive);
    }

    /// A whole reply in one piece, its framing right.
    pub(super) fn whole(&mut self, mut head: Head, body: &Bytes) {
        let framing = frame::sized(head.status, body.len(), self.request);
        self.honest = head.frame(framing, self.request, self.unix_time);
        let bytes = if framing == Framing::Bodiless {
            head.bytes()
        } else {
            self.intended.add(body);
            head.bytes_before(body)
        };
        self.head = Some(head);
        self.write(bytes, 0);
    }

    /// A whole reply, its framing right, written as it is to be.
    pub(super) fn written(&mut self, head: Head, body: &Bytes, how: Written) {
        let bodiless = frame::sized(head.status, body.len(), self.request) == Framing::Bodiless;
        match how {
            Written::Chunked(size) if !bodiless => {
                self.head(head, Framing::Chunked);
                body.chunks(size.max(1)).for_each(|piece| self.fragment(&body.slice_ref(piece)));
                self.end();
            }
            Written::UntilClosed if !bodiless => {
                self.head(head, Framing::Close);
                self.fragment(body);
                self.steps.push(Step::Close);
            }
            Written::Dripped(Drip { bytes, every }) if !bodiless && !body.is_empty() => {
                self.head(head, Framing::Length(body.len()));
                let pieces = body.chunks(bytes.max(1));
                let parcels = pieces.map(|piece| self.parcel(&body.slice_ref(piece), 0)).collect();
                self.parcels(parcels, every);
            }
            _ => self.whole(head, body),
        }
    }

    /// The healthy reply as it is: a document in one piece, or events each in a chunk of its own.
    pub(super) fn whole_healthy(&mut self, head: Head) {
        match self.healthy.content {
            Content::Whole(_) => self.whole(head, &self.body.clone()),
            Content::Events(_) => {
                self.head(head, Framing::Chunked);
                self.events(|_| true, usize::MAX);
                self.end();
            }
        }
    }

    pub(super) fn head(&mut self, mut head: Head, framing: Framing) {
        self.honest = head.frame(framing, self.request, self.unix_time);
        self.framing = framing;
        self.write(head.bytes(), 0);
        self.head = Some(head);
    }

    /// The same piece by piece.
    pub(super) fn drip_head(&mut self, head: Head, framing: Framing, every: Duration, size: usize) {
        self.apart = self.steps.len();
        self.head(head, framing);
        if let Some(Step::Write { bytes, .. }) = self.steps.pop() {
            let pieces = bytes.chunks(size.max(1));
            let parcels = pieces.map(|piece| Parcel { bytes: bytes.slice_ref(piece), events: 0 });
            self.last(Step::Drip { parcels: parcels.collect(), every });
        }
    }

    /// The framing lies, so that nothing can follow on the connection.
    pub(super) fn distrust(&mut self) {
        self.honest = false;
    }

    /// The framing lies, and yet the connection goes on.
    pub(super) fn keep(&mut self) {
        self.honest = true;
    }

    /// Writes the healthy body in another form, whose head says `coding`.
    pub(super) fn recode(&mut self, body: Bytes, coding: Option<&'static str>) {
        self.body = body;
        self.coding = coding;
    }

    /// The body is more than a client should keep: it has struck once its beginning is written.
    pub(super) fn vast(&mut self) {
        self.vast = true;
    }

    pub(super) fn coding(&self) -> Option<&'static str> {
        self.coding
    }

    pub(super) fn healthy_body(&self) -> &Bytes {
        &self.body
    }

    /// A part of the healthy body outside any framing.
    pub(super) fn bare_body(&mut self, extent: Extent) {
        let part = self.part(extent);
        self.intended.add(&part);
        self.write(part, 0);
    }

    /// The next part of the healthy body, which counts as written.
    pub(super) fn part(&mut self, extent: Extent) -> Bytes {
        let part = self.body.slice(self.body_written..self.extent(extent));
        self.body_written += part.len();
        part
    }

    /// A chunk as it stands on the wire, sound or not, with what it carries.
    pub(super) fn chunk_as_is(&mut self, framed: Bytes, data: &Bytes) {
        self.intended.add(data);
        self.write(framed, 0);
    }

    pub(super) fn body_length(&self) -> usize {
        self.body.len()
    }

    pub(super) fn body(&mut self, extent: Extent) {
        let mut part = self.part(extent);
        if self.vast && part.len() > VAST {
            // Who reads so much has met it, and may leave.
            self.framed(&part.split_to(VAST), 0);
            self.decide();
        }
        self.framed(&part, 0);
    }

    fn extent(&self, extent: Extent) -> usize {
        match extent {
            Extent::Whole | Extent::Rest => self.body.len(),
            Extent::Nothing => 0,
            Extent::FirstHalf => (self.body.len() / 2).max(1).min(self.body.len()),
        }
        .max(self.body_written)
    }

    /// Writes bytes under the framing of the head that complete no event.
    pub(super) fn fragment(&mut self, bytes: &Bytes) {
        self.framed(bytes, 0);
    }

    /// Bytes under the framing of the head, to be written at once.
    pub(super) fn parcel(&mut self, bytes: &Bytes, events: u32) -> Parcel {
        self.intended.add(bytes);
        Parcel { bytes: self.frame(bytes), events }
    }

    /// Writes one by one, with a pause before each.
    pub(super) fn parcels(&mut self, parcels: Vec<Parcel>, every: Duration) {
        if every.is_zero() {
            parcels.into_iter().for_each(|Parcel { bytes, events }| self.write(bytes, events));
        } else {
            self.last(Step::Drip { parcels, every });
        }
    }

    /// Where the steps stand by now.
    pub(super) fn mark(&mut self) -> usize {
        self.apart = self.steps.len();
        self.apart
    }

    /// Makes what was written since then one step that does it again and again.
    ///
    /// # Errors
    /// Something else than writing was done since then, or nothing.
    pub(super) fn repeat_since(&mut self, begun: usize, every: Duration) -> Result<(), String> {
        let (mut all, mut count) = (BytesMut::new(), 0);
        for step in self.steps.drain(begun..) {
            let Step::Write { bytes, events } = step else {
                return Err("what comes again and again may only be written".into());
            };
            all.extend_from_slice(&bytes);
            count += events;
        }
        if all.is_empty() {
            return Err("nothing was written that could come again and again".into());
        }
        self.last(Step::Repeat { parcel: Parcel { bytes: all.freeze(), events: count }, every });
        Ok(())
    }

    pub(super) fn raw(&mut self, bytes: Bytes) {
        self.write(bytes, 0);
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.steps.push(Step::Wait(time));
        self.decide();
    }

    pub(super) fn drip(&mut self, every: Duration, size: usize) {
        let rest = self.body.slice(self.body_written..);
        self.body_written = self.body.len();
        self.intended.add(&rest);
        let parcels = rest.chunks(size.max(1)).map(|piece| {
            let bytes = self.frame(&rest.slice_ref(piece));
            Parcel { bytes, events: 0 }
        });
        let parcels = parcels.collect();
        self.last(Step::Drip { parcels, every });
        self.end();
    }

    pub(super) fn end(&mut self) {
        if self.framing == Framing::Chunked {
            self.write(Bytes::from_static(frame::LAST_CHUNK), 0);
        }
    }

    /// What follows is done to the idle connection.
    pub(super) fn idle(&mut self) {
        self.apart = self.steps.len();
        self.exchange.get_or_insert(self.apart);
    }

    /// A step that is the decisive one unless there is one already.
    pub(super) fn then(&mut self, step: Step) {
        self.steps.push(step);
        self.decide_first();
    }

    pub(super) fn last(&mut self, step: Step) {
        self.steps.push(step);
        self.decide();
    }

    pub(super) fn plan(mut self) -> Plan {
        let says_close = |head: &Head| {
            head.headers.get("connection").is_some_and(|value| value.to_ascii_lowercase().contains("close"))
        };
        let keep_alive =
            self.request.keeps_alive() && self.honest && !self.head.as_ref().is_some_and(says_close);
        let intended = match self.head {
            Some(Head { status, reason, headers, .. }) => Intended {
                status: (status > 0).then_some(status),
                reason,
                headers,
                body: self.intended.body(),
            },
            None => Intended::default(),
        };
        let idle = self.exchange.map_or_else(Vec::new, |exchange| self.steps.split_off(exchange));
        let last = self.steps.len().saturating_sub(1);
        let decisive = self.decisive.or(self.strange).map_or(last, |decisive| decisive.min(last));
        Plan { steps: self.steps, idle, intended, decisive, fault: None, instead: None, keep_alive }
    }

    fn framed(&mut self, bytes: &Bytes, events: u32) {
        self.intended.add(bytes);
        self.write(self.frame(bytes), events);
    }

    fn frame(&self, bytes: &Bytes) -> Bytes {
        match self.framing {
            Framing::Chunked => frame::chunk(bytes),
            Framing::Length(_) | Framing::Bodiless | Framing::Close => bytes.clone(),
        }
    }

    /// What is written of a plain reply with nothing in between goes out as one, so that a peer always has it in the same
    /// pieces.
    fn write(&mut self, bytes: Bytes, events: u32) {
        if bytes.is_empty() {
            return;
        }
        let plain = matches!(self.healthy.content, Content::Whole(_));
        let before = if self.steps.len() > self.apart { self.steps.last_mut() } else { None };
        match before {
            Some(Step::Write { bytes: before, .. }) if plain && before.len() + bytes.len() <= AT_ONCE => {
                *before = [&before[..], &bytes[..]].concat().into();
            }
            _ => self.steps.push(Step::Write { bytes, events }),
        }
    }
}
