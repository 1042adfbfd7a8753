//! An answer that was captured before, held against a contract: its shape, its table, its rules, and the row that it is said
//! to be. Nothing is known of the upstream, of time, or of other answers.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::arrange::names::CaseNames;
use crate::arrange::names::prompt::Words;
use crate::judge;
use crate::observe::{Observation, Observed, ObservedStep};
use crate::plan::case::{Origin, PlannedCase, Readiness, Takes};
use crate::plan::client_side;
use crate::run::outcome::{CaseReport, Outcome, RunReport};
use crate::run::standing;
use crate::spec::case::{Case, Send, Step, Times};
use crate::spec::contract::{Contract, Level};
use crate::spec::language::expect::{Expect, Expectation, Expectations};
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::library::Loaded;
use crate::spec::read::place::{At, Place};
use crate::spec::target::Target;

/// What is said of the answer.
pub struct Captured {
    /// What people call it, such as its file.
    pub name: String,
    /// The operation that it answers.
    pub operation: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The row of `errors` that it is to be.
    pub row: Option<String>,
    /// The answer.
    pub exchange: crate::wire::exchange::Exchange,
}

/// Judges it, as the one case of a run. `target` binds what rows refer to.
///
/// # Errors
/// In words: an operation or a row that the contract does not have, or a row that no claim speaks of.
pub fn judge(
    captured: Captured,
    loaded: &Loaded,
    target: &Target,
    specs_digest: String,
    replay: String,
) -> Result<RunReport, String> {
    let begun = std::time::Instant::now();
    let contract = client_side::of_an_answer(&loaded.contract);
    let mut operations = contract.names.operations.iter();
    let operation = operations
        .find(|operation| operation.name.value == captured.operation)
        .ok_or_else(|| format!("the contract has no operation `{}`", captured.operation))?;
    let place = Place::generated(&captured.name);
    let case = case(&captured, loaded, &place)?;
    let observed = Observed {
        operation: Some(operation.name.value.clone()),
        protocol: operation.protocol.value.clone(),
        stream: captured.stream,
        exchange: captured.exchange,
        attempts: Vec::new(),
    };
    let observation = Observation {
        control: None,
        steps: vec![ObservedStep { name: None, exchanges: vec![observed] }],
        liveness: None,
        secrets: Vec::new(),
        limits: Vec::new(),
        host_delay: Duration::ZERO,
        clock_error: Duration::ZERO,
        doubts: Vec::new(),
        imposed: Vec::new(),
    };
    let names = CaseNames::new(target, &[], &[], &[], Words::of(1, "captured"));
    let judgement = judge::judge(&case, &contract, &observation, &names);
    let asked = judgement.checks.iter().any(|check| check.level > Level::May);
    let planned = PlannedCase {
        id: format!("{}::captured::{}", contract.name, captured.name),
        origin: Origin::Written,
        case,
        takes: Takes::default(),
        ready: Readiness::Ready,
        whole: true,
    };
    let outcome = match asked {
        true => Outcome::Judged(Box::new(judgement)),
        false => Outcome::Unready(
            "nothing was asked of it: it is no failure, and no rule of the contract is about it; name the row that it is to be with \
             --error ROW"
                .to_owned(),
        ),
    };
    let cases = vec![CaseReport::of(&planned, outcome, replay)];
    Ok(report(&contract, captured.name, &[planned], cases, specs_digest, begun.elapsed()))
}

fn report(
    contract: &Contract,
    name: String,
    planned: &[PlannedCase],
    cases: Vec<CaseReport>,
    specs_digest: String,
    duration: Duration,
) -> RunReport {
    let claims = standing::claims(contract, planned, &cases, true);
    let used: BTreeSet<&String> = cases
        .iter()
        .filter_map(|case| match &case.outcome {
            Outcome::Judged(judgement) => Some(&judgement.readings),
            _ => None,
        })
        .flatten()
        .collect();
    let readings = contract.readings.iter().filter(|reading| used.contains(&reading.id.value));
    let readings = readings.map(|reading| {
        let claims = reading.claims.iter().map(|claim| claim.value.clone()).collect();
        (reading.id.value.clone(), claims, reading.says.clone())
    });
    RunReport {
        contract: (contract.name.value.clone(), contract.title.clone()),
        target: (name, None),
        limits: Vec::new(),
        mocked: false,
        real_time: false,
        specs_digest,
        seed: 1,
        readings: readings.collect(),
        standing: standing::run(&claims, &cases, None),
        claims,
        cases,
        stopped: None,
        duration,
        host_delay: Duration::ZERO,
    }
}

/// One send, of which the row is expected where one is named.
fn case(captured: &Captured, loaded: &Loaded, place: &Place) -> Result<Case, String> {
    let row = match &captured.row {
        None => None,
        Some(name) => {
            let known = loaded.contract.errors.iter().find(|row| row.name.value == *name);
            Some(known.ok_or_else(|| format!("the contract has no row `{name}` under `errors`"))?)
        }
    };
    let claims = row.map(|row| claims(&row.name, loaded)).unwrap_or_default();
    if let Some(row) = row.filter(|_| claims.is_empty()) {
        return Err(format!("no claim of the contract speaks of the row `{}` by itself", row.name));
    }
    let expect = row.map(|row| Expectation {
        place: row.name.place.clone(),
        kind: Expect::Error(vec![row.name.clone()]),
    });
    let once = Value { place: place.clone(), kind: ValueKind::Literal(1.into()) };
    let step = Step {
        name: None,
        place: place.clone(),
        send: Send {
            operation: Some(At::new(captured.operation.clone(), place.clone())),
            // Whose key it was is not known, so that nothing follows from a limit of its own.
            credential: Some(At::new("none".to_owned(), place.clone())),
            stream: Some(captured.stream),
            ..Send::default()
        },
        times: Times::Count(once),
        together: false,
        after: None,
        upstream: None,
        expect: Expectations(expect.into_iter().collect()),
        should: Expectations::default(),
        record: Vec::new(),
    };
    Ok(Case {
        id: format!("captured::{}", captured.name),
        place: place.clone(),
        claims,
        needs: Vec::new(),
        given: Vec::new(),
        upstream: None,
        steps: vec![step],
        reading: None,
    })
}

/// The claims of those that expect this row and no other: written cases, and what families of faults become.
fn claims(row: &str, loaded: &Loaded) -> Vec<At<String>> {
    let expects = |expectations: &Expectations| {
        expectations.0.iter().any(|expectation| match &expectation.kind {
            Expect::Error(rows) => matches!(rows.as_slice(), [only] if only.value == row),
            _ => false,
        })
    };
    let cases = loaded.cases.iter().filter(|case| case.steps.iter().all(|step| expects(&step.expect)));
    let faults = loaded.contract.faults.iter().filter(|fault| expects(&fault.expect));
    let mut claims: Vec<At<String>> = Vec::new();
    for claim in cases.flat_map(|case| &case.claims).chain(faults.flat_map(|fault| &fault.claims)) {
        if !claims.iter().any(|known| known.value == claim.value) {
            claims.push(claim.clone());
        }
    }
    claims
}
