//! What a provider does, turn by turn, as the author of a script writes it.

mod body;
mod cursor;
mod play;
mod request;
mod select;
mod span;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{BindError, Catalogue};

pub use crate::headers::{Field, Headers};
pub use body::Body;
pub use cursor::{Cursor, Drawn};
pub use play::{
    AfterEvents, Drip, ErrorEvent, EventsPlay, FaultPlay, NamedPlay, Play, Reply, StatusPlay, ToolCall,
    Usage, Written,
};
pub use request::Request;
pub(crate) use request::{from_readable, readable};
pub use select::{Matchers, Select, SelectError};
pub use span::{During, Share, Times};

/// A sequence of turns, each of which answers one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The turns, in the order in which they answer; `attempts` in files means the same.
    #[serde(alias = "attempts")]
    pub turns: Vec<Turn>,
    /// What happens once every turn that fits a request is spent.
    #[serde(default)]
    pub then: Then,
}

impl Script {
    /// A script of these turns whose last one repeats.
    pub fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self { turns: turns.into_iter().collect(), then: Then::Repeat }
    }

    /// A script that answers every request as a healthy provider would.
    pub fn healthy() -> Self {
        Self::of([Turn::play(Play::Ok(Reply::default()))])
    }

    /// Checks what the types cannot: that faults exist, take these parameters and are played to a request,
    /// and that selections can match.
    ///
    /// # Errors
    /// The first turn that cannot be played.
    pub fn check(&self) -> Result<(), ScriptError> {
        if self.turns.is_empty() {
            return Err(ScriptError::Empty);
        }
        for (turn, written) in self.turns.iter().enumerate() {
            if let Some(select) = &written.when {
                select.compile().map_err(|why| ScriptError::Select { turn, why })?;
            }
            if written.during.is_some_and(|during| !during.is_possible()) {
                return Err(ScriptError::Never { turn });
            }
            if let Some(Share { percent, .. }) = written.share.filter(|share| share.percent > 100) {
                return Err(ScriptError::Share { turn, percent });
            }
            match &written.play {
                Play::Fault(FaultPlay { name, params, .. }) => {
                    let missing = || BindError::NoSuchFault(name.clone());
                    let bound =
                        Catalogue::shipped().get(name).ok_or_else(missing).and_then(|f| f.bind(params));
                    bound.map_err(|why| ScriptError::Fault { turn, why })?;
                }
                Play::Status(status) if !(100..=999).contains(&status.status) => {
                    return Err(ScriptError::Status { turn, status: status.status });
                }
                Play::Status(_) | Play::Named(_) | Play::Ok(_) | Play::Events(_) => {}
            }
        }
        Ok(())
    }
}

/// What happens once every turn that fits a request is spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The last turn that fits answers again.
    #[default]
    Repeat,
    /// The request is answered as unscripted, loudly.
    Fail,
    /// The turns start over.
    Loop,
}

/// What answers one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What is waited for before the first byte of the reply, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hold: Vec<Hold>,
    /// Which requests the turn answers; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Select>,
    /// When it answers, counted from when the script was set; at any time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<During>,
    /// For which part of the requests it answers; for all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// How many requests it answers before it is spent.
    #[serde(default, skip_serializing_if = "Times::is_once")]
    pub times: Times,
    /// Whether it is fine that the turn is never reached.
    #[serde(default)]
    pub spare: bool,
    /// What is written.
    pub play: Play,
}

impl Turn {
    /// A turn that plays this to the next request whatever it is.
    pub fn play(play: Play) -> Self {
        Self {
            hold: Vec::new(),
            when: None,
            during: None,
            share: None,
            times: Times::default(),
            spare: false,
            play,
        }
    }
}

/// Something to wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// So many milliseconds.
    For(#[serde(with = "millis")] Duration),
    /// The scenario's gate of this name.
    Until(Gate),
}

/// A gate of the scenario that somebody opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name.
    pub gate: String,
    /// After so many milliseconds the play goes on, and counts as not delivered.
    #[serde(with = "millis")]
    pub at_most: Duration,
}

/// Why a script was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A script without turns answers nothing.
    #[error("a script needs at least one turn")]
    Empty,
    /// A turn's fault does not exist or does not take these parameters.
    #[error("turn {turn}: {why}")]
    Fault {
        /// The turn, counted from 0.
        turn: usize,
        /// What is wrong.
        why: BindError,
    },
    /// A turn's selection cannot match anything.
    #[error("turn {turn}: {why}")]
    Select {
        /// The turn, counted from 0.
        turn: usize,
        /// What is wrong.
        why: SelectError,
    },
    /// A turn's time ends before it begins.
    #[error("turn {turn}: its time ends before it begins")]
    Never {
        /// The turn, counted from 0.
        turn: usize,
    },
    /// A turn's share is more than everything.
    #[error("turn {turn}: {percent} is more than 100 percent")]
    Share {
        /// The turn, counted from 0.
        turn: usize,
        /// What was written.
        percent: u8,
    },
    /// A turn's status has not three digits.
    #[error("turn {turn}: {status} is not a status of three digits")]
    Status {
        /// The turn, counted from 0.
        turn: usize,
        /// What was written.
        status: u16,
    },
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
