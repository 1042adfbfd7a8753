//! From the catalogue to cases that expect nothing, and what cannot be played with the reason why.

use std::sync::Arc;
use std::time::Duration;

use mock_upstream::fault::{Catalogue, Fault, Lane};

use crate::plan as planning;
use crate::plan::case::{Origin, PlannedCase, Readiness};
use crate::plan::{readiness, sweep, takes};
use crate::run::request::resolved::Plan;
use crate::spec::contract::{Contract, Operation};
use crate::spec::read::place::Place;
use crate::spec::target::Target;
use crate::survey::choice::{Choice, ChoiceError, letter};
use crate::survey::document::NotPlayed;

/// What a survey will do.
#[derive(Clone)]
pub struct SurveyPlan {
    /// The run that it is: cases without expectations, a contract that asks nothing.
    pub plan: Plan,
    /// The subject of each case, in the order of the cases.
    pub subjects: Vec<Subject>,
    /// What was chosen and cannot be played.
    pub not_played: Vec<NotPlayed>,
}

/// What one row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
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
}

/// Plans a survey of the target of `plan`, of which only how requests are sent is taken. `deadline` bounds how long the client
/// waits for one answer; where none is given, the target decides.
///
/// # Errors
/// A choice that names what there is not.
pub fn of(
    plan: &Plan,
    catalogue: &Catalogue,
    choice: &Choice,
    deadline: Option<Duration>,
) -> Result<SurveyPlan, ChoiceError> {
    let contract = silent(&plan.contract);
    let mut target = Target::clone(&plan.target);
    if deadline.is_some() {
        target.configurations.iter_mut().for_each(|configuration| configuration.patience = deadline);
    }
    let ground = Ground {
        limit: planning::longest_limit(&contract, &target),
        contract: &contract,
        target: &target,
        catalogue,
        deadline,
    };
    let (mut cases, mut subjects, mut not_played) = (Vec::new(), Vec::new(), Vec::new());
    for fault in choice.faults(catalogue)? {
        for lane in fault.lanes() {
            for operation in choice.operations(&contract, lane)? {
                let subject = Subject::new(fault, lane, operation);
                match ground.planned(fault, lane, operation) {
                    Ok(case) => {
                        cases.push(case);
                        subjects.push(subject);
                    }
                    Err(why) => not_played.push(NotPlayed::new(subject, why)),
                }
            }
        }
    }
    let plan = Plan {
        contract: Arc::new(contract),
        target: Arc::new(target),
        cases,
        partial: true,
        specs_digest: plan.specs_digest.clone(),
    };
    Ok(SurveyPlan { plan, subjects, not_played })
}

impl Subject {
    fn new(fault: &Fault, lane: Lane, operation: &Operation) -> Self {
        Self {
            group: letter(fault.group),
            fault: fault.id.clone(),
            family: fault.family.to_string(),
            lane,
            operation: operation.name.value.clone(),
        }
    }
}

struct Ground<'g> {
    contract: &'g Contract,
    target: &'g Target,
    catalogue: &'g Catalogue,
    limit: Duration,
    deadline: Option<Duration>,
}

impl Ground<'_> {
    /// The case, or why it cannot be played.
    fn planned(&self, fault: &Fault, lane: Lane, operation: &Operation) -> Result<PlannedCase, String> {
        if lane == Lane::Stream && !operation.streams {
            return Err(format!("the operation `{}` does not stream", operation.name));
        }
        if let Some(why) = sweep::spared(operation, fault) {
            return Err(why);
        }
        let lasts = sweep::lasts(fault, self.limit);
        if let Some(deadline) = self.deadline.filter(|deadline| lasts > *deadline) {
            return Err(format!(
                "it lasts {} and more, longer than the deadline of {}",
                s(lasts),
                s(deadline)
            ));
        }
        let case = sweep::played(fault, operation, lane, self.limit, &Place::generated("the survey"));
        let takes = takes::derive(&case, self.contract, self.target, self.catalogue);
        match readiness::of(&case, self.contract, self.target, &takes) {
            Readiness::Ready => Ok(PlannedCase {
                id: case.id.replacen("sweep::", "survey::", 1),
                origin: Origin::Sweep(fault.id.clone()),
                case,
                takes,
                ready: Readiness::Ready,
            }),
            Readiness::Lacks(name, reason) => Err(format!("{name}: {reason}")),
            Readiness::Unbound(remedy) => Err(remedy),
        }
    }
}

fn s(length: Duration) -> String {
    format!("{} s", length.as_secs_f64())
}

/// The contract as far as it says how a request is sent and where an error's fields are.
fn silent(contract: &Contract) -> Contract {
    let mut silent = contract.clone();
    silent.claims.clear();
    silent.readings.clear();
    silent.closed = None;
    silent.errors.clear();
    silent.rules.clear();
    silent.faults.clear();
    for protocol in &mut silent.protocols {
        protocol.envelope = None;
        protocol.envelope_claims.clear();
    }
    silent
}
