//! A case: what it sends, what the upstream plays, what is asked, and what it takes of the gateway and why.

use crate::cli::explain::wording;
use crate::plan::case::{Origin, PlannedCase, Readiness, Takes};
use crate::report::console::many;
use crate::report::console::style::{Palette, labelled};
use crate::report::json::level_word;
use crate::spec::case::Step;
use crate::spec::contract::Contract;
use crate::spec::language::expect::Expectations;

/// Everything about a planned case.
pub fn explain(planned: &PlannedCase, contract: &Contract, palette: Palette) -> String {
    let case = &planned.case;
    let mut out = format!("{}\n", palette.bold(&planned.id));
    let mut row = |label: &str, text: &str| out.push_str(&labelled(2, label, text, palette));
    match &planned.origin {
        Origin::Written => row("written", &case.place.to_string()),
        Origin::Sweep(fault) => row("swept", &format!("fault `{fault}`, under {}", case.place)),
    }
    for id in &case.claims {
        match contract.claims.iter().find(|claim| claim.id.value == id.value) {
            Some(claim) => {
                row("claim", &format!("{} ({}): {}", claim.id, level_word(claim.level), claim.says))
            }
            None => row("claim", &format!("{id}: not in the contract")),
        }
    }
    if let Some(id) = &case.reading {
        let says = contract.readings.iter().find(|reading| reading.id.value == id.value);
        row(
            "reading",
            &format!("{id}: {}", says.map_or("not in the contract", |reading| reading.says.as_str())),
        );
    }
    for (name, value) in &case.needs {
        row("needs", &format!("a configuration with {name}: {value}"));
    }
    for state in &case.given {
        row("given", &format!("the gateway is put into the state `{state}`, and out of it afterwards"));
    }
    for (label, text) in takes(&planned.takes) {
        row(label, &text);
    }
    row("ready", &readiness(&planned.ready));
    if let Some(upstream) = &case.upstream {
        for line in wording::upstream(upstream) {
            row("upstream", &line);
        }
    }
    for (index, step) in case.steps.iter().enumerate() {
        out.push('\n');
        out.push_str(&explain_step(index, step, contract, palette));
    }
    out.push('\n');
    out.push_str(&labelled(2, "always", &always(contract), palette));
    out
}

/// What the case has for itself while it runs, each with the reason; all else is shared.
fn takes(takes: &Takes) -> Vec<(&'static str, String)> {
    let mut rows = vec![("runs on", format!("the configuration `{}`", takes.configuration))];
    if let Some(why) = &takes.instance {
        rows.push(("alone", format!("the whole gateway: {why}")));
    }
    rows.extend(takes.providers.iter().map(|(name, why)| ("alone", format!("the provider `{name}`: {why}"))));
    rows.extend(
        takes.credentials.iter().map(|(name, why)| ("alone", format!("the credential `{name}`: {why}"))),
    );
    if let Some(why) = &takes.timing {
        rows.push(("slot", format!("one of the few for cases that count, order or time: {why}")));
    }
    let shared = if takes.instance.is_some() { "nothing" } else { "everything else, with any other case" };
    rows.push(("shares", shared.to_owned()));
    rows
}

fn readiness(ready: &Readiness) -> String {
    match ready {
        Readiness::Ready => "yes".to_owned(),
        Readiness::Lacks(name, why) => format!("not applicable: the target lacks {name}: {why}"),
        Readiness::Unbound(why) => format!("no, inconclusive: {why}"),
    }
}

fn explain_step(index: usize, step: &Step, contract: &Contract, palette: Palette) -> String {
    let name = match &step.name {
        Some(name) => format!("step {} `{name}`", index + 1),
        None => format!("step {}", index + 1),
    };
    let mut out = format!("  {}  {}\n", palette.bold(&name), palette.dim(&step.place.to_string()));
    let mut row = |label: &str, text: &str| out.push_str(&labelled(4, label, text, palette));
    if let Some(after) = &step.after {
        row("after", &wording::after(after));
    }
    row("sends", &wording::send(&step.send));
    if let Some(times) = wording::times(&step.times, step.together) {
        row("times", &times);
    }
    for line in step.upstream.iter().flat_map(wording::upstream) {
        row("upstream", &line);
    }
    for (label, Expectations(asked)) in [("must", &step.expect), ("should", &step.should)] {
        for expectation in asked {
            row(label, &format!("{} ({})", wording::expectation(expectation, contract), expectation.place));
        }
    }
    for path in &step.record {
        row("record", &format!("{path}, never judged"));
    }
    out
}

/// What is asked of each of the case's exchanges besides its own expectations.
fn always(contract: &Contract) -> String {
    let mut asked = Vec::new();
    if contract.protocols.iter().any(|protocol| protocol.envelope.is_some()) {
        asked.push("failures fit the envelope".to_owned());
    }
    if let Some(closed) = &contract.closed {
        asked.push(format!("failures fit one of the {} rows of the closed table", closed.rows.len()));
    }
    if !contract.rules.is_empty() {
        asked.push(format!("the contract's {}", many(contract.rules.len(), "rule")));
    }
    asked.push("no key leaks".to_owned());
    format!(
        "control before and liveness after reach the mock and succeed; what the upstream plays was delivered; of every exchange: {}",
        asked.join("; ")
    )
}
