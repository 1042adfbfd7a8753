//! Why something was not done, near or far.

use std::io;

use crate::control::problem::Problem;
use crate::scenario::{ClaimError, MarkError};
use crate::script::ScriptError;

/// Why a mock did not do what was asked, whether it is embedded or remote.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The word cannot mark the scenario.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The script cannot be played.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The provider cannot be claimed.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The provider cannot do it.
    #[error(transparent)]
    Provider(#[from] io::Error),
    /// The remote mock refused.
    #[error("the mock refused: {0}")]
    Refused(Problem),
    /// Not a URL that a control API can have.
    #[error("`{0}` is not the URL of a control API, such as http://127.0.0.1:4710")]
    Address(String),
    /// The remote mock cannot be asked.
    #[error("the mock at {url} does not answer: {why}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What happened.
        why: String,
    },
    /// What answered is no control API of this version.
    #[error("what answers at {url} is not a control API of this version: {why}")]
    Unreadable {
        /// Where it was asked.
        url: String,
        /// What was wrong.
        why: String,
    },
    /// The parts belong to different mocks.
    #[error("the scenario belongs to another mock")]
    Foreign,
}

impl Error {
    /// What the remote mock said, when it refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}
