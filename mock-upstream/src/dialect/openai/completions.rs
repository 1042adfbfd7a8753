//! Legacy completions: texts that go on with prompts, as one document and as a stream of chunks.

use bytes::Bytes;
use serde_json::{Value, json};

use super::chat::{END, choices, event, pieces};
use super::chat_document::Tokens;
use super::{embeddings, model, ok, streaming};
use crate::dialect::answer::Answer;
use crate::dialect::{Event, EventRole, Healthy, Scene};
use crate::script::Reply;

/// Alternatives that a request may ask for.
const MOST_ALTERNATIVES: u64 = 5;

/// The reply to a completion request whose body is a JSON object.
pub(super) fn reply(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let completion = Completion::new(asked, reply, scene);
    match asked["stream"] == json!(true) {
        true => streaming(completion.events(), scene),
        false => ok(completion.document(), scene),
    }
}

struct Completion<'a> {
    id: String,
    created: u64,
    model: Value,
    text: &'a str,
    usage: Value,
    with_usage: bool,
    choices: u64,
    alternatives: Option<u64>,
}

impl<'a> Completion<'a> {
    fn new(asked: &Value, reply: &'a Reply, scene: &Scene<'_>) -> Self {
        let prompts = embeddings::inputs(&asked["prompt"]).map_or(1, |prompts| prompts.len() as u64);
        let answer = Answer::of(&asked["prompt"], reply);
        let choices = choices(&asked["n"]) * prompts;
        let mut counted = answer.usage;
        if reply.usage.is_none() {
            counted.completion = counted.completion.saturating_mul(choices);
        }
        Self {
            id: format!("cmpl-{:024x}", scene.serial),
            created: scene.unix_time,
            model: model(asked, reply),
            text: answer.text.unwrap_or_default(),
            usage: json!(Tokens::from(counted)),
            with_usage: asked["stream_options"]["include_usage"] == json!(true),
            choices,
            alternatives: asked["logprobs"].as_u64().map(|asked| asked.min(MOST_ALTERNATIVES)),
        }
    }

    fn document(&self) -> Value {
        let mut document = self.chunk((0..self.choices).map(|at| self.choice(at, self.text, "stop".into())));
        document["usage"] = self.usage.clone();
        document
    }

    fn events(&self) -> Vec<Event> {
        let every = |role, text: &str, reason: &Value| -> Vec<Event> {
            let chunk = |at| event(role, &self.part([self.choice(at, text, reason.clone())]));
            (0..self.choices).map(chunk).collect()
        };
        let mut events: Vec<Event> =
            pieces(self.text).flat_map(|piece| every(EventRole::Part, piece, &Value::Null)).collect();
        events.extend(every(EventRole::Finish, "", &json!("stop")));
        if self.with_usage {
            let mut chunk = self.chunk([]);
            chunk["usage"] = self.usage.clone();
            events.push(event(EventRole::Finish, &chunk));
        }
        events.push(Event { bytes: Bytes::from_static(END), role: EventRole::Done });
        events
    }

    fn part(&self, choices: [Value; 1]) -> Value {
        let mut chunk = self.chunk(choices);
        if self.with_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    fn chunk(&self, choices: impl IntoIterator<Item = Value>) -> Value {
        json!({
            "id": self.id, "object": "text_completion", "created": self.created, "model": self.model,
            "choices": choices.into_iter().collect::<Vec<_>>(), "system_fingerprint": null,
        })
    }

    fn choice(&self, index: u64, text: &str, reason: Value) -> Value {
        let logprobs = self.alternatives.map(|alternatives| logprobs(text, alternatives));
        json!({"text": text, "index": index, "logprobs": logprobs, "finish_reason": reason})
    }
}

/// Tokens, their probabilities and where each begins, counted in characters of this text.
fn logprobs(text: &str, alternatives: u64) -> Value {
    let tokens: Vec<&str> = text.split_inclusive(' ').collect();
    let offsets = tokens.iter().scan(0, |at, token| {
        let begins = *at;
        *at += token.chars().count();
        Some(begins)
    });
    let top = |token: &&str| -> Value {
        (0..alternatives).map(|at| (format!("{token}{at}"), json!(-0.25 - at as f64))).collect()
    };
    json!({
        "tokens": tokens, "token_logprobs": vec![-0.25; tokens.len()],
        "top_logprobs": tokens.iter().map(top).collect::<Vec<_>>(),
        "text_offset": offsets.collect::<Vec<_>>(),
    })
}
