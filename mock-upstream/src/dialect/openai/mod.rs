//! OpenAI's dialect: chat completions, embeddings, models, error envelopes and headers.

mod chat;
mod embeddings;
mod envelope;
mod models;
mod places;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Content, Healthy, NamedReply, Scene, Speaker};
use crate::fault::Place;
use crate::script::{Headers, Reply, Request};

use envelope::{error_event, refusal};

/// The dialect.
pub(super) struct OpenAi;

impl Speaker for OpenAi {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        healthy(request, reply, scene)
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, scene: &Scene<'_>) -> Bytes {
        error_event(fields, scene)
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        places::of(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        headers(content_type, scene)
    }

    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> =
            LazyLock::new(|| NamedReply::list("openai.yaml", include_str!("../../../replies/openai.yaml")));
        &REPLIES
    }
}

/// The reply of a healthy provider. Routes are known by their end, so that any base path may stand before them.
fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let mut healthy = match Route::of(request) {
        Some(Route::Chat) => match asked(request) {
            Some(asked) => chat::reply(&asked, reply, scene),
            None => refusal(400, Some("the body is not a JSON object"), scene),
        },
        Some(Route::Embeddings) => match asked(request) {
            Some(asked) => embeddings::reply(&asked, reply, scene),
            None => refusal(400, Some("the body is not a JSON object"), scene),
        },
        Some(Route::Models) => ok(models::list(scene), scene),
        Some(Route::Model(id)) => ok(models::one(id, scene), scene),
        None => refusal(404, Some(&format!("no route {} {}", request.method, request.path())), scene),
    };
    healthy.headers.override_with(&reply.headers);
    healthy
}

enum Route<'a> {
    Chat,
    Embeddings,
    Models,
    Model(&'a str),
}

impl<'a> Route<'a> {
    fn of(request: &'a Request) -> Option<Self> {
        let path = request.path().trim_end_matches('/');
        match request.method.as_str() {
            "POST" if path.ends_with("/chat/completions") => Some(Self::Chat),
            "POST" if path.ends_with("/embeddings") => Some(Self::Embeddings),
            "GET" | "HEAD" if path.ends_with("/models") => Some(Self::Models),
            "GET" | "HEAD" => path.rsplit_once("/models/").map(|(_, id)| Self::Model(id)),
            _ => None,
        }
    }
}

fn asked(request: &Request) -> Option<Value> {
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) => Some(body).filter(Value::is_object),
        Err(error) => odd(&request.body, &error),
    }
}

/// JSON that many providers take and this parser does not: half a surrogate pair, nesting beyond its depth. Only what
/// decides the kind of reply is read of it.
fn odd(body: &[u8], error: &serde_json::Error) -> Option<Value> {
    let why = error.to_string();
    let sound = ["recursion limit", "surrogate", "hex escape"].iter().any(|kind| why.contains(kind));
    let text: String = String::from_utf8_lossy(body).chars().filter(|c| !c.is_whitespace()).collect();
    (sound && text.starts_with('{')).then(|| json!({"stream": text.contains("\"stream\":true"), "input": ""}))
}

/// The model to name: the script's, else the one that was asked for, else null as nobody named one.
fn model<'a>(asked: &'a Value, reply: &'a Reply) -> Value {
    reply.model.as_deref().map_or_else(|| asked["model"].clone(), |model| json!(model))
}

fn ok(document: Value, scene: &Scene<'_>) -> Healthy {
    Healthy {
        status: 200,
        headers: headers("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: None,
    }
}

/// The fields that every reply of the provider has.
fn headers(content_type: &str, scene: &Scene<'_>) -> Headers {
    let known = [
        ("openai-processing-ms", "7"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-remaining-tokens", "1999900"),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "3ms"),
    ];
    let mut headers = Headers::with_capacity(known.len() + 8);
    headers.add_known("content-type", content_type.to_owned());
    headers.add_known("x-request-id", scene.request_id());
    headers.add_known("openai-organization", scene.identity.organization.clone());
    headers.add_known("x-served-by", scene.identity.host.clone());
    known.into_iter().for_each(|(name, value)| headers.add_known(name, value));
    headers
}
