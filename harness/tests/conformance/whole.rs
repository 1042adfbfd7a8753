//! What is asked of a whole run of the built-in gateway beyond each case's verdict: it misses nothing that should be, every
//! check that was asked has its mutants, and what pages are silent about is what it was.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gateway_conformance::baseline::drift::{self, Mode, Write};
use gateway_conformance::report::console;
use gateway_conformance::report::console::style::Palette;
use gateway_conformance::run::outcome::{CaseReport, Outcome};
use gateway_conformance::run::request::resolved::Plan;
use gateway_conformance::spec::contract::Level;
use gateway_conformance::spec::target::GatewaySource;
use libtest_mimic::{Failed, Trial};

use crate::board::Board;

/// Whether every configuration is the built-in gateway's.
pub(crate) fn is_builtin(plan: &Plan) -> bool {
    let mut sources = plan.target.configurations.iter().map(|configuration| &configuration.gateway);
    sources.all(|source| matches!(source, GatewaySource::Builtin(_)))
}

/// The tests about the whole plan; each waits for all of its cases.
pub(crate) fn trials(plan: &Plan, board: &Arc<Board>) -> Vec<Trial> {
    let (contract, target) = (plan.contract.name.value.clone(), plan.target.name.value.clone());
    let about = Arc::new(Whole {
        ids: plan.cases.iter().map(|case| case.id.clone()).collect(),
        contract: contract.clone(),
        target,
        board: board.clone(),
    });
    let trial = |name: &str, ask: fn(&Whole, &[CaseReport]) -> Result<(), Failed>| {
        let about = about.clone();
        Trial::test(format!("whole::{contract}::{name}"), move || ask(&about, &about.reports()?))
    };
    let mut trials = vec![
        trial("nothing_that_should_be_is_missed", nothing_is_missed),
        trial("every_check_is_in_the_kill_matrix", every_check_has_mutants),
    ];
    // What was never written down cannot drift: a folder of the target's name begins it.
    if snapshots("drift").join(&about.target).is_dir() {
        trials.push(trial("answers_are_what_they_were", answers_are_what_they_were));
    }
    trials
}

struct Whole {
    ids: Vec<String>,
    contract: String,
    target: String,
    board: Arc<Board>,
}

impl Whole {
    fn reports(&self) -> Result<Vec<CaseReport>, Failed> {
        self.ids.iter().map(|id| self.board.report(id)).collect()
    }
}

fn nothing_is_missed(_: &Whole, reports: &[CaseReport]) -> Result<(), Failed> {
    let missed = reports.iter().filter_map(|report| match &report.outcome {
        Outcome::Judged(judgement) if !judgement.shoulds.is_empty() => {
            Some(format!("{}: {:#?}", report.id, judgement.shoulds))
        }
        _ => None,
    });
    none(missed.collect())
}

/// A check that is not there has never been seen red.
fn every_check_has_mutants(whole: &Whole, reports: &[CaseReport]) -> Result<(), Failed> {
    let path = snapshots("kill_matrix").join(format!("{}.snap", whole.contract));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let known: BTreeSet<&str> = text.lines().filter_map(|line| Some(line.rsplit_once(" | ")?.0)).collect();
    let judged = reports.iter().filter_map(|report| match &report.outcome {
        Outcome::Judged(judgement) => Some(&judgement.checks),
        _ => None,
    });
    let mut asked = BTreeSet::new();
    for check in judged.flatten().filter(|check| check.level > Level::May) {
        let should = if check.level == Level::Should { " (should)" } else { "" };
        // Checks without a claim are those of the rule that no key ever shows.
        let claims = if check.claims.is_empty() { vec!["key".to_owned()] } else { check.claims.clone() };
        asked.extend(claims.iter().map(|claim| format!("{claim} {}{should}", check.name)));
    }
    let unknown = asked.iter().filter(|check| !known.contains(check.as_str()));
    none(unknown.map(|check| format!("`{check}`: run scripts/kill-matrix {}", whole.contract)).collect())
}

/// Undocumented behaviour that changed is seen here, and nowhere a verdict depends on it. Review with `cargo insta review`.
fn answers_are_what_they_were(whole: &Whole, reports: &[CaseReport]) -> Result<(), Failed> {
    let answers: Vec<(String, String)> =
        reports.iter().map(|report| (report.id.clone(), report.snapshot.join("\n"))).collect();
    let mode = Mode { write: Write::from_env(), whole: true };
    let drift = drift::compare(&snapshots("drift"), &whole.target, &answers, mode)
        .map_err(|error| error.to_string())?;
    if drift.is_clean() { Ok(()) } else { Err(console::drift::render(&drift, Palette::plain()).into()) }
}

fn none(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn snapshots(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots").join(of)
}
