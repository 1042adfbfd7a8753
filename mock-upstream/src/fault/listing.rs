//! The catalogue as people and programs are shown it: every fault without its program, and how much of what can fail
//! it plays.

use serde::{Deserialize, Serialize};

use super::{Catalogue, Family, Fault, Group, Lane, Mode, Need, ParamKind, Strikes};

/// The catalogue of faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// How many faults there are.
    pub total: usize,
    /// The groups in order.
    pub groups: Vec<GroupListed>,
    /// The faults in the order in which they were written.
    pub faults: Vec<FaultListed>,
    /// The failure modes that nothing plays, each with its reason.
    pub out_of_reach: Vec<Mode>,
}

/// A group of faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupListed {
    /// Its letter.
    pub group: Group,
    /// What it holds.
    pub says: String,
    /// How many faults it has.
    pub count: usize,
    /// How many failure modes are known.
    pub modes: usize,
    /// How many of these a fault plays.
    pub by_fault: usize,
    /// How many of the others a script plays.
    pub by_script: usize,
}

/// A fault without its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultListed {
    /// The stable name.
    pub id: String,
    /// Where it belongs.
    pub group: Group,
    /// The failure mode that it plays.
    pub mode: Option<String>,
    /// Under which word contracts document it.
    pub family: Family,
    /// How far the exchange has come.
    pub strikes: Strikes,
    /// In which lanes it can happen.
    pub lanes: Vec<Lane>,
    /// In which dialects; all when empty.
    pub dialects: Vec<String>,
    /// What the request has to ask for.
    pub needs: Vec<Need>,
    /// What happens.
    pub says: String,
    /// What a script may set.
    pub params: Vec<ParamListed>,
}

/// A parameter of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamListed {
    /// Its name.
    pub name: String,
    /// What the number counts.
    pub kind: ParamKind,
    /// What holds when the script is silent.
    pub default: u64,
    /// What it changes.
    pub says: String,
}

impl Listing {
    /// This catalogue as it is listed.
    pub fn of(catalogue: &Catalogue) -> Self {
        Self {
            total: catalogue.faults().len(),
            groups: Group::ALL.into_iter().map(|group| GroupListed::of(group, catalogue)).collect(),
            faults: catalogue.faults().iter().map(FaultListed::of).collect(),
            out_of_reach: Mode::all().iter().filter(|mode| mode.out_of_reach.is_some()).cloned().collect(),
        }
    }
}

impl GroupListed {
    fn of(group: Group, catalogue: &Catalogue) -> Self {
        let faults = catalogue.faults();
        let played = |mode: &Mode| faults.iter().any(|fault| fault.mode.as_ref() == Some(&mode.mode));
        let modes = || Mode::all().iter().filter(|mode| mode.group() == Some(group));
        Self {
            group,
            says: group.says().to_owned(),
            count: faults.iter().filter(|fault| fault.group == group).count(),
            modes: modes().count(),
            by_fault: modes().filter(|mode| played(mode)).count(),
            by_script: modes().filter(|mode| mode.by_script.is_some() && !played(mode)).count(),
        }
    }
}

impl FaultListed {
    fn of(fault: &Fault) -> Self {
        let params = fault.params.iter().map(|(name, param)| ParamListed {
            name: name.clone(),
            kind: param.kind,
            default: param.default,
            says: param.says.clone(),
        });
        Self {
            id: fault.id.clone(),
            group: fault.group,
            mode: fault.mode.clone(),
            family: fault.family,
            strikes: fault.strikes,
            lanes: fault.lanes(),
            dialects: fault.dialects.clone(),
            needs: fault.needs.clone(),
            says: fault.says.clone(),
            params: params.collect(),
        }
    }
}
