//! A survey as data, in the form that `specs/schema/survey.schema.json` publishes.

use std::path::Path;

use mock_upstream::fault::Lane;
use serde::{Deserialize, Serialize};

use crate::survey::plan::Subject;
use crate::survey::row::Row;

/// Raised when a field is removed or changes its meaning; fields may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// [`SCHEMA_VERSION`] of whoever wrote it.
    pub schema_version: u32,
    /// Name and version of the program that made it.
    pub harness: String,
    /// The gateway.
    pub target: Surveyed,
    /// When it began, RFC 3339, UTC.
    pub when: String,
    /// Decides prompts and markers.
    pub seed: u64,
    /// Why it ended early, where it did.
    pub stopped: Option<String>,
    /// Whether everything that can be played was, and is proven.
    pub whole: bool,
    /// A row a fault, lane and operation, in the order of the catalogue.
    pub rows: Vec<Row>,
    /// What was chosen and cannot be played.
    pub not_played: Vec<NotPlayed>,
}

/// The gateway that was surveyed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surveyed {
    /// The target's name.
    pub name: String,
    /// Its version, where known.
    pub version: Option<String>,
    /// The contract whose operations and keys were used.
    pub contract: String,
    /// Limits in force, by name.
    pub limits: Vec<SurveyedLimit>,
}

/// How long the gateway waits for something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurveyedLimit {
    /// Its name.
    pub name: String,
    /// Its length in milliseconds.
    pub ms: u64,
}

/// What was chosen and cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotPlayed {
    /// The group's letter.
    pub group: String,
    /// The fault's id.
    pub fault: String,
    /// Its family.
    pub family: String,
    /// Plain or streaming.
    pub lane: Lane,
    /// The operation.
    pub operation: String,
    /// Why.
    pub why: String,
}

impl NotPlayed {
    pub(crate) fn new(subject: Subject, why: String) -> Self {
        let Subject { group, fault, family, lane, operation } = subject;
        Self { group, fault, family, lane, operation, why }
    }
}

/// Why a file is no survey.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: std::io::Error,
    },
    /// It is not the JSON of a survey.
    #[error("{path} is no survey: {why}")]
    NotASurvey {
        /// The file.
        path: String,
        /// What is wrong, with line and column.
        why: serde_json::Error,
    },
    /// It is of a version that is not known here.
    #[error("{path} has schema_version {version}; {SCHEMA_VERSION} is the one that is known here")]
    Version {
        /// The file.
        path: String,
        /// Its version.
        version: u64,
    },
}

impl Survey {
    /// Pretty-printed, ending in a line feed.
    pub fn to_json(&self) -> String {
        // Plain structs of texts and numbers have no way to fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a file that `--output` or `--format json` wrote.
    ///
    /// # Errors
    /// A file that cannot be read, or is no survey of this version.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let shown = path.display().to_string();
        let file = std::fs::read(path).map_err(|why| ReadError::File { path: shown.clone(), why })?;
        let not_a_survey = |why| ReadError::NotASurvey { path: shown.clone(), why };
        let document: serde_json::Value = serde_json::from_slice(&file).map_err(not_a_survey)?;
        match document.get("schema_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version != u64::from(SCHEMA_VERSION) => {
                Err(ReadError::Version { path: shown, version })
            }
            _ => serde_json::from_value(document).map_err(not_a_survey),
        }
    }
}
