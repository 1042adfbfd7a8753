//! Server-sent events that bear a name, and what events carry.

use bytes::Bytes;
use serde_json::Value;

use super::Event;

/// An event that bears a name, with this text as its data.
pub(super) fn named(name: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// An event that bears the name which its data has as its type, and this one when it has none.
pub(super) fn typed(data: &str, otherwise: &str) -> Bytes {
    let document = serde_json::from_str::<Value>(data).unwrap_or_default();
    named(document["type"].as_str().unwrap_or(otherwise), data)
}

/// The document that an event carries, if it does.
pub(super) fn data(event: &Event) -> Option<Value> {
    let text = std::str::from_utf8(&event.bytes).ok()?;
    serde_json::from_str(text.lines().find_map(|line| line.strip_prefix("data: "))?).ok()
}
