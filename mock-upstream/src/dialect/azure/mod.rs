//! Azure OpenAI's dialect: what OpenAI says under deployments, with content filter results, own headers and errors.

mod envelope;
mod filter;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::openai::OpenAi;
use super::{Content, Healthy, NamedReply, Scene, Speaker, Stream};
use crate::fault::{Ending, Place};
use crate::script::{Headers, Reply, Request};

use envelope::refusal;

/// The dialect.
pub(super) struct Azure;

impl Speaker for Azure {
    fn healthy(&self, request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
        let mut healthy = healthy(request, reply, scene);
        healthy.headers.override_with(&reply.headers);
        healthy
    }

    fn refusal(&self, status: u16, scene: &Scene<'_>) -> Healthy {
        refusal(status, None, scene)
    }

    fn error_event(&self, fields: &Map<String, Value>, stream: &Stream<'_>, scene: &Scene<'_>) -> Bytes {
        OpenAi.error_event(fields, stream, scene)
    }

    fn data_event(&self, data: &str, stream: &Stream<'_>) -> Bytes {
        OpenAi.data_event(data, stream)
    }

    fn ending(&self, how: Ending, stream: &Stream<'_>, scene: &Scene<'_>) -> Option<Bytes> {
        OpenAi.ending(how, stream, scene).map(|events| filter::joined(&events))
    }

    fn claims(&self, request: &Request) -> bool {
        ["/openai/deployments/", "/openai/v1/"].iter().any(|part| request.path().contains(part))
    }

    fn places(&self, place: Place, document: &Value) -> Vec<String> {
        OpenAi.places(place, document)
    }

    fn headers(&self, content_type: &str, scene: &Scene<'_>) -> Headers {
        headers(content_type, scene)
    }

    fn named(&self) -> &'static [NamedReply] {
        static REPLIES: LazyLock<Vec<NamedReply>> =
            LazyLock::new(|| NamedReply::list("azure.yaml", include_str!("../../../replies/azure.yaml")));
        &REPLIES
    }
}

fn healthy(request: &Request, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    if request.path().contains("/deployments/") && !has_version(request) {
        return refusal(404, Some("the query has no `api-version`"), scene);
    }
    let spoken = OpenAi.healthy(&naming_model(request), reply, scene);
    if let Some(why) = &spoken.refused {
        return refusal(spoken.status, Some(why), scene);
    }
    let mut own = headers(spoken.headers.get("content-type").unwrap_or_default(), scene);
    let content = match spoken.content {
        Content::Whole(body) => Content::Whole(filter::document(&body)),
        Content::Events(events) => {
            own.set("cache-control", "no-cache, must-revalidate");
            Content::Events(filter::events(events))
        }
    };
    Healthy { status: spoken.status, headers: own, content, refused: None }
}

fn has_version(request: &Request) -> bool {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .any(|parameter| parameter.strip_prefix("api-version=").is_some_and(|version| !version.is_empty()))
}

/// The request with the deployment as its model, where the body names none.
fn naming_model(request: &Request) -> Request {
    let named = || -> Option<Bytes> {
        let deployment = request.path().split_once("/deployments/")?.1.split('/').next()?;
        let mut asked: Value = serde_json::from_slice(&request.body).ok()?;
        let fields = asked.as_object_mut()?;
        if fields.get("model").is_some_and(|model| !model.is_null()) {
            return None;
        }
        fields.insert("model".to_owned(), json!(deployment));
        Some(Bytes::from(asked.to_string()))
    };
    let body = named().unwrap_or_else(|| request.body.clone());
    Request { body, ..request.clone() }
}

/// The fields that every reply of the provider has.
fn headers(content_type: &str, scene: &Scene<'_>) -> Headers {
    let id = scene.request_id();
    Headers::from_iter([
        ("content-type", content_type),
        ("apim-request-id", id.as_str()),
        ("x-ms-request-id", &id),
        ("x-ms-client-request-id", &id),
        ("x-request-id", &id),
        ("x-ms-region", "Sweden Central"),
        ("x-ms-deployment-name", "first"),
        ("x-ms-rai-invoked", "true"),
        ("azureml-model-session", "v20261101-1-1"),
        ("x-ratelimit-limit-requests", "1000"),
        ("x-ratelimit-limit-tokens", "100000"),
        ("x-ratelimit-remaining-requests", "999"),
        ("x-ratelimit-remaining-tokens", "99900"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("x-content-type-options", "nosniff"),
        ("x-served-by", &scene.identity.host),
    ])
}
