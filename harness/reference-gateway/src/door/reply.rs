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

/// No body and no content type.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
    *reply.status_mut() = status;
    reply
}
