//! Generated content: whole, as server-sent events, and as the elements of an array.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{CLOSING, SEPARATOR};
use crate::dialect::answer::{Answer, arguments};
use crate::dialect::openai::chat::pieces;
use crate::dialect::{Event, EventRole, Scene};
use crate::script::{Reply, ToolCall};

/// The categories that a rating is given for.
const RATED: [&str; 4] = [
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
];

/// The content of one reply.
pub(super) struct Generated<'a> {
    answer: Answer<'a>,
    model: &'a str,
    id: String,
}

impl<'a> Generated<'a> {
    pub(super) fn new(model: &'a str, asked: &Value, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let prompt = json!([asked["contents"], asked["systemInstruction"]]);
        Self {
            answer: Answer::of(&prompt, reply),
            model: reply.model.as_deref().unwrap_or(model),
            id: format!("resp{:020x}", scene.serial),
        }
    }

    pub(super) fn document(&self) -> Value {
        let text = self.answer.text.map(|text| json!({ "text": text }));
        let calls = self.answer.tool_calls.iter().enumerate().map(|(at, call)| function_call(at, call));
        self.response(text.into_iter().chain(calls).collect(), true)
    }

    /// The tokens of the request alone.
    pub(super) fn token_count(&self) -> Value {
        let prompt = self.answer.usage.prompt;
        json!({"totalTokens": prompt, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}]})
    }

    /// The stream as server-sent events: it has no mark for its end.
    pub(super) fn events(&self) -> Vec<Event> {
        let event =
            |(role, document)| Event { bytes: Bytes::from(format!("data: {document}\r\n\r\n")), role };
        self.chunks().into_iter().map(event).collect()
    }

    /// The stream as one JSON array: the first element brings the opening bracket, the closing one is the end mark.
    pub(super) fn elements(&self) -> Vec<Event> {
        let element = |(at, (role, document)): (usize, (EventRole, Value))| {
            let before = if at == 0 { "[" } else { SEPARATOR };
            Event { bytes: Bytes::from(format!("{before}{document}")), role }
        };
        let mut elements: Vec<Event> = self.chunks().into_iter().enumerate().map(element).collect();
        elements.push(Event { bytes: Bytes::from_static(CLOSING), role: EventRole::Done });
        elements
    }

    fn chunks(&self) -> Vec<(EventRole, Value)> {
        let texts = pieces(self.answer.text.unwrap_or_default()).map(|piece| json!({ "text": piece }));
        let calls = self.answer.tool_calls.iter().enumerate().map(|(at, call)| function_call(at, call));
        let part = |part| (EventRole::Part, self.response(vec![part], false));
        let mut chunks: Vec<(EventRole, Value)> = texts.chain(calls).map(part).collect();
        chunks.push((EventRole::Finish, self.response(vec![json!({"text": ""})], true)));
        chunks
    }

    fn response(&self, parts: Vec<Value>, finished: bool) -> Value {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
        if finished {
            candidate["finishReason"] = json!("STOP");
        }
        let rating = |category| json!({"category": category, "probability": "NEGLIGIBLE"});
        candidate["safetyRatings"] = RATED.into_iter().map(rating).collect();
        json!({
            "candidates": [candidate], "usageMetadata": self.usage(),
            "modelVersion": self.model, "responseId": self.id,
        })
    }

    fn usage(&self) -> Value {
        let counted = self.answer.usage;
        json!({
            "promptTokenCount": counted.prompt, "candidatesTokenCount": counted.completion,
            "totalTokenCount": self.answer.total(),
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": counted.prompt}],
        })
    }
}

/// The chunk after this one, when the answer ends at its limit of tokens.
pub(super) fn cut_short(last: &Event) -> Option<Value> {
    let document = last.bytes.iter().position(|byte| *byte == b'{')?;
    let chunk = serde_json::Deserializer::from_slice(&last.bytes[document..]).into_iter::<Value>().next();
    let mut chunk = chunk?.ok()?;
    chunk["candidates"][0]["content"]["parts"] = json!([{"text": ""}]);
    chunk["candidates"][0]["finishReason"] = json!("MAX_TOKENS");
    Some(chunk)
}

/// A call as a part. Arguments are an object here; whatever else the script has stands in its field `arguments`.
fn function_call(at: usize, call: &ToolCall) -> Value {
    let args = match arguments(call) {
        object @ Value::Object(_) => object,
        other => json!({ "arguments": other }),
    };
    json!({"functionCall": {"id": format!("call_{at}"), "name": call.name, "args": args}})
}
