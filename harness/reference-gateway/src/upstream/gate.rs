//! The question before each attempt whether its provider may be called, and the report after it: a circuit breaker's place.

use super::failure::UpstreamFailure;

pub(crate) trait Gate: Send + Sync {
    /// Whether this provider may be called now.
    fn admits(&self, provider: &str) -> bool;

    /// Told exactly once of every attempt that was admitted.
    fn ended(&self, provider: &str, how: Ended<'_>);
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended<'a> {
    /// The answer, or the first event of the stream, is there.
    Answered,
    Failed(&'a UpstreamFailure),
    /// Whoever asked has gone before the provider answered.
    Abandoned,
}

/// Admits every call and remembers nothing.
pub(crate) struct AlwaysOpen;

impl Gate for AlwaysOpen {
    fn admits(&self, _: &str) -> bool {
        true
    }

    fn ended(&self, _: &str, _: Ended<'_>) {}
}

/// An attempt under way; dropped without an end, it is reported as abandoned.
pub(super) struct Admitted<'a> {
    gate: &'a dyn Gate,
    provider: &'a str,
    open: bool,
}

impl<'a> Admitted<'a> {
    pub(super) fn ask(gate: &'a dyn Gate, provider: &'a str) -> Option<Self> {
        gate.admits(provider).then(|| Self { gate, provider, open: true })
    }

    pub(super) fn ended(mut self, how: Ended<'_>) {
        self.open = false;
        self.gate.ended(self.provider, how);
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if self.open {
            self.gate.ended(self.provider, Ended::Abandoned);
        }
    }
}
