//! Where things stand in Anthropic's documents: whole replies and the data of stream events.

use serde_json::Value;

use crate::fault::Place;

/// The pointers of a place in this document.
pub(super) fn of(place: Place, document: &Value) -> Vec<String> {
    let (root, message) = match document.get("message") {
        Some(message) => ("/message", message),
        None => ("", document),
    };
    let in_blocks = |kind: &str, rest: &str| -> Vec<String> {
        let blocks = message["content"].as_array().into_iter().flatten().enumerate();
        let fits = blocks.filter(|(_, block)| block["type"] == kind);
        fits.map(|(at, _)| format!("{root}/content/{at}{rest}")).collect()
    };
    let at =
        |fields: &[&str]| -> Vec<String> { fields.iter().map(|field| format!("{root}/{field}")).collect() };
    let pointers = match place {
        Place::Answer => at(&["content", "data"]),
        Place::Text => [in_blocks("text", "/text"), at(&["delta/text"])].concat(),
        Place::Role => at(&["role"]),
        Place::Finish => at(&["stop_reason", "delta/stop_reason"]),
        Place::Refusal => at(&["stop_details", "delta/stop_details"]),
        Place::ToolCalls => [in_blocks("tool_use", ""), called(document)].concat(),
        Place::ToolId => [in_blocks("tool_use", "/id"), vec!["/content_block/id".to_owned()]].concat(),
        Place::Vector | Place::Logprobs => Vec::new(),
        Place::Usage => at(&["usage"]),
        // Request and answer are counted apart only.
        Place::UsageTotal => Vec::new(),
        Place::UsageOutput => at(&["usage/output_tokens"]),
        Place::Model => at(&["model"]),
        Place::Id => at(&["id"]),
        Place::Created => at(&["created_at"]),
    };
    pointers.into_iter().filter(|pointer| document.pointer(pointer).is_some()).collect()
}

/// The call that an event opens or goes on with.
fn called(document: &Value) -> Vec<String> {
    let opened = (document["content_block"]["type"] == "tool_use").then(|| "/content_block".to_owned());
    opened.into_iter().chain(["/delta/partial_json".to_owned()]).collect()
}
