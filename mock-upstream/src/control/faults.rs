//! The catalogue of faults as it is listed, on the wire and by the command line.

use serde::{Deserialize, Serialize};

use crate::fault::{Catalogue, Family, Fault, Group, Lane, ParamKind, Strikes};

/// The catalogue of faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultsView {
    /// How many there are.
    pub total: usize,
    /// The groups in order, those without any fault included.
    pub groups: Vec<GroupView>,
    /// The faults in the order in which they were written.
    pub faults: Vec<FaultView>,
}

/// A group of faults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Its letter.
    pub group: Group,
    /// What it holds.
    pub says: String,
    /// How many.
    pub count: usize,
}

/// A fault without its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultView {
    /// The stable name.
    pub id: String,
    /// Where it belongs.
    pub group: Group,
    /// Under which word contracts document it.
    pub family: Family,
    /// How far the exchange has come.
    pub strikes: Strikes,
    /// In which lanes it can happen.
    pub lanes: Vec<Lane>,
    /// What happens.
    pub says: String,
    /// What a script may set.
    pub params: Vec<ParamView>,
}

/// A parameter of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParamView {
    /// Its name.
    pub name: String,
    /// What the number counts.
    pub kind: ParamKind,
    /// What holds when the script is silent.
    pub default: u64,
    /// What it changes.
    pub says: String,
}

impl FaultsView {
    /// This catalogue as it is listed.
    pub fn of(catalogue: &Catalogue) -> Self {
        let counts = catalogue.counts().into_iter();
        let groups = counts.map(|(group, count)| GroupView { group, says: group.says().to_owned(), count });
        let faults: Vec<FaultView> = catalogue.faults().iter().map(FaultView::of).collect();
        Self { total: faults.len(), groups: groups.collect(), faults }
    }
}

impl FaultView {
    fn of(fault: &Fault) -> Self {
        let params = fault.params.iter().map(|(name, param)| ParamView {
            name: name.clone(),
            kind: param.kind,
            default: param.default,
            says: param.says.clone(),
        });
        Self {
            id: fault.id.clone(),
            group: fault.group,
            family: fault.family,
            strikes: fault.strikes,
            lanes: fault.lanes(),
            says: fault.says.clone(),
            params: params.collect(),
        }
    }
}
