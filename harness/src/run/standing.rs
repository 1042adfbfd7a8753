//! How each claim stands after a run, and what the run amounts to.

use std::collections::BTreeSet;

use crate::judge::verdict::{Answer, Verdict};
use crate::plan::case::{PlannedCase, Readiness};
use crate::run::outcome::{CaseReport, ClaimReport, Outcome, RunStanding, Standing};
use crate::spec::contract::{Contract, Level};

/// The standing of every claim of the contract, in its order.
///
/// A claim is violated when a must check that cites it was broken; verified when none was and at least one that cites it held
/// in a case that was judged on proof.
pub fn claims(
    contract: &Contract,
    planned: &[PlannedCase],
    reports: &[CaseReport],
    partial: bool,
) -> Vec<ClaimReport> {
    let page = contract.pages.first().map_or("", |page| page.url.as_str());
    let report = |claim: &crate::spec::contract::Claim| ClaimReport {
        id: claim.id.value.clone(),
        level: claim.level,
        says: claim.says.clone(),
        page: claim.page.clone().unwrap_or_else(|| page.to_owned()),
        consequence: claim.consequence.clone(),
        standing: standing(&claim.id, planned, reports, partial),
    };
    contract.claims.iter().map(report).collect()
}

fn standing(claim: &str, planned: &[PlannedCase], reports: &[CaseReport], partial: bool) -> Standing {
    let mut held = 0;
    let mut broken = 0;
    let mut weak = 0;
    let mut unknown: Vec<String> = Vec::new();
    for report in reports {
        let Outcome::Judged(judgement) = &report.outcome else { continue };
        let own: Vec<_> =
            judgement.checks.iter().filter(|check| check.claims.iter().any(|id| id == claim)).collect();
        let is_broken =
            |level| own.iter().any(|check| check.answer == Answer::Broken && check.level == level);
        if is_broken(Level::Must) {
            broken += 1;
        } else if is_broken(Level::Should) {
            weak += 1;
        } else if let Verdict::Inconclusive(why) = &judgement.verdict {
            if !own.is_empty() {
                unknown.push(format!("{}: {why}", report.id));
            }
        } else if own.iter().any(|check| check.answer == Answer::Held) {
            held += 1;
        }
    }
    match (broken, weak, held) {
        (1.., _, _) => Standing::Violated(broken),
        (_, 1.., _) => Standing::Weak(weak),
        (_, _, 1..) => match unseen(claim, planned) {
            0 => Standing::Verified(held),
            cases => Standing::Waived(format!(
                "upstream: {held} cases held as far as a client sees; what {cases} cases ask of the upstream was not asked, since \
                 the target says `upstream: none`"
            )),
        },
        _ => match unexercised(claim, planned, reports, unknown) {
            None if partial => Standing::Unselected,
            None if is_blind(planned) => Standing::Waived(
                "upstream: only the upstream's side shows it, and the target says `upstream: none`"
                    .to_owned(),
            ),
            None => Standing::NotExercised("no case of this run cites it".to_owned()),
            Some(standing) => standing,
        },
    }
}

/// How many cases that cite the claim ask something of the upstream that nobody sees: the rest alone is not the promise.
fn unseen(claim: &str, planned: &[PlannedCase]) -> usize {
    let cites = |case: &&PlannedCase| case.case.claims.iter().any(|id| id.value == claim);
    planned.iter().filter(cites).filter(|case| needs_upstream(case)).count()
}

/// Whether the upstream's side is seen of no case.
fn is_blind(planned: &[PlannedCase]) -> bool {
    planned.iter().any(needs_upstream)
}

fn needs_upstream(case: &PlannedCase) -> bool {
    !case.whole || matches!(&case.ready, Readiness::Lacks(name, _) if name == "upstream")
}

/// `None` when no case cites it.
fn unexercised(
    claim: &str,
    planned: &[PlannedCase],
    reports: &[CaseReport],
    unknown: Vec<String>,
) -> Option<Standing> {
    if let Some(why) = unknown.into_iter().next() {
        return Some(Standing::NotExercised(why));
    }
    let citing: Vec<&PlannedCase> =
        planned.iter().filter(|case| case.case.claims.iter().any(|id| id.value == claim)).collect();
    let waived = citing.iter().find_map(|case| match &case.ready {
        Readiness::Lacks(name, reason) => Some(format!("{name}: {reason}")),
        _ => None,
    });
    let open = citing.iter().find_map(|case| match &case.ready {
        Readiness::Unbound(remedy) => Some(remedy.clone()),
        _ => None,
    });
    let failed =
        reports.iter().filter(|report| report.claims.iter().any(|id| id == claim)).find_map(|report| {
            match &report.outcome {
                Outcome::Unready(why) => Some(why.clone()),
                Outcome::Error(why) => Some(format!("harness error in {}: {why}", report.id)),
                _ => None,
            }
        });
    match (failed.or(open), waived) {
        (Some(why), _) => Some(Standing::NotExercised(why)),
        (None, Some(reason)) => Some(Standing::Waived(reason)),
        (None, None) if citing.is_empty() => None,
        (None, None) => Some(Standing::NotExercised("no check that cites it was asked".to_owned())),
    }
}

/// What the run amounts to. A violated must claim beats everything; then whatever could not be told.
pub fn run(claims: &[ClaimReport], reports: &[CaseReport], stopped: Option<&str>) -> RunStanding {
    let must = || claims.iter().filter(|claim| claim.level == Level::Must);
    let violated = claims.iter().filter(|claim| matches!(claim.standing, Standing::Violated(_))).count();
    let unclaimed =
        reports.iter().flat_map(CaseReport::findings).filter(|finding| finding.claims.is_empty()).count();
    if violated + unclaimed > 0 {
        return RunStanding::Nonconforming(violated.max(1));
    }
    if let Some(why) = stopped {
        return RunStanding::Incomplete(why.to_owned());
    }
    if reports.is_empty() {
        return RunStanding::Incomplete("no case was run".to_owned());
    }
    let mut open: BTreeSet<String> = BTreeSet::new();
    for report in reports {
        match &report.outcome {
            Outcome::Error(why) => open.insert(format!("harness error in {}: {why}", report.id)),
            Outcome::Unready(why) => open.insert(format!("{}: {why}", report.id)),
            Outcome::Judged(judgement) => match &judgement.verdict {
                Verdict::Inconclusive(why) => open.insert(format!("{}: {why}", report.id)),
                _ => false,
            },
            Outcome::NotApplicable(_) => false,
        };
    }
    for claim in must() {
        if let Standing::NotExercised(why) = &claim.standing {
            open.insert(format!("{} was not exercised: {why}", claim.id));
        }
    }
    if let Some(first) = open.first() {
        let more = match open.len() {
            1 => String::new(),
            several => format!(" (and {} more)", several - 1),
        };
        return RunStanding::Incomplete(format!("{first}{more}"));
    }
    RunStanding::Conforming(must().filter(|claim| matches!(claim.standing, Standing::Waived(_))).count())
}
