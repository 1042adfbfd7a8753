//! What can be read and still cannot be meant: unknown names, impossible questions, tables that contradict themselves.

mod closed;
mod coverage;
mod matchers;
mod names;
mod sends;
pub mod target;
mod walk;

use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::At;

pub(crate) use coverage::coverage;
use names::Known;

/// The mock's words, which its own crate keeps; where none are given, families and fault ids are not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Families of upstream failure.
    pub families: Vec<String>,
    /// Ids of faults.
    pub faults: Vec<String>,
    /// Dialects in which the mock speaks.
    pub dialects: Vec<String>,
}

impl Vocabulary {
    /// Reports a dialect in which the mock does not speak.
    fn dialect(&self, written: &At<String>, problems: &mut Diagnostics) {
        if !self.dialects.is_empty() {
            names::one("dialect", written, self.dialects.iter().map(String::as_str), problems);
        }
    }
}

/// Reports what is wrong in a contract by itself.
pub(crate) fn contract(folder: &str, contract: &Contract, words: &Vocabulary, problems: &mut Diagnostics) {
    if contract.name.value != folder && !contract.name.is_empty() {
        let title = format!("the contract `{}` lies in the folder `{folder}`", contract.name);
        problems.push(
            Diagnostic::error(contract.name.place.clone(), title).label(format!("expected `{folder}`")),
        );
    }
    let known = Known { contract, words };
    known.contract(problems);
    closed::overlaps(contract, problems);
    walk::of_contract(contract, &mut |item| matchers::impossible(&item, problems));
}

/// Reports what is wrong in the cases of a contract.
pub(crate) fn cases(contract: &Contract, cases: &[Case], words: &Vocabulary, problems: &mut Diagnostics) {
    let known = Known { contract, words };
    for (index, case) in cases.iter().enumerate() {
        known.case(case, problems);
        sends::impossible(case, contract, problems);
        walk::of_case(case, &mut |item| matchers::impossible(&item, problems));
        let twin = cases[..index].iter().rev().find(|other| other.id == case.id);
        if let Some(twin) = twin.filter(|twin| twin.place != case.place) {
            let title = format!("two cases are called `{}`", case.id);
            problems.push(
                Diagnostic::error(case.place.clone(), title).help(format!("the first is at {}", twin.place)),
            );
        }
    }
}
