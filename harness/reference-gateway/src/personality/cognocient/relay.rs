//! Answers on their way to the client: booked, kept for what is asked alike, and ended by `[DONE]` or by the envelope.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use super::engine::Engine;
use super::failure::Row;
use super::{envelope, mapping};
use crate::account::{Question, Run};
use crate::config::Account;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Event, Protocol, Pump, bare};

/// Who pays for an answer, how much a token, and what it answers where it is to be kept.
pub(super) struct Bill {
    pub(super) account: Arc<Account>,
    pub(super) run: Run,
    pub(super) price: i64,
    pub(super) question: Option<Question>,
}

impl Bill {
    /// Books a whole answer, and keeps it.
    pub(super) fn settle(self, engine: &Engine, tokens: i64, streamed: bool, frames: Vec<Bytes>) {
        let cost = tokens.saturating_mul(self.price);
        let unbooked = streamed && engine.flaws.has(Flaw::StreamsNeverBooked);
        if !unbooked && !engine.flaws.has(Flaw::BudgetNeverBooked) {
            engine.ledger.deduct(&self.account, cost);
        }
        if !unbooked {
            engine.runs.book(&self.run, cost);
        }
        self.keep(engine, frames);
    }

    /// Keeps what was sent, where the owner of the key wants that.
    pub(super) fn keep(self, engine: &Engine, frames: Vec<Bytes>) {
        if let Some(question) = self.question {
            engine.similarity.keep(question, frames);
        }
    }
}

struct Relay {
    engine: Arc<Engine>,
    pump: Pump,
    bill: Option<Bill>,
    /// Tokens the provider counted, once it has said so.
    used: Option<i64>,
    /// What was sent, to be kept.
    frames: Vec<Bytes>,
    sent: usize,
}

/// Starts the answer of a stream whose first event has arrived.
pub(super) fn start(engine: Arc<Engine>, pump: Pump, bill: Bill) -> Reply {
    let relay = Relay { engine, pump, bill: Some(bill), used: None, frames: Vec::new(), sent: 0 };
    door::stream(stream::unfold(Some(relay), |relay| async move {
        let mut relay = relay?;
        let (frame, goes_on) = relay.next().await;
        Some((Ok::<_, io::Error>(frame), goes_on.then_some(relay)))
    }))
}

/// A stream that was kept, once more.
pub(super) fn again(frames: Vec<Bytes>) -> Reply {
    door::stream(stream::iter(frames.into_iter().map(Ok)))
}

/// An answer that is one error event and nothing else.
pub(super) fn only(row: &Row, flaws: Flaws) -> Reply {
    again(vec![error_frame(row, flaws)])
}

/// A rough count of the tokens in that many bytes.
pub(super) fn estimate(bytes: usize) -> i64 {
    i64::try_from(bytes / 4 + 1).unwrap_or(i64::MAX)
}

/// The tokens that a provider counted in that many bytes; what cannot be, since a token has a byte at least, is estimated.
pub(super) fn tokens(counted: Option<i64>, bytes: usize) -> i64 {
    let most = i64::try_from(bytes).unwrap_or(i64::MAX);
    counted.filter(|it| (0..=most).contains(it)).unwrap_or_else(|| estimate(bytes))
}

impl Relay {
    /// The next frame, and whether another follows.
    async fn next(&mut self) -> (Bytes, bool) {
        let frame = match self.pump.next().await {
            Ok(Event::Chunk(chunk)) => {
                let used = chunk.pointer("/usage/total_tokens").and_then(Value::as_i64);
                self.used = used.or(self.used);
                Protocol::OpenAi.frame(&chunk)
            }
            Ok(Event::Raw(data)) => bare(&data),
            Ok(Event::Done) => return (self.done(), false),
            Err(failure) => {
                let row = mapping::row(failure, &self.engine).await;
                return (error_frame(&row, self.engine.flaws), false);
            }
        };
        self.sent += frame.len();
        if self.bill.as_ref().is_some_and(|bill| bill.question.is_some()) {
            self.frames.push(frame.clone());
        }
        (frame, true)
    }

    fn done(&mut self) -> Bytes {
        let last = Protocol::OpenAi.last_frame();
        let mut frames = std::mem::take(&mut self.frames);
        frames.push(last.clone());
        let tokens = tokens(self.used, self.sent);
        if let Some(bill) = self.bill.take() {
            bill.settle(&self.engine, tokens, true, frames);
        }
        last
    }
}

fn error_frame(row: &Row, flaws: Flaws) -> Bytes {
    if flaws.has(Flaw::StreamErrorIsPlainText) {
        return bare(format!("error: {}", row.message).as_bytes());
    }
    bare(envelope::envelope(row).to_string().as_bytes())
}
