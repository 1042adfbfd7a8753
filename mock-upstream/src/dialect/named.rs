//! The error replies that providers document, as data: one file a dialect, each row with a name.

use std::io::Read as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzEncoder;
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
    /// How the body is coded, which `content-encoding` then says; not at all when absent.
    #[serde(default)]
    pub coding: Option<Coding>,
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// Codes the body, and says so in the headers.
    pub(super) fn apply(self, body: &[u8], headers: &mut Headers) -> Bytes {
        let Self::Gzip = self;
        headers.set("content-encoding", "gzip");
        let mut coded = Vec::new();
        // Reading from memory does not fail.
        let _ = GzEncoder::new(body, Compression::default()).read_to_end(&mut coded);
        Bytes::from(coded)
    }
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
        let body = Bytes::from(match self.document(scene) {
            Value::String(text) => text,
            document => document.to_string(),
        });
        let body = self.coding.map_or(body.clone(), |coding| coding.apply(&body, &mut headers));
        Healthy { status: self.status, headers, content: Content::Whole(body), refused: None }
    }

    /// The body as JSON, or its text as a string, with its words filled in.
    pub(super) fn document(&self, scene: &Scene<'_>) -> Value {
        expanded(&self.body, scene)
    }

    /// The row that stands for a status: the first that has it, else the first of 400 or 500 by the class of the status.
    pub(super) fn standing_for(rows: &'static [Self], status: u16) -> &'static Self {
        let of = |status| rows.iter().find(|row| row.status == status);
        let class = if status < 500 { 400 } else { 500 };
        of(status).or_else(|| of(class)).unwrap_or(&rows[0])
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
