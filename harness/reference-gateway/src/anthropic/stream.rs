//! A message's stream: its events, in the order in which they make a message.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::failed;
use crate::message::BadChunk;

/// How far a message has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    begun: bool,
    /// Content blocks that were started and not stopped.
    open: BTreeSet<u64>,
    /// The reason for its end has been told.
    finished: bool,
}

/// What one event is to a gateway.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// A part of the message.
    Part(Value),
    /// The end that the message announced.
    Done,
    /// A sign of life.
    Ping,
}

impl Progress {
    /// Checks the data of the next event. Events of types that are not known here may come at any place.
    pub(crate) fn hear(&mut self, data: &[u8]) -> Result<Heard, BadChunk> {
        let event: Value = serde_json::from_slice(data).map_err(|_| BadChunk::Malformed)?;
        if failed(&event) {
            return Err(BadChunk::Error);
        }
        let in_order = match event.get("type").and_then(Value::as_str) {
            Some("ping") => return Ok(Heard::Ping),
            Some("message_start") => {
                event.get("message").is_some_and(Value::is_object)
                    && !std::mem::replace(&mut self.begun, true)
            }
            Some("content_block_start") => {
                let block = event.get("content_block").is_some_and(Value::is_object);
                block && self.goes_on() && index(&event).is_some_and(|at| self.open.insert(at))
            }
            Some("content_block_delta") => {
                let delta = event.get("delta").is_some_and(Value::is_object);
                delta && index(&event).is_some_and(|at| self.open.contains(&at))
            }
            Some("content_block_stop") => index(&event).is_some_and(|at| self.open.remove(&at)),
            Some("message_delta") => {
                self.finished |= event.pointer("/delta/stop_reason").is_some_and(Value::is_string);
                self.begun && self.open.is_empty()
            }
            Some("message_stop") if self.finished => return Ok(Heard::Done),
            Some("message_stop") | None => false,
            Some(_) => true,
        };
        if in_order { Ok(Heard::Part(event)) } else { Err(BadChunk::Malformed) }
    }

    fn goes_on(&self) -> bool {
        self.begun && !self.finished
    }
}

fn index(event: &Value) -> Option<u64> {
    event.get("index").and_then(Value::as_u64)
}

/// The tokens that a `usage` object counts, in and out.
pub(crate) fn tokens(usage: &Value) -> Option<i64> {
    let count = |name: &str| usage.get(name).and_then(Value::as_i64);
    match (count("input_tokens"), count("output_tokens")) {
        (None, None) => None,
        (asked, said) => Some(asked.unwrap_or(0).saturating_add(said.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: &str = r#"{"type":"message_start","message":{}}"#;
    const BLOCK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text"}}"#;
    const DELTA: &str =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#;
    const CLOSE: &str = r#"{"type":"content_block_stop","index":0}"#;
    const WHY: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;

    /// What is heard of the last of these events.
    fn last(events: &[&str]) -> Result<Heard, BadChunk> {
        let mut progress = Progress::default();
        events.iter().map(|it| progress.hear(it.as_bytes())).last().unwrap()
    }

    #[test]
    fn a_whole_message_ends_in_done() {
        assert_eq!(last(&[START, BLOCK, DELTA, CLOSE, WHY, STOP]), Ok(Heard::Done));
        assert_eq!(last(&[START, WHY, STOP]), Ok(Heard::Done));
        assert_eq!(last(&[r#"{"type":"ping"}"#]), Ok(Heard::Ping));
        let unknown = json!({"type": "of_tomorrow"});
        assert_eq!(last(&[START, &unknown.to_string()]), Ok(Heard::Part(unknown)));
    }

    #[test]
    fn events_out_of_order_are_malformed() {
        for events in [
            &[DELTA][..],
            &[BLOCK],
            &[STOP],
            &[START, START],
            &[START, STOP],
            &[START, DELTA],
            &[START, BLOCK, BLOCK],
            &[START, BLOCK, CLOSE, CLOSE],
            &[START, BLOCK, WHY],
            &[START, "{}"],
            &[START, "not json"],
        ] {
            assert_eq!(last(events), Err(BadChunk::Malformed), "{events:?}");
        }
    }

    #[test]
    fn an_error_is_one_wherever_it_stands() {
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
        for events in [&[error][..], &[START, error], &[START, r#"{"error":{"message":"m"}}"#]] {
            assert_eq!(last(events), Err(BadChunk::Error), "{events:?}");
        }
    }

    #[test]
    fn tokens_go_both_ways() {
        assert_eq!(tokens(&json!({"input_tokens": 3, "output_tokens": 4})), Some(7));
        assert_eq!(tokens(&json!({"output_tokens": 4})), Some(4));
        assert_eq!(tokens(&json!({})), None);
    }
}
