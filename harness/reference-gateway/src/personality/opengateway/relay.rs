//! A stream on its way to the client: event by event, ended as its protocol ends a whole answer, or by an error event.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::engine::Engine;
use super::failure::Row;
use super::{Attempting, envelope, normalizer};
use crate::account::Slot;
use crate::door::{self, Reply};
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Client, Event, Protocol, Pump, bare};

/// A stream whose first event has arrived.
pub(super) struct Opened {
    pub(super) pump: Pump,
    pub(super) client: Arc<Client>,
}

struct Relay {
    engine: Arc<Engine>,
    opened: Opened,
    protocol: Protocol,
    /// The model's id as the client wrote it.
    model: String,
    /// Held until the stream is over.
    _slot: Slot,
    /// What a flawed relay starts again with.
    again: Attempting,
}

/// Starts the answer of a stream.
pub(super) async fn start(
    engine: Arc<Engine>,
    opened: Opened,
    model: String,
    slot: Slot,
    again: Attempting,
) -> Reply {
    let flaws = engine.flaws;
    let relay = Relay { engine, opened, protocol: again.protocol, model, _slot: slot, again };
    let frames = stream::unfold(Some(relay), |relay| async move {
        let mut relay = relay?;
        let (frame, goes_on) = relay.next().await;
        Some((Ok::<_, io::Error>(frame), goes_on.then_some(relay)))
    });
    if flaws.has(Flaw::StreamBuffered) {
        let whole = frames.collect::<Vec<_>>().await;
        let whole: BytesMut = whole.into_iter().flatten().flatten().collect();
        return door::stream(stream::iter([Ok(whole.freeze())]));
    }
    let mut reply = door::stream(frames);
    if flaws.has(Flaw::StreamContentTypeIsJson) {
        let json = http::HeaderValue::from_static("application/json");
        reply.headers_mut().insert(http::header::CONTENT_TYPE, json);
    }
    reply
}

/// An answer that is one error event and nothing else.
pub(super) fn only(row: &Row, protocol: Protocol, flaws: Flaws) -> Reply {
    let frame = error_frame(row, protocol, flaws);
    door::stream(stream::iter([Ok(frame)]))
}

impl Relay {
    /// The next frame, and whether another follows.
    async fn next(&mut self) -> (Bytes, bool) {
        loop {
            match self.opened.pump.next().await {
                Ok(Event::Chunk(mut chunk)) => {
                    public(&mut chunk, &self.model);
                    return (self.protocol.frame(&chunk), true);
                }
                Ok(Event::Raw(data)) => return (bare(&data), true),
                Ok(Event::Done) => return (self.protocol.last_frame(), false),
                Err(failure) => {
                    if self.engine.flaws.has(Flaw::StreamRetriedAfterOutput)
                        && let Some(opened) = self.again.open_once_more(&self.engine).await
                    {
                        self.opened = opened;
                        continue;
                    }
                    let row = normalizer::row(&failure, self.opened.client.target(), self.engine.flaws);
                    return (error_frame(&row, self.protocol, self.engine.flaws), false);
                }
            }
        }
    }
}

/// Puts the id that the client asked for in the place of the provider's own.
pub(super) fn public(answer: &mut Value, model: &str) {
    let holders = ["/model", "/message/model"];
    for pointer in holders {
        if let Some(place) = answer.pointer_mut(pointer) {
            *place = model.into();
        }
    }
}

fn error_frame(row: &Row, protocol: Protocol, flaws: Flaws) -> Bytes {
    let spoken = if flaws.has(Flaw::OpenAiErrorEventOnMessages) { Protocol::OpenAi } else { protocol };
    let body = envelope::body(row, spoken, flaws);
    if flaws.has(Flaw::StreamErrorEventUnnamed) {
        return bare(body.to_string().as_bytes());
    }
    spoken.frame(&body)
}
