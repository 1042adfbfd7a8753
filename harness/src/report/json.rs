//! `report.json`: the run as data, in the form that `specs/schema/report.schema.json` publishes.

use std::time::Duration;

use serde::Serialize;

use crate::judge::verdict;
use crate::report::finding::{consequence, of_case};
use crate::report::{self, Counts, exit};
use crate::run::outcome::{CaseReport, ClaimReport, LimitInForce, Outcome, RunReport, Standing};
use crate::spec::contract::Level;

/// Raised when a field is removed or changes its meaning; fields may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// The whole document, pretty-printed and ending in a line feed; `level` is the weakest that decides.
pub fn render(run: &RunReport, level: Level) -> String {
    let document = Report::of(run, level);
    // Serialising plain structs of strings and numbers has no way to fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    schema_version: u32,
    harness: &'static str,
    specs_digest: &'a str,
    seed: u64,
    contract: &'a str,
    contract_title: &'a str,
    target: Target<'a>,
    real_time: bool,
    summary: Summary,
    standing: &'static str,
    standing_says: String,
    level: &'static str,
    exit_code: u8,
    stopped: Option<&'a str>,
    duration_ms: u64,
    host_delay_ms: u64,
    claims: Vec<Claim<'a>>,
    readings: Vec<Reading<'a>>,
    cases: Vec<Case<'a>>,
}

impl<'a> Report<'a> {
    /// The document of a run.
    pub fn of(run: &'a RunReport, level: Level) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            harness: concat!("gateway-conformance ", env!("CARGO_PKG_VERSION")),
            specs_digest: &run.specs_digest,
            seed: run.seed,
            contract: &run.contract.0,
            contract_title: &run.contract.1,
            target: Target::of(run),
            real_time: run.real_time,
            summary: Summary::of(run.cases.iter()),
            standing: exit::word(&run.standing),
            standing_says: exit::sentence(&run.standing),
            level: level_word(level),
            exit_code: exit::code(run, level),
            stopped: run.stopped.as_deref(),
            duration_ms: millis(run.duration),
            host_delay_ms: millis(run.host_delay),
            claims: run.claims.iter().map(|claim| Claim::of(claim, run)).collect(),
            readings: run.readings.iter().map(|(id, claims, says)| Reading { id, claims, says }).collect(),
            cases: run.cases.iter().map(|case| Case::of(case, &run.claims)).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Target<'a> {
    name: &'a str,
    version: Option<&'a str>,
    upstream: &'static str,
    limits: Vec<Limit<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct Limit<'a> {
    name: &'a str,
    ms: u64,
    documented: bool,
    documented_ms: Option<u64>,
    configurations: &'a [String],
}

impl<'a> Target<'a> {
    fn of(run: &'a RunReport) -> Self {
        let limit = |limit: &'a LimitInForce| Limit {
            name: &limit.name,
            ms: millis(limit.length),
            documented: limit.documented == Some(limit.length),
            documented_ms: limit.documented.map(millis),
            configurations: &limit.configurations,
        };
        Self {
            name: &run.target.0,
            version: run.target.1.as_deref(),
            upstream: if run.mocked { "mock" } else { "none" },
            limits: run.limits.iter().map(limit).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    inconclusive: usize,
    not_applicable: usize,
    error: usize,
}

impl Summary {
    fn of<'c>(cases: impl Iterator<Item = &'c CaseReport>) -> Self {
        let Counts { pass, fail, inconclusive, not_applicable, error } = Counts::of_cases(cases);
        Self { pass, fail, inconclusive, not_applicable, error }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Claim<'a> {
    id: &'a str,
    level: &'static str,
    standing: &'static str,
    why: Option<String>,
    says: &'a str,
    page: &'a str,
    consequence: Option<&'a str>,
    cases: usize,
    configurations: Vec<Configuration<'a>>,
}

/// What came of a claim's cases on one configuration of the target.
#[derive(Clone, Debug, Serialize)]
struct Configuration<'a> {
    name: &'a str,
    #[serde(flatten)]
    summary: Summary,
}

impl<'a> Claim<'a> {
    fn of(claim: &'a ClaimReport, run: &'a RunReport) -> Self {
        let (standing, why) = match &claim.standing {
            Standing::Verified(_) => ("verified", None),
            Standing::Violated(cases) => {
                ("violated", Some(format!("a must check was broken in {cases} cases")))
            }
            Standing::Weak(cases) => ("weak", Some(format!("a should check was broken in {cases} cases"))),
            Standing::NotExercised(why) => ("not_exercised", Some(why.clone())),
            Standing::Waived(why) => ("waived", Some(why.clone())),
            Standing::Unselected => ("unselected", None),
        };
        Self {
            id: &claim.id,
            level: level_word(claim.level),
            standing,
            why,
            says: &claim.says,
            page: &claim.page,
            consequence: claim.consequence.as_deref(),
            cases: run.cases.iter().filter(|case| case.claims.contains(&claim.id)).count(),
            configurations: configurations(&claim.id, run),
        }
    }
}

fn configurations<'a>(claim: &str, run: &'a RunReport) -> Vec<Configuration<'a>> {
    let mut citing: Vec<(&str, Vec<&CaseReport>)> = Vec::new();
    for case in run.cases.iter().filter(|case| case.claims.iter().any(|id| id == claim)) {
        match citing.iter_mut().find(|(name, _)| *name == case.configuration) {
            Some((_, cases)) => cases.push(case),
            None => citing.push((&case.configuration, vec![case])),
        }
    }
    let counted = |(name, cases): (&'a str, Vec<&CaseReport>)| Configuration {
        name,
        summary: Summary::of(cases.into_iter()),
    };
    citing.into_iter().map(counted).collect()
}

