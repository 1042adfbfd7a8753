//! Everything that needs no socket: catalogue, scripts, dialect, steps, markers.

#![expect(clippy::unwrap_used, reason = "a test says what failed by its backtrace")]

mod catalogue;
mod dialect;
mod marker;
mod script;
mod step;

use bytes::Bytes;
use mock_upstream::dialect::{Identity, Scene};
use mock_upstream::script::Request;

pub(crate) fn post(path: &str, body: &str) -> Request {
    Request {
        method: "POST".into(),
        target: path.into(),
        minor_version: 1,
        headers: Vec::new(),
        body: Bytes::from(body.to_owned()),
    }
}

pub(crate) fn scene(identity: &Identity) -> Scene<'_> {
    Scene { identity, serial: 7, unix_time: 1_800_000_000 }
}
