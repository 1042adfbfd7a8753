//! A claim: what it promises, where, in which sense, and what asks for it.

use crate::cli::explain::wording;
use crate::plan::case::{PlannedCase, Readiness};
use crate::report::case_list;
use crate::report::console::style::{Palette, labelled};
use crate::report::json::level_word;
use crate::spec::contract::{Claim, Contract};
use crate::spec::read::place::At;

/// Everything about a claim.
pub fn explain(claim: &Claim, contract: &Contract, planned: &[PlannedCase], palette: Palette) -> String {
    let cites = |claims: &[At<String>]| claims.iter().any(|id| id.value == claim.id.value);
    let mut out = format!(
        "{}  {}\n",
        palette.bold(&claim.id.value),
        palette.dim(&format!("{} ({}), level {}", contract.title, contract.name, level_word(claim.level)))
    );
    let mut row = |label: &str, text: &str| out.push_str(&labelled(2, label, text, palette));
    row("says", &claim.says);
    row("page", &page(claim, contract));
    row("written", &claim.id.place.to_string());
    if let Some(consequence) = &claim.consequence {
        row("so what", consequence);
    }
    for reading in contract.readings.iter().filter(|reading| cites(&reading.claims)) {
        row("reading", &format!("{}: {}", reading.id, reading.says));
    }
    for protocol in contract.protocols.iter().filter(|protocol| cites(&protocol.envelope_claims)) {
        row("envelope", &format!("every failure over `{}` fits the envelope's schema", protocol.name));
    }
    if let Some(closed) = &contract.closed {
        if cites(&closed.outside) {
            row("table", &format!("every failure's status has one of the {} rows", closed.rows.len()));
        }
        if cites(&closed.mismatch) {
            row("table", "a failure whose status has a row has that row's fields");
        }
    }
    for rule in contract.rules.iter().filter(|rule| cites(&rule.claims)) {
        row("rule", &format!("{} ({})", wording::rule(rule), rule.place));
    }
    for fault in contract.faults.iter().filter(|fault| cites(&fault.claims)) {
        row("fault", &wording::fault_rule(fault));
    }
    let cases: Vec<&PlannedCase> = planned.iter().filter(|case| cites(&case.case.claims)).collect();
    let ready = cases.iter().filter(|case| case.ready == Readiness::Ready).count();
    row("cases", &format!("{} cite it, {ready} of them ready", cases.len()));
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    for line in case_list(&ids) {
        row("", &line);
    }
    for case in cases {
        match &case.ready {
            Readiness::Ready => {}
            Readiness::Lacks(name, why) => row("waived", &format!("{}: lacks {name}: {why}", case.id)),
            Readiness::Unbound(why) => row("unbound", &format!("{}: {why}", case.id)),
        }
    }
    out
}

fn page(claim: &Claim, contract: &Contract) -> String {
    let first = contract.pages.first();
    match (&claim.page, first) {
        (Some(own), _) => match contract.pages.iter().find(|page| page.url == *own) {
            Some(page) => format!("{own} (read {})", page.read),
            None => own.clone(),
        },
        (None, Some(page)) => format!("{} (read {})", page.url, page.read),
        (None, None) => "none".to_owned(),
    }
}
