//! Where every question and its answer are entered, and what they amount to.

use crate::judge::proof::Proof;
use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::secret::Seeker;
use crate::judge::verdict::{Answer, Check, Finding, Findings, Judgement, Verdict};
use crate::spec::contract::{Contract, Level};
use crate::spec::read::place::At;

/// On whose behalf a question is asked.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Authority {
    pub(in crate::judge) level: Level,
    pub(in crate::judge) claims: Vec<String>,
    pub(in crate::judge) reading: Option<String>,
    /// What the answer waits for, where it is worth nothing without proof.
    pub(in crate::judge) unproven: Option<String>,
}

impl Authority {
    /// A check is as strong as the weaker of where it stands and its strongest claim; without a claim it is recorded.
    pub(in crate::judge) fn new(contract: &Contract, stands: Level, claims: &[At<String>]) -> Self {
        let level_of = |id: &str| {
            // A claim that no contract has is refused when the files are read; here it must not soften anything.
            contract.claims.iter().find(|claim| *claim.id == id).map_or(Level::Must, |claim| claim.level)
        };
        let strongest = claims.iter().map(|id| level_of(id)).max().unwrap_or(Level::May);
        let claims = claims.iter().map(|id| id.value.clone()).collect();
        Self { level: stands.min(strongest), claims, reading: None, unproven: None }
    }

    pub(in crate::judge) fn reading(self, reading: Option<&At<String>>) -> Self {
        Self { reading: reading.map(|id| id.value.clone()), ..self }
    }

    pub(in crate::judge) fn on_proof(self, unproven: Option<&str>) -> Self {
        Self { unproven: unproven.map(str::to_owned), ..self }
    }
}

/// Everything asked so far.
pub(in crate::judge) struct Ledger<'s> {
    seeker: &'s Seeker,
    /// Whether it is enough to know what is wrong.
    terse: bool,
    checks: Vec<Check>,
    musts: Vec<Finding>,
    shoulds: Vec<Finding>,
    recorded: Vec<(String, String)>,
    undocumented: Vec<String>,
    readings: Vec<String>,
    /// The first check of level must that could not be told.
    untold: Option<String>,
}

impl<'s> Ledger<'s> {
    /// An empty one; what is entered is freed of the keys that the seeker knows.
    pub(in crate::judge) fn new(seeker: &'s Seeker) -> Self {
        Self {
            seeker,
            terse: false,
            checks: Vec::new(),
            musts: Vec::new(),
            shoulds: Vec::new(),
            recorded: Vec::new(),
            undocumented: Vec::new(),
            readings: Vec::new(),
            untold: None,
        }
    }

    /// One that keeps findings, and neither the checks that held nor what is recorded.
    pub(in crate::judge) fn terse(seeker: &'s Seeker) -> Self {
        Self { terse: true, ..Self::new(seeker) }
    }

    /// Whether it keeps what is recorded.
    pub(in crate::judge) fn records(&self) -> bool {
        !self.terse
    }

    /// Enters a question and its answer.
    pub(in crate::judge) fn enter(&mut self, authority: &Authority, exchange: &str, answered: Answered) {
        let reading = answered.reading.or_else(|| authority.reading.clone());
        self.readings(reading.as_ref());
        let answer = match (&authority.unproven, answered.fit) {
            (Some(why), _) => Answer::Unknown(why.clone()),
            (None, Fit::Held) => Answer::Held,
            (None, Fit::Broken) => Answer::Broken,
            (None, Fit::Unknown(why)) => {
                if authority.level == Level::Must && self.untold.is_none() {
                    self.untold = Some(format!("{} of {exchange} could not be told: {why}", answered.name));
                }
                Answer::Unknown(why)
            }
        };
        if !self.terse {
            self.checks.push(Check {
                name: answered.name.clone(),
                level: authority.level,
                claims: authority.claims.clone(),
                answer: answer.clone(),
            });
        }
        if answer != Answer::Broken {
            return;
        }
        if authority.level == Level::May {
            let seen = format!("{} (instead of {})", answered.observed, answered.expected);
            return self.record(format!("{exchange}: {}", answered.name), &seen);
        }
        let finding = Finding {
            check: answered.name,
            level: authority.level,
            claims: authority.claims.clone(),
            exchange: exchange.to_owned(),
            expected: self.seeker.mask(&answered.expected),
            observed: self.seeker.mask(&answered.observed),
            written_at: answered.place,
            reading,
        };
        match authority.level {
            Level::Must => self.musts.push(finding),
            _ => self.shoulds.push(finding),
        }
    }

    pub(in crate::judge) fn record(&mut self, name: String, seen: &str) {
        if self.records() {
            self.recorded.push((name, self.seeker.mask(seen)));
        }
    }

    pub(in crate::judge) fn undocumented(&mut self, what: String) {
        if !self.undocumented.contains(&what) {
            self.undocumented.push(what);
        }
    }

    pub(in crate::judge) fn readings(&mut self, reading: Option<&String>) {
        if let Some(id) = reading.filter(|id| !self.readings.contains(id)) {
            self.readings.push(id.clone());
        }
    }

    /// A finding of level must decides; then proof, then questions that could not be told.
    pub(in crate::judge) fn close(self, proof: Proof, foreign_answers: usize) -> Judgement {
        let verdict = match (Findings::of(self.musts), proof.spoilt.or(proof.dead).or(self.untold)) {
            (Some(findings), _) => Verdict::Fail(findings),
            (None, Some(why)) => Verdict::Inconclusive(self.seeker.mask(&why)),
            (None, None) => Verdict::Pass,
        };
        Judgement {
            verdict,
            shoulds: self.shoulds,
            checks: self.checks,
            recorded: self.recorded,
            undocumented: self.undocumented,
            readings: self.readings,
            foreign_answers,
        }
    }
}
