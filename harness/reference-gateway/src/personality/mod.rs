//! Personalities: one module a vendor page, each put together from the same mechanisms.

mod cogito;

use std::sync::Arc;

use bytes::Bytes;

use crate::config::Personality;
use crate::door::{Asked, Reply};
use crate::engine::Engine;

pub(crate) async fn answer(engine: Arc<Engine>, asked: Asked) -> Reply {
    match engine.personality {
        Personality::Cogito => cogito::answer(engine, asked).await,
    }
}

/// A whole response, head included, to what could not be parsed as a request.
pub(crate) fn unparsable(engine: &Engine) -> Bytes {
    match engine.personality {
        Personality::Cogito => cogito::unparsable(engine),
    }
}

/// The states that the admin API can switch.
pub(crate) fn switches(personality: Personality) -> &'static [&'static str] {
    match personality {
        Personality::Cogito => cogito::SWITCHES,
    }
}
