//! Runs of the built-in Cogito gateway by the library, and what came of them.

use std::collections::BTreeMap;

use gateway_conformance::judge::verdict::Verdict;
use gateway_conformance::plan::select::Selection;
use gateway_conformance::run::engine::{self, Event};
use gateway_conformance::run::outcome::{CaseReport, Outcome, RunReport};
use gateway_conformance::run::request::resolved::{MockAt, Options};
use gateway_conformance::run::request::{self, Request};
use tokio::sync::watch;

/// Some of every kind: auth without an upstream, retries, streams, faults of connections.
pub(crate) const SOME: [&str; 4] =
    ["cogito::auth::*", "cogito::streams::*", "cogito::sweep::rst*", "cogito::sweep::refused*"];

pub(crate) fn run(at: MockAt, globs: &[&str], told: &(dyn Fn(Event) + Send + Sync)) -> RunReport {
    let selection =
        Selection { globs: globs.iter().map(|glob| (*glob).to_owned()).collect(), ..Selection::default() };
    let wanted = Request { contract: Some("cogito".to_owned()), selection, ..Request::default() };
    let (plan, suited) = request::resolve(&wanted).unwrap().remove(0);
    // Fewer than usual at once: tests beside this one need the machine too.
    let options = Options { mock: at, jobs: 24, ..suited };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (_stop, stopped) = watch::channel(false);
    runtime.block_on(engine::certify(plan, options, stopped, told)).unwrap()
}

/// What came of each case, and how many requests it made upstream.
pub(crate) fn outcomes(report: &RunReport) -> BTreeMap<String, (String, usize)> {
    report.cases.iter().map(|case| (case.id.clone(), (outcome(case), case.upstream_attempts))).collect()
}

pub(crate) fn outcome(case: &CaseReport) -> String {
    match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Pass => "pass".to_owned(),
            Verdict::Fail(_) => "fail".to_owned(),
            Verdict::Inconclusive(why) => format!("inconclusive: {why}"),
        },
        Outcome::NotApplicable(why) => format!("not applicable: {why}"),
        Outcome::Unready(why) => format!("unready: {why}"),
        Outcome::Error(why) => format!("error: {why}"),
    }
}
