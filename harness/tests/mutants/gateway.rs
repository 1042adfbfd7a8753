//! A run of the built-in gateway, healthy or with one flaw, and what the checks said of it.

use std::collections::{BTreeMap, BTreeSet};

use gateway_conformance::judge::verdict::{Answer, Finding, Verdict};
use gateway_conformance::run::engine;
use gateway_conformance::run::outcome::{Outcome, RunReport};
use gateway_conformance::run::request::resolved::{Options, Plan};
use gateway_conformance::spec::contract::Level;
use tokio::sync::watch;

/// A check as the matrix names it: the claim, the check's name, how strong it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Check {
    pub(crate) claim: String,
    pub(crate) name: String,
    pub(crate) should: bool,
}

/// The claim that checks without one are listed under: the rule that no key of the upstream ever shows.
pub(crate) const KEY_RULE: &str = "key";

/// What came of a run.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Checks that were asked.
    pub(crate) asked: BTreeSet<Check>,
    /// Checks that were broken, and the cases that broke them, in plan order.
    pub(crate) broken: BTreeMap<Check, Vec<String>>,
    /// Findings, with their case.
    pub(crate) findings: Vec<(String, Finding)>,
    /// Cases that could not be told, and why.
    pub(crate) untold: Vec<(String, String)>,
    /// Why the run stopped before its end.
    pub(crate) stopped: Option<String>,
}

/// The same plan with only these cases.
pub(crate) fn only(plan: &Plan, cases: &[String]) -> Plan {
    let mut plan = plan.clone();
    plan.cases.retain(|case| cases.contains(&case.id));
    plan
}

/// Runs the plan against the gateway with this flaw, or the healthy one.
pub(crate) async fn run(plan: Plan, mutant: Option<&str>) -> Seen {
    run_with(plan, mutant, JOBS).await
}

/// The same with so many cases at once.
pub(crate) async fn run_with(plan: Plan, mutant: Option<&str>, jobs: usize) -> Seen {
    let options = Options { mutant: mutant.map(str::to_owned), jobs, ..Options::default() };
    let (_stop, stopped) = watch::channel(false);
    let report = engine::certify(plan, options, stopped, &|_| {}).await;
    seen(report.unwrap_or_else(|error| panic!("{mutant:?}: {error}")))
}

fn seen(report: RunReport) -> Seen {
    let mut seen = Seen { stopped: report.stopped, ..Seen::default() };
    for case in report.cases {
        let judgement = match &case.outcome {
            Outcome::Judged(judgement) => judgement,
            Outcome::NotApplicable(why) | Outcome::Unready(why) | Outcome::Error(why) => {
                seen.untold.push((case.id, why.clone()));
                continue;
            }
        };
        if let Verdict::Inconclusive(why) = &judgement.verdict {
            seen.untold.push((case.id.clone(), why.clone()));
        }
        // What stands at level may is recorded and never judged.
        for check in judgement.checks.iter().filter(|check| check.level > Level::May) {
            let claims =
                if check.claims.is_empty() { vec![KEY_RULE.to_owned()] } else { check.claims.clone() };
            for claim in claims {
                let named = Check { claim, name: check.name.clone(), should: check.level == Level::Should };
                if check.answer == Answer::Broken {
                    let cases = seen.broken.entry(named.clone()).or_default();
                    if cases.last() != Some(&case.id) {
                        cases.push(case.id.clone());
                    }
                }
                seen.asked.insert(named);
            }
        }
        let shoulds = judgement.shoulds.iter();
        let findings =
            case.findings().into_iter().chain(shoulds).map(|finding| (case.id.clone(), finding.clone()));
        seen.findings.extend(findings);
    }
    seen
}

impl Check {
    /// What is asked, without the claim.
    pub(crate) fn question(&self) -> String {
        format!("{}{}", self.name, if self.should { SHOULD } else { "" })
    }

    /// Reads what is displayed.
    pub(crate) fn parse(text: &str) -> Self {
        let (claim, question) = text.split_once(' ').expect("a claim and a question");
        let name = question.strip_suffix(SHOULD);
        let should = name.is_some();
        Self { claim: claim.to_owned(), name: name.unwrap_or(question).to_owned(), should }
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.claim, self.question())
    }
}

const SHOULD: &str = " (should)";

/// Cases of one gateway that run at once.
const JOBS: usize = 32;
