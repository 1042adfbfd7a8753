//! References while a case is under way: to what its earlier steps observed, beside its names.

use std::time::Duration;

use serde_json::Value as Json;

use crate::arrange::names::CaseNames;
use crate::judge;
use crate::observe::{Observation, ObservedStep};
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::spec::language::value::{Missing, Names, Reference};

/// The names of a case and the corners of its earlier exchanges.
pub(in crate::run) struct References<'c> {
    names: &'c CaseNames<'c>,
    conduct: &'c Conduct<'c>,
}

impl Names for References<'_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match reference {
            Reference::Path(path) => {
                let observation = self.conduct.so_far();
                judge::part(
                    path,
                    &self.conduct.planned.case,
                    self.conduct.contract(),
                    &observation,
                    self.names,
                )
            }
            other => self.names.reference(other),
        }
    }
}

impl Conduct<'_> {
    /// The case's names together with what was observed so far.
    pub(in crate::run) fn references(&self) -> References<'_> {
        References { names: &self.names, conduct: self }
    }

    /// What was observed so far, as the judge would take it.
    pub(in crate::run) fn so_far(&self) -> Observation {
        self.observation_of(self.steps.clone())
    }

    pub(in crate::run) fn observation_of(&self, steps: Vec<ObservedStep>) -> Observation {
        Observation {
            control: None,
            steps,
            liveness: None,
            secrets: Vec::new(),
            limits: self.running.limits.clone(),
            host_delay: Duration::ZERO,
            clock_error: self.stage.upstream.mock.clock_error(),
            doubts: Vec::new(),
            imposed: Vec::new(),
        }
    }

    /// Takes every provider that the case needs alone for this send and those that leave with it: what arrives unmarked from
    /// now on is theirs, and no longer an earlier one's.
    pub(in crate::run) async fn claim_providers(&mut self, send: u32) -> Result<(), Trouble> {
        self.release_providers().await?;
        for (role, _) in &self.planned.takes.providers {
            let seat = self.instance.seats.iter().find(|seat| seat.role == *role);
            let Some(seat) = seat else { continue };
            let claim = self.stage.upstream.mock.claim(seat.provider.name(), &self.scenario, send).await?;
            self.claims.push(claim);
        }
        Ok(())
    }

    /// Lets go of the providers that the case holds.
    pub(in crate::run) async fn release_providers(&mut self) -> Result<(), Trouble> {
        for claim in self.claims.drain(..) {
            claim.release().await?;
        }
        Ok(())
    }
}
