//! Renders what came of a run: console, JSON, JUnit, Markdown; decides nothing.

pub mod console;
pub mod exit;
pub mod finding;
mod folder;
pub mod fuzz;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod overview;
pub mod stream;
pub mod survey;

pub use folder::write;

use crate::judge::verdict::Verdict;
use crate::run::outcome::{CaseReport, Outcome, RunReport};

/// How many cases came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Judged and passed.
    pub pass: usize,
    /// Judged and failed.
    pub fail: usize,
    /// Could not be told, or could not run.
    pub inconclusive: usize,
    /// The target lacks what they need.
    pub not_applicable: usize,
    /// The harness failed.
    pub error: usize,
}

impl Counts {
    /// Counts the cases of a run.
    pub fn of(report: &RunReport) -> Self {
        Self::of_cases(report.cases.iter())
    }

    /// Counts these cases.
    fn of_cases<'c>(cases: impl Iterator<Item = &'c CaseReport>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            let count = match word(&case.outcome) {
                "pass" => &mut counts.pass,
                "fail" => &mut counts.fail,
                "inconclusive" => &mut counts.inconclusive,
                "not_applicable" => &mut counts.not_applicable,
                _ => &mut counts.error,
            };
            *count += 1;
        }
        counts
    }
}

/// An outcome in one word: `pass`, `fail`, `inconclusive`, `not_applicable`, `error`.
pub fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Judged(judgement) => match judgement.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Inconclusive(_) => "inconclusive",
        },
        Outcome::Unready(_) => "inconclusive",
        Outcome::NotApplicable(_) => "not_applicable",
        Outcome::Error(_) => "error",
    }
}

/// Why a case was not judged, or `None` where it was.
fn why(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Inconclusive(why) => Some(why),
            Verdict::Pass | Verdict::Fail(_) => None,
        },
        Outcome::NotApplicable(why) | Outcome::Unready(why) | Outcome::Error(why) => Some(why),
    }
}

/// The curl command of an exchange of a case; of its last step where none has that name.
fn curl<'a>(case: &'a CaseReport, exchange: &str) -> Option<&'a str> {
    let named = case.transcript.iter().find(|transcript| transcript.name == exchange);
    let step = || {
        let own = |name: &str| name != "control" && name != "liveness";
        case.transcript.iter().rev().find(|transcript| own(&transcript.name))
    };
    named.or_else(step).map(|transcript| transcript.curl.as_str()).filter(|curl| !curl.is_empty())
}

/// Case ids for people: those of one product share a line, `topic::case  [a=1]  [a=2]`.
pub(crate) fn case_list(ids: &[&str]) -> Vec<String> {
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for id in ids {
        let (name, axes) = id.split_at(id.find('[').unwrap_or(id.len()));
        match lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(axes),
            None => lines.push((name, vec![axes])),
        }
    }
    lines
        .into_iter()
        .map(|(name, axes)| match axes.as_slice() {
            [only] => format!("{name}{only}"),
            several => format!("{name} {}", several.join(" ")),
        })
        .collect()
}

#[cfg(test)]
mod tests;
