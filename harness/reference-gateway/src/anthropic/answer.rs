//! What counts as a message: the least that a client of this protocol relies on.

use http::HeaderMap;
use serde_json::Value;

use super::stream::tokens;
use crate::message::document;
use crate::mutant::{Flaw, Flaws};

/// Checks a plain 200, and gives the tokens it says it used.
pub(crate) fn usable(headers: &HeaderMap, body: &[u8], flaws: Flaws) -> Result<Option<i64>, &'static str> {
    let Some(answer) = document(headers, body, flaws)? else { return Ok(None) };
    let failed = failed(&answer);
    if failed && !flaws.has(Flaw::AnswerErrorObjectPassed) {
        return Err("error object in a 200");
    }
    let content = answer.get("content");
    let blocks = content.and_then(Value::as_array);
    let good = answer.get("type").is_some_and(|it| it == "message")
        && answer.get("stop_reason").is_some_and(Value::is_string)
        && blocks.is_some_and(|it| !it.is_empty() && it.iter().all(complete));
    if good && !sound(&answer) {
        return Err("fields of the wrong type");
    }
    let overlooked =
        failed || flaws.has(Flaw::AnswerChoicesNullPassed) && content.is_some_and(Value::is_null);
    if !good && !overlooked {
        return Err("no message");
    }
    Ok(answer.get("usage").and_then(tokens))
}

/// Whether a document tells of an error, by its type or by an error object in it.
pub(super) fn failed(document: &Value) -> bool {
    let typed = document.get("type").is_some_and(|it| it == "error");
    typed || document.get("error").is_some_and(|it| !it.is_null())
}

/// Whether a block has what its type needs; a type that is not known here is the client's business.
fn complete(block: &Value) -> bool {
    let text = |name: &str| block.get(name).is_some_and(Value::is_string);
    match block.get("type").and_then(Value::as_str) {
        Some("text") => text("text"),
        Some("tool_use") => text("id") && text("name") && block.get("input").is_some_and(Value::is_object),
        Some("thinking") => text("thinking"),
        Some(_) => true,
        None => false,
    }
}

/// Whether what every answer has is of its type, where it is there.
fn sound(answer: &Value) -> bool {
    answer.get("usage").is_none_or(|usage| {
        let counts = ["input_tokens", "output_tokens"].map(|name| usage.get(name));
        let counted = counts.into_iter().flatten().all(|count| count.is_u64() || count.is_null());
        usage.is_null() || usage.is_object() && counted
    })
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;

    fn judged(answer: &Value) -> Result<Option<i64>, &'static str> {
        let headers = [(CONTENT_TYPE, "application/json".parse().unwrap())].into_iter().collect();
        usable(&headers, answer.to_string().as_bytes(), Flaws::default())
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut message = json!({
            "type": "message", "role": "assistant", "content": [{"type": "text", "text": "hello"}],
            "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 4},
        });
        if let Some(place) = message.pointer_mut(pointer) {
            *place = value;
        } else {
            message[pointer.trim_start_matches('/')] = value;
        }
        message
    }

    #[test]
    fn a_whole_message_tells_its_tokens() {
        assert_eq!(judged(&with("/model", json!("m"))), Ok(Some(7)));
        assert_eq!(judged(&with("/usage", Value::Null)), Ok(None));
        let call = json!({"type": "tool_use", "id": "t", "name": "n", "input": {}});
        assert_eq!(judged(&with("/content/0", call)), Ok(Some(7)));
        assert_eq!(judged(&with("/content/0", json!({"type": "of_tomorrow"}))), Ok(Some(7)));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (pointer, value) in [
            ("/type", json!("completion")),
            ("/content", Value::Null),
            ("/content", json!([])),
            ("/content", json!("hello")),
            ("/content/0", json!({"type": "text", "text": null})),
            ("/content/0", json!({"type": "tool_use", "id": "t", "name": "n", "input": "{}"})),
            ("/stop_reason", Value::Null),
            ("/usage/input_tokens", json!("3")),
            ("/error", json!({"message": "m"})),
        ] {
            assert!(judged(&with(pointer, value.clone())).is_err(), "{pointer} {value}");
        }
        assert!(judged(&json!({"type": "error", "error": {"type": "api_error", "message": "m"}})).is_err());
        assert!(judged(&json!([])).is_err());
    }
}
