//! Where things stand in Gemini's documents: whole replies and the chunks of a stream.

use serde_json::Value;

use crate::fault::Place;

/// The pointers of a place in this document.
pub(super) fn of(place: Place, document: &Value) -> Vec<String> {
    let candidates = document["candidates"].as_array().map_or(&[][..], Vec::as_slice);
    let in_candidates = |rest: &str| -> Vec<String> {
        (0..candidates.len()).map(|at| format!("/candidates/{at}/{rest}")).collect()
    };
    let in_parts = |field: &str| -> Vec<String> {
        let parts = |at: usize| candidates[at]["content"]["parts"].as_array().map_or(0, Vec::len);
        let within =
            |at| (0..parts(at)).map(move |part| format!("/candidates/{at}/content/parts/{part}/{field}"));
        (0..candidates.len()).flat_map(within).collect()
    };
    let pointers = match place {
        Place::Answer => ["/candidates", "/embedding", "/embeddings", "/models"].map(str::to_owned).to_vec(),
        Place::Text => in_parts("text"),
        Place::Role => in_candidates("content/role"),
        Place::Finish => in_candidates("finishReason"),
        Place::ToolCalls => in_parts("functionCall"),
        Place::ToolId => in_parts("functionCall/id"),
        Place::Vector => {
            let many = document["embeddings"].as_array().map_or(0, Vec::len);
            let of_each = (0..many).map(|at| format!("/embeddings/{at}/values"));
            std::iter::once("/embedding/values".to_owned()).chain(of_each).collect()
        }
        Place::Logprobs => in_candidates("logprobsResult"),
        Place::Usage => vec!["/usageMetadata".to_owned()],
        Place::UsageTotal => vec!["/usageMetadata/totalTokenCount".to_owned()],
        Place::UsageOutput => vec!["/usageMetadata/candidatesTokenCount".to_owned()],
        Place::Model => vec!["/modelVersion".to_owned()],
        Place::Id => vec!["/responseId".to_owned()],
        Place::Refusal => vec!["/promptFeedback/blockReason".to_owned()],
        Place::Created => vec!["/createTime".to_owned()],
    };
    pointers.into_iter().filter(|pointer| document.pointer(pointer).is_some()).collect()
}
