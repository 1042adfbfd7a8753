//! The failure modes that the catalogue is measured against: every one is played by a fault or a script, or says why not.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Catalogue, Group};

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

    /// The group that it belongs to.
    pub fn group(&self) -> Option<Group> {
        Group::ALL.into_iter().find(|group| self.mode.starts_with(&format!("{group:?}")))
    }
}

/// How much of a group the catalogue plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Its faults.
    pub faults: usize,
    /// Its modes.
    pub modes: usize,
    /// Those of its modes that a fault plays.
    pub by_fault: usize,
    /// Those of the others that a script plays.
    pub by_script: usize,
}

impl Catalogue {
    /// How much of this group the catalogue plays.
    pub fn coverage(&self, group: Group) -> Coverage {
        let modes: Vec<&Mode> = Mode::all().iter().filter(|mode| mode.group() == Some(group)).collect();
        let played = |mode: &Mode| self.faults().iter().any(|fault| fault.mode.as_deref() == Some(&mode.mode));
        let (by_fault, others): (Vec<_>, Vec<_>) = modes.iter().partition(|mode| played(mode));
        Coverage {
            faults: self.faults().iter().filter(|fault| fault.group == group).count(),
            modes: modes.len(),
            by_fault: by_fault.len(),
            by_script: others.iter().filter(|mode| mode.by_script.is_some()).count(),
        }
    }
}
