//! What is judged: the case, its contract and the exchanges, each read once.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::observe::{Observation, Observed};
use crate::spec::case::Case;
use crate::spec::contract::Contract;
use crate::spec::language::value::Names;

use evidence::{Evidence, Role};
use secret::Seeker;

pub(in crate::judge) mod evidence;
pub(in crate::judge) mod part;
pub(in crate::judge) mod reference;
pub(in crate::judge) mod retry;
pub(in crate::judge) mod secret;
pub(in crate::judge) mod view;
pub(in crate::judge) mod words;

/// Everything a question can look at.
pub(in crate::judge) struct Scene<'a> {
    pub(in crate::judge) case: &'a Case,
    pub(in crate::judge) contract: &'a Contract,
    pub(in crate::judge) observation: &'a Observation,
    pub(in crate::judge) names: &'a dyn Names,
    /// Control, the exchanges of the steps, liveness.
    pub(in crate::judge) exchanges: Vec<Evidence<'a>>,
    pub(in crate::judge) seeker: Seeker,
}

/// Which exchanges a path without a step's name means: one, or for a relation all of a step's.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Here(pub(in crate::judge) Vec<usize>);

impl<'a> Scene<'a> {
    pub(in crate::judge) fn new(
        case: &'a Case,
        contract: &'a Contract,
        observation: &'a Observation,
        names: &'a dyn Names,
    ) -> Self {
        let spoken =
            |observed: &Observed| contract.protocol(&observed.protocol).or(contract.protocols.first());
        let mut exchanges = Vec::new();
        if let Some(control) = &observation.control {
            exchanges.push(Evidence::read(Role::Control, "control".into(), control, spoken(control)));
        }
        for (number, step) in observation.steps.iter().enumerate() {
            let name: Arc<str> =
                step.name.as_deref().map_or_else(|| format!("step {}", number + 1).into(), Arc::from);
            for (send, observed) in step.exchanges.iter().enumerate() {
                let label = match step.exchanges.len() {
                    1 => name.clone(),
                    _ => format!("{name}, send {}", send + 1).into(),
                };
                exchanges.push(Evidence::read(Role::Step(number), label, observed, spoken(observed)));
            }
        }
        if let Some(liveness) = &observation.liveness {
            exchanges.push(Evidence::read(Role::Liveness, "liveness".into(), liveness, spoken(liveness)));
        }
        let seeker = Seeker::new(observation, contract, exchanges.iter().map(|e| e.observed));
        Self { case, contract, observation, names, exchanges, seeker }
    }

    /// The exchanges of the step with this number, counted from 0.
    pub(in crate::judge) fn of_step(&self, number: usize) -> Here {
        Here(self.indices(|e| e.role == Role::Step(number)))
    }

    /// The exchanges of the step with this name; `None` when no such step ran.
    pub(in crate::judge) fn of_named(&self, name: &str) -> Option<Here> {
        let number = self.observation.steps.iter().position(|step| step.name.as_deref() == Some(name))?;
        Some(self.of_step(number))
    }

    pub(in crate::judge) fn indices(&self, keep: impl Fn(&Evidence<'_>) -> bool) -> Vec<usize> {
        (0..self.exchanges.len()).filter(|&i| keep(&self.exchanges[i])).collect()
    }

    /// A value as a sentence may quote it: keys masked, control characters escaped, cut.
    pub(in crate::judge) fn quote(&self, value: &Json) -> String {
        match value {
            Json::String(text) => format!("\"{}\"", self.plain(text)),
            value => self.plain(&value.to_string()),
        }
    }

    /// A text as a sentence may hold it, without quotes.
    pub(in crate::judge) fn plain(&self, text: &str) -> String {
        let beginning: String = text.chars().take(LONGEST_MASKED).collect();
        words::excerpt_of(&self.seeker.mask(&beginning), text.len())
    }
}

/// Characters looked at for keys before a text is cut to what is quoted; the rest is cut away unseen.
const LONGEST_MASKED: usize = 4096;
