//! A stream on its way to the client: event by event, ended as its lane ends streams or by the lane's error event.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use super::engine::Engine;
use super::failure::Row;
use super::lane::Lane;
use super::{envelope, mapping};
use crate::account::Hold;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Event, Pump, UpstreamFailure, bare};

/// How long a flawed gateway looks through a whole answer before it sends any of it.
const LOOKED_THROUGH: Duration = Duration::from_secs(1);

/// What is paid for a call: the estimate that is held for it, and the price of a token.
pub(super) struct Bill {
    pub(super) hold: Hold,
    pub(super) price: i64,
}

impl Bill {
    /// Books what the call took in place of the estimate. `unsettled` is the flaw that does not.
    pub(super) fn settle(self, tokens: i64, flaws: Flaws, unsettled: Flaw) {
        if flaws.has(unsettled) {
            return self.hold.keep();
        }
        self.hold.settle(tokens.saturating_mul(self.price));
    }

    /// Gives back what is held for a call that failed; only flawed gateways keep it.
    pub(super) fn give_back(self, failure: &UpstreamFailure, flaws: Flaws) {
        if matches!(failure, UpstreamFailure::TimedOut) && flaws.has(Flaw::TimeoutKeepsMoney) {
            self.hold.keep();
        }
    }
}

struct Relay {
    engine: Arc<Engine>,
    lane: Lane,
    pump: Pump,
    /// Gone once it is settled, or given back.
    bill: Option<Bill>,
    /// Tokens the upstream counted, once it has said so.
    used: Option<i64>,
    /// Bytes relayed.
    sent: usize,
}

/// Starts the answer of a stream whose first event has arrived.
pub(super) fn start(engine: Arc<Engine>, lane: Lane, pump: Pump, bill: Bill) -> Reply {
    let flaws = engine.flaws;
    let relay = Relay { engine, lane, pump, bill: Some(bill), used: None, sent: 0 };
    let frames = stream::unfold(Some(relay), |relay| async move {
        let mut relay = relay?;
        let (frame, goes_on) = relay.next().await;
        relay.sent += frame.len();
        Some((Ok::<_, io::Error>(frame), goes_on.then_some(relay)))
    });
    if flaws.has(Flaw::StreamBuffered) {
        return door::stream(stream::once(async {
            let frames: Vec<_> = frames.filter_map(|it| async { it.ok() }).collect().await;
            tokio::time::sleep(LOOKED_THROUGH).await;
            Ok(Bytes::from(frames.concat()))
        }));
    }
    door::stream(frames)
}

/// An answer that is one error event and nothing else.
pub(super) fn only(lane: Lane, row: &Row, flaws: Flaws) -> Reply {
    let frame = error_frame(lane, row, flaws);
    door::stream(stream::iter([Ok(frame)]))
}

/// A rough count of the tokens in that many bytes, for an upstream that does not count.
pub(super) fn estimate(bytes: usize) -> i64 {
    i64::try_from(bytes / 4 + 1).unwrap_or(i64::MAX)
}

impl Relay {
    /// The next frame, and whether another follows.
    async fn next(&mut self) -> (Bytes, bool) {
        match self.pump.next().await {
            Ok(Event::Chunk(chunk)) => {
                self.used = self.lane.tokens(&chunk).or(self.used);
                (self.lane.protocol().frame(&chunk), true)
            }
            Ok(Event::Raw(data)) => (bare(&data), true),
            Ok(Event::Done) => {
                self.settle();
                (self.lane.protocol().last_frame(), false)
            }
            Err(failure) => {
                // Nothing is paid for half an answer.
                match self.bill.take() {
                    Some(bill) if self.engine.flaws.has(Flaw::StreamRefundMissing) => bill.hold.keep(),
                    Some(bill) => bill.give_back(&failure, self.engine.flaws),
                    None => {}
                }
                let row = mapping::row(&failure, &self.engine);
                (error_frame(self.lane, &row, self.engine.flaws), false)
            }
        }
    }

    fn settle(&mut self) {
        if let Some(bill) = self.bill.take() {
            let tokens = self.used.unwrap_or_else(|| estimate(self.sent));
            bill.settle(tokens, self.engine.flaws, Flaw::StreamUnsettled);
        }
    }
}

/// Who leaves in the middle pays for what was sent.
impl Drop for Relay {
    fn drop(&mut self) {
        self.settle();
    }
}

fn error_frame(lane: Lane, row: &Row, flaws: Flaws) -> Bytes {
    let lane = if flaws.has(Flaw::StreamErrorSpeaksOpenAi) { Lane::OpenAi } else { lane };
    let body = envelope::of(lane, row, flaws);
    let frame = if flaws.has(Flaw::StreamErrorUnnamed) {
        bare(body.to_string().as_bytes())
    } else {
        lane.protocol().frame(&body)
    };
    if flaws.has(Flaw::StreamErrorThenDone) {
        return [frame, lane.protocol().last_frame()].concat().into();
    }
    frame
}
