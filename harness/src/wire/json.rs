//! Bodies read as JSON, and places in them by RFC 6901 pointer.

use serde_json::Value;

/// Reads a whole body as one JSON text; a leading byte order mark is allowed, as every client of the field drops it.
///
/// # Errors
/// Says in words why the body is not JSON.
pub fn body(bytes: &[u8]) -> Result<Value, String> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty".to_owned());
    }
    serde_json::from_slice(text).map_err(|error| format!("the body is not JSON: {error}"))
}

/// The value at an RFC 6901 pointer; the empty pointer is the whole.
pub fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    // Few pointers hold an escape, and `Value::pointer` copies each step to undo what is not there.
    if pointer.is_empty() || pointer.contains('~') {
        return value.pointer(pointer);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(members) => members.get(index(step)?),
        _ => None,
    })
}

/// Digits without a zero in front.
fn index(step: &str) -> Option<usize> {
    let plain = step == "0" || step.starts_with(|c: char| c.is_ascii_digit() && c != '0');
    step.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_one_json_text() {
        assert_eq!(body(b"\xEF\xBB\xBF{\"a\":1}"), Ok(json!({"a": 1})));
        assert!(body(b" \r\n").unwrap_err().contains("empty"));
        assert!(body(b"{\"a\":1} x").unwrap_err().contains("not JSON"));
        assert!(body(b"<html>").unwrap_err().contains("not JSON"));
        assert!(body(b"\"\xFF\"").unwrap_err().contains("not JSON"));
    }

    #[test]
    fn pointers_are_those_of_rfc_6901() {
        let value = json!({"a/b": {"m~n": [10, null]}, "": 0});
        assert_eq!(at(&value, "/a~1b/m~0n/0"), Some(&json!(10)));
        assert_eq!(at(&value, "/a~1b/m~0n/1"), Some(&json!(null)));
        assert_eq!(at(&value, "/a~1b/m~0n/00"), None);
        assert_eq!(at(&value, "/"), Some(&json!(0)));
        let plain = json!({"a": {"b": [10, null]}});
        assert_eq!(at(&plain, "/a/b/0"), Some(&json!(10)));
        for nothing in ["/a/b/00", "/a/b/+0", "/a/b/2", "/a/b/-", "/a/b/", "/a/b/0/c", "a/b"] {
            assert_eq!((at(&plain, nothing), plain.pointer(nothing)), (None, None), "{nothing}");
        }
        assert_eq!(at(&value, ""), Some(&value));
        assert_eq!(at(&value, "a"), None);
    }
}
