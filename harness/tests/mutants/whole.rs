//! The whole matrix: every mutant against every case.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use gateway_conformance::run::request::resolved::Plan;
use reference_gateway::Mutant;

use crate::gateway::{self, Check, Seen};
use crate::matrix::{Matrix, Row, meant};

/// Flaws that strike whichever request comes next, so that the other cases decide whom, each with a case that meets it alone:
/// their rows hold what that case breaks.
const STRIKE_WHOEVER_COMES: [(&str, &str); 5] = [
    ("connect-failure-told-twice", "cogito::upstream::the-upstream-comes-back"),
    (
        "crowd-shed-with-bare-text",
        "cogito::request-id::eight-failures-at-once[lane=operation-chat+stream-false]",
    ),
    ("request-id-repeats-after-ten", "cogito::request-id::twenty-failures-in-a-row[stream=false]"),
    (
        "request-id-shared-in-flight",
        "cogito::request-id::eight-failures-at-once[lane=operation-chat+stream-false]",
    ),
    ("tenth-failure-is-html", "cogito::request-id::twenty-failures-in-a-row[stream=false]"),
];

/// Gateways under test at once: most of a run is waiting, but the cores are few.
const AT_ONCE: usize = 4;

/// How long these gateways wait for their upstream.
const LIMIT: Duration = Duration::from_secs(2);

/// The most cases that are tried alone for one mutant.
const MOST_TRIED: usize = 6;

/// Runs the healthy gateway, then every mutant, against all cases.
pub(crate) async fn matrix(mutants: &'static [Mutant]) -> Matrix {
    let plan = gateway::plan(LIMIT);
    let committed = Matrix::committed();
    let healthy = gateway::run(plan.clone(), None).await;
    assert!(healthy.findings.is_empty(), "the healthy gateway: {:#?}", healthy.findings);
    assert!(healthy.untold.is_empty(), "the healthy gateway: {:#?}", healthy.untold);

    let runs = mutants.iter().map(|mutant| {
        let known = committed.rows.get(mutant.name).map(|row| row.witness.clone());
        let plan = plan.clone();
        // Spawned when first polled, so that no more than these run at once.
        async move { tokio::spawn(row(plan, mutant, known)).await }
    });
    let mut runs = stream::iter(runs).buffer_unordered(AT_ONCE);
    let mut matrix = Matrix::default();
    let mut checks: BTreeSet<Check> = healthy.asked;
    while let Some(ended) = runs.next().await {
        let (mutant, row) = ended.expect("a run does not panic");
        eprintln!(
            "{:>3}/{} {}: {} checks",
            matrix.rows.len() + 1,
            mutants.len(),
            mutant.name,
            row.killed_by.len()
        );
        checks.extend(row.killed_by.iter().cloned());
        matrix.rows.insert(mutant.name.to_owned(), row);
    }
    let kills = |check: &Check| matrix.rows.values().filter(|row| row.killed_by.contains(check)).count();
    matrix.checks = checks.into_iter().map(|check| (check.clone(), kills(&check))).collect();
    matrix
}

async fn row(plan: Plan, mutant: &'static Mutant, known: Option<String>) -> (&'static Mutant, Row) {
    let mut row = Row::of(mutant);
    if let Some((_, case)) = STRIKE_WHOEVER_COMES.iter().find(|(name, _)| *name == mutant.name) {
        row.killed_by = alone(&plan, mutant, case).await;
        (*case).clone_into(&mut row.witness);
        return (mutant, row);
    }
    let seen = gateway::run(plan.clone(), Some(mutant.name)).await;
    assert_eq!(seen.stopped, None, "{}", mutant.name);
    row.witness = witness(&plan, mutant, &seen, known).await.unwrap_or_default();
    row.killed_by = seen.broken.into_keys().collect();
    (mutant, row)
}

/// A case that shows the mutant when it runs alone: the known one while it still does, else the first of the plan.
async fn witness(plan: &Plan, mutant: &Mutant, seen: &Seen, known: Option<String>) -> Option<String> {
    let claims = meant(mutant);
    let own = |check: &Check| claims.contains(&check.claim);
    let killing = |id: &String| seen.broken.iter().any(|(check, cases)| own(check) && cases.contains(id));
    let planned = plan.cases.iter().map(|case| case.id.clone()).filter(killing);
    for case in known.into_iter().chain(planned).take(MOST_TRIED) {
        if alone(plan, mutant, &case).await.iter().any(own) {
            return Some(case);
        }
    }
    None
}

/// The checks that the case breaks when nothing else runs.
async fn alone(plan: &Plan, mutant: &Mutant, case: &str) -> BTreeSet<Check> {
    let plan = gateway::only(plan, &[case.to_owned()]);
    if plan.cases.is_empty() {
        return BTreeSet::new();
    }
    gateway::run(plan, Some(mutant.name)).await.broken.into_keys().collect()
}
