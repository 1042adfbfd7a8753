//! Bedrock's dialect: Converse and InvokeModel, whole and as an event stream, with errors that headers name.

mod converse;
mod envelope;
mod frame;
mod invoke;
mod places;
mod route;

use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::openai::asked;
use super::{Content, Event, Healthy, NamedReply, Scene, Speaker, Spoil, Stream};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

use envelope::refusal;
use route::{Route, Verb};

/// The dialect.
pub(super) struct Bedrock;

impl Speaker for Bedrock {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        let mut healthy = healthy(request, reply, scene);
        healthy.headers.override_with(&reply.headers);
        healthy
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, _stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        envelope::exception(fields, scene)
    }

    fn data_event(&self, data: &str, stream: &Stream<'_>) -> Bytes {
        let kind = match Route::of(stream.request) {
            Some(Route { verb: Verb::InvokeStream, .. }) => invoke::EVENT,
            _ => converse::DELTA,
        };
        frame::event(kind, data.as_bytes())
    }

    fn document(&self, event: &Bytes) -> Option<Range<usize>> {
        frame::span(event)
    }

    fn reframed(&self, event: Bytes) -> Bytes {
        frame::reframed(&event)
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, _scene: &Scene<'_>) -> Option<Bytes> {
        let Stream { request, sent, .. } = *stream;
        if how == Ending::Failed || sent.is_empty() {
            return None;
        }
        let prompt = Answer::of(&asked(request)?["messages"], &Reply::default()).usage.prompt;
        let events = match Route::of(request)?.verb {
            Verb::InvokeStream => invoke::cut_short(sent, prompt),
            _ => converse::cut_short(sent, prompt),
        };
        Some(events.iter().flat_map(|event| event.bytes.iter().copied()).collect())
    }

    fn claims(&self, request: &Request) -> bool {
        Route::of(request).is_some()
    }

    fn spoil(&self, event: &Bytes, how: Spoil) -> Option<Bytes> {
        frame::spoil(event, how)
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        places::of(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        headers(content_type, scene)
    }

    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> =
            LazyLock::new(|| NamedReply::list("bedrock.yaml", include_str!("../../../replies/bedrock.yaml")));
        &REPLIES
    }
}

const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let Some(Route { model, verb }) = Route::of(request) else {
        return refusal(404, Some(&format!("no route {} {}", request.method, request.path())), scene);
    };
    let Some(asked) = asked(request) else {
        return refusal(400, Some("the body is not a JSON object"), scene);
    };
    let model = reply.model.clone().unwrap_or(model);
    let answer = Answer::of(&asked["messages"], reply);
    match verb {
        Verb::Converse => whole(&converse::document(&answer), headers("application/json", scene)),
        Verb::ConverseStream => stream(converse::events(&answer), headers(EVENT_STREAM, scene)),
        Verb::Invoke => {
            let counted = invoke::counts(&answer, headers("application/json", scene));
            whole(&invoke::document(&answer, &model, scene), counted)
        }
        Verb::InvokeStream => {
            let mut headers = headers(EVENT_STREAM, scene);
            headers.add("x-amzn-bedrock-content-type", "application/json");
            stream(invoke::events(&answer, &model, scene), headers)
        }
    }
}

fn whole(document: &Value, headers: Headers) -> Healthy {
    let content = Content::Whole(Bytes::from(document.to_string()));
    Healthy { status: 200, headers, content, refused: None }
}

fn stream(events: Vec<Event>, headers: Headers) -> Healthy {
    Healthy { status: 200, headers, content: Content::Events(events), refused: None }
}

/// The fields that every reply of the provider has.
fn headers(content_type: &str, scene: &Scene<'_>) -> Headers {
    let id = scene.request_id();
    Headers::from_iter([
        ("content-type", content_type),
        ("x-amzn-requestid", id.as_str()),
        ("x-served-by", &scene.identity.host),
    ])
}
