//! Every check is seen red: the mutants of the built-in gateway, each contract's own, against the cases that can kill them.
//! That the healthy gateways break nothing is the conformance tests' to show.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

mod gateway;
mod matrix;
mod subject;
mod tally;
mod whole;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use gateway::Check;
use gateway_conformance::plan::waits;
use gateway_conformance::run::request::resolved::Plan;
use matrix::{Matrix, Row, meant};
use reference_gateway::{Kind, Mutant};
use subject::{Argued, SUBJECTS, Subject};
use tally::Tally;
use whole::{Against, Which};

/// Gateways under test at once that mostly wait.
const WAITING: usize = 40;

/// Gateways under test at once that answer as fast as the cores let them.
const BUSY: usize = 8;

/// Flaws at once that the others would disturb: while one waits, another is as good as alone.
const LONELY: usize = 2;

/// How many times longer than shipped these gateways wait for their upstream.
const STRETCHED: u32 = 3;

#[test]
fn each_matrix_has_a_row_for_every_mutant_and_no_other() {
    for subject in SUBJECTS.iter() {
        let name = &subject.contract;
        let rows = Matrix::committed(name).rows;
        for mutant in subject.mutants {
            let run = format!("{}: run scripts/kill-matrix {name} --new", mutant.name);
            let row = rows.get(mutant.name).unwrap_or_else(|| panic!("no row for {run}"));
            let now = Row::of(mutant);
            assert_eq!((&row.kind, &row.claims), (&now.kind, &now.claims), "{run}");
        }
        let current: BTreeSet<&str> = subject.mutants.iter().map(|mutant| mutant.name).collect();
        let stale: Vec<&String> = rows.keys().filter(|row| !current.contains(row.as_str())).collect();
        assert!(stale.is_empty(), "no mutants of {name} any more: {stale:?}");
    }
}

#[test]
fn every_mutant_is_killed_for_each_claim_it_breaks_and_every_check_kills() {
    for Subject { contract, argued, .. } in SUBJECTS.iter() {
        let problems = Matrix::committed(contract).problems(argued);
        assert!(problems.is_empty(), "{contract}: {}", problems.join("\n"));
    }
}

#[test]
fn a_survivor_a_kill_by_another_claim_and_an_idle_check_are_red() {
    let mut matrix = Matrix::committed("cogito");
    let idle = Check::parse("COG-01 never.broken");
    matrix.checks.insert(idle, 0);
    matrix.rows.get_mut("balance-unchecked").unwrap().killed_by.clear();
    matrix.rows.get_mut("oversize-is-413").unwrap().killed_by = [Check::parse("COG-03 closed.type")].into();
    let mut argued = Argued::default();
    let unbreakable = ["COG-01 received.count", "COG-01 gone", "COG-01 envelope.schema"];
    argued.unbreakable.extend(unbreakable.map(|check| (check.to_owned(), "why".to_owned())));
    argued.alone.insert("no-mutant".to_owned(), "cogito::auth::case".to_owned());
    let problems = [
        "balance-unchecked survives",
        "oversize-is-413 is killed, but by no check of COG-04",
        "the check `COG-01 envelope.schema` is said to be unbreakable and kills a mutant",
        "the check `COG-01 never.broken` kills no mutant",
        "the unbreakable check `COG-01 gone` is not asked any more",
        "`no-mutant`, which is said to strike alone, is no mutant",
    ];
    assert_eq!(matrix.problems(&argued), problems);
}

