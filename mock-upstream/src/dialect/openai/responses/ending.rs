//! The ways in which a stream of the Responses API ends that is not completed.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::document::usage;
use super::events::numbered;
use crate::dialect::answer::Answer;
use crate::dialect::openai::asked;
use crate::dialect::{Event, Scene, Stream, sse};
use crate::fault::Ending;
use crate::script::{Reply, Usage};

/// The error event: flat, since its type says what it is; the error's own type has no place in it.
pub(in crate::dialect::openai) fn error_event(error: &Map<String, Value>, stream: &Stream<'_>) -> Bytes {
    let fields = error.iter().filter(|(name, _)| *name != "type");
    let fields = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    numbered("error", stream.sent.len(), Value::Object(fields))
}

/// The event that says how the response ended; none when the stream has not begun with a response.
pub(in crate::dialect::openai) fn ending(
    how: Ending,
    stream: &Stream<'_>,
    scene: &Scene<'_>,
) -> Option<Bytes> {
    let mut response = sse::data(stream.sent.first()?)?["response"].take();
    let kind = match how {
        Ending::Failed => {
            let message = format!("The response could not be finished. {}", scene.canary());
            response["status"] = json!("failed");
            response["error"] = json!({"code": "server_error", "message": message});
            "response.failed"
        }
        Ending::Incomplete => {
            response["status"] = json!("incomplete");
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
            response["usage"] = usage(counted(stream));
            "response.incomplete"
        }
    };
    response["output"] = Value::Array(heard(stream.sent));
    Some(numbered(kind, stream.sent.len(), json!({ "response": response })))
}

/// Tokens of the request, and one for each event that came, which is how often tokens were sent.
fn counted(stream: &Stream<'_>) -> Usage {
    let asked = asked(stream.request).unwrap_or_default();
    let prompt = Answer::of(&json!([asked["instructions"], asked["input"]]), &Reply::default()).usage.prompt;
    let deltas = stream.sent.iter().filter_map(sse::data).filter(|data| data["delta"].is_string()).count();
    Usage { prompt, completion: deltas as u64 }
}

/// The output as a client has heard it so far.
fn heard(sent: &[Event]) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for mut data in sent.iter().filter_map(sse::data) {
        let kind = data["type"].as_str().unwrap_or_default().to_owned();
        match (kind.as_str(), items.last_mut()) {
            ("response.output_item.added", _) => items.push(data["item"].take()),
            ("response.output_item.done", Some(item)) => *item = data["item"].take(),
            ("response.content_part.added", Some(item)) => item["content"] = json!([data["part"]]),
            ("response.output_text.delta", Some(item)) => append(&mut item["content"][0]["text"], &data),
            ("response.function_call_arguments.delta", Some(item)) => append(&mut item["arguments"], &data),
            _ => {}
        }
    }
    for item in items.iter_mut().filter(|item| item["status"] == "in_progress") {
        item["status"] = json!("incomplete");
    }
    items
}

fn append(text: &mut Value, data: &Value) {
    if let (Value::String(text), Some(delta)) = (text, data["delta"].as_str()) {
        text.push_str(delta);
    }
}
