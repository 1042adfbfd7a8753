//! Every check is seen red: the mutants of the built-in gateway against the cases that can kill them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

mod gateway;
mod matrix;
mod whole;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use gateway::Check;
use gateway_conformance::run::request::resolved::Plan;
use matrix::{Matrix, Row, meant};
use reference_gateway::{Mutant, Personality};

/// Gateways under test at once that mostly wait.
const WAITING: usize = 6;

/// Gateways under test at once that answer as fast as the cores let them.
const BUSY: usize = 3;

/// How long these gateways wait for their upstream.
const LIMIT: Duration = Duration::from_secs(3);

#[test]
fn the_matrix_has_a_row_for_every_mutant_and_no_other() {
    let rows = Matrix::committed().rows;
    for mutant in mutants() {
        let row = rows
            .get(mutant.name)
            .unwrap_or_else(|| panic!("{} has no row: run scripts/kill-matrix", mutant.name));
        let now = Row::of(mutant);
        assert_eq!(
            (&row.kind, &row.claims),
            (&now.kind, &now.claims),
            "{}: run scripts/kill-matrix",
            mutant.name
        );
    }
    let current: BTreeSet<&str> = mutants().iter().map(|mutant| mutant.name).collect();
    let stale: Vec<&String> = rows.keys().filter(|name| !current.contains(name.as_str())).collect();
    assert!(stale.is_empty(), "no mutants any more: {stale:?}");
}

#[test]
fn every_mutant_is_killed_for_each_claim_it_breaks_and_every_check_kills() {
    let problems = Matrix::committed().problems();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_survivor_a_kill_by_another_claim_and_an_idle_check_are_red() {
    let mut matrix = Matrix::committed();
    let idle = Check::parse("COG-01 never.broken");
    matrix.checks.insert(idle, 0);
    matrix.rows.get_mut("balance-unchecked").unwrap().killed_by.clear();
    matrix.rows.get_mut("oversize-is-413").unwrap().killed_by = [Check::parse("COG-03 closed.type")].into();
    let problems = [
        "balance-unchecked survives",
        "oversize-is-413 is killed, but by no check of COG-04",
        "the check `COG-01 never.broken` kills no mutant",
    ];
    assert_eq!(matrix.problems(), problems);
}

#[test]
fn at_most_a_third_of_the_mutants_rewrite_the_finished_answer() {
    let rows = Matrix::committed().rows;
    let rewriting = rows.values().filter(|row| row.kind == "answer").count();
    assert!(rows.len() >= 25 && rewriting * 3 <= rows.len(), "{rewriting} of {}", rows.len());
}

/// One test, so that the healthy gateway is not measured while the others start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_healthy_gateway_breaks_nothing_and_each_mutant_what_it_is_meant_to() {
    let plan = gateway::plan(LIMIT);
    let Matrix { rows, checks } = Matrix::committed();
    let healthy = gateway::run(plan.clone(), None).await;
    assert!(healthy.findings.is_empty(), "{:#?}", healthy.findings);
    assert!(healthy.untold.is_empty(), "{:#?}", healthy.untold);
    let unknown = healthy.asked.iter().filter(|check| !checks.contains_key(check));
    let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
    assert!(unknown.is_empty(), "not in the kill matrix, run scripts/kill-matrix: {unknown:#?}");

    let run = |mutant: &'static Mutant| {
        let case = rows.get(mutant.name).map(|row| row.witness.clone()).unwrap_or_default();
        survives(mutant, gateway::only(&plan, std::slice::from_ref(&case)), case)
    };
    // Those about time wait beside the others.
    let (slow, quick): (Vec<_>, Vec<_>) =
        mutants().iter().partition(|mutant| mutant.claims.contains(&"COG-19"));
    let slow = stream::iter(slow).map(run).buffer_unordered(WAITING);
    let quick = stream::iter(quick).map(run).buffer_unordered(BUSY);
    let survivors: Vec<String> =
        stream::select(slow, quick).filter_map(async |survivor| survivor).collect().await;
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// A step whose body lost the prompt, and the marker in it, is sent three times; what reaches the upstream unmarked is each
/// send's own, so that nobody else can be taken to have answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_without_a_marker_are_told_apart() {
    let cases = ["cogito::request-id::failures-of-every-kind-in-turn".to_owned()];
    let seen =
        gateway::run(gateway::only(&gateway::plan(LIMIT), &cases), Some("missing-field-forwarded")).await;
    assert_eq!(seen.stopped, None);
}

/// What to tell of a mutant that no check of its own claims kills in this case.
async fn survives(mutant: &'static Mutant, plan: Plan, case: String) -> Option<String> {
    if plan.cases.is_empty() {
        return Some(format!("{}: there is no case `{case}`: run scripts/kill-matrix", mutant.name));
    }
    let seen = tokio::spawn(gateway::run(plan, Some(mutant.name))).await.expect("a run does not panic");
    let claims = meant(mutant);
    let killed = seen.broken.keys().any(|check| claims.contains(&check.claim));
    (!killed).then(|| format!("{} survives {case}: {:?} {:?}", mutant.name, seen.findings, seen.untold))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "every mutant against every case takes minutes: scripts/kill-matrix"]
async fn the_whole_matrix() {
    let matrix = whole::matrix(mutants()).await;
    println!("{} mutants, {} checks", matrix.rows.len(), matrix.checks.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(matrix::folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let problems = matrix.problems();
    settings.bind(|| insta::assert_snapshot!("kill_matrix", matrix.text()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn mutants() -> &'static [Mutant] {
    reference_gateway::mutants(Personality::Cogito)
}