#[test]
fn most_mutants_break_a_mechanism_half_imitate_a_real_bug_and_all_have_names_of_their_own() {
    for Subject { contract, mutants, .. } in SUBJECTS.iter() {
        let all = mutants.len();
        let rewriting = mutants.iter().filter(|mutant| mutant.kind == Kind::Answer).count();
        assert!(rewriting * 3 <= all, "{contract}: {rewriting} of {all} rewrite");
        let real = mutants.iter().filter(|mutant| mutant.models.is_some()).count();
        assert!(real * 2 >= all, "{contract}: {real} of {all} imitate a real bug");
        let names: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), mutants.len(), "{contract}: names twice");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mutant_breaks_what_it_is_meant_to() {
    let (mut jobs, mut lonely) = (Vec::new(), Vec::new());
    for subject in SUBJECTS.iter() {
        let plan = subject.plan(STRETCHED);
        let rows = Matrix::committed(&subject.contract).rows;
        for mutant in subject.mutants {
            let case = rows.get(mutant.name).map(|row| row.witness.clone()).unwrap_or_default();
            let alone = subject.argued.alone.contains_key(mutant.name);
            let jobs = if alone { &mut lonely } else { &mut jobs };
            jobs.push((mutant, gateway::only(&plan, std::slice::from_ref(&case)), case));
        }
    }
    // Those about time wait beside the others.
    let (mut slow, quick): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|(_, plan, _)| waits_for(plan) > A_MOMENT);
    slow.sort_by_key(|(_, plan, _)| std::cmp::Reverse(waits_for(plan)));
    let run = async |(mutant, plan, case)| survives(mutant, plan, case).await;
    let slow = stream::iter(slow).map(run).buffer_unordered(WAITING);
    let quick = stream::iter(quick).map(run).buffer_unordered(BUSY);
    let mut survivors: Vec<String> =
        stream::select(slow, quick).filter_map(async |survivor| survivor).collect().await;
    // What is met alone is not disturbed by the others either.
    lonely.sort_by_key(|(_, plan, _)| std::cmp::Reverse(waits_for(plan)));
    let lonely = stream::iter(lonely).map(run).buffer_unordered(LONELY);
    survivors.extend(lonely.filter_map(async |survivor| survivor).collect::<Vec<_>>().await);
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// A step whose body lost the prompt, and the marker in it, is sent three times; what reaches the upstream unmarked is each
/// send's own, so that nobody else can be taken to have answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_without_a_marker_are_told_apart() {
    let cases = ["cogito::request-id::failures-of-every-kind-in-turn".to_owned()];
    let subject = SUBJECTS.iter().find(|subject| subject.contract == "cogito").unwrap();
    let plan = gateway::only(&subject.plan(STRETCHED), &cases);
    let seen = gateway::run(plan, Some("missing-field-forwarded")).await;
    assert_eq!(seen.stopped, None);
}

/// What the mock gave to an earlier send of the same step, a gateway may have kept: it is nobody else's answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_kept_from_an_earlier_send_of_the_step_is_nobody_elses() {
    let cases = ["cognocient::cache::a-cached-answer-costs-nothing".to_owned()];
    let subject = SUBJECTS.iter().find(|subject| subject.contract == "cognocient").unwrap();
    let plan = gateway::only(&subject.plan(STRETCHED), &cases);
    assert_eq!(plan.cases.len(), 1);
    let seen = gateway::run(plan, Some("cache-forgets-what-it-gave")).await;
    assert_eq!(seen.stopped, None);
    assert!(!seen.broken.is_empty(), "{:?}", seen.untold);
}

/// How long the cases of a plan wait by themselves.
fn waits_for(plan: &Plan) -> Duration {
    let configuration =
        |name: &str| plan.target.configurations.iter().find(|configuration| configuration.name.value == name);
    let each = plan.cases.iter().filter_map(|planned| {
        let limits = waits::limits(&plan.contract, configuration(&planned.takes.configuration)?);
        Some(waits::waits(&planned.case, &limits))
    });
    each.sum()
}

/// What to tell of a mutant that no check of its own claims kills in this case.
async fn survives(mutant: &'static Mutant, plan: Plan, case: String) -> Option<String> {
    let contract = plan.contract.name.value.clone();
    if plan.cases.is_empty() {
        return Some(format!(
            "{}: there is no case `{case}`: run scripts/kill-matrix {contract}",
            mutant.name
        ));
    }
    let seen = tokio::spawn(gateway::run(plan, Some(mutant.name))).await.expect("a run does not panic");
    let claims = meant(mutant);
    let killed = seen.broken.keys().any(|check| claims.contains(&check.claim));
    (!killed).then(|| format!("{} survives {case}: {:?} {:?}", mutant.name, seen.findings, seen.untold))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "every mutant against every case takes minutes: scripts/kill-matrix"]
async fn the_whole_matrix() {
    let begun = Instant::now();
    let asked = std::env::var("KILL_MATRIX").unwrap_or_default();
    let which = if std::env::var_os("KILL_MATRIX_NEW").is_some() { Which::New } else { Which::All };
    let against = match std::env::var("KILL_MATRIX_AGAINST").as_deref() {
        Ok("its") => Against::Its,
        Ok("every") => Against::Every,
        _ => Against::All,
    };
    let named =
        |subject: &&Subject| asked.is_empty() || asked.split(' ').any(|name| name == subject.contract);
    let subjects: Vec<&Subject> = SUBJECTS.iter().filter(named).collect();
    assert!(!subjects.is_empty(), "the built-in gateway keeps no contract `{asked}`");
    let matrices = whole::matrices(&subjects, which, against).await;
    println!("{}", Tally::of(&subjects, &matrices, begun.elapsed()));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(matrix::folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut problems = Vec::new();
    for (subject, matrix) in subjects.iter().zip(&matrices) {
        problems.extend(matrix.problems(&subject.argued));
        settings.bind(|| insta::assert_snapshot!(subject.contract.as_str(), matrix.text()));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Cases that wait for longer are about time.
const A_MOMENT: Duration = Duration::from_millis(500);
