//! Every way an upstream call can fail, told apart by what the caller needs to know.

use std::error::Error as _;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::deadline::TimedOut;

#[derive(Debug)]
pub(crate) enum UpstreamFailure {
    /// No connection, or none that lived until a response began; the text is for operators.
    Unavailable(String),
    /// A deadline passed.
    TimedOut,
    /// An answer other than 200.
    Refused(Box<Refused>),
    /// A 200, or what should have become one, that cannot be used.
    Unusable(&'static str),
    /// An error that the upstream told of where an answer belongs: the data of an event within a stream, or a body.
    Told(Bytes),
}

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// As far as it arrived; never shown to a client.
    pub(crate) body: Bytes,
}

impl UpstreamFailure {
    /// What an error before the response's head means.
    pub(super) fn before_head(error: &reqwest::Error) -> Self {
        if malformed_head(error) {
            return Self::Unusable("malformed response head");
        }
        Self::Unavailable(format!("{error}: {:?}", error.source()))
    }
}

impl From<TimedOut> for UpstreamFailure {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

fn malformed_head(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        source = cause.source();
    }
    false
}
