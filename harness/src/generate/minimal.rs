//! The simplest body that a schema describes, brought to hold a place of one's choice.

use serde_json::Value;

use super::json::Json;
use super::schema::{Schema, Step, count, is_required, properties, types};
use super::text;

/// The simplest body that holds the place at the end of `force`.
pub fn minimal(schema: &Schema, force: &[Step]) -> Json {
    of(schema, schema.root(), force, true)
}

fn of(schema: &Schema, node: &Value, force: &[Step], top: bool) -> Json {
    let node = schema.node(node);
    if let Some(constant) = node.get("const") {
        return constant.into();
    }
    if let Some(options) = node.get("enum").and_then(Value::as_array) {
        return options.first().map_or(Json::Null, Json::from);
    }
    let branches = schema.branches(node);
    if !branches.is_empty() {
        let (index, rest) = match force.split_first() {
            Some((Step::Branch(index), rest)) => (*index, rest),
            _ => (0, force),
        };
        return branches.get(index).map_or(Json::Null, |branch| of(schema, branch, rest, false));
    }
    let kinds = types(node);
    let kind = match force.first() {
        Some(Step::Key(_) | Step::Extra) => "object",
        Some(Step::Item) => "array",
        _ => {
            kinds.iter().copied().find(|kind| *kind != "null").or(kinds.first().copied()).unwrap_or("object")
        }
    };
    match kind {
        "object" => object(schema, node, force, top),
        "array" => list(schema, node, force),
        "string" => Json::Text(text::minimal(node)),
        "integer" | "number" => Json::Number(least(node)),
        "boolean" => Json::Bool(false),
        _ => Json::Null,
    }
}

fn object(schema: &Schema, node: &Value, force: &[Step], top: bool) -> Json {
    let mut entries = Vec::new();
    for (key, property) in properties(node).into_iter().flatten() {
        let forced = matches!(force.first(), Some(Step::Key(known)) if known == key);
        if !forced && !is_required(node, key) {
            continue;
        }
        let rest = if forced { &force[1..] } else { &[] };
        let value = match schema.pinned(key).filter(|_| top) {
            Some(pinned) => pinned.clone(),
            None => of(schema, property, rest, false),
        };
        entries.push((key.clone(), value));
    }
    if let (Some(Step::Extra), Some(extra)) = (force.first(), node.get("additionalProperties")) {
        entries.push((schema.extra_key(node), of(schema, extra, &force[1..], false)));
    }
    Json::Object(entries)
}

/// A list that holds a place has a second, healthy member beside it where that is allowed.
fn list(schema: &Schema, node: &Value, force: &[Step]) -> Json {
    let item = node.get("items").unwrap_or(&Value::Bool(true));
    let healthy = || of(schema, item, &[], false);
    let least = count(node, "minItems").unwrap_or(0);
    let mut items = Vec::new();
    if let Some(Step::Item) = force.first() {
        items.push(of(schema, item, &force[1..], false));
        if count(node, "maxItems").is_none_or(|most| most >= 2) {
            items.push(healthy());
        }
    }
    while items.len() < least {
        items.push(healthy());
    }
    Json::List(items)
}

/// The number nearest to zero, as far as bounds allow; 1 where nothing is said.
fn least(node: &Value) -> String {
    let bound = |keyword: &str| node.get(keyword).and_then(Value::as_f64);
    match (node.get("minimum"), node.get("maximum")) {
        (Some(low), _) if bound("minimum").is_some_and(|low| low > 1.0) => low.to_string(),
        (_, Some(high)) if bound("maximum").is_some_and(|high| high < 1.0) => high.to_string(),
        _ => "1".to_owned(),
    }
}
