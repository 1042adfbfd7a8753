//! The OpenGateway page: lanes with an OpenAI and an Anthropic protocol, several providers behind one normalizer of errors.

mod blemish;
mod engine;
mod envelope;
mod failure;
mod model_id;
mod normalizer;
mod policy;
mod providers;
mod relay;
mod route;
mod serve;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::account::Switches;
use crate::config::Config;
use crate::door::{self, Asked, Reply};
use crate::personality::Page;
use crate::upstream::Protocol;
use engine::Engine;
use failure::Failure;
use serve::{Attempting, Exchange};

/// Off, and nobody serves the ordinary chat model.
const CHAT_MODEL: &str = "chat_model";

const SWITCHES: &[&str] = &[providers::PROVIDERS[0], providers::PROVIDERS[1], CHAT_MODEL];

/// The page, kept.
pub(super) struct OpenGateway(Arc<Engine>);

impl OpenGateway {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        Ok(Self(Arc::new(Engine::new(config)?)))
    }
}

impl Page for OpenGateway {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        answer(self.0.clone(), asked).boxed()
    }

    /// Without a path there is no lane: the OpenAI shape is what most clients read.
    fn unparsable(&self) -> Bytes {
        let refusal = Failure::InvalidRequest("The request is not well-formed HTTP.".to_owned());
        let flaws = self.0.flaws;
        door::bare_bad_request(&envelope::body(&refusal.row(flaws), Protocol::OpenAi, flaws).to_string())
    }

    fn switches(&self) -> &Switches {
        &self.0.switches
    }

    fn reset(&self) {
        self.0.limiter.reset();
        self.0.providers.reset();
        self.0.switches.reset();
    }
}

async fn answer(engine: Arc<Engine>, asked: Asked) -> Reply {
    let mut exchange = Exchange::new(engine.clone(), asked);
    let failure = match exchange.serve().await {
        Ok(reply) => return reply,
        Err(failure) => failure,
    };
    exchange.pay_late(&failure).await;
    let mut finished = envelope::finish(failure.row(engine.flaws), exchange.protocol, engine.flaws);
    let nth = engine.failures.fetch_add(1, Ordering::SeqCst) + 1;
    blemish::spoil(&mut finished, nth, exchange.streaming, engine.flaws);
    finished.into_reply()
}
