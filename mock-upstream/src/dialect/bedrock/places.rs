//! Where things stand in Bedrock's documents: whole replies, and the payloads of events.

use serde_json::Value;

use crate::fault::Place;

/// The pointers of a place in this document; Converse and the models' own bodies are told apart by their fields.
pub(super) fn of(place: Place, document: &Value) -> Vec<String> {
    let content = document.pointer("/output/message/content").or_else(|| document.get("content"));
    let blocks = content.and_then(Value::as_array).map_or(0, Vec::len);
    let base = if document.get("output").is_some() { "/output/message/content" } else { "/content" };
    let in_blocks =
        |field: &str| (0..blocks).map(|block| format!("{base}/{block}/{field}")).collect::<Vec<_>>();
    let pointers = match place {
        Place::Answer => at(&["/output", "/content"]),
        Place::Text => [in_blocks("text"), at(&["/delta/text"])].concat(),
        Place::Role => at(&["/output/message/role", "/role", "/message/role"]),
        Place::Finish => at(&["/stopReason", "/stop_reason", "/delta/stop_reason"]),
        Place::ToolCalls => {
            let whole = in_blocks("toolUse").into_iter().chain(in_blocks("input"));
            whole.chain(at(&["/start/toolUse", "/delta/toolUse", "/delta/partial_json"])).collect()
        }
        Place::ToolId => {
            let whole = in_blocks("toolUse/toolUseId").into_iter().chain(in_blocks("id"));
            whole.chain(at(&["/start/toolUse/toolUseId"])).collect()
        }
        Place::Vector => at(&["/embedding"]),
        Place::Usage => at(&["/usage", "/message/usage"]),
        Place::UsageTotal => at(&["/usage/totalTokens"]),
        Place::UsageOutput => {
            at(&["/usage/outputTokens", "/usage/output_tokens", "/message/usage/output_tokens"])
        }
        Place::Model => at(&["/model", "/message/model"]),
        Place::Id => at(&["/id", "/message/id"]),
        Place::Refusal | Place::Logprobs | Place::Created => Vec::new(),
    };
    pointers.into_iter().filter(|pointer| document.pointer(pointer).is_some()).collect()
}

fn at(pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|pointer| (*pointer).to_owned()).collect()
}
