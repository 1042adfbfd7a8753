//! Exclusive use of a provider: what arrives there unmarked belongs to the holder.

use std::sync::Arc;

use super::Registry;

/// While this is held, what arrives unmarked at the provider belongs to the holder's send.
#[derive(Debug)]
#[must_use = "the claim ends when it is dropped"]
pub struct Claim {
    registry: Arc<Registry>,
    provider: String,
}

impl Claim {
    pub(super) fn new(registry: Arc<Registry>, provider: String) -> Self {
        Self { registry, provider }
    }

    /// The provider that is held.
    pub fn provider(&self) -> &str {
        &self.provider
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.registry.release(&self.provider);
    }
}

/// Why a provider cannot be claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// There is no provider of this name.
    #[error("there is no provider `{0}`")]
    NoSuchProvider(String),
    /// Somebody else holds it.
    #[error("provider `{provider}` is held by scenario `{holder}`")]
    Held {
        /// The provider.
        provider: String,
        /// The scenario that holds it.
        holder: String,
    },
}
