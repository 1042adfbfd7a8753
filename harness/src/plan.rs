//! What will run: contract × cases × fault sweep × what the target claims, as named cases.

pub mod case;
pub mod client_side;
pub mod memory;
pub mod readiness;
pub mod select;
pub mod sweep;
pub mod takes;
pub mod waits;

use std::time::Duration;

use mock_upstream::fault::Catalogue;

use crate::plan::case::{Origin, PlannedCase};
use crate::plan::select::Selection;
use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::target::{Target, UpstreamLink};

/// Plans the cases of one contract against one target: the written ones in the order of their files, then the sweep.
pub fn plan(
    contract: &Contract,
    cases: &[Case],
    target: &Target,
    catalogue: &Catalogue,
    selection: &Selection,
) -> Vec<PlannedCase> {
    let written = cases.iter().map(|case| (case.clone(), Origin::Written));
    let swept = sweep::sweep(contract, target, catalogue, longest_limit(contract, target))
        .into_iter()
        .map(|(case, fault)| (case, Origin::Sweep(fault)));
    let planned = written.chain(swept).map(|(case, origin)| {
        let takes = takes::derive(&case, contract, target, catalogue);
        let ready = readiness::of(&case, contract, target, &takes);
        let id = format!("{}::{}", contract.name, case.id);
        let (case, whole) = match (&target.upstream, client_side::case(&case)) {
            (UpstreamLink::None, Some(seen)) => seen,
            _ => (case, true),
        };
        PlannedCase { id, origin, case, takes, ready, whole }
    });
    selection.apply(planned.collect())
}

/// The longest limit of the target's default configuration, as declared or documented.
pub fn longest_limit(contract: &Contract, target: &Target) -> Duration {
    let declared = target.configurations.first().into_iter().flat_map(|configuration| &configuration.limits);
    let documented = contract.names.limits.iter().filter_map(|limit| limit.documented);
    declared.map(|(_, length)| *length).max().or(documented.max()).unwrap_or(Duration::from_secs(10))
}
