//! One request to the control API, with its deadline and its cap.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::Error;
use crate::control::problem::Problem;
use crate::control::token::Token;

/// An answer that is not waited for has to be whole within this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read.
const ANSWER: usize = 512 << 20;
/// What need not be escaped in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The way to a control API.
#[derive(Debug)]
pub(super) struct Line {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    base: String,
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Problem,
}

impl Line {
    /// The way to this URL: `http://` and a host, with nothing behind it.
    pub(super) fn to(url: &str, token: Option<&Token>) -> Result<Self, Error> {
        let wrong = || Error::Address(url.to_owned());
        let base = url.trim_end_matches('/');
        let parsed: Uri = base.parse().map_err(|_| wrong())?;
        let plain = parsed.scheme_str() == Some("http") && parsed.path() == "/" && parsed.query().is_none();
        if !plain || parsed.host().is_none() {
            return Err(wrong());
        }
        let authorization = token.map(|token| HeaderValue::try_from(format!("Bearer {}", token.reveal())));
        let authorization = authorization.transpose().map_err(|_| wrong())?.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(PATIENCE));
        let http = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, base: base.to_owned(), authorization })
    }

    pub(super) fn url(&self) -> &str {
        &self.base
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.get_within(path, Duration::ZERO).await
    }

    /// Asks for something that the server waits for so long.
    pub(super) async fn get_within<T: DeserializeOwned>(
        &self,
        path: &str,
        wait: Duration,
    ) -> Result<T, Error> {
        let bytes = self.call(Method::GET, path, None, PATIENCE + wait).await?;
        self.value(&bytes)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let bytes = self.call(Method::POST, path, Some(self.json(body)?), PATIENCE).await?;
        self.value(&bytes)
    }

    pub(super) async fn put(&self, path: &str, body: &impl Serialize) -> Result<(), Error> {
        self.call(Method::PUT, path, Some(self.json(body)?), PATIENCE).await.map(drop)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.call(Method::DELETE, path, None, PATIENCE).await.map(drop)
    }

    pub(super) async fn delete_for<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let bytes = self.call(Method::DELETE, path, None, PATIENCE).await?;
        self.value(&bytes)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        patience: Duration,
    ) -> Result<Bytes, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default()));
        let request = request.map_err(|error| self.unreadable(error.to_string()))?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| self.unreachable(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER).collect().await;
            let body = body.map_err(|error| self.unreadable(error.to_string()))?.to_bytes();
            Ok::<_, Error>((head.status, body))
        };
        let (status, body) = timeout(patience, exchange)
            .await
            .map_err(|_| self.unreachable(&format!("no answer within {} s", patience.as_secs())))??;
        if status.is_success() {
            return Ok(body);
        }
        let refusal = serde_json::from_slice::<Refusal>(&body);
        Err(match refusal {
            Ok(Refusal { error }) => Error::Refused(error),
            Err(_) => self.unreadable(format!("status {status} without a problem that could be read")),
        })
    }

    fn json(&self, body: &impl Serialize) -> Result<Bytes, Error> {
        let bytes = serde_json::to_vec(body).map(Bytes::from);
        bytes.map_err(|error| self.unreadable(error.to_string()))
    }

    fn value<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(bytes).map_err(|error| self.unreadable(error.to_string()))
    }

    fn unreachable(&self, why: &(impl ToString + ?Sized)) -> Error {
        Error::Unreachable { url: self.base.clone(), why: why.to_string() }
    }

    fn unreadable(&self, why: String) -> Error {
        Error::Unreadable { url: self.base.clone(), why }
    }
}

/// A path of these segments.
pub(super) fn path(segments: &[&str]) -> String {
    let escaped = segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, SEGMENT)));
    std::iter::once("/v1".to_owned()).chain(escaped).collect()
}
