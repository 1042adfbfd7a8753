//! How long a case waits by what is written in it, so that whoever waits longest begins first.

use std::time::Duration;

use mock_upstream::fault::Catalogue;

use crate::plan::{sweep, takes};
use crate::spec::case::{After, Case, Hold, Play, Then, Turn};
use crate::spec::contract::Contract;
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::value::ValueKind;
use crate::spec::target::Configuration;

/// Limits in force: as the configuration declares, else as documented.
pub fn limits(contract: &Contract, configuration: &Configuration) -> Vec<(String, Duration)> {
    let mut limits: Vec<(String, Duration)> =
        configuration.limits.iter().map(|(name, length)| (name.value.clone(), *length)).collect();
    for limit in &contract.names.limits {
        if let Some(documented) = limit.documented
            && !limits.iter().any(|(name, _)| *name == limit.name.value)
        {
            limits.push((limit.name.value.clone(), documented));
        }
    }
    limits
}

/// About how long the case lasts at least, whatever its gateway does: the waits between its steps, and those of the upstream or
/// of whoever expects a limit to be met. An estimate, which decides an order and never a verdict.
pub fn waits(case: &Case, limits: &[(String, Duration)]) -> Duration {
    let limits = Limits(limits);
    let between = case.steps.iter().filter_map(|step| step.after.as_ref()).map(|after| match after {
        After::Duration(wait) => *wait,
        After::Limit(limit) => limits.of(limit),
        // What an answer will say, as a rule the rest of a window.
        After::Seconds(_) => limits.longest(),
    });
    let upstream: Duration = takes::turns(case).map(|turn| limits.turn(turn)).sum();
    let met = case.steps.iter().map(|step| limits.met(&step.expect).max(limits.met(&step.should)));
    between.sum::<Duration>() + upstream.max(met.sum())
}

struct Limits<'l>(&'l [(String, Duration)]);

impl Limits<'_> {
    fn longest(&self) -> Duration {
        self.0.iter().map(|(_, length)| *length).max().unwrap_or_default()
    }

    fn of(&self, name: &str) -> Duration {
        let known = self.0.iter().find(|(limit, _)| limit == name);
        known.map_or_else(|| self.longest(), |(_, length)| *length)
    }

    fn turn(&self, turn: &Turn) -> Duration {
        let held = turn.waits().map(|hold| match hold {
            Hold::For(wait) => *wait,
            Hold::Limit { limit, .. } => self.of(limit),
            Hold::Until { .. } => Duration::ZERO,
        });
        let played = match &turn.play {
            Play::Events { then: Then::Stall, .. } => self.longest(),
            Play::Fault { name, .. } => match &name.kind {
                ValueKind::Literal(name) => {
                    let fault = name.as_str().and_then(|name| Catalogue::shipped().get(name));
                    fault.map_or(Duration::ZERO, |fault| sweep::lasts(fault, self.longest()))
                }
                _ => Duration::ZERO,
            },
            _ => Duration::ZERO,
        };
        held.sum::<Duration>() + played
    }

    /// The longest limit that these expectations wait for.
    fn met(&self, expectations: &Expectations) -> Duration {
        let each = expectations.0.iter().map(|expectation| match &expectation.kind {
            Expect::Took(took) => self.of(&took.limit) * took.attempts.unwrap_or(1),
            Expect::OneOf(sets) => sets.iter().map(|set| self.met(set)).max().unwrap_or_default(),
            _ => Duration::ZERO,
        });
        each.max().unwrap_or_default()
    }
}
