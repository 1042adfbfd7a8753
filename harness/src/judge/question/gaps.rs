//! `gaps: growing`: a gateway that asks the same provider again waits longer each time.

use std::time::Duration;

use crate::judge::question::Answered;
use crate::judge::question::matcher::Fit;
use crate::judge::scene::{Here, Scene};
use crate::observe::{Attempt, Observed};
use crate::spec::read::place::Place;

/// Waits that are shorter than this are none.
const NO_WAIT: f64 = 0.020;
/// So many standard errors of the mean are granted to a difference.
const ERRORS: f64 = 3.0;
/// How sure a comparison has to be before sameness counts as a flaw: the doubt in parts of the shorter wait.
const SURE: f64 = 0.25;

/// Whether the waits between the attempts at one provider grow, from the first to the last, on the mean over all exchanges.
/// Jitter may shrink one of them, so that where the mean is too uncertain nothing can be told.
pub(in crate::judge) fn growing(scene: &Scene<'_>, here: &Here, place: &Place) -> Answered {
    let runs: Vec<Vec<f64>> = here
        .0
        .iter()
        .flat_map(|&i| waits(scene.exchanges[i].observed))
        .filter(|waits| waits.len() >= 2)
        .collect();
    let late = scene.observation.host_delay.as_secs_f64();
    let (fit, observed) = match runs.iter().map(Vec::len).min() {
        None => {
            let why = "no provider was asked three times without saying how long to wait".to_owned();
            (Fit::Unknown(why.clone()), why)
        }
        Some(shortest) => {
            let fits = (1..shortest).map(|n| grew(&runs, n, late));
            let means: Vec<String> =
                (0..shortest).map(|n| format!("{:.0} ms", mean(&runs, n) * 1000.0)).collect();
            (fits.fold(Fit::Held, Fit::and), format!("{} on the mean of {}", means.join(", "), runs.len()))
        }
    };
    Answered {
        name: "gaps".to_owned(),
        place: place.clone(),
        fit,
        expected: "growing waits between the attempts at one provider".to_owned(),
        observed,
        reading: None,
    }
}

/// Whether the wait before the attempt `n + 2` is longer than the one before it.
fn grew(runs: &[Vec<f64>], n: usize, late: f64) -> Fit {
    let differences: Vec<f64> = runs.iter().map(|waits| waits[n] - waits[n - 1]).collect();
    let count = differences.len() as f64;
    let growth = differences.iter().sum::<f64>() / count;
    let spread = differences.iter().map(|difference| (difference - growth).powi(2)).sum::<f64>();
    // Three times and more show by themselves how much they vary; less often this machine may have been late.
    let doubt = match differences.len() {
        0..3 => late,
        _ => (spread / (count - 1.0) / count).sqrt() * ERRORS,
    };
    let (earlier, later) = (mean(runs, n - 1), mean(runs, n));
    if later < NO_WAIT {
        // However the two compare: what is no wait has not grown.
        Fit::Broken
    } else if growth > doubt {
        Fit::Held
    } else if later < NO_WAIT.max(late) || doubt <= earlier * SURE {
        Fit::Broken
    } else {
        Fit::Unknown(format!(
            "the waits of {:.0} ms and {:.0} ms are apart by less than what is uncertain of them, {:.0} ms; repeat the step more often",
            earlier * 1000.0,
            later * 1000.0,
            doubt * 1000.0
        ))
    }
}

fn mean(runs: &[Vec<f64>], n: usize) -> f64 {
    runs.iter().map(|waits| waits[n]).sum::<f64>() / runs.len() as f64
}

/// The waits between the attempts at each provider in seconds, from the end of a reply to the next arrival. A reply that says
/// how long to wait is obeyed, and says nothing of the gateway's own waits.
fn waits(observed: &Observed) -> Vec<Vec<f64>> {
    let mut providers: Vec<&str> = Vec::new();
    for attempt in &observed.attempts {
        if !providers.contains(&attempt.provider.as_str()) {
            providers.push(&attempt.provider);
        }
    }
    let of = |provider: &&str| -> Option<Vec<f64>> {
        let own: Vec<&Attempt> =
            observed.attempts.iter().filter(|attempt| attempt.provider == **provider).collect();
        own.windows(2).map(|pair| wait(pair[0], pair[1]).map(|wait| wait.as_secs_f64())).collect()
    };
    providers.iter().filter_map(of).collect()
}

fn wait(earlier: &Attempt, later: &Attempt) -> Option<Duration> {
    let played = earlier.played.as_ref()?;
    let told = played.headers.iter().any(|(name, _)| name.starts_with("retry-after"));
    let ended = played.ended.unwrap_or(earlier.arrived);
    (!told).then(|| later.arrived.saturating_sub(ended))
}
