//! Which faults of the catalogue are played, and by which operations.

use mock_upstream::fault::{Catalogue, Family, Fault, Group, Lane};

use crate::plan::select;
use crate::spec::contract::{Contract, Operation};
use crate::spec::read::word;

/// What is played; the default is the whole catalogue by the first operations that fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Groups, by letter; all when empty.
    pub groups: Vec<String>,
    /// Families; all when empty.
    pub families: Vec<String>,
    /// Globs over fault ids; all when empty.
    pub faults: Vec<String>,
    /// Operations of the contract; where none is named, the first that carries the prompt, for streams the first that streams.
    pub operations: Vec<String>,
}

/// A choice that names what there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// A word that nothing has.
    #[error("there is no {kind} `{written}`{hint}")]
    Unknown {
        /// `group`, `family`, `fault` or `operation`.
        kind: &'static str,
        /// As written.
        written: String,
        /// ` (…)` with the nearest word, or nothing.
        hint: String,
    },
    /// Every word is known, but no fault has all of them.
    #[error("no fault is in all of what is asked for; `gateway-conformance faults` lists them")]
    Nothing,
}

impl Choice {
    /// The chosen faults, in the order of the catalogue.
    ///
    /// # Errors
    /// A group, family or glob that no fault has, or no fault that has all of them.
    pub fn faults<'c>(&self, catalogue: &'c Catalogue) -> Result<Vec<&'c Fault>, ChoiceError> {
        let groups = Group::ALL.map(letter);
        let families = Family::ALL.map(|family| family.to_string());
        let ids: Vec<&str> = catalogue.faults().iter().map(|fault| fault.id.as_str()).collect();
        known("group", &self.groups, &groups, |a, b| a.eq_ignore_ascii_case(b))?;
        known("family", &self.families, &families, |a, b| a == b)?;
        known("fault", &self.faults, &ids, select::covers)?;
        let chosen = |fault: &&Fault| {
            let has = |words: &[String], fits: &dyn Fn(&str) -> bool| {
                words.is_empty() || words.iter().any(|word| fits(word))
            };
            // A target's upstream is spoken to without TLS.
            !fault.needs_tls()
                && has(&self.groups, &|group| letter(fault.group).eq_ignore_ascii_case(group))
                && has(&self.families, &|family| fault.family.to_string() == family)
                && has(&self.faults, &|glob| select::covers(glob, &fault.id))
        };
        let chosen: Vec<&Fault> = catalogue.faults().iter().filter(chosen).collect();
        if chosen.is_empty() { Err(ChoiceError::Nothing) } else { Ok(chosen) }
    }

    /// The operations by which a lane is played.
    ///
    /// # Errors
    /// An operation that the contract does not have, or that does not reach the upstream with a prompt.
    pub fn operations<'c>(
        &self,
        contract: &'c Contract,
        lane: Lane,
    ) -> Result<Vec<&'c Operation>, ChoiceError> {
        let usable = |operation: &&Operation| operation.upstream && operation.carries_prompt;
        let usable: Vec<&Operation> = contract.names.operations.iter().filter(usable).collect();
        if self.operations.is_empty() {
            let first = usable.iter().find(|operation| lane == Lane::Plain || operation.streams);
            return Ok(first.into_iter().copied().collect());
        }
        let names: Vec<&str> = usable.iter().map(|operation| operation.name.as_str()).collect();
        known("operation", &self.operations, &names, |a, b| a == b)?;
        let named = |operation: &&Operation| self.operations.contains(&operation.name.value);
        Ok(usable.into_iter().filter(named).collect())
    }
}

/// The letter of a group.
pub(crate) fn letter(group: Group) -> String {
    format!("{group:?}")
}

fn known<T: AsRef<str>>(
    kind: &'static str,
    written: &[String],
    known: &[T],
    fits: impl Fn(&str, &str) -> bool,
) -> Result<(), ChoiceError> {
    let words = || known.iter().map(AsRef::as_ref);
    match written.iter().find(|written| !words().any(|word| fits(written, word))) {
        None => Ok(()),
        Some(written) => {
            let hint = word::suggestion(written, words()).map(|hint| format!(" ({hint})"));
            Err(ChoiceError::Unknown { kind, written: written.clone(), hint: hint.unwrap_or_default() })
        }
    }
}
