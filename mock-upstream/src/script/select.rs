//! Which requests a turn answers, decided by wiremock's matchers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wiremock::http::{HeaderMap, HeaderName, HeaderValue, Method, Url};
use wiremock::{Match, matchers};

use super::Request;

/// What a request must have; every part given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Select {
    /// The method, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The whole path, without query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Fields that occur once, with exactly these values; without commas.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Query parameters with exactly these values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Text that the body contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// A JSON document that is part of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_partial_json: Option<Value>,
}

impl Select {
    /// Turns the parts into matchers.
    ///
    /// # Errors
    /// A part that no request can have.
    pub fn compile(&self) -> Result<Matchers, SelectError> {
        let mut all: Vec<Box<dyn Match>> = Vec::new();
        if let Some(method) = &self.method {
            let method = method.parse::<Method>().map_err(|_| SelectError::Method(method.clone()))?;
            all.push(Box::new(matchers::method(method)));
        }
        if let Some(path) = &self.path {
            if !path.starts_with('/') || path.contains(['?', '#']) {
                return Err(SelectError::Path(path.clone()));
            }
            all.push(Box::new(matchers::path(path.as_str())));
        }
        for (name, value) in &self.headers {
            let refused = || SelectError::Header(name.clone());
            let known = name.parse::<HeaderName>().map_err(|_| refused())?;
            // The matcher splits what arrived at its commas, so that such a value would never match.
            let value = value.parse::<HeaderValue>().ok().filter(|v| !v.as_bytes().contains(&b','));
            let value = value.ok_or_else(refused)?;
            all.push(Box::new(matchers::header(known, value)));
        }
        for (name, value) in &self.query {
            all.push(Box::new(matchers::query_param(name, value)));
        }
        if let Some(text) = &self.body_contains {
            all.push(Box::new(matchers::body_string_contains(text)));
        }
        if let Some(part) = &self.body_partial_json {
            all.push(Box::new(matchers::body_partial_json(part)));
        }
        Ok(Matchers(all))
    }
}

/// A compiled selection.
pub struct Matchers(Vec<Box<dyn Match>>);

impl Matchers {
    /// Whether the request has every part. What is not expressible as a URL matches nothing.
    pub fn matches(&self, request: &Request) -> bool {
        foreign(request).is_some_and(|request| self.0.iter().all(|matcher| matcher.matches(&request)))
    }
}

impl fmt::Debug for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matchers({})", self.0.len())
    }
}

fn foreign(request: &Request) -> Option<wiremock::Request> {
    let url = if request.target.starts_with('/') {
        Url::parse(&format!("http://upstream{}", request.target))
    } else {
        Url::parse(&request.target)
    };
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(wiremock::Request {
        url: url.ok()?,
        method: request.method.parse().ok()?,
        headers,
        body: request.body.to_vec(),
    })
}

/// Why a selection was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Not a method.
    #[error("`{0}` is not a method")]
    Method(String),
    /// Not a path on its own.
    #[error("`{0}` is not a path: it begins with `/` and has no query")]
    Path(String),
    /// A name or value that no header field can have.
    #[error("`{0}` is not a header field that a request can have")]
    Header(String),
}
