//! The error replies that providers document, as data: one file a dialect, each row with a name.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Content, Healthy, Scene};
use crate::script::Headers;

/// One documented error reply of a provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedReply {
    /// The name, unique in its dialect; replies of several dialects that mean the same share it.
    pub name: String,
    /// The status.
    pub status: u16,
    /// What it means, in one line.
    pub says: String,
    /// The page, or the source code, in which it was seen.
    pub source: String,
    /// Fields beside, or instead of, those of every reply of the provider.
    #[serde(default)]
    pub headers: Headers,
    /// The JSON of the body, in this order of keys; or, being a text, the bytes of a body that is not JSON.
    pub body: Value,
}

impl NamedReply {
    /// Reads the rows of a shipped file.
    pub(super) fn list(file: &str, text: &str) -> Vec<Self> {
        let rows: Result<Vec<Self>, _> = serde_saphyr::from_str(text);
        rows.unwrap_or_else(|error| panic!("{file} is valid, which a test keeps: {error}"))
    }

    /// The reply, with these fields as those of every reply of the provider. In strings of headers and body,
    /// `$(canary)` becomes a sentence that names host, organisation and request, `$(request_id)` the request's id.
    pub(super) fn reply(&self, mut headers: Headers, scene: &Scene<'_>) -> Healthy {
        let own = self.headers.iter().map(|(name, value)| (name.to_owned(), expand(value, scene)));
        headers.override_with(&Headers::from_iter(own));
        let body = match &self.body {
            Value::String(text) => expand(text, scene),
            document => expanded(document, scene).to_string(),
        };
        Healthy { status: self.status, headers, content: Content::Whole(Bytes::from(body)), refused: None }
    }
}

fn expanded(value: &Value, scene: &Scene<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(expand(text, scene)),
        Value::Array(items) => items.iter().map(|item| expanded(item, scene)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), expanded(value, scene))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn expand(text: &str, scene: &Scene<'_>) -> String {
    if !text.contains("$(") {
        return text.to_owned();
    }
    text.replace("$(canary)", &scene.canary()).replace("$(request_id)", &scene.request_id())
}
