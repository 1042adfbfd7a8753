//! Replies: the few shapes of response that any personality sends.

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;

/// An error breaks the connection off in the middle of the body.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Reply = Response<Body>;

pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    full(status, "application/json", body)
}

pub(crate) fn full(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = empty(status);
    *reply.body_mut() = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A stream of server-sent events.
pub(crate) fn stream(frames: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Reply {
    use futures_util::StreamExt as _;
    let mut reply = empty(StatusCode::OK);
    *reply.body_mut() = StreamBody::new(frames.map(|it| it.map(Frame::data))).boxed_unsync();
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    reply
}

/// A whole 400, head included, for where there is no request that a [`Reply`] could answer.
pub(crate) fn bare_bad_request(body: &str) -> Bytes {
    bare_bad_request_with(&[], body)
}

/// The same with more header fields.
pub(crate) fn bare_bad_request_with(fields: &[(&str, &str)], body: &str) -> Bytes {
    let length = body.len();
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close";
    let fields: String = fields.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
    Bytes::from(format!("{head}{fields}\r\ncontent-length: {length}\r\n\r\n{body}"))
}

/// No body and no content type.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = status;
    reply
}
