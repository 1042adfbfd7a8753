//! Where things stand in OpenAI's documents: whole replies and the data of stream events.

use serde_json::Value;

use super::responses;
use crate::fault::Place;

/// The pointers of a place in this document.
pub(super) fn of(place: Place, document: &Value) -> Vec<String> {
    let pointers = if is_response(document) {
        responses::places::of(place, document)
    } else {
        elsewhere(place, document)
    };
    pointers.into_iter().filter(|pointer| document.pointer(pointer).is_some()).collect()
}

/// Whether the document is a response of the Responses API, or the data of one of its events.
fn is_response(document: &Value) -> bool {
    let is_event = document["type"].as_str().is_some_and(|kind| kind.starts_with("response."));
    is_event || document["object"] == "response"
}

fn elsewhere(place: Place, document: &Value) -> Vec<String> {
    let choices = document["choices"].as_array().map_or(0, Vec::len);
    let in_choices = |rest: &[&str]| -> Vec<String> {
        (0..choices).flat_map(|at| rest.iter().map(move |rest| format!("/choices/{at}/{rest}"))).collect()
    };
    let calls = |parent: &str| -> Vec<String> {
        let count = |choice: usize| {
            let calls = document.pointer(&format!("/choices/{choice}/{parent}/tool_calls"));
            calls.and_then(Value::as_array).map_or(0, Vec::len)
        };
        let of = |choice| {
            (0..count(choice)).map(move |at| format!("/choices/{choice}/{parent}/tool_calls/{at}/id"))
        };
        (0..choices).flat_map(of).collect()
    };
    let vectors = document["data"].as_array().map_or(0, Vec::len);
    match place {
        Place::Answer => ["/choices", "/data", "/results"].map(str::to_owned).to_vec(),
        Place::Text => in_choices(&["message/content", "delta/content", "text"]),
        Place::Role => in_choices(&["message/role", "delta/role"]),
        Place::Finish => in_choices(&["finish_reason"]),
        Place::Refusal => in_choices(&["message/refusal", "delta/refusal"]),
        Place::ToolCalls => in_choices(&["message/tool_calls", "delta/tool_calls"]),
        Place::ToolId => [calls("message"), calls("delta")].concat(),
        Place::Vector => (0..vectors).map(|at| format!("/data/{at}/embedding")).collect(),
        Place::Logprobs => in_choices(&["logprobs"]),
        Place::Usage => vec!["/usage".to_owned()],
        Place::UsageTotal => vec!["/usage/total_tokens".to_owned()],
        Place::UsageOutput => vec!["/usage/completion_tokens".to_owned()],
        Place::Model => vec!["/model".to_owned()],
        Place::Id => vec!["/id".to_owned()],
        Place::Created => vec!["/created".to_owned()],
    }
}
