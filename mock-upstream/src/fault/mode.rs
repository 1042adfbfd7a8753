//! The failure modes that the catalogue is measured against: each is played by a fault or a script, or says why not.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Group;

/// One way in which a provider fails, as it is met from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mode {
    /// The group's letter and two digits.
    pub mode: String,
    /// What happens, in one line.
    pub says: String,
    /// What of a script plays it, where no single fault can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_script: Option<String>,
    /// Why nothing here plays it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_reach: Option<String>,
}

impl Mode {
    /// Every mode, in order.
    pub fn all() -> &'static [Self] {
        static MODES: LazyLock<Vec<Mode>> = LazyLock::new(|| {
            serde_saphyr::from_str(include_str!("../../faults/modes.yaml"))
                .expect("the shipped list of modes is valid, which a test keeps")
        });
        &MODES
    }

    /// The mode of this number.
    pub fn get(mode: &str) -> Option<&'static Self> {
        Self::all().iter().find(|known| known.mode == mode)
    }

    /// The group that it belongs to.
    pub fn group(&self) -> Option<Group> {
        Group::ALL.into_iter().find(|group| self.mode.starts_with(&format!("{group:?}")))
    }
}
