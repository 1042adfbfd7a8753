//! The page of a contract: what is asked of its vendor's gateway, claim by claim, by which cases, and by which mutants each
//! claim has been seen red.

use std::fmt::Write as _;

use gateway_conformance::spec::case::Case;
use gateway_conformance::spec::contract::{Contract, Level};
use gateway_conformance::spec::library::Loaded;
use gateway_conformance::spec::read::place::At;
use reference_gateway::{Mutant, Personality};

/// The whole page.
pub(crate) fn render(loaded: &Loaded) -> String {
    let Loaded { contract, cases, .. } = loaded;
    let name = &contract.name;
    let mutants = Personality::named(name).map(reference_gateway::mutants).unwrap_or_default();
    let mut page = format!("# {}: what is asked\n\n", contract.title);
    let written = contract.pages.iter().map(|page| format!("{} (read {})", page.url, page.read));
    // Writing to a String has no way to fail.
    let _ = writeln!(page, "{}\n", written.collect::<Vec<_>>().join(" · "));
    let _ = writeln!(page, "{}\n", counts(contract, cases, mutants));
    page.push_str(
        "| claim | level | what is promised | asked by | mutants that break it |\n|---|---|---|---|---|\n",
    );
    for claim in &contract.claims {
        let readings = contract.readings.iter().filter(|reading| cites(&reading.claims, &claim.id));
        let readings = readings.map(|reading| reading.id.value.as_str());
        let _ = writeln!(
            page,
            "| {} | {} | {}{} | {} | {} |",
            claim.id,
            level(claim.level),
            cell(&claim.says),
            named(" Read as ", readings.map(code)),
            asked_by(contract, cases, &claim.id),
            broken_by(mutants.iter().filter(|mutant| mutant.claims.contains(&claim.id.as_str()))),
        );
    }
    let telling: Vec<&Mutant> = mutants.iter().filter(|mutant| mutant.claims.is_empty()).collect();
    if !telling.is_empty() {
        let by = broken_by(telling.into_iter());
        let _ = writeln!(page, "| – | must | No key of the upstream is ever shown. | every case | {by} |");
    }
    if !contract.readings.is_empty() {
        page.push_str(
            "\n## Readings\n\nPlaces that the page leaves open, and the sense they were read in.\n\n",
        );
        page.push_str("| reading | claims | in which sense |\n|---|---|---|\n");
    }
    for reading in &contract.readings {
        let claims: Vec<&str> = reading.claims.iter().map(|claim| claim.value.as_str()).collect();
        let _ = writeln!(page, "| {} | {} | {} |", reading.id, claims.join(", "), cell(&reading.says));
    }
    page.push_str(&footer(name, !mutants.is_empty()));
    page
}

fn counts(contract: &Contract, cases: &[Case], mutants: &[Mutant]) -> String {
    let of = |wanted| contract.claims.iter().filter(|claim| claim.level == wanted).count();
    let [must, should, may] = [Level::Must, Level::Should, Level::May].map(of);
    let claims = contract.claims.len();
    let written = cases.len();
    let swept = contract.faults.len();
    let mutants = match mutants.len() {
        0 => "The built-in gateway does not keep this contract, so its claims have no mutants.".to_owned(),
        several => format!(
            "{several} mutants of the built-in gateway break it, each in one point; every one is found, and no check finds none \
             (`snapshots/kill_matrix/{}.snap`).",
            contract.name
        ),
    };
    format!(
        "{claims} claims ({must} must, {should} should, {may} may), {written} written cases, and every upstream failure of {swept} \
         families, played to each operation. {mutants}"
    )
}

/// Cases by name, with how many one name stands for; rules that ask every case; families of the sweep.
fn asked_by(contract: &Contract, cases: &[Case], claim: &str) -> String {
    let mut named: Vec<(&str, usize)> = Vec::new();
    for case in cases.iter().filter(|case| cites(&case.claims, claim)) {
        let name = case.id.split('[').next().unwrap_or(&case.id);
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => named.push((name, 1)),
        }
    }
    let cases = named.into_iter().map(|(name, count)| match count {
        1 => code(name),
        _ => format!("{} ×{count}", code(name)),
    });
    let mut parts: Vec<String> = cases.collect();
    let enveloped = contract.protocols.iter().any(|protocol| cites(&protocol.envelope_claims, claim));
    parts.extend(enveloped.then(|| "every failure, by the envelope".to_owned()));
    let closed = contract.closed.as_ref();
    let listed = closed.is_some_and(|closed| cites(&closed.outside, claim) || cites(&closed.mismatch, claim));
    parts.extend(listed.then(|| "every failure, by the closed table".to_owned()));
    let rules = contract.rules.iter().filter(|rule| cites(&rule.claims, claim)).count();
    parts.extend((rules > 0).then(|| "every exchange that a rule is about".to_owned()));
    let families = contract.faults.iter().filter(|fault| cites(&fault.claims, claim));
    let families: Vec<&str> = families.map(|fault| fault.family.value.as_str()).collect();
    parts.extend((!families.is_empty()).then(|| format!("the sweep: {}", families.join(", "))));
    match parts.is_empty() {
        true => "recorded, never judged".to_owned(),
        false => parts.join("<br>"),
    }
}

fn broken_by<'m>(mutants: impl Iterator<Item = &'m Mutant>) -> String {
    let names: Vec<String> = mutants.map(|mutant| code(mutant.name)).collect();
    match names.len() {
        0 => "–".to_owned(),
        several => format!("{several}: {}", names.join(", ")),
    }
}

fn footer(contract: &str, mutants: bool) -> String {
    let mut text = format!(
        "\n`gateway-conformance explain CLAIM` tells everything about one claim; `gateway-conformance run --contract {contract} --case \
         'TOPIC::CASE'` runs one case"
    );
    text.push_str(match mutants {
        true => ";\n`--mutant NAME` with it shows what one flaw of the built-in gateway breaks.\n",
        false => ".\n",
    });
    text
}

fn cites(claims: &[At<String>], claim: &str) -> bool {
    claims.iter().any(|id| id.value == claim)
}

fn named(before: &str, parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { String::new() } else { format!("{before}{}.", parts.join(", ")) }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
        Level::May => "may",
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
