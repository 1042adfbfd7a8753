//! What cannot be played, and why: data, so that a gap in the catalogue is said and not only missing.

use serde::{Deserialize, Serialize};

use super::Group;

/// A known failure that cannot be played on one machine in user space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfReach {
    /// Its number in the survey of failures: the group's letter and two digits.
    pub id: String,
    /// Its group.
    pub group: Group,
    /// What happens, in one line.
    pub says: String,
    /// Why the mock cannot play it, and what can be done instead.
    pub why: String,
}

/// Reads a list of them.
pub(super) fn parse(text: &str) -> Result<Vec<OutOfReach>, String> {
    let listed: Vec<OutOfReach> = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut before = "";
    for missing in &listed {
        let OutOfReach { id, group, says, why } = missing;
        let number: Option<usize> =
            id.strip_prefix(&format!("{group:?}")).and_then(|digits| digits.parse().ok());
        if id.len() != 3 || !number.is_some_and(|number| (1..=group.known()).contains(&number)) {
            return Err(format!("`{id}` is no number of group {group:?}"));
        }
        if id.as_str() <= before {
            return Err(format!("`{id}` stands behind `{before}`"));
        }
        if says.is_empty() || why.is_empty() {
            return Err(format!("`{id}` does not say what or why"));
        }
        before = id;
    }
    Ok(listed)
}
