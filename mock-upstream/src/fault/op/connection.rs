//! What happens to new connections before a request is read.

use serde::{Deserialize, Serialize};

/// What a provider does with connections while a fault is imposed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionOp {
    /// Nobody listens: connecting is refused.
    Refused,
    /// The queue of the listener is full: who connects gets no answer at all.
    Unanswered,
    /// Nothing is read from the connection, so that a long request cannot be written.
    Unread,
    /// The connection is served from here on like any other.
    Served,
}

impl ConnectionOp {
    /// Whether it is done to the listener, so that no connection comes to be.
    pub fn spares_no_connection(self) -> bool {
        matches!(self, Self::Refused | Self::Unanswered)
    }
}
