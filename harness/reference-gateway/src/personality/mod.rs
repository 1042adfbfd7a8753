//! Personalities: one module a vendor page, each put together from the same mechanisms.

mod chuizi;
mod cogito;
mod cognocient;
mod llm_orchestration;
mod opengateway;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::account::Switches;
use crate::config::{Config, Personality};
use crate::door::{Asked, Reply};

/// A vendor page that is kept: what the door asks of a personality, which owns all its state.
pub(crate) trait Page: Send + Sync {
    /// The answer to a request.
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply>;

    /// A whole response, head included, to what could not be parsed as a request.
    fn unparsable(&self) -> Bytes;

    /// The states that the admin API can switch.
    fn switches(&self) -> &Switches;

    /// Forgets what requests have caused, and puts every switch back.
    fn reset(&self);
}

/// The page of the configuration's personality, in its first state.
pub(crate) fn open(config: Config) -> io::Result<Arc<dyn Page>> {
    Ok(match config.personality {
        Personality::Cogito => Arc::new(cogito::Cogito::new(config)?),
        Personality::Cognocient => Arc::new(cognocient::Cognocient::new(config)?),
        Personality::OpenGateway => Arc::new(opengateway::OpenGateway::new(config)?),
        Personality::LlmOrchestration => Arc::new(llm_orchestration::LlmOrchestration::new(config)?),
        Personality::Chuizi => Arc::new(chuizi::Chuizi::new(config)?),
    })
}

/// What every personality says of a configuration without a provider.
fn no_upstream() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a gateway needs at least one upstream")
}
