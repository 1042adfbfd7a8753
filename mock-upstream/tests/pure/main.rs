//! Everything that needs no socket: catalogue, scripts, dialect, steps, markers.

#![expect(clippy::unwrap_used, reason = "a test says what failed by its backtrace")]

mod azure;
mod bedrock;
mod catalogue;
mod dialect;
mod dialect_anthropic;
mod dialect_any;
mod dialect_openai_schema;
mod dialect_responses;
mod edit;
mod eventstream;
mod gemini;
mod marker;
mod schema;
mod script;
mod sloppy;
mod step;

use bytes::Bytes;
use mock_upstream::dialect::{Identity, Scene, Stream};
use mock_upstream::script::{Request, ToolCall};
use proptest::collection;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Value, json};

pub(crate) fn post(path: &str, body: &str) -> Request {
    Request {
        method: "POST".into(),
        target: path.into(),
        minor_version: 1,
        headers: Vec::new(),
        body: Bytes::from(body.to_owned()),
    }
}

pub(crate) fn get(path: &str) -> Request {
    Request { method: "GET".into(), ..post(path, "") }
}

/// The JSON of a reply, or of the data of an event.
pub(crate) fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

/// The data of named events, each of which has its type as its name.
pub(crate) fn typed(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let one = |event: &str| {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        assert!(!data.contains(['\n', '\r']), "one line an event");
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], name);
        data
    };
    text.strip_suffix("\n\n").unwrap().split("\n\n").map(one).collect()
}

/// Text with the characters that break careless renderers.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        Just("\n\n".to_owned()),
        Just("data: ".to_owned()),
        Just(" ".to_owned()),
        Just("[DONE]".to_owned()),
        Just("\u{2028}é\\\"".to_owned()),
    ];
    collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Calls of tools whose arguments are JSON objects.
pub(crate) fn tool_calls() -> impl Strategy<Value = Vec<ToolCall>> {
    let call = (text(), text())
        .prop_map(|(name, value)| ToolCall { name, arguments: json!({ "at": value }).to_string() });
    collection::vec(call, 0..3)
}

pub(crate) fn scene(identity: &Identity) -> Scene<'_> {
    Scene { identity, serial: 7, unix_time: 1_800_000_000 }
}

pub(crate) fn stream_to(request: &Request, begun: bool) -> Stream<'_> {
    Stream { request, begun, sent: &[] }
}
