//! The values that a node of a schema does not take.

use serde_json::{Value, json};

use crate::generate::json::Json;
use crate::generate::schema::{Schema, count, types};
use crate::spec::contract::Defect;

/// Values of another type, or that are not listed: in which way, the value, and the kind of defect that it is.
pub(super) fn foreign(schema: &Schema, node: &Value) -> Vec<(&'static str, Json, Defect)> {
    let mut found = Vec::new();
    let listed = listed(node);
    let taken: Vec<&str> = match &listed {
        Some(options) => options.iter().map(|option| kind_of(option)).collect(),
        None => taken(schema, node),
    };
    if taken.is_empty() {
        return found;
    }
    let takes = |kind: &str| taken.contains(&kind) || (kind == "integer" && taken.contains(&"number"));
    let mut put = |detail, value: Value, defect| found.push((detail, Json::from(&value), defect));
    if !takes("string") {
        put("string", json!("hot"), Defect::WrongType);
        if takes("integer") {
            put("numeral", json!("1"), Defect::WrongType);
        }
        if takes("boolean") {
            put("truth", json!("true"), Defect::WrongType);
        }
    }
    if !takes("integer") {
        put("number", json!(7), Defect::WrongType);
    } else if !takes("number") {
        put("fraction", json!(1.5), Defect::WrongType);
    }
    if !takes("boolean") {
        put("boolean", json!(true), Defect::WrongType);
    }
    if !takes("null") {
        put("null", Value::Null, Defect::WrongType);
    }
    if !takes("array") {
        put("array", json!([]), Defect::WrongType);
    }
    if !takes("object") {
        put("object", json!({}), Defect::WrongType);
    }
    if let Some(text) = listed.iter().flatten().find_map(|option| option.as_str()) {
        put("unknown", json!("nobody"), Defect::OutOfRange);
        put("case", json!(text.to_uppercase()), Defect::OutOfRange);
        put("space", json!(format!("{text} ")), Defect::OutOfRange);
    }
    found
}

/// The keywords under which a validator reports a value of another type.
pub(super) fn reported(node: &Value) -> Vec<&'static str> {
    match (node.get("const"), node.get("enum"), node.get("type")) {
        (Some(_), _, _) => vec!["const", "type"],
        (_, Some(_), _) => vec!["enum", "type"],
        (_, _, Some(_)) => vec!["type"],
        _ => vec!["type", "anyOf", "oneOf", "enum", "const"],
    }
}

/// Just beyond each bound: the keyword, in which way, and the value.
pub(super) fn beyond(node: &Value) -> Vec<(&'static str, Option<&'static str>, Json)> {
    let mut found = Vec::new();
    let whole = !types(node).contains(&"number");
    for (keyword, outwards) in [("minimum", -1_i32), ("maximum", 1)] {
        let Some(bound) = node.get(keyword) else { continue };
        found.push((keyword, None, Json::Number(stepped(bound, i64::from(outwards)))));
        if !whole && let Some(bound) = bound.as_f64() {
            let near = bound + f64::from(outwards) * 0.001;
            found.push((keyword, Some("near"), Json::Number(format!("{near:.3}"))));
        }
        let far = if outwards < 0 { "-1000000" } else { "1000000" };
        if bound.as_f64().is_some_and(|bound| bound.abs() < 100_000.0) {
            found.push((keyword, Some("far"), Json::Number(far.to_owned())));
        }
    }
    if let Some(least) = count(node, "minLength").filter(|least| *least > 0) {
        found.push(("minLength", None, Json::text("a".repeat(least - 1))));
    }
    if let Some(most) = count(node, "maxLength") {
        found.push(("maxLength", None, Json::text("a".repeat(most + 1))));
    }
    if node.get("pattern").is_some() {
        found.push(("pattern", None, Json::text("not what is asked for: §")));
    }
    found
}

/// Names of fields that a schema of names does not take.
pub(super) fn bad_names(node: &Value) -> Vec<String> {
    let mut bad = Vec::new();
    if let Some(most) = count(node, "maxLength") {
        bad.push("k".repeat(most + 1));
    } else if node.get("pattern").is_some() {
        bad.push("not what is asked for".to_owned());
    }
    bad
}

/// The types that a node takes, those of its alternatives included; none where it takes anything.
fn taken<'s>(schema: &'s Schema, node: &'s Value) -> Vec<&'s str> {
    let own = types(node);
    if !own.is_empty() {
        return own;
    }
    let of_branch = |branch: &'s Value| {
        let branch = schema.node(branch);
        match listed(branch) {
            Some(options) => options.into_iter().map(kind_of).collect(),
            None => taken(schema, branch),
        }
    };
    schema.branches(node).iter().flat_map(of_branch).collect()
}

fn listed(node: &Value) -> Option<Vec<&Value>> {
    match (node.get("const"), node.get("enum").and_then(Value::as_array)) {
        (Some(only), _) => Some(vec![only]),
        (None, Some(options)) => Some(options.iter().collect()),
        (None, None) => None,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A bound and one more; bounds at the edge of 64 bits are counted in digits.
fn stepped(bound: &Value, outwards: i64) -> String {
    match (bound.as_i64(), bound.as_f64()) {
        (Some(bound), _) => (i128::from(bound) + i128::from(outwards)).to_string(),
        (None, Some(bound)) => format!("{}", bound + if outwards < 0 { -1.0 } else { 1.0 }),
        (None, None) => "0".to_owned(),
    }
}
