//! The kill matrix: which check of which claim killed which mutant, as text that a person reviews.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use reference_gateway::{Kind, Mutant};

use crate::gateway::{Check, KEY_RULE};
use crate::subject::Argued;

/// The whole matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) rows: BTreeMap<String, Row>,
    /// Every check that is asked, with the number of mutants that it kills.
    pub(crate) checks: BTreeMap<Check, usize>,
}

/// What became of one mutant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where the flaw sits.
    pub(crate) kind: String,
    /// The claims that it breaks; the key rule where it breaks none.
    pub(crate) claims: Vec<String>,
    /// A case that, run alone, shows it.
    pub(crate) witness: String,
    /// The checks that it broke.
    pub(crate) killed_by: BTreeSet<Check>,
}

impl Row {
    /// The row of a mutant that nothing killed yet.
    pub(crate) fn of(mutant: &Mutant) -> Self {
        let kind = match mutant.kind {
            Kind::Mechanism => "mechanism",
            Kind::Answer => "answer",
        };
        Self { kind: kind.to_owned(), claims: meant(mutant), ..Self::default() }
    }
}

/// The claims that a mutant is meant to break.
pub(crate) fn meant(mutant: &Mutant) -> Vec<String> {
    let claims: Vec<String> = mutant.claims.iter().map(|claim| (*claim).to_owned()).collect();
    if claims.is_empty() { vec![KEY_RULE.to_owned()] } else { claims }
}

impl Matrix {
    /// Everything that is wrong with it beyond what is argued, one line each.
    pub(crate) fn problems(&self, argued: &Argued) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, row) in &self.rows {
            let by: Vec<&str> = row.killed_by.iter().map(|check| check.claim.as_str()).collect();
            let unbroken = row.claims.iter().filter(|claim| !by.contains(&claim.as_str()));
            problems.extend(match by.is_empty() {
                true => vec![format!("{name} survives")],
                false => {
                    unbroken.map(|claim| format!("{name} is killed, but by no check of {claim}")).collect()
                }
            });
        }
        for (check, kills) in &self.checks {
            match (*kills, argued.unbreakable.contains_key(&check.to_string())) {
                (0, false) => problems.push(format!("the check `{check}` kills no mutant")),
                (1.., true) => {
                    problems.push(format!("the check `{check}` is said to be unbreakable and kills a mutant"))
                }
                _ => {}
            }
        }
        let asked = |check: &str| self.checks.keys().any(|asked| asked.to_string() == check);
        let gone = argued.unbreakable.keys().filter(|check| !asked(check));
        problems.extend(gone.map(|check| format!("the unbreakable check `{check}` is not asked any more")));
        let mutants = argued.alone.keys().filter(|name| !self.rows.contains_key(*name));
        problems.extend(mutants.map(|name| format!("`{name}`, which is said to strike alone, is no mutant")));
        problems
    }

    /// The text of the snapshot.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(
            "mutant | where it sits | claims it breaks | a case that shows it alone | checks that kill it\n\n",
        );
        for (name, row) in &self.rows {
            let claims = row.claims.join(" ");
            let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for check in &row.killed_by {
                by.entry(&check.claim).or_default().push(check.question());
            }
            let by: Vec<String> =
                by.iter().map(|(claim, names)| format!("{claim} {}", names.join("; "))).collect();
            let _ = writeln!(text, "{name} | {} | {claims} | {} | {}", row.kind, row.witness, by.join(" / "));
        }
        text.push_str("\ncheck | mutants that it kills\n\n");
        for (check, kills) in &self.checks {
            let _ = writeln!(text, "{check} | {kills}");
        }
        text
    }

    /// The committed matrix of a contract; empty where there is none yet.
    pub(crate) fn committed(contract: &str) -> Self {
        let Ok(file) = std::fs::read_to_string(folder().join(format!("{contract}.snap"))) else {
            return Self::default();
        };
        // Behind the two lines of dashes that hold insta's own notes.
        let text = file.splitn(3, "---\n").nth(2).expect("a snapshot has a head and a body");
        let mut matrix = Self::default();
        for line in text.lines().filter(|line| line.contains(" | ")) {
            match line.split(" | ").collect::<Vec<_>>().as_slice() {
                ["mutant", ..] | ["check", ..] => {}
                [name, kind, claims, witness, by] => {
                    let row = Row {
                        kind: (*kind).to_owned(),
                        claims: claims.split(' ').map(str::to_owned).collect(),
                        witness: (*witness).to_owned(),
                        killed_by: by.split(" / ").flat_map(group).collect(),
                    };
                    matrix.rows.insert((*name).to_owned(), row);
                }
                [check, kills] => {
                    matrix.checks.insert(Check::parse(check), kills.parse().unwrap());
                }
                _ => panic!("no line of a kill matrix: {line}"),
            }
        }
        matrix
    }
}

/// Checks of one claim: `COG-02 NAME; NAME`.
fn group(text: &str) -> Vec<Check> {
    let Some((claim, names)) = text.split_once(' ') else { return Vec::new() };
    names.split("; ").map(|name| Check::parse(&format!("{claim} {name}"))).collect()
}

/// Where the snapshots lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/kill_matrix")
}
