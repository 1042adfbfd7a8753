//! `took`: an exchange's length held against a limit.

use std::time::Duration;

use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::evidence::Evidence;
use crate::judge::scene::words::{count, duration};
use crate::judge::scene::{Here, Scene};
use crate::spec::language::expect::Took;
use crate::spec::read::place::Place;
use crate::wire::exchange::End;

/// Granted at least, however short the limit.
const LEAST_TOLERANCE: Duration = Duration::from_millis(500);
/// Granted in percent of the limit.
const TOLERANCE_PERCENT: u32 = 25;
/// How often the host's scheduling delay can strike in one exchange: client, gateway, mock, and back.
const DELAYS: u32 = 4;

/// `took.early`, unless an early end is as good, and `took.late`.
pub(in crate::judge) fn answer(scene: &Scene<'_>, here: &Here, took: &Took, place: &Place) -> Vec<Answered> {
    let limit =
        scene.observation.limits.iter().find(|(name, _)| *name == took.limit.value).map(|(_, limit)| *limit);
    let mut answers = Vec::new();
    for &i in &here.0 {
        let evidence = &scene.exchanges[i];
        let mut ask = |name: &str, fit: Fit, expected: String| {
            answers.push(Answered {
                name: name.to_owned(),
                place: place.clone(),
                fit,
                expected,
                observed: in_words(evidence),
                reading: None,
            });
        };
        match limit {
            Some(limit) => {
                if !took.early {
                    let (fit, expected) = early(evidence, took, limit);
                    ask("took.early", fit, expected);
                }
                let (fit, expected) = late(scene, evidence, took, limit);
                ask("took.late", fit, expected);
            }
            None => {
                let why = Fit::Unknown(format!("the limit `{}` has no length", took.limit));
                let names = if took.early { &["took.late"][..] } else { &["took.early", "took.late"] };
                for name in names {
                    ask(name, why.clone(), format!("the limit `{}`", took.limit));
                }
            }
        }
    }
    answers
}

fn early(evidence: &Evidence<'_>, took: &Took, limit: Duration) -> (Fit, String) {
    let exchange = &evidence.observed.exchange;
    let fit = match exchange.end {
        End::Deadline if exchange.elapsed < limit => gave_up(limit),
        _ => Fit::when(exchange.elapsed >= limit),
    };
    (fit, format!("an end not before the limit `{}` of {}", took.limit, duration(limit)))
}

fn late(scene: &Scene<'_>, evidence: &Evidence<'_>, took: &Took, limit: Duration) -> (Fit, String) {
    let exchange = &evidence.observed.exchange;
    let seen = u32::try_from(evidence.observed.attempts.len()).unwrap_or(u32::MAX);
    let attempts = took.attempts.unwrap_or(seen).max(1);
    let delay = scene.observation.host_delay;
    let tolerance = LEAST_TOLERANCE.max(limit * TOLERANCE_PERCENT / 100) + delay * DELAYS;
    let latest = limit.saturating_mul(attempts) + tolerance;
    let fit = match exchange.end {
        End::Deadline if exchange.elapsed < limit => gave_up(limit),
        // A client outlasts every limit it judges, so what it gave up on is late.
        End::Deadline => Fit::Broken,
        _ => Fit::when(exchange.elapsed <= latest),
    };
    let expected = format!(
        "an end within {}: the limit `{}` of {} for {}, and {} of tolerance (the greater of {} and {TOLERANCE_PERCENT} % \
         of the limit, and {DELAYS} × {} of the host's delay)",
        duration(latest),
        took.limit,
        duration(limit),
        count(attempts as usize, "attempt"),
        duration(tolerance),
        duration(LEAST_TOLERANCE),
        duration(delay),
    );
    (fit, expected)
}

fn gave_up(limit: Duration) -> Fit {
    Fit::Unknown(format!("the client's deadline passed before the limit of {}", duration(limit)))
}

fn in_words(evidence: &Evidence<'_>) -> String {
    let elapsed = duration(evidence.observed.exchange.elapsed);
    match evidence.observed.exchange.end {
        End::Deadline => format!("still open after {elapsed}, when the client gave up"),
        _ => format!("{} after {elapsed}", evidence.in_words()),
    }
}
