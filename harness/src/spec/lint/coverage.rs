//! What a contract promises and nothing asks.

use std::collections::BTreeSet;

use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::lint::walk::{self, Item};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};

/// Warns of documented rows that nothing expects and of claims that nothing cites.
pub(crate) fn coverage(contract: &Contract, cases: &[Case], problems: &mut Diagnostics) {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut reach = |item: Item<'_>| {
        if let Item::Row(row) = item
            && let Some(known) = contract.errors.iter().find(|known| known.name.value == row.value)
        {
            reached.insert(&known.name.value);
        }
    };
    walk::of_contract(contract, &mut reach);
    cases.iter().for_each(|case| walk::of_case(case, &mut reach));
    for row in contract.errors.iter().filter(|row| !reached.contains(row.name.as_str())) {
        let title = format!("no case, rule or fault rule reaches the row `{}`", row.name);
        let help = format!("expect `error: {}` somewhere, or remove the row", row.name);
        problems.push(Diagnostic::warning(row.name.place.clone(), title).help(help));
    }
    let cited: BTreeSet<&str> = cited(contract, cases);
    for claim in contract.claims.iter().filter(|claim| !cited.contains(claim.id.as_str())) {
        let title = format!("nothing checks the claim `{}`", claim.id);
        let help = "cite it in a case, a rule, a fault rule, `closed` or a protocol".to_owned();
        problems.push(Diagnostic::warning(claim.id.place.clone(), title).help(help));
    }
    for reading in &contract.readings {
        if !readings(contract, cases).any(|used| used == reading.id.value) {
            let title = format!("nothing rests on the reading `{}`", reading.id);
            problems.push(Diagnostic::warning(reading.id.place.clone(), title));
        }
    }
}

fn cited<'a>(contract: &'a Contract, cases: &'a [Case]) -> BTreeSet<&'a str> {
    let closed = contract.closed.iter().flat_map(|closed| closed.outside.iter().chain(&closed.mismatch));
    let envelopes = contract.protocols.iter().flat_map(|protocol| &protocol.envelope_claims);
    let rules = contract.rules.iter().flat_map(|rule| &rule.claims);
    let faults = contract.faults.iter().flat_map(|rule| &rule.claims);
    let rejects = contract.requests.iter().filter_map(|request| request.rejects.as_ref());
    let rejects = rejects.flat_map(|rejects| &rejects.claims);
    let cases = cases.iter().flat_map(|case| &case.claims);
    closed
        .chain(envelopes)
        .chain(rules)
        .chain(faults)
        .chain(rejects)
        .chain(cases)
        .map(|claim| claim.as_str())
        .collect()
}

fn readings<'a>(contract: &'a Contract, cases: &'a [Case]) -> impl Iterator<Item = &'a str> {
    let closed = contract.closed.iter().flat_map(|closed| closed.rows.iter().map(|row| &row.reading));
    let errors = contract.errors.iter().map(|row| &row.reading);
    let rules = contract.rules.iter().map(|rule| &rule.reading);
    let faults = contract.faults.iter().map(|rule| &rule.reading);
    let rejects = contract.requests.iter().filter_map(|request| request.rejects.as_ref());
    let rejects = rejects.flat_map(|rejects| rejects.by.iter().map(|(_, rejection)| &rejection.reading));
    let cases = cases.iter().map(|case| &case.reading);
    closed
        .chain(errors)
        .chain(rules)
        .chain(faults)
        .chain(rejects)
        .chain(cases)
        .flatten()
        .map(|reading| reading.as_str())
}
