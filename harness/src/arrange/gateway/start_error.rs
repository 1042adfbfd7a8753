//! Why a gateway is not there, in words.

use std::time::Duration;

use crate::spec::read::place::Place;

/// Why a gateway is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A reference in its launch has no value, or not the right one.
    #[error("{written_at}: {why}")]
    Unresolved {
        /// Where it is written.
        written_at: Place,
        /// What is missing.
        why: String,
    },
    /// A credential is among the arguments.
    #[error(
        "{written_at}: a credential must not be among the arguments, where everybody can read it: give it by `env`"
    )]
    CredentialInArguments {
        /// Where it is written.
        written_at: Place,
    },
    /// There is no such built-in gateway, or none at all in this build.
    #[error("there is no built-in gateway `{0}` in this build")]
    NoSuchBuiltin(String),
    /// The built-in gateway cannot have this flaw.
    #[error("the built-in gateway `{builtin}` has no flaw `{flaw}`{}", help.as_ref().map(|help| format!("; {help}")).unwrap_or_default())]
    NoSuchFlaw {
        /// The personality.
        builtin: String,
        /// What was asked for.
        flaw: String,
        /// What was probably meant.
        help: Option<String>,
    },
    /// The system did not start it.
    #[error("{program} did not start: {why}")]
    NotStarted {
        /// What was to start.
        program: String,
        /// What the system says.
        why: String,
    },
    /// It ended before it was ready.
    #[error("`{program}` ended before it was ready ({status}){}", listed(last_lines))]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// What it printed last.
        last_lines: Vec<String>,
    },
    /// It did not become ready in time.
    #[error("`{program}` was not ready within {within:?}; the last try: {last}{}", listed(last_lines))]
    NotReady {
        /// The program.
        program: String,
        /// The time it had.
        within: Duration,
        /// What the last readiness request was answered.
        last: String,
        /// What it printed last.
        last_lines: Vec<String>,
    },
}

impl StartError {
    /// An [`Self::Unresolved`] at `place`.
    pub(super) fn unresolved(place: &Place, why: String) -> Self {
        Self::Unresolved { written_at: place.clone(), why }
    }
}

/// The end of what was printed, indented below the message.
pub(super) fn listed(lines: &[String]) -> String {
    const SHOWN: usize = 20;
    if lines.is_empty() {
        return "; it printed nothing".to_owned();
    }
    let shown = &lines[lines.len().saturating_sub(SHOWN)..];
    let shown: String = shown.iter().map(|line| format!("\n    | {}", line.escape_debug())).collect();
    format!("; it printed last:{shown}")
}
