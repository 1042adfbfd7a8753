//! The mock from outside its process: the control API, its server, its client, and one type for near and far mocks.
//!
//! The API is HTTP/1.1 and JSON under `/v1`; its OpenAPI document is [`OPENAPI`]. What it hands out it also takes back: a
//! scenario, an imposition and an added provider end with their time to live unless it is renewed, so that a client that
//! died leaves nothing behind. Entries of journals are complete, the credentials that arrived at a provider included:
//! whoever holds the token may read them.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "daemon")]
mod daemon;
#[cfg(feature = "client")]
pub mod mock;
mod model;
mod problem;
mod token;

#[cfg(feature = "client")]
pub use client::{Client, Error, RemoteClaim, RemoteImposition, RemoteProvider, RemoteScenario};
#[cfg(feature = "daemon")]
pub use daemon::{Control, ControlOptions, Guard, Limits, ROUTES, Standing};
#[cfg(feature = "client")]
pub use mock::Mock;
pub use model::{
    AddProvider, ClaimView, ClockView, Dropped, Health, Impose, ImpositionView, JournalPage, Listed, Marking,
    OpenScenario, ProgressView, ProviderView, ResetView, ScenarioView, ScriptFor, SendOf, TakeClaim, Ttl,
    Version,
};
pub use problem::{Code, Problem};
pub use token::{Token, TokenError};

/// The known word that is nearest to this one, if any is near.
#[cfg(feature = "daemon")]
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|known| (strsim::damerau_levenshtein(word, known), known));
    let (distance, nearest) = scored.min()?;
    (distance <= 1 + word.chars().count() / 3).then_some(nearest)
}

/// The OpenAPI 3.1 document of the control API.
pub const OPENAPI: &str = include_str!("../../openapi.json");

/// The time to live of what is created without saying one, in milliseconds.
pub const DEFAULT_TTL_MS: u64 = 600_000;
/// The longest time to live, in milliseconds.
pub const MAX_TTL_MS: u64 = 86_400_000;
/// The longest time that a request can wait for something to happen, in milliseconds.
pub const MAX_WAIT_MS: u64 = 60_000;
