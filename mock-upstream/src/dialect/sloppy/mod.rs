//! Providers that say they are compatible with OpenAI, each with one quirk in how it reports errors.

mod envelope;
mod quirk;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::named::Coding;
use super::openai::OpenAi;
use super::{Content, Healthy, NamedReply, Scene, Speaker, Stream};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

pub use quirk::Quirk;

impl Quirk {
    pub(super) fn speaker(self) -> &'static dyn Speaker {
        static SPEAKERS: [Quirk; Quirk::ALL.len()] = Quirk::ALL;
        &SPEAKERS[self as usize]
    }
}

impl Speaker for Quirk {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        let healthy = OpenAi.healthy(request, reply, scene);
        match healthy.refused {
            None => healthy,
            Some(why) => Healthy { refused: Some(why), ..self.refusal(healthy.status, scene) },
        }
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        let own = OpenAi.refusal(status, scene);
        let mut headers = own.headers.clone();
        let body = match envelope::page(*self, status, scene) {
            Some((content_type, text)) => {
                headers.set("content-type", content_type);
                Bytes::from(text)
            }
            None => Bytes::from(envelope::document(*self, status, error_of(&own), scene).to_string()),
        };
        let body = match self {
            Self::Gzip => Coding::Gzip.apply(&body, &mut headers),
            Self::Charset => {
                headers.set("content-type", "application/json; charset=utf-8");
                body
            }
            _ => body,
        };
        Healthy { status, headers, content: Content::Whole(body), refused: None }
    }

    fn error_event(&self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        let own = error_of(&OpenAi.refusal(500, scene));
        match envelope::chunk(*self, own, fields, scene) {
            Some(document) => Bytes::from(format!("data: {document}\n\n")),
            None => OpenAi.error_event(fields, stream, scene),
        }
    }

    fn data_event(&self, data: &str, stream: &Stream<'_>) -> Bytes {
        OpenAi.data_event(data, stream)
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, scene: &Scene<'_>) -> Option<Bytes> {
        OpenAi.ending(how, stream, scene)
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        OpenAi.places(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        OpenAi.headers(content_type, scene)
    }

    /// The same for every quirk.
    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> =
            LazyLock::new(|| NamedReply::list("sloppy.yaml", include_str!("../../../replies/sloppy.yaml")));
        &REPLIES
    }
}

/// OpenAI's error object within its reply.
fn error_of(reply: &Healthy) -> Value {
    serde_json::from_slice::<Value>(&reply.body()).map(|mut body| body["error"].take()).unwrap_or_default()
}
