//! Gemini's dialect: generateContent whole and streamed, embeddings, token counts, models, google.rpc errors.

mod content;
mod embed;
mod envelope;
mod models;
mod places;
mod route;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::openai::asked;
use super::{Content, Healthy, NamedReply, Scene, Speaker, Spoil, Stream};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

use envelope::refusal;
use route::{Route, Verb};

/// What an element of the array stream begins with, unless it is the first.
const SEPARATOR: &str = ",\r\n";

/// What ends the array stream.
const CLOSING: &[u8] = b"\r\n]";

/// The dialect.
pub(super) struct Gemini;

impl Speaker for Gemini {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        let mut healthy = healthy(request, reply, scene);
        healthy.headers.override_with(&reply.headers);
        healthy
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        let error = envelope::in_stream(fields, scene).to_string();
        if Route::streams_array(stream.request) {
            // An error is the last element, so that it closes the array too.
            Bytes::from(format!("{}{error}\r\n]", opening(stream)))
        } else {
            self.data_event(&error, stream)
        }
    }

    fn data_event(&self, data: &str, stream: &Stream<'_>) -> Bytes {
        if Route::streams_array(stream.request) {
            Bytes::from(format!("{}{data}", opening(stream)))
        } else {
            Bytes::from(format!("data: {data}\r\n\r\n"))
        }
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, _scene: &Scene<'_>) -> Option<Bytes> {
        match how {
            Ending::Failed => None,
            Ending::Incomplete => {
                let last = content::cut_short(stream.sent.last()?)?;
                let event = self.data_event(&last.to_string(), stream);
                let closing: &[u8] = if Route::streams_array(stream.request) { CLOSING } else { b"" };
                Some(Bytes::from([&event[..], closing].concat()))
            }
        }
    }

    fn claims(&self, request: &Request) -> bool {
        request.path().contains("/v1beta/")
            || matches!(Route::of(request), Some(Route::Verb { .. }))
            || request.header("x-goog-api-key").next().is_some()
    }

    fn spoil(&self, event: &Bytes, how: Spoil) -> Option<Bytes> {
        let separated = event.starts_with(SEPARATOR.as_bytes());
        (how == Spoil::Separator && separated).then(|| event.slice(SEPARATOR.len()..))
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        places::of(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        headers(content_type, scene)
    }

    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> =
            LazyLock::new(|| NamedReply::list("gemini.yaml", include_str!("../../../replies/gemini.yaml")));
        &REPLIES
    }
}

fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let Some(route) = Route::of(request) else {
        return refusal(404, Some(&format!("no route {} {}", request.method, request.path())), scene);
    };
    let (model, verb) = match route {
        Route::Models => return ok(&models::list(), scene),
        Route::Model(id) => return ok(&models::one(&id), scene),
        Route::Verb { model, verb } => (model, verb),
    };
    let Some(asked) = asked(request) else {
        return refusal(400, Some("the body is not a JSON object"), scene);
    };
    let answer = || content::Generated::new(&model, &asked, reply, scene);
    match verb {
        Verb::Generate => ok(&answer().document(), scene),
        Verb::StreamEvents => stream("text/event-stream", answer().events(), scene),
        Verb::StreamArray => stream(JSON, answer().elements(), scene),
        Verb::CountTokens => ok(&answer().token_count(), scene),
        Verb::Embed => ok(&embed::one(&asked), scene),
        Verb::EmbedBatch => match embed::batch(&asked) {
            Some(document) => ok(&document, scene),
            None => refusal(400, Some("`requests` is not a list"), scene),
        },
    }
}

const JSON: &str = "application/json; charset=UTF-8";

fn ok(document: &Value, scene: &Scene<'_>) -> Healthy {
    Healthy {
        status: 200,
        headers: headers(JSON, scene),
        content: Content::Whole(Bytes::from(document.to_string())),
        refused: None,
    }
}

fn stream(content_type: &str, events: Vec<super::Event>, scene: &Scene<'_>) -> Healthy {
    let headers = headers(content_type, scene);
    Healthy { status: 200, headers, content: Content::Events(events), refused: None }
}

fn opening(stream: &Stream<'_>) -> &'static str {
    if stream.begun { SEPARATOR } else { "[" }
}

/// The fields that every reply of the provider has. A request id is not among them.
fn headers(content_type: &str, scene: &Scene<'_>) -> Headers {
    let content_type = if content_type == "application/json" { JSON } else { content_type };
    Headers::from_iter([
        ("content-type", content_type),
        ("vary", "Origin, X-Origin, Referer"),
        ("server", "scaffolding on HTTPServer2"),
        ("x-xss-protection", "0"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("server-timing", "gfet4t7; dur=7"),
        ("x-served-by", &scene.identity.host),
    ])
}
