//! A stream on its way to the client: event by event, ended by `[DONE]` or by the envelope, never by silence.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use super::engine::Engine;
use super::failure::Row;
use super::{envelope, mapping};
use crate::config::Account;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Event, Protocol, Pump, bare};

/// Who pays for a stream, and how much a token, in microdollars.
pub(super) struct Bill {
    pub(super) account: Arc<Account>,
    pub(super) price: i64,
}

struct Relay {
    engine: Arc<Engine>,
    pump: Pump,
    bill: Bill,
    id: String,
    /// Tokens the upstream counted, once it has said so.
    used: Option<i64>,
    /// Bytes relayed.
    sent: usize,
}

/// Starts the answer of a stream whose first event has arrived.
pub(super) fn start(engine: Arc<Engine>, pump: Pump, bill: Bill, id: String) -> Reply {
    let relay = Relay { engine, pump, bill, id, used: None, sent: 0 };
    door::stream(stream::unfold(Some(relay), |relay| async move {
        let mut relay = relay?;
        let (frame, goes_on) = relay.next().await;
        relay.sent += frame.len();
        Some((Ok::<_, io::Error>(frame), goes_on.then_some(relay)))
    }))
}

/// An answer that is one error event and nothing else.
pub(super) fn only(row: &Row, id: &str, flaws: Flaws) -> Reply {
    let frame = error_frame(row, id, flaws);
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
                let used = chunk.pointer("/usage/total_tokens").and_then(Value::as_i64);
                self.used = used.or(self.used);
                (Protocol::OpenAi.frame(&chunk), true)
            }
            Ok(Event::Raw(data)) => (bare(&data), true),
            Ok(Event::Done) => {
                let tokens = self.used.unwrap_or_else(|| estimate(self.sent));
                self.engine.ledger.deduct(&self.bill.account, tokens.saturating_mul(self.bill.price));
                (Protocol::OpenAi.last_frame(), false)
            }
            Err(failure) => {
                let row = mapping::row(failure, &self.engine);
                (error_frame(&row, &self.id, self.engine.flaws), false)
            }
        }
    }
}

fn error_frame(row: &Row, id: &str, flaws: Flaws) -> Bytes {
    if flaws.has(Flaw::StreamErrorIsPlainText) {
        return bare(format!("error: {}", row.message).as_bytes());
    }
    bare(envelope::body(row, id, flaws).as_bytes())
}
