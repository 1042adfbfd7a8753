//! Where things stand in responses and in the data of their events.

use serde_json::Value;

use crate::fault::Place;

/// The pointers of a place, whether or not the document has it.
pub(in crate::dialect::openai) fn of(place: Place, document: &Value) -> Vec<String> {
    let (root, response) = match document.get("response") {
        Some(response) => ("/response", response),
        None => ("", document),
    };
    let at = |field: &str| vec![format!("{root}/{field}")];
    match place {
        Place::Answer => at("output"),
        Place::Text => {
            [in_contents(root, response, "text"), of_event(document, "output_text", &["delta", "text"])]
                .concat()
        }
        Place::Role => [in_items(root, response, "/role"), vec!["/item/role".to_owned()]].concat(),
        Place::Finish => at("status"),
        Place::Refusal => {
            [in_contents(root, response, "refusal"), of_event(document, "refusal", &["delta", "refusal"])]
                .concat()
        }
        Place::ToolCalls => [calls(root, response), called(document)].concat(),
        Place::ToolId => [calls(root, response), called(document)]
            .concat()
            .iter()
            .map(|call| format!("{call}/call_id"))
            .collect(),
        Place::Vector => Vec::new(),
        Place::Logprobs => in_contents(root, response, "logprobs"),
        Place::Usage => at("usage"),
        Place::UsageTotal => at("usage/total_tokens"),
        Place::UsageOutput => at("usage/output_tokens"),
        Place::Model => at("model"),
        Place::Id => at("id"),
        Place::Created => at("created_at"),
    }
}

fn in_items(root: &str, response: &Value, rest: &str) -> Vec<String> {
    let items = response["output"].as_array().map_or(0, Vec::len);
    (0..items).map(|at| format!("{root}/output/{at}{rest}")).collect()
}

fn in_contents(root: &str, response: &Value, field: &str) -> Vec<String> {
    let items = response["output"].as_array().into_iter().flatten().enumerate();
    items
        .flat_map(|(at, item)| {
            let parts = item["content"].as_array().map_or(0, Vec::len);
            (0..parts).map(move |part| format!("{root}/output/{at}/content/{part}/{field}"))
        })
        .collect()
}

/// Fields of the events about this kind of content.
fn of_event(document: &Value, kind: &str, fields: &[&str]) -> Vec<String> {
    let about = format!("response.{kind}.");
    let is_about = document["type"].as_str().is_some_and(|kind| kind.starts_with(&about));
    fields.iter().filter(|_| is_about).map(|field| format!("/{field}")).collect()
}

fn calls(root: &str, response: &Value) -> Vec<String> {
    let items = response["output"].as_array().into_iter().flatten().enumerate();
    let calls = items.filter(|(_, item)| item["type"] == "function_call");
    calls.map(|(at, _)| format!("{root}/output/{at}")).collect()
}

/// The call that an event opens, closes or goes on with.
fn called(document: &Value) -> Vec<String> {
    let item = (document["item"]["type"] == "function_call").then(|| "/item".to_owned());
    let arguments = of_event(document, "function_call_arguments", &["delta", "arguments"]);
    item.into_iter().chain(arguments).collect()
}