#[derive(Clone, Debug, Serialize)]
struct Reading<'a> {
    id: &'a str,
    claims: &'a [String],
    says: &'a str,
}

/// One case, as in `cases[]` and in `cases.jsonl`.
#[derive(Clone, Debug, Serialize)]
pub struct Case<'a> {
    id: &'a str,
    written_at: String,
    claims: &'a [String],
    configuration: &'a str,
    outcome: &'static str,
    why: Option<&'a str>,
    findings: Vec<Finding<'a>>,
    undocumented: &'a [String],
    recorded: Vec<Recorded<'a>>,
    readings: &'a [String],
    duration_ms: u64,
    upstream_attempts: usize,
    beside: &'a [String],
    replay: &'a str,
}

impl<'a> Case<'a> {
    /// A case; `claims` lend their consequences to its findings.
    pub fn of(case: &'a CaseReport, claims: &[ClaimReport]) -> Self {
        let judgement = match &case.outcome {
            Outcome::Judged(judgement) => Some(judgement),
            Outcome::NotApplicable(_) | Outcome::Unready(_) | Outcome::Error(_) => None,
        };
        let outcome = report::word(&case.outcome);
        let recorded = judgement.map(|judgement| judgement.recorded.as_slice()).unwrap_or_default();
        Self {
            id: &case.id,
            written_at: case.written_at.to_string(),
            claims: &case.claims,
            configuration: &case.configuration,
            outcome,
            why: report::why(&case.outcome),
            findings: of_case(case).into_iter().map(|finding| Finding::of(finding, claims)).collect(),
            undocumented: judgement.map(|judgement| judgement.undocumented.as_slice()).unwrap_or_default(),
            recorded: recorded.iter().map(|(name, value)| Recorded { name, value }).collect(),
            readings: judgement.map(|judgement| judgement.readings.as_slice()).unwrap_or_default(),
            duration_ms: millis(case.duration),
            upstream_attempts: case.upstream_attempts,
            beside: if outcome == "pass" { &[] } else { &case.beside },
            replay: &case.replay,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Recorded<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Clone, Debug, Serialize)]
struct Finding<'a> {
    check: &'a str,
    level: &'static str,
    expected: &'a str,
    observed: &'a str,
    claim: Option<&'a str>,
    claims: &'a [String],
    exchange: &'a str,
    written_at: String,
    reading: Option<&'a str>,
    consequence: Option<String>,
}

impl<'a> Finding<'a> {
    fn of(finding: &'a verdict::Finding, claims: &[ClaimReport]) -> Self {
        Self {
            check: &finding.check,
            level: level_word(finding.level),
            expected: &finding.expected,
            observed: &finding.observed,
            claim: finding.claims.first().map(String::as_str),
            claims: &finding.claims,
            exchange: &finding.exchange,
            written_at: finding.written_at.to_string(),
            reading: finding.reading.as_deref(),
            consequence: consequence::of(finding, claims),
        }
    }
}

/// A level in one word.
pub(crate) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
        Level::May => "may",
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
