//! A stream on its way to the client: event by event, ended by `[DONE]` or by the envelope, never by silence.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::engine::Engine;
use super::failure::Failure;
use super::{envelope, mapping};
use crate::config::Account;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::seed::llm_orchestration::Task;
use crate::upstream::{Event, Protocol, Pump, bare};

/// Who pays for an answer, and how much a token, in microdollars.
pub(super) struct Bill {
    pub(super) tenant: Arc<Account>,
    pub(super) price: i64,
    /// More tokens than the request can have cost, whatever the provider counts.
    pub(super) most: u64,
}

impl Bill {
    /// Takes what so many tokens cost from the tenant's wallet.
    pub(super) fn pay(&self, engine: &Engine, tokens: i64) {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        engine.ledger.deduct(&self.tenant, tokens.clamp(0, most).saturating_mul(self.price));
    }
}

struct Relay {
    engine: Arc<Engine>,
    pump: Pump,
    bill: Bill,
    /// The deadline that the caller set for the whole answer.
    until: Option<Instant>,
    /// Tokens the provider counted, once it has said so.
    used: Option<i64>,
    /// Bytes relayed.
    sent: usize,
}

/// Starts the answer of a stream whose first event has arrived.
pub(super) fn start(engine: Arc<Engine>, pump: Pump, bill: Bill, until: Option<Instant>) -> Reply {
    let relay = Relay { engine, pump, bill, until, used: None, sent: 0 };
    door::stream(stream::unfold(Some(relay), |relay| async move {
        let mut relay = relay?;
        let (frame, goes_on) = relay.next().await;
        relay.sent += frame.len();
        Some((Ok::<_, io::Error>(frame), goes_on.then_some(relay)))
    }))
}

/// An answer that is one error event and nothing else.
pub(super) fn only(failure: &Failure, flaws: Flaws) -> Reply {
    let frame = error_frame(failure, flaws);
    door::stream(stream::iter([Ok(frame)]))
}

/// A rough count of the tokens in that many bytes, for a provider that does not count.
pub(super) fn estimate(bytes: usize) -> i64 {
    i64::try_from(bytes / 4 + 1).unwrap_or(i64::MAX)
}

impl Relay {
    /// The next frame, and whether another follows.
    async fn next(&mut self) -> (Bytes, bool) {
        let event = match self.until {
            Some(until) => timeout_at(until, self.pump.next()).await.map_err(|_| mapping::own_deadline()),
            None => Ok(self.pump.next().await),
        };
        let flaws = self.engine.flaws;
        let event = event.and_then(|it| it.map_err(|failure| mapping::one(Task::Inference, &failure, flaws)));
        match event {
            Ok(Event::Chunk(chunk)) => {
                let used = chunk.pointer("/usage/total_tokens").and_then(Value::as_i64);
                self.used = used.or(self.used);
                (Protocol::OpenAi.frame(&chunk), true)
            }
            Ok(Event::Raw(data)) => (bare(&data), true),
            Ok(Event::Done) => {
                self.bill.pay(&self.engine, self.used.unwrap_or_else(|| estimate(self.sent)));
                (Protocol::OpenAi.last_frame(), false)
            }
            Err(failure) => (error_frame(&failure, flaws), false),
        }
    }
}

fn error_frame(failure: &Failure, flaws: Flaws) -> Bytes {
    if flaws.has(Flaw::StreamErrorIsPlainText) {
        return bare(format!("error: {}", failure.message).as_bytes());
    }
    bare(envelope::body(failure, flaws).as_bytes())
}
