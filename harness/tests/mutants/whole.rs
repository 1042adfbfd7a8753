//! The whole matrix: every mutant against every case of its contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use gateway_conformance::plan::case::Origin;
use gateway_conformance::run::request::resolved::Plan;
use gateway_conformance::spec::read::place::At;
use mock_upstream::fault::Catalogue;
use reference_gateway::Mutant;

use crate::gateway::{self, Check, KEY_RULE, Seen};
use crate::matrix::{Matrix, Row, meant};
use crate::subject::Subject;

/// Gateways under test at once: most of a run is waiting.
const AT_ONCE: usize = 24;

/// Cases of one of them at once: the cores are few.
const JOBS: usize = 10;

/// How many times longer than shipped these gateways wait for their upstream.
const STRETCHED: u32 = 2;

/// The most cases that are tried alone for one mutant.
const MOST_TRIED: usize = 6;

/// Which mutants are run; the others keep their rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All of them.
    All,
    /// Those that have no row yet.
    New,
}

/// Which cases a mutant is run against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// Every member of every case.
    Every,
    /// Every case: all members of those that ask for a claim which it is meant to break, one of each other, and of the sweep one for
    /// each family and lane, for each operation where it asks for such a claim.
    All,
    /// Of these, those that ask for a claim which it is meant to break: enough to see it killed, in a fraction of the time.
    Its,
}

/// One mutant to run.
struct Job {
    subject: &'static Subject,
    plan: Arc<Plan>,
    mutant: &'static Mutant,
    against: Against,
    known: Option<Row>,
}

/// What became of a job.
struct Done {
    job: Job,
    row: Row,
    /// Cases that could not be told.
    untold: Vec<String>,
}

