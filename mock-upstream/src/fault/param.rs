//! The parameters of a fault: what a script may set, of which kind, and what holds otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The values that a script gives to a fault, by parameter name.
pub type Params = BTreeMap<String, Value>;

/// One parameter of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What the number counts.
    pub kind: ParamKind,
    /// The values that it may have; every one within the range of its kind when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<u64>,
    /// What holds when the script is silent.
    pub default: u64,
    /// What it changes, in one line.
    pub says: String,
}

/// What the number of a parameter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// A duration in milliseconds.
    Milliseconds,
    /// A duration in seconds.
    Seconds,
    /// A status.
    Status,
    /// A number of bytes, at least 1.
    Bytes,
    /// A number of megabytes, at least 1.
    Megabytes,
    /// A number of events.
    Events,
    /// A number of other things.
    Count,
}

/// Every parameter of a fault with its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<String, u64>);

impl Bindings {
    /// The value of a parameter; 0 for a name that the fault does not have.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}

pub(super) fn bind(
    fault: &str,
    known: &BTreeMap<String, Param>,
    given: &Params,
) -> Result<Bindings, BindError> {
    if let Some(name) = given.keys().find(|name| !known.contains_key(*name)) {
        return Err(BindError::Unknown {
            fault: fault.to_owned(),
            name: name.clone(),
            known: known.keys().cloned().collect(),
        });
    }
    let mut bound = BTreeMap::new();
    for (name, param) in known {
        let value = match given.get(name) {
            None => param.default,
            Some(value) => {
                value.as_u64().filter(|number| param.allows(*number)).ok_or_else(|| BindError::Value {
                    fault: fault.to_owned(),
                    name: name.clone(),
                    kind: param.kind,
                    given: value.to_string(),
                })?
            }
        };
        bound.insert(name.clone(), value);
    }
    Ok(Bindings(bound))
}

impl Param {
    fn allows(&self, number: u64) -> bool {
        self.kind.allows(number) && (self.of.is_empty() || self.of.contains(&number))
    }
}

impl ParamKind {
    fn allows(self, number: u64) -> bool {
        match self {
            Self::Milliseconds => number <= 86_400_000,
            Self::Seconds => number <= 1 << 32,
            Self::Status => (100..=999).contains(&number),
            Self::Bytes => (1..=1 << 30).contains(&number),
            Self::Megabytes => (1..=4096).contains(&number),
            Self::Events | Self::Count => number <= 1 << 20,
        }
    }
}

/// Why the parameters of a fault were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// The catalogue has no such fault.
    #[error("there is no fault `{0}`")]
    NoSuchFault(String),
    /// The fault has no such parameter.
    #[error("fault `{fault}` has no parameter `{name}` (it has: {})", known.join(", "))]
    Unknown {
        /// The fault.
        fault: String,
        /// The name that the script used.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The value is of another kind or out of range.
    #[error("fault `{fault}`: `{name}` is a number of {kind:?} within range, not {given}")]
    Value {
        /// The fault.
        fault: String,
        /// The parameter.
        name: String,
        /// What it counts.
        kind: ParamKind,
        /// What the script gave, as JSON.
        given: String,
    },
}
