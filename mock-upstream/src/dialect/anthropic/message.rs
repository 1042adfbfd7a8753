//! The message and the blocks of its content.

use serde_json::{Value, json};

use crate::dialect::Scene;
use crate::dialect::answer::{Answer, arguments};
use crate::dialect::openai::model;
use crate::script::{Reply, ToolCall};

/// One message of the provider.
pub(super) struct Message<'a> {
    serial: u64,
    model: Value,
    /// What it says.
    pub(super) answer: Answer<'a>,
}

impl<'a> Message<'a> {
    pub(super) fn new(asked: &Value, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let prompt = json!([asked["system"], asked["messages"]]);
        Self { serial: scene.serial, model: model(asked, reply), answer: Answer::of(&prompt, reply) }
    }

    /// The whole message.
    pub(super) fn whole(&self) -> Value {
        let text = self.answer.text.map(text_block);
        let calls = self.answer.tool_calls.iter().enumerate();
        let blocks = text.into_iter().chain(calls.map(|(at, call)| self.tool_use(at, input(call))));
        self.document(blocks.collect(), json!(self.stop_reason()), self.answer.usage.completion)
    }

    /// The message before anything of it was said.
    pub(super) fn begun(&self) -> Value {
        self.document(Vec::new(), Value::Null, self.answer.usage.completion.min(1))
    }

    fn document(&self, content: Vec<Value>, stop_reason: Value, output_tokens: u64) -> Value {
        json!({
            "model": self.model, "id": format!("msg_{:024x}", self.serial), "type": "message",
            "role": "assistant", "content": content, "container": null, "diagnostics": null,
            "stop_reason": stop_reason, "stop_sequence": null, "stop_details": null,
            "usage": {
                "input_tokens": self.answer.usage.prompt, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                "output_tokens": output_tokens, "output_tokens_details": null, "server_tool_use": null,
                "service_tier": "standard", "inference_geo": null, "speed": null,
            },
        })
    }

    pub(super) fn stop_reason(&self) -> &'static str {
        if self.answer.tool_calls.is_empty() { "end_turn" } else { "tool_use" }
    }

    /// A block that calls the tool of this place with this input.
    pub(super) fn tool_use(&self, at: usize, input: Value) -> Value {
        json!({
            "type": "tool_use", "id": format!("toolu_{:020x}{at:04x}", self.serial),
            "name": self.answer.tool_calls[at].name, "input": input, "caller": {"type": "direct"},
        })
    }
}

/// A block of text.
pub(super) fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text, "citations": null})
}

/// The input of a call. It is an object here; whatever else the script has stands in its field `arguments`.
pub(super) fn input(call: &ToolCall) -> Value {
    match arguments(call) {
        object @ Value::Object(_) => object,
        other => json!({ "arguments": other }),
    }
}
