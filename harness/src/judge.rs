//! Expectations held against an observation; pure. The judge can say pass, fail or inconclusive, never "error".

use crate::observe::Observation;
use crate::spec::case::{Case, Step, Times};
use crate::spec::contract::{Contract, Level};
use crate::spec::language::expect::{Expectation, Expectations};
use crate::spec::language::path::Path;
use crate::spec::language::value::Names;

use ledger::{Authority, Ledger};
use oracle::Seen;
use proof::{Proof, foreign};
use question::{Answered, Wording, answer, answer_in, holds, is_about_all, wants_no_attempt};
use scene::part as parts;
use scene::{Here, Scene};
use verdict::Judgement;

mod ledger;
pub mod oracle;
mod proof;
mod question;
mod scene;
mod standing;
mod underway;
pub mod verdict;

pub use underway::{Told, fits, foreign, part, told, unproven};

#[cfg(test)]
mod tests;

/// Asks every question that the case and its contract have, and says what the answers amount to.
///
/// `names` stands for what the target bound (models, values, limits, canaries, dates); references to paths are resolved
/// here. The case's own questions count only on proof that the case happened as written; the contract's standing ones
/// (rules, envelope, closed table, key rule) count for every exchange there was.
pub fn judge(case: &Case, contract: &Contract, observation: &Observation, names: &dyn Names) -> Judgement {
    let scene = Scene::new(case, contract, observation, names);
    let proof = proof::of(&scene);
    let mut ledger = Ledger::new(&scene.seeker);
    ledger.readings(case.reading.as_ref().map(|id| &id.value));
    for (number, step) in case.steps.iter().enumerate() {
        ask_step(&scene, &mut ledger, &proof, number, step);
    }
    standing::ask(&scene, &mut ledger);
    ledger.close(proof, foreign::count(&scene))
}

/// Asks the same of exchanges whose proof is the caller's: each was made again by itself before anything is said of it. Says
/// of the last one what its answer is, too; `fields` are the pointers of the fields that tell an error's kind. Checks that held
/// and what is recorded are left out of the judgement.
pub fn judge_proven(
    case: &Case,
    contract: &Contract,
    observation: &Observation,
    names: &dyn Names,
    fields: &[&str],
) -> (Judgement, Seen) {
    let scene = Scene::new(case, contract, observation, names);
    let proof = Proof::default();
    let mut ledger = Ledger::terse(&scene.seeker);
    for (number, step) in case.steps.iter().enumerate() {
        ask_step(&scene, &mut ledger, &proof, number, step);
    }
    standing::ask(&scene, &mut ledger);
    let seen = scene.exchanges.last().map_or_else(Seen::default, |evidence| oracle::seen(evidence, fields));
    (ledger.close(proof, foreign::count(&scene)), seen)
}

fn ask_step(scene: &Scene<'_>, ledger: &mut Ledger<'_>, proof: &Proof, number: usize, step: &Step) {
    let here = scene.of_step(number);
    let name = step.name.as_ref().map_or_else(|| format!("step {}", number + 1), |name| name.value.clone());
    let authority = |stands: Level| {
        Authority::new(scene.contract, stands, &scene.case.claims)
            .reading(scene.case.reading.as_ref())
            .on_proof(proof.spoilt.as_deref())
    };
    let must = authority(Level::Must);
    for (authority, asked) in [(&must, &step.expect), (&authority(Level::Should), &step.should)] {
        for expectation in &asked.0 {
            // That nothing was to reach the upstream is broken by what did, whatever reply it then got.
            let stands = proof.counted && wants_no_attempt(scene, &here, expectation);
            let authority = if stands { authority.clone().on_proof(None) } else { authority.clone() };
            ask(scene, ledger, &authority, &here, &name, expectation);
        }
    }
    if let Times::Until { fits, at_most } = &step.times {
        ledger.enter(&must, &name, until(scene, &here, step, fits, *at_most));
    }
    for path in &step.record {
        ledger.record(path.to_string(), &recorded(scene, &here, path));
    }
}

/// Asks a question of each exchange, or once where it is about all of them.
fn ask(
    scene: &Scene<'_>,
    ledger: &mut Ledger<'_>,
    authority: &Authority,
    here: &Here,
    step: &str,
    expectation: &Expectation,
) {
    if is_about_all(expectation) || here.0.is_empty() {
        for answered in answer(scene, here, expectation) {
            ledger.enter(authority, step, answered);
        }
        return;
    }
    for &i in &here.0 {
        for answered in answer(scene, &Here(vec![i]), expectation) {
            ledger.enter(authority, &scene.exchanges[i].label, answered);
        }
    }
}

/// Whether the last answer is the one that the repetition was to end with.
fn until(scene: &Scene<'_>, here: &Here, step: &Step, fits: &Expectations, at_most: u32) -> Answered {
    let last = Here(here.0.last().copied().into_iter().collect());
    let asked: Vec<Answered> = fits
        .0
        .iter()
        .flat_map(|expectation| answer_in(scene, &last, expectation, Wording::Everything))
        .collect();
    let wanted: Vec<String> = asked.iter().map(|a| format!("{} {}", a.name, a.expected)).collect();
    let seen = last.0.first().map_or_else(|| "no answer".to_owned(), |&i| scene.exchanges[i].in_words());
    Answered {
        name: "times.until".to_owned(),
        place: step.place.clone(),
        fit: holds(scene, &last, fits),
        expected: format!("an answer with {} within {at_most} sends", wanted.join(" and ")),
        observed: format!("{seen} in the last of {}", scene::words::count(here.0.len(), "send")),
        reading: None,
    }
}

/// The values of a recorded path over the exchanges of its step.
fn recorded(scene: &Scene<'_>, here: &Here, path: &Path) -> String {
    match parts::parts(scene, here, path) {
        Err(missing) => missing.to_string(),
        Ok(found) => {
            let values = found
                .iter()
                .map(|part| part.value.as_ref().map_or_else(|| "absent".to_owned(), |v| scene.quote(v)));
            values.collect::<Vec<_>>().join(", ")
        }
    }
}
