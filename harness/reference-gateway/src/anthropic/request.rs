//! The parameters of a message, as published.

use std::sync::LazyLock;

use jsonschema::Validator;

use crate::config::Feature;
use crate::message::{Call, Invalid, compile, fitting};
use crate::mutant::Flaws;

/// Judges a request for a message.
pub(crate) fn read(body: &[u8], flaws: Flaws) -> Result<Call, Invalid> {
    static MESSAGES: LazyLock<Validator> = LazyLock::new(|| compile(include_str!("messages.schema.json")));
    let request = fitting(&MESSAGES, body, flaws)?;
    Ok(Call::of(Feature::Chat, &request, &["max_tokens"]))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with(pointer: &str, value: Value) -> Value {
        let mut request = json!({
            "model": "m", "max_tokens": 16, "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        });
        if let Some(place) = request.pointer_mut(pointer) {
            *place = value;
        } else {
            request[pointer.trim_start_matches('/')] = value;
        }
        request
    }

    fn fits(request: &Value) -> bool {
        read(request.to_string().as_bytes(), Flaws::default()).is_ok()
    }

    #[test]
    fn what_the_reference_allows_is_sent_on() {
        let tool = json!({"name": "look_up", "description": "d", "input_schema": {"type": "object", "properties": {}}});
        let said = json!([
            {"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "redacted_thinking", "data": "d"},
            {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"word": "hello"}},
        ]);
        let cached = json!({"type": "ephemeral", "ttl": "1h"});
        let image = json!({"type": "base64", "media_type": "image/png", "data": "aGVsbG8="});
        for (pointer, value) in [
            ("/stream", json!(true)),
            ("/system", json!("be brief")),
            ("/system", json!([{"type": "text", "text": "be brief", "cache_control": cached}])),
            ("/stop_sequences", json!(["\n\n"])),
            ("/temperature", json!(1)),
            ("/top_k", json!(0)),
            ("/metadata", json!({"user_id": null})),
            ("/service_tier", json!("standard_only")),
            ("/thinking", json!({"type": "enabled", "budget_tokens": 1024})),
            ("/thinking", json!({"type": "adaptive"})),
            ("/tools", json!([tool, {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}])),
            ("/tool_choice", json!({"type": "tool", "name": "look_up", "disable_parallel_tool_use": true})),
            ("/messages/0/content", json!("hello")),
            ("/messages/0/content", json!([{"type": "image", "source": image}])),
            (
                "/messages/0/content",
                json!([{"type": "image", "source": {"type": "url", "url": "https://x"}}]),
            ),
            (
                "/messages/0/content",
                json!([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}]),
            ),
            (
                "/messages/0/content",
                json!([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "c", "is_error": true}]),
            ),
            ("/messages/0", json!({"role": "assistant", "content": said})),
            ("/a_field_of_tomorrow", json!({})),
        ] {
            assert!(fits(&with(pointer, value.clone())), "{pointer} {value}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        for (pointer, value) in [
            ("/model", json!(7)),
            ("/model", json!("")),
            ("/max_tokens", json!(0)),
            ("/max_tokens", json!("16")),
            ("/messages", json!([])),
            ("/messages", json!("hello")),
            ("/messages/0/role", json!("system")),
            ("/messages/0/content", json!(7)),
            ("/messages/0/content", json!([])),
            ("/messages/0/content/0", json!({"type": "text"})),
            ("/messages/0/content/0", json!({"type": "hologram"})),
            ("/messages/0/content/0", json!({"type": "image", "source": {"type": "base64"}})),
            ("/messages/0/content/0", json!({"type": "tool_use", "id": "x", "name": "n", "input": "{}"})),
            ("/system", json!(7)),
            ("/stream", json!("yes")),
            ("/stop_sequences", json!("stop")),
            ("/temperature", json!(1.5)),
            ("/top_p", json!(-1)),
            ("/top_k", json!(-1)),
            ("/metadata", json!("me")),
            ("/thinking", json!({"type": "enabled"})),
            ("/thinking", json!({"type": "enabled", "budget_tokens": 1})),
            ("/tools", json!([{"name": "look_up"}])),
            ("/tools", json!([{"name": "look up", "input_schema": {"type": "object"}}])),
            ("/tool_choice", json!("auto")),
            ("/tool_choice", json!({"type": "tool"})),
        ] {
            assert!(!fits(&with(pointer, value.clone())), "{pointer} {value}");
        }
        for missing in ["model", "max_tokens", "messages"] {
            let mut request = with("/stream", json!(false));
            request.as_object_mut().unwrap().shift_remove(missing);
            assert!(!fits(&request), "{missing}");
        }
    }
}
