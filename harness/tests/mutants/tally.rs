//! How many mutants there are and what became of them, for people.

use std::fmt;
use std::time::Duration;

use reference_gateway::Kind;

use crate::matrix::{Matrix, Row};
use crate::subject::Subject;

/// The counts of a whole matrix, a line a contract.
pub(crate) struct Tally {
    lines: Vec<(String, Counts)>,
    took: Duration,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    mutants: usize,
    killed: usize,
    answers: usize,
    real: usize,
    checks: usize,
    idle: usize,
}

impl Tally {
    /// The counts of these matrices, one of each subject.
    pub(crate) fn of(subjects: &[&Subject], matrices: &[Matrix], took: Duration) -> Self {
        let line = |(subject, matrix): (&&Subject, &Matrix)| {
            let killed = |row: &&Row| {
                row.claims.iter().all(|claim| row.killed_by.iter().any(|check| check.claim == *claim))
            };
            let counts = Counts {
                mutants: matrix.rows.len(),
                killed: matrix.rows.values().filter(killed).count(),
                answers: subject.mutants.iter().filter(|mutant| mutant.kind == Kind::Answer).count(),
                real: subject.mutants.iter().filter(|mutant| mutant.models.is_some()).count(),
                checks: matrix.checks.len(),
                idle: matrix.checks.values().filter(|kills| **kills == 0).count(),
            };
            (subject.contract.clone(), counts)
        };
        Self { lines: subjects.iter().zip(matrices).map(line).collect(), took }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["mutants", "killed", "rewrite the answer", "imitate a real bug", "checks", "kill none"];
        writeln!(f, "{:<20} {}", "contract", heads.join("  "))?;
        let mut total = Counts::default();
        for (contract, counts) in &self.lines {
            row(f, contract, &heads, *counts)?;
            total = total.and(*counts);
        }
        row(f, "total", &heads, total)?;
        write!(f, "in {} s", self.took.as_secs())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, heads: &[&str], counts: Counts) -> fmt::Result {
    let Counts { mutants, killed, answers, real, checks, idle } = counts;
    let cells = [mutants, killed, answers, real, checks, idle];
    let cells = cells.iter().zip(heads).map(|(count, head)| format!("{count:>width$}", width = head.len()));
    writeln!(f, "{name:<20} {}", cells.collect::<Vec<_>>().join("  "))
}

impl Counts {
    fn and(self, other: Self) -> Self {
        Self {
            mutants: self.mutants + other.mutants,
            killed: self.killed + other.killed,
            answers: self.answers + other.answers,
            real: self.real + other.real,
            checks: self.checks + other.checks,
            idle: self.idle + other.idle,
        }
    }
}
