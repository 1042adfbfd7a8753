//! The Responses API: one document, or a stream of typed and numbered events.

mod document;
mod ending;
mod events;
pub(super) mod places;

use serde_json::{Value, json};

use super::{ok, streaming};
use crate::dialect::{Healthy, Scene};
use crate::script::Reply;

use document::Response;

pub(super) use ending::{ending, error_event};

/// The reply to a request for a response whose body is a JSON object.
pub(super) fn reply(asked: &Value, reply: &Reply, scene: &Scene<'_>) -> Healthy {
    let response = Response::new(asked, reply, scene);
    match asked["stream"] == json!(true) {
        true => streaming(events::of(&response), scene),
        false => ok(response.completed(), scene),
    }
}
