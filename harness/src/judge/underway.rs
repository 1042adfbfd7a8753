//! What the runner may ask while a case is under way: whether an answer ends a repetition, and what a reference names.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::judge::proof;
use crate::judge::proof::foreign;
use crate::judge::question;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::evidence::{Evidence, Role};
use crate::judge::scene::part::parts;
use crate::judge::scene::{Here, Scene};
use crate::observe::{Observation, Observed};
use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::language::expect::Expectations;
use crate::spec::language::path::Path;
use crate::spec::language::value::{Missing, Names};
use crate::wire::sse::Stream;

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

/// What an exchange's answer says and what the mock played to it, where it holds a completion that the mock gave neither to
/// it nor to one of the `earlier` exchanges.
pub fn foreign(observed: &Observed, earlier: &[&Observed]) -> Option<String> {
    foreign::said(observed, earlier)
}

/// Why it is not proven that a case happened as it is written; `None` where it is.
pub fn unproven(
    case: &Case,
    contract: &Contract,
    observation: &Observation,
    names: &dyn Names,
) -> Option<String> {
    proof::of(&Scene::new(case, contract, observation, names)).spoilt
}

/// What an answer says of itself; nothing is held against it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The JSON that carries the error's fields: the first error event's, else the body's.
    pub error: Option<Json>,
    /// Whether an error event was in it.
    pub by_event: bool,
    /// The events, when the answer is a stream of them.
    pub stream: Option<Stream>,
}

/// Reads an answer by its protocol.
pub fn told(observed: &Observed, contract: &Contract) -> Told {
    let protocol = contract.protocol(&observed.protocol);
    let evidence = Evidence::read(Role::Step(0), Arc::default(), observed, protocol);
    let by_event = evidence.error_events().next().is_some();
    Told { error: evidence.error_json().cloned(), by_event, stream: evidence.stream }
}
