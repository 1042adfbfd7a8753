//! `order`: moments of one exchange, or of several, one after the other.

use std::time::{Duration, Instant};

use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::evidence::Evidence;
use crate::judge::scene::words::duration;
use crate::judge::scene::{Here, Scene};
use crate::spec::language::moment::{Attempts, Moment, MomentKind};
use crate::spec::read::place::Place;

/// Beyond this delay of its own machine, a client cannot be trusted to have noted a moment when it came.
const TRUSTED: Duration = Duration::from_millis(100);

/// When a moment came, and on whose clock.
struct Came {
    at: Instant,
    at_client: bool,
}

/// Whether the moments came in this order.
pub(in crate::judge) fn answer(
    scene: &Scene<'_>,
    here: &Here,
    moments: &[Moment],
    place: &Place,
) -> Answered {
    let written: Vec<String> = moments.iter().map(Moment::to_string).collect();
    let came: Vec<Result<Came, String>> = moments.iter().map(|moment| came(scene, here, moment)).collect();
    let (fit, observed) = match came.iter().position(Result::is_err) {
        Some(missing) => {
            let why = came[missing].as_ref().err().cloned().unwrap_or_default();
            (Fit::Unknown(why.clone()), why)
        }
        None => {
            let came: Vec<&Came> = came.iter().flatten().collect();
            let fits = came.windows(2).map(|pair| before(scene, pair[0], pair[1]));
            (fits.fold(Fit::Held, Fit::and), shown(&written, &came))
        }
    };
    Answered {
        name: format!("order {}", written.join(", ")),
        place: place.clone(),
        fit,
        expected: format!("{} in this order", written.join(", then ")),
        observed,
        reading: None,
    }
}

fn before(scene: &Scene<'_>, earlier: &Came, later: &Came) -> Fit {
    let (error, delay) = (scene.observation.clock_error, scene.observation.host_delay);
    let apart = later.at.max(earlier.at) - later.at.min(earlier.at);
    if earlier.at_client != later.at_client && !error.is_zero() && apart <= error {
        return Fit::Unknown(format!(
            "the clocks of client and upstream may be apart by {}",
            duration(error)
        ));
    }
    match earlier.at <= later.at {
        true => Fit::Held,
        // The client notes a moment when it gets to run.
        false if earlier.at_client && !later.at_client && delay > TRUSTED => {
            Fit::Unknown(format!("this machine was late by {}", duration(delay)))
        }
        false => Fit::Broken,
    }
}

/// Every moment with its distance from the first of them.
fn shown(written: &[String], came: &[&Came]) -> String {
    let Some(start) = came.iter().map(|came| came.at).min() else { return "nothing".to_owned() };
    let mut all: Vec<(Duration, &str)> =
        came.iter().zip(written).map(|(came, moment)| (came.at - start, moment.as_str())).collect();
    all.sort_by_key(|(after, _)| *after);
    let parts: Vec<String> = all
        .iter()
        .map(|(after, moment)| format!("{moment} after {:.1} ms", after.as_secs_f64() * 1000.0))
        .collect();
    parts.join(", ")
}

fn came(scene: &Scene<'_>, here: &Here, moment: &Moment) -> Result<Came, String> {
    let place = match &moment.step {
        None => here.clone(),
        Some(name) => scene.of_named(name).ok_or_else(|| format!("no step `{name}` ran"))?,
    };
    let exchanges: Vec<&Evidence<'_>> = place.0.iter().map(|&i| &scene.exchanges[i]).collect();
    let at_client = |at: Option<Instant>| at.map(|at| Came { at, at_client: true });
    let found = match &moment.kind {
        MomentKind::Sent => at_client(exchanges.iter().map(|e| e.observed.exchange.started).min()),
        MomentKind::Head => at_client(exchanges.iter().filter_map(|e| head(e)).max()),
        MomentKind::Event(number) => at_client(exchanges.iter().filter_map(|e| event(e, *number)).max()),
        MomentKind::End => at_client(exchanges.iter().map(|e| end(e)).max()),
        MomentKind::Received(attempts) => attempt(&exchanges, attempts, true),
        MomentKind::Played(attempts) => attempt(&exchanges, attempts, false),
        MomentKind::Settled => None,
    };
    found.ok_or_else(|| format!("{moment} never came"))
}

fn head(evidence: &Evidence<'_>) -> Option<Instant> {
    let exchange = &evidence.observed.exchange;
    exchange.head.as_ref().map(|head| exchange.started + head.at)
}

fn event(evidence: &Evidence<'_>, number: usize) -> Option<Instant> {
    let event = evidence.stream.as_ref()?.events.get(number.checked_sub(1)?)?;
    Some(evidence.observed.exchange.started + event.at)
}

fn end(evidence: &Evidence<'_>) -> Instant {
    evidence.observed.exchange.started + evidence.observed.exchange.elapsed
}

/// The attempts of the exchanges by arrival, and of those the one that is meant: its arrival, or its reply's last byte.
fn attempt(exchanges: &[&Evidence<'_>], which: &Attempts, arrival: bool) -> Option<Came> {
    let mut all: Vec<(Instant, Option<Instant>)> = Vec::new();
    for evidence in exchanges {
        let started = evidence.observed.exchange.started;
        let own =
            evidence.observed.attempts.iter().filter(|attempt| {
                which.provider.as_ref().is_none_or(|provider| *provider == attempt.provider)
            });
        all.extend(own.map(|attempt| {
            let ended = attempt.played.as_ref().and_then(|played| played.ended);
            (started + attempt.arrived, ended.map(|ended| started + ended))
        }));
    }
    all.sort_by_key(|(arrived, _)| *arrived);
    let (arrived, ended) = match which.number {
        Some(number) => all.get(number.checked_sub(1)?)?,
        None => all.last()?,
    };
    let at = if arrival { Some(*arrived) } else { *ended };
    at.map(|at| Came { at, at_client: false })
}
