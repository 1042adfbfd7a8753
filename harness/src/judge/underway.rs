//! What the runner may ask while a case is under way: whether an answer ends a repetition, and what a reference names.

use serde_json::Value as Json;

use crate::judge::proof::foreign;
use crate::judge::question;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::part::parts;
use crate::judge::scene::{Here, Scene};
use crate::observe::{Observation, Observed};
use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::language::expect::Expectations;
use crate::spec::language::path::Path;
use crate::spec::language::value::{Missing, Names};

/// Whether the last exchange of what was observed so far fits; a question that cannot be answered does not.
pub fn fits(
    expectations: &Expectations,
    case: &Case,
    contract: &Contract,
    observation: &Observation,
    names: &dyn Names,
) -> bool {
    let scene = Scene::new(case, contract, observation, names);
    let Some(last) = scene.exchanges.len().checked_sub(1) else { return false };
    question::holds(&scene, &Here(vec![last]), expectations) == Fit::Held
}

/// The part that a reference names, of the steps observed so far; of several attempts or exchanges the last.
///
/// # Errors
/// The step did not run, or the part is not there.
pub fn part(
    path: &Path,
    case: &Case,
    contract: &Contract,
    observation: &Observation,
    names: &dyn Names,
) -> Result<Json, Missing> {
    let scene = Scene::new(case, contract, observation, names);
    let last = scene.exchanges.len().checked_sub(1);
    let found = parts(&scene, &Here(last.into_iter().collect()), path)?;
    let value = found.into_iter().filter_map(|part| part.value).next_back();
    value.ok_or_else(|| Missing(format!("{path} is not there")))
}

/// Whether an exchange holds a completion that the mock did not give.
pub fn is_foreign(observed: &Observed) -> bool {
    foreign::is_foreign(observed)
}