/// Runs the healthy gateways, then their mutants, against all cases of their contracts; the matrices are in the order of the
/// subjects.
pub(crate) async fn matrices(subjects: &[&'static Subject], which: Which, against: Against) -> Vec<Matrix> {
    let mut matrices = BTreeMap::new();
    let mut jobs = Vec::new();
    let plans: Vec<Arc<Plan>> = subjects.iter().map(|subject| Arc::new(subject.plan(STRETCHED))).collect();
    let healthy = plans.iter().map(|plan| gateway::run((**plan).clone(), None));
    for ((subject, plan), healthy) in subjects.iter().zip(&plans).zip(join_all(healthy).await) {
        assert!(healthy.findings.is_empty(), "the healthy gateway: {:#?}", healthy.findings);
        assert!(healthy.untold.is_empty(), "the healthy gateway: {:#?}", healthy.untold);
        let committed = Matrix::committed(&subject.contract).rows;
        let mut matrix = Matrix::default();
        matrix.checks.extend(healthy.asked.into_iter().map(|check| (check, 0)));
        for mutant in subject.mutants {
            match (which, committed.get(mutant.name)) {
                (Which::New, Some(row)) => {
                    matrix.rows.insert(mutant.name.to_owned(), row.clone());
                }
                (_, known) => {
                    jobs.push(Job { subject, plan: plan.clone(), mutant, against, known: known.cloned() })
                }
            }
        }
        matrices.insert(subject.contract.as_str(), matrix);
    }
    // Those that wait longest begin.
    jobs.sort_by_key(|job| std::cmp::Reverse(longest_limit(&job.plan)));
    let all = jobs.len();
    // Spawned when first polled, so that no more than these run at once.
    let runs = jobs.into_iter().map(async |job| tokio::spawn(row(job)).await);
    let mut runs = stream::iter(runs).buffer_unordered(AT_ONCE).enumerate();
    let mut lacking = Vec::new();
    while let Some((before, ended)) = runs.next().await {
        let done = ended.expect("a run does not panic");
        let (contract, mutant, checks) =
            (&done.job.subject.contract, done.job.mutant, done.row.killed_by.len());
        eprintln!("{:>3}/{all} {contract} {}: {checks} checks", before + 1, mutant.name);
        // Few of the known checks are asked where only its own claims' cases run.
        if against != Against::Its && done.lacks_known() {
            lacking.push(done);
        } else {
            done.enter(&mut matrices);
        }
    }
    // A crowd leaves cases untold that are about time; each kill that was known and is not seen is looked for there.
    for mut done in lacking {
        let plan = gateway::only(&done.job.plan, &done.untold);
        eprintln!("once more, by itself: {} {}", done.job.subject.contract, done.job.mutant.name);
        if !plan.cases.is_empty() {
            let seen = gateway::run_with(plan, Some(done.job.mutant.name), JOBS).await;
            assert_eq!(seen.stopped, None, "{}", done.job.mutant.name);
            done.row.killed_by.extend(seen.broken.into_keys());
        }
        done.enter(&mut matrices);
    }
    matrices.into_values().map(counted).collect()
}

impl Done {
    /// Whether the committed matrix has checks that kill this mutant and did not now.
    fn lacks_known(&self) -> bool {
        self.job.known.as_ref().is_some_and(|known| !known.killed_by.is_subset(&self.row.killed_by))
    }

    fn enter(self, matrices: &mut BTreeMap<&str, Matrix>) {
        let matrix = matrices.get_mut(self.job.subject.contract.as_str()).expect("a matrix for each subject");
        matrix.rows.insert(self.job.mutant.name.to_owned(), self.row);
    }
}

/// The cases of the plan that the mutant is run against, the one that is known to show it among them. What stands for every
/// exchange is asked by one member of each written case.
fn meeting(plan: &Plan, mutant: &Mutant, against: Against, known: Option<&str>) -> Plan {
    let (contract, claims) = (&plan.contract, meant(mutant));
    let meant = |cited: &[At<String>]| cited.iter().any(|claim| claims.contains(&claim.value));
    let standing = against == Against::All
        || claims.iter().any(|claim| claim == KEY_RULE)
        || contract.rules.iter().any(|rule| meant(&rule.claims))
        || contract.protocols.iter().any(|protocol| meant(&protocol.envelope_claims))
        || contract.closed.iter().any(|closed| meant(&closed.outside) || meant(&closed.mismatch));
    let mut plan = plan.clone();
    if against == Against::Every {
        return plan;
    }
    let mut seen = BTreeSet::new();
    plan.cases.retain(|planned| {
        let (name, member) = planned.id.split_once('[').unwrap_or((&planned.id, ""));
        let asks = meant(&planned.case.claims);
        let wanted = match &planned.origin {
            Origin::Sweep(fault) => {
                let family = Catalogue::shipped().get(fault).map(|fault| fault.family);
                let lane = if asks { member } else { member.rsplit(',').next().unwrap_or_default() };
                (asks || against == Against::All) && seen.insert(format!("{family:?} {lane}"))
            }
            Origin::Written => asks || standing && seen.insert(name.to_owned()),
        };
        wanted || known == Some(planned.id.as_str())
    });
    plan
}

/// With the number of kills beside each check.
fn counted(mut matrix: Matrix) -> Matrix {
    let broken = matrix.rows.values().flat_map(|row| &row.killed_by).cloned();
    let checks: BTreeSet<Check> = matrix.checks.into_keys().chain(broken).collect();
    let kills = |check: &Check| matrix.rows.values().filter(|row| row.killed_by.contains(check)).count();
    matrix.checks = checks.into_iter().map(|check| (check.clone(), kills(&check))).collect();
    matrix
}

fn longest_limit(plan: &Plan) -> Option<Duration> {
    let limits = plan.target.configurations.iter().flat_map(|configuration| &configuration.limits);
    limits.map(|(_, length)| *length).max()
}

async fn row(job: Job) -> Done {
    let mut row = Row::of(job.mutant);
    if let Some(case) = job.subject.argued.alone.get(job.mutant.name) {
        row.killed_by = alone(&job.plan, job.mutant, case).await;
        row.witness.clone_from(case);
        return Done { job, row, untold: Vec::new() };
    }
    let known = job.known.as_ref().map(|row| row.witness.clone());
    let meeting = meeting(&job.plan, job.mutant, job.against, known.as_deref());
    let seen = gateway::run_with(meeting, Some(job.mutant.name), JOBS).await;
    assert_eq!(seen.stopped, None, "{}", job.mutant.name);
    row.witness = witness(&job.plan, job.mutant, &seen, known).await.unwrap_or_default();
    row.killed_by = seen.broken.into_keys().collect();
    Done { job, row, untold: seen.untold.into_iter().map(|(case, _)| case).collect() }
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
