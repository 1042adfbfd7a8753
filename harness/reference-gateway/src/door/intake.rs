//! A request, read whole: whatever the answer will be, the client has been heard to the end.

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::config::Limits;

/// How much more than the limit is read, and thrown away, before the connection is given up.
const PATIENCE: usize = 64;

pub(crate) struct Asked {
    head: Parts,
    pub(crate) body: Result<Bytes, Unread>,
}

/// Why there is no body to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    TooSlow,
    Broken,
}

impl Asked {
    pub(crate) async fn read(request: Request<Incoming>, limits: Limits) -> Self {
        let (head, body) = request.into_parts();
        let body = timeout(limits.upload, collect(body, limits.request_bytes)).await;
        Self { head, body: body.unwrap_or(Err(Unread::TooSlow)) }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.head.method
    }

    pub(crate) fn path(&self) -> &str {
        self.head.uri.path()
    }

    pub(crate) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// Puts another bearer key in place of the one that came; one that no header can hold changes nothing.
    pub(crate) fn present(&mut self, key: &str) {
        if let Ok(value) = HeaderValue::from_str(&format!("Bearer {key}")) {
            self.head.headers.insert(AUTHORIZATION, value);
        }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Unread> {
    let mut kept = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        seen += data.len();
        if seen <= limit {
            kept.extend_from_slice(&data);
        } else if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if seen > limit { Err(Unread::TooLarge) } else { Ok(kept.freeze()) }
}
