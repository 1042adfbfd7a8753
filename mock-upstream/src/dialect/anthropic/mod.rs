//! Anthropic's dialect: messages whole and streamed, token counts, models, error envelopes and headers.

mod envelope;
mod events;
mod headers;
mod message;
mod models;
mod places;
mod route;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::openai::asked;
use super::{Content, Event, Healthy, NamedReply, Scene, Speaker, Stream, sse};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

use envelope::refusal;
use message::Message;
use route::Route;

/// The dialect.
pub(super) struct Anthropic;

impl Speaker for Anthropic {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        healthy(request, reply, scene)
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, _stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        envelope::event(fields, scene)
    }

    fn data_event(&self, data: &str, _stream: &Stream<'_>) -> Bytes {
        sse::typed(data, "content_block_delta")
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, _scene: &Scene<'_>) -> Option<Bytes> {
        match how {
            Ending::Failed => None,
            Ending::Incomplete => events::cut_short(stream),
        }
    }

    fn claims(&self, request: &Request) -> bool {
        route::claims(request)
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        places::of(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        headers::of(content_type, scene)
    }

    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> = LazyLock::new(|| {
            NamedReply::list("anthropic.yaml", include_str!("../../../replies/anthropic.yaml"))
        });
        &REPLIES
    }
}

/// The reply of a healthy provider.
fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let asking = |answer: fn(&Value, &Reply, &Scene<'_>) -> Healthy| match asked(request) {
        Some(asked) => answer(&asked, reply, scene),
        None => refusal(400, Some("the body is not a JSON object"), scene),
    };
    let mut healthy = match Route::of(request) {
        Some(Route::Messages) => asking(messages),
        Some(Route::CountTokens) => asking(count_tokens),
        Some(Route::Models) => ok(&models::list(), scene),
        Some(Route::Model(id)) => ok(&models::one(id), scene),
        None => refusal(404, Some(&format!("no route {} {}", request.method, request.path())), scene),
    };
    healthy.headers.override_with(&reply.headers);
    healthy
}

fn messages(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let message = Message::new(asked, reply, scene);
    match asked["stream"] == json!(true) {
        true => streaming(events::of(&message), scene),
        false => ok(&message.whole(), scene),
    }
}

fn count_tokens(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    ok(&json!({"input_tokens": Message::new(asked, reply, scene).answer.usage.prompt}), scene)
}

fn ok(document: &Value, scene: &Scene<'_>) -> Healthy {
    Healthy {
        status: 200,
        headers: headers::of("application/json", scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: None,
    }
}

fn streaming(events: Vec<Event>, scene: &Scene<'_>) -> Healthy {
    let mut headers = headers::of("text/event-stream; charset=utf-8", scene);
    headers.add("cache-control", "no-cache");
    Healthy { status: 200, headers, content: Content::Events(events), refused: None }
}
