//! From the catalogue to cases that expect nothing, and what cannot be played with the reason why.

use std::num::NonZeroUsize;
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

/// How a survey is made; where nothing is given, the target decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// How long the client waits for one answer.
    pub deadline: Option<Duration>,
    /// Each row has an instance of the gateway to itself: what one answer does to it then shows in no other row.
    pub apart: bool,
    /// How many instances of a gateway that is launched run at once.
    pub instances: Option<NonZeroUsize>,
}

/// Plans a survey of the target of `plan`, of which only how requests are sent is taken.
///
/// # Errors
/// A choice that names what there is not.
pub fn of(
    plan: &Plan,
    catalogue: &Catalogue,
    choice: &Choice,
    manner: Manner,
) -> Result<SurveyPlan, ChoiceError> {
    let contract = silent(&plan.contract);
    let mut target = Target::clone(&plan.target);
    for configuration in &mut target.configurations {
        configuration.patience = manner.deadline.or(configuration.patience);
        configuration.instances = manner.instances.map_or(configuration.instances, NonZeroUsize::get);
    }
    let ground = Ground {
        limit: planning::longest_limit(&contract, &target),
        contract: &contract,
        target: &target,
        catalogue,
        manner,
    };
    let (mut cases, mut subjects, mut not_played) = (Vec::new(), Vec::new(), Vec::new());
    for fault in choice.faults(catalogue)? {
        for lane in fault.lanes() {
            for operation in choice.operations(&contract, lane)? {
                let subject = Subject::new(fault, lane, operation);
                let planned = match fault.mode.as_deref() == Some(RUINOUS) && choice.faults.is_empty() {
                    true => Err(ASK_BY_NAME.to_owned()),
                    false => ground.planned(fault, lane, operation),
                };
                match planned {
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
        real_time: plan.real_time,
        partial: true,
        specs_digest: plan.specs_digest.clone(),
        regressions: Vec::new(),
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

/// The failure mode that books more tokens than any account has, after which a gateway with budgets refuses everything.
const RUINOUS: &str = "K17";
const ASK_BY_NAME: &str = "it may use up the account's whole budget; survey it alone, by its name";

struct Ground<'g> {
    contract: &'g Contract,
    target: &'g Target,
    catalogue: &'g Catalogue,
    limit: Duration,
    manner: Manner,
}

impl Ground<'_> {
    /// The case, or why it cannot be played.
    fn planned(&self, fault: &Fault, lane: Lane, operation: &Operation) -> Result<PlannedCase, String> {
        if lane == Lane::Stream && !operation.streams {
            return Err(format!("the operation `{}` does not stream", operation.name));
        }
        if let Some(why) = sweep::spared(
            operation,
            fault,
            sweep::dialect(operation, self.contract, self.target),
            sweep::calls_over_tls(self.target),
        ) {
            return Err(why);
        }
        let lasts = sweep::lasts(fault, self.limit);
        if let Some(deadline) = self.manner.deadline.filter(|deadline| lasts > *deadline) {
            return Err(format!(
                "it lasts {} and more, longer than the deadline of {}",
                s(lasts),
                s(deadline)
            ));
        }
        let case = sweep::played(fault, operation, lane, self.limit, &Place::generated("the survey"));
        let mut takes = takes::derive(&case, self.contract, self.target, self.catalogue);
        if self.manner.apart {
            takes.instance.get_or_insert_with(|| "each row has one to itself".to_owned());
        }
        match readiness::of(&case, self.contract, self.target, &takes) {
            Readiness::Ready => Ok(PlannedCase {
                id: case.id.replacen("sweep::", "survey::", 1),
                origin: Origin::Sweep(fault.id.clone()),
                case,
                takes,
                ready: Readiness::Ready,
                whole: true,
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
