//! What came of a case and of a run.

use std::time::Duration;

use crate::judge::verdict::{Finding, Judgement};
use crate::observe::redact::Transcript;
use crate::plan::case::PlannedCase;
use crate::spec::contract::Level;
use crate::spec::read::place::Place;

/// What came of one case.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It ran and was judged.
    Judged(Box<Judgement>),
    /// The target lacks what it needs, with the target's reason.
    NotApplicable(String),
    /// It could not run: what is missing and the remedy. Counted as inconclusive.
    Unready(String),
    /// The harness failed; never the gateway's doing.
    Error(String),
}

/// One case of a run.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// `contract::topic::case`.
    pub id: String,
    /// Where it is written; a swept case points at the contract's row.
    pub written_at: Place,
    /// The claims it cites.
    pub claims: Vec<String>,
    /// The configuration of the target that it ran on, or would have; empty where none has what it needs.
    pub configuration: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the gateway served the plain request before it; true where none was sent.
    pub served: bool,
    /// How long it took, waiting for its resources not included.
    pub duration: Duration,
    /// Requests that reached the upstream.
    pub upstream_attempts: usize,
    /// The redacted transcript of its exchanges, for people and snapshots.
    pub transcript: Vec<Transcript>,
    /// The same of the steps' exchanges, without what varies from run to run: what drift is measured on.
    pub snapshot: Vec<String>,
    /// Cases that held shared resources at the same time.
    pub beside: Vec<String>,
    /// A command that shows the same again.
    pub replay: String,
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The contract's name and title.
    pub contract: (String, String),
    /// The target's name and version.
    pub target: (String, Option<String>),
    /// Limits in force.
    pub limits: Vec<LimitInForce>,
    /// Whether the mock was behind the gateway; else only what a client sees was asked.
    pub mocked: bool,
    /// Whether documented times were asked for, whatever the target declares.
    pub real_time: bool,
    /// Digest of the spec files used, SHA-256, hexadecimal.
    pub specs_digest: String,
    /// The seed.
    pub seed: u64,
    /// Every planned case, in plan order.
    pub cases: Vec<CaseReport>,
    /// How each claim stands, in the contract's order.
    pub claims: Vec<ClaimReport>,
    /// The readings in force: id, claims, sense.
    pub readings: Vec<(String, Vec<String>, String)>,
    /// Why the run was stopped before its end, where it was.
    pub stopped: Option<String>,
    /// Wall time.
    pub duration: Duration,
    /// The host's longest measured scheduling delay.
    pub host_delay: Duration,
    /// What it amounts to.
    pub standing: RunStanding,
}

/// A limit in force while the cases ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitInForce {
    /// Its name.
    pub name: String,
    /// Its length.
    pub length: Duration,
    /// The length on the page, where it names one.
    pub documented: Option<Duration>,
    /// The configurations that have it so long; empty where all that ran do.
    pub configurations: Vec<String>,
}

/// How a claim stands.
#[derive(Clone, Debug)]
pub struct ClaimReport {
    /// Its id.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// What it promises.
    pub says: String,
    /// The page.
    pub page: String,
    /// What clients suffer when it is broken.
    pub consequence: Option<String>,
    /// How it stands.
    pub standing: Standing,
}

/// The standing of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A check that cites it held on proof, and none was broken; so many cases.
    Verified(usize),
    /// A check of level must that cites it was broken; so many cases.
    Violated(usize),
    /// A check of level should that cites it was broken, and no must check was; so many cases.
    Weak(usize),
    /// Nothing could be told, and why.
    NotExercised(String),
    /// The target lacks what it needs, with the target's reason.
    Waived(String),
    /// The user asked for cases that do not ask about it.
    Unselected,
}

/// What the whole run amounts to; decides the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStanding {
    /// Every must claim verified, or waived with a reason: so many waived.
    Conforming(usize),
    /// A must claim violated: so many.
    Nonconforming(usize),
    /// Not everything could be told, and why.
    Incomplete(String),
}

impl CaseReport {
    /// The report of a case about which nothing but its outcome is known yet.
    pub(in crate::run) fn of(planned: &PlannedCase, outcome: Outcome, replay: String) -> Self {
        Self {
            id: planned.id.clone(),
            written_at: planned.case.place.clone(),
            claims: planned.case.claims.iter().map(|claim| claim.value.clone()).collect(),
            configuration: planned.takes.configuration.clone(),
            outcome,
            served: true,
            duration: Duration::ZERO,
            upstream_attempts: 0,
            transcript: Vec::new(),
            snapshot: Vec::new(),
            beside: Vec::new(),
            replay,
        }
    }

    /// Findings of level must, empty unless the case was judged and failed.
    pub fn findings(&self) -> Vec<&Finding> {
        match &self.outcome {
            Outcome::Judged(judgement) => match &judgement.verdict {
                crate::judge::verdict::Verdict::Fail(findings) => findings.iter().collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}
