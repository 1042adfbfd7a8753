//! OpenAI's dialect: responses, chat completions, legacy completions, embeddings, rankings, models, errors and headers.

pub(super) mod chat;
mod chat_document;
mod chat_request;
mod completions;
pub(super) mod embeddings;
mod envelope;
mod logprobs;
mod models;
mod places;
mod rerank;
mod responses;
mod route;

use std::fmt;
use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Content, Event, Healthy, NamedReply, Scene, Speaker, Stream, sse};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

use envelope::{absent, refusal};
use route::Route;

/// The dialect.
pub(super) struct OpenAi;

impl Speaker for OpenAi {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        healthy(request, reply, scene)
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        let error = envelope::in_stream(fields, scene);
        match Route::of(stream.request) {
            Some(Route::Responses) => responses::error_event(&error, stream),
            _ => Bytes::from(format!("data: {}\n\n", json!({ "error": error }))),
        }
    }

    fn data_event(&self, data: &str, stream: &Stream<'_>) -> Bytes {
        match Route::of(stream.request) {
            Some(Route::Responses) => sse::typed(data, "response.output_text.delta"),
            _ => Bytes::from(format!("data: {data}\n\n")),
        }
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, scene: &Scene<'_>) -> Option<Bytes> {
        match (Route::of(stream.request)?, how) {
            (Route::Responses, how) => responses::ending(how, stream, scene),
            (Route::Chat | Route::Completions, Ending::Incomplete) => chat::cut_short(stream),
            _ => None,
        }
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

fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let asking = |answer: fn(&Value, &Reply, &Scene<'_>) -> Healthy| match asked(request) {
        Some(asked) => answer(&asked, reply, scene),
        None => no_object(scene),
    };
    let mut healthy = match Route::of(request) {
        Some(Route::Responses) => asking(responses::reply),
        Some(Route::Response(id)) => absent(&format!("there is no response {id}"), scene),
        Some(Route::Chat) => chat_request::Asked::of(request)
            .map_or_else(|| no_object(scene), |asked| chat::reply(&asked, reply, scene)),
        Some(Route::Completions) => asking(completions::reply),
        Some(Route::Embeddings) => asking(embeddings::reply),
        Some(Route::Rerank) => asking(rerank::reply),
        Some(Route::Models) => ok(models::list(scene), scene),
        Some(Route::Model(id)) => ok(models::one(id, scene), scene),
        None => refusal(404, Some(&format!("no route {} {}", request.method, request.path())), scene),
    };
    healthy.headers.override_with(&reply.headers);
    healthy
}

fn no_object(scene: &Scene<'_>) -> Healthy {
    refusal(400, Some("the body is not a JSON object"), scene)
}

/// The body, when it is a JSON object.
pub(super) fn asked(request: &Request) -> Option<Value> {
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) => Some(body).filter(Value::is_object),
        Err(error) => odd(&request.body, &error),
    }
}

/// JSON that many providers take and this parser does not: half a surrogate pair, nesting beyond its depth, a number beyond
/// what a float can hold. Only what decides the kind of reply is read of it.
fn odd(body: &[u8], error: &serde_json::Error) -> Option<Value> {
    let why = error.to_string();
    let sound = ["recursion limit", "surrogate", "hex escape", "number out of range"]
        .iter()
        .any(|kind| why.contains(kind));
    let text: String = String::from_utf8_lossy(body).chars().filter(|c| !c.is_whitespace()).collect();
    (sound && text.starts_with('{') && text.ends_with('}'))
        .then(|| json!({"stream": text.contains("\"stream\":true"), "input": ""}))
}

/// The model to name: the script's, else the one that was asked for, else null as nobody named one.
pub(super) fn model(asked: &Value, reply: &Reply) -> Value {
    reply.model.as_deref().map_or_else(|| asked["model"].clone(), |model| json!(model))
}

fn ok(document: impl fmt::Display, scene: &Scene<'_>) -> Healthy {
    written(Bytes::from(document.to_string()), scene)
}

/// The reply with this document, which is written already.
fn written(document: Bytes, scene: &Scene<'_>) -> Healthy {
    Healthy {
        status: 200,
        headers: headers("application/json", scene),
        content: Content::Whole(document),
        refused: None,
    }
}

fn streaming(events: Vec<Event>, scene: &Scene<'_>) -> Healthy {
    let mut headers = headers("text/event-stream; charset=utf-8", scene);
    headers.add("cache-control", "no-cache");
    Healthy { status: 200, headers, content: Content::Events(events), refused: None }
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
