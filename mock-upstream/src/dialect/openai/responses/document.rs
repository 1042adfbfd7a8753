//! The response object and the items of its output.

use serde_json::{Value, json};

use crate::dialect::Scene;
use crate::dialect::answer::Answer;
use crate::dialect::openai::logprobs::Logprobs;
use crate::dialect::openai::model;
use crate::script::{Reply, ToolCall, Usage};

/// What `include` has when log probabilities are asked for.
const LOGPROBS: &str = "message.output_text.logprobs";

/// One response of the provider.
pub(super) struct Response<'a> {
    asked: &'a Value,
    serial: u64,
    created: u64,
    model: Value,
    logprobs: Option<Logprobs>,
    /// What it says.
    pub(super) answer: Answer<'a>,
}

impl<'a> Response<'a> {
    pub(super) fn new(asked: &'a Value, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let included =
            asked["include"].as_array().is_some_and(|items| items.iter().any(|item| item == LOGPROBS));
        Self {
            asked,
            serial: scene.serial,
            created: scene.unix_time,
            model: model(asked, reply),
            logprobs: included.then(|| Logprobs::with_alternatives(&asked["top_logprobs"])),
            answer: Answer::of(&json!([asked["instructions"], asked["input"]]), reply),
        }
    }

    /// The whole response.
    pub(super) fn completed(&self) -> Value {
        let mut document = self.document("completed", self.output());
        document["completed_at"] = json!(self.created);
        document["usage"] = usage(self.answer.usage);
        document
    }

    /// The response while nothing of its output is there.
    pub(super) fn in_progress(&self) -> Value {
        self.document("in_progress", Vec::new())
    }

    fn document(&self, status: &str, output: Vec<Value>) -> Value {
        json!({
            "id": format!("resp_{:048x}", self.serial), "object": "response", "created_at": self.created,
            "status": status, "background": false, "completed_at": null, "error": null,
            "incomplete_details": null, "instructions": self.asked["instructions"],
            "max_output_tokens": self.asked["max_output_tokens"], "max_tool_calls": null,
            "metadata": self.echo("metadata", Value::is_object, json!({})),
            "model": self.model, "output": output,
            "parallel_tool_calls": self.echo("parallel_tool_calls", Value::is_boolean, json!(true)),
            "previous_response_id": self.asked["previous_response_id"],
            "reasoning": {"effort": null, "summary": null}, "service_tier": "default",
            "store": self.echo("store", Value::is_boolean, json!(true)),
            "temperature": self.echo("temperature", Value::is_number, json!(1.0)),
            "text": self.echo("text", Value::is_object, json!({"format": {"type": "text"}})),
            "tool_choice": self.echo("tool_choice", |choice| !choice.is_null(), json!("auto")),
            "tools": self.echo("tools", Value::is_array, json!([])), "top_logprobs": 0,
            "top_p": self.echo("top_p", Value::is_number, json!(1.0)),
            "truncation": "disabled", "usage": null, "user": self.asked["user"],
        })
    }

    /// A setting as it was asked for, when it was.
    fn echo(&self, name: &str, fits: fn(&Value) -> bool, otherwise: Value) -> Value {
        Some(&self.asked[name]).filter(|asked| fits(asked)).cloned().unwrap_or(otherwise)
    }

    /// The text as an item, if there is one, and each call of a tool as another.
    fn output(&self) -> Vec<Value> {
        let message = self.answer.text.map(|text| self.message("completed", vec![self.part(text)]));
        let calls = self.answer.tool_calls.iter().enumerate();
        message
            .into_iter()
            .chain(calls.map(|(at, call)| self.call(at, call, "completed", &call.arguments)))
            .collect()
    }

    pub(super) fn message(&self, status: &str, content: Vec<Value>) -> Value {
        json!({
            "id": self.message_id(), "type": "message", "status": status, "content": content,
            "role": "assistant",
        })
    }

    pub(super) fn message_id(&self) -> String {
        format!("msg_{:048x}", self.serial)
    }

    pub(super) fn part(&self, text: &str) -> Value {
        json!({"type": "output_text", "annotations": [], "logprobs": self.logprobs(text), "text": text})
    }

    pub(super) fn logprobs(&self, text: &str) -> Vec<Value> {
        self.logprobs.map_or_else(Vec::new, |logprobs| logprobs.tokens(text))
    }

    pub(super) fn call(&self, at: usize, call: &ToolCall, status: &str, arguments: &str) -> Value {
        json!({
            "id": self.call_id(at), "type": "function_call", "status": status, "arguments": arguments,
            "call_id": format!("call_{at}"), "name": call.name,
        })
    }

    pub(super) fn call_id(&self, at: usize) -> String {
        format!("fc_{:040x}{at:08x}", self.serial)
    }
}

/// Tokens as responses count them.
pub(super) fn usage(Usage { prompt, completion }: Usage) -> Value {
    json!({
        "input_tokens": prompt, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": completion, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": prompt.saturating_add(completion),
    })
}
