//! What the judge says.

use crate::spec::contract::Level;
use crate::spec::read::place::Place;

/// The judge's answer for one case.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every must check was asked on proof and passed.
    Pass,
    /// At least one must check failed.
    Fail(Findings),
    /// It could not be told, and why.
    Inconclusive(String),
}

/// At least one finding of level must. Only the judge makes one, so that no fault of the harness can be spelled as a failure.
#[derive(Clone, Debug)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Keeps the findings when there are any.
    pub(in crate::judge) fn of(findings: Vec<Finding>) -> Option<Self> {
        (!findings.is_empty()).then_some(Self(findings))
    }

    /// Findings for tests of what comes after the judge.
    #[cfg(test)]
    pub(crate) fn synthetic(findings: Vec<Finding>) -> Self {
        Self::of(findings).expect("a failed case has a finding")
    }

    /// The findings, in the order asked.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check's name, the same whether it passes or fails: `error.code`, `got.headers.retry-after`, `closed.type`, ….
    pub check: String,
    /// How strong it is.
    pub level: Level,
    /// The claims it breaks.
    pub claims: Vec<String>,
    /// Which exchange: `control`, `liveness`, `step 1`, `refused, send 3`.
    pub exchange: String,
    /// What was expected.
    pub expected: String,
    /// What was observed.
    pub observed: String,
    /// Where the expectation is written.
    pub written_at: Place,
    /// The reading it rests on.
    pub reading: Option<String>,
}

/// One question that was asked, and its answer; the kill matrix and the standing of claims are made of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The name.
    pub name: String,
    /// How strong it is.
    pub level: Level,
    /// The claims it checks.
    pub claims: Vec<String>,
    /// The answer.
    pub answer: Answer,
}

/// The answer to a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It held.
    Held,
    /// It did not.
    Broken,
    /// It could not be asked, and why.
    Unknown(String),
}

/// Everything the judge has to say of one case.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Failed checks of level should.
    pub shoulds: Vec<Finding>,
    /// Every check asked.
    pub checks: Vec<Check>,
    /// What was recorded without being judged: a name and the value seen.
    pub recorded: Vec<(String, String)>,
    /// Failures seen that the table marks as undocumented.
    pub undocumented: Vec<String>,
    /// Readings that took part.
    pub readings: Vec<String>,
    /// Answers that held a completion although no provider of the mock gave one: somebody else answered.
    pub foreign_answers: usize,
}
