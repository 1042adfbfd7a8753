//! What happens while the body of a request comes in.

use serde::{Deserialize, Serialize};

use super::Arg;

/// What a provider does once it has read the head of a request. What is read first may carry a marker; the fault
/// strikes behind that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOp {
    /// Goes on where the client waits for `100 Continue`. Any other request is served instead, and not struck.
    AwaitExpectation,
    /// Asks for the body, where the client waits for that, and reads so many bytes of it. A request with fewer is served
    /// instead, and not struck.
    Read(Arg),
    /// The same with all that is left of it, piece by piece.
    ReadSlowly {
        /// Milliseconds before each piece.
        every: Arg,
        /// Bytes in a piece.
        bytes: Arg,
    },
    /// Reads all that is left of it, which the client sends without being asked for it.
    ReadRest,
    /// Sends FIN, and keeps what the peer sends flowing in.
    HalfClose,
}

impl RequestOp {
    /// Whether it comes before the strike.
    pub(crate) fn approaches(&self) -> bool {
        matches!(self, Self::AwaitExpectation | Self::Read(_) | Self::ReadSlowly { .. })
    }
}
