//! The script, turn by turn: everything that was to be sent was, everything that was to be played was.

use mock_upstream::fault::{Catalogue, Family};

use crate::judge::scene::evidence::Role;
use crate::judge::scene::reference::Referee;
use crate::judge::scene::words::count;
use crate::judge::scene::{Here, Scene};
use crate::observe::{Attempt, Played};
use crate::spec::case::{Play, Step, Times, Turn, Upstream};
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::path::{Corner, Field, Path};

/// A fault that held at a provider and is not known to have struck.
pub(super) fn spared(scene: &Scene<'_>) -> Option<String> {
    let mut imposed = scene.observation.imposed.iter();
    imposed.find_map(|imposed| {
        let (fault, provider, why) = (&imposed.fault, &imposed.provider, imposed.unproven.as_ref()?);
        Some(format!(
            "it was not proven that `{fault}` struck at the provider `{provider}`: {why}; run the case alone"
        ))
    })
}

/// A step or a send that did not happen.
pub(super) fn unsent(scene: &Scene<'_>) -> Option<String> {
    scene.case.steps.iter().enumerate().find_map(|(number, step)| {
        let here = scene.of_step(number);
        let sent = here.0.len();
        let name =
            step.name.as_ref().map_or_else(|| format!("step {}", number + 1), |name| name.value.clone());
        let wanted = match &step.times {
            Times::Count(value) => {
                let count = value.resolve(&Referee { scene, here: &Here(Vec::new()) });
                count.ok().and_then(|count| count.as_u64()).and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
            }
            Times::Until { .. } => 1,
        };
        (sent < wanted).then(|| {
            format!("{name} was sent {sent} of {wanted} times; the run was stopped or failed before")
        })
    })
}

/// An attempt that was not played what the script says.
pub(super) fn undelivered(scene: &Scene<'_>) -> Option<String> {
    scene.exchanges.iter().filter(|evidence| matches!(evidence.role, Role::Step(_))).find_map(|evidence| {
        let attempts = evidence.observed.attempts.iter().enumerate();
        attempts
            .filter_map(|(i, attempt)| Some((i + 1, problem(attempt)?)))
            .map(|(n, why)| {
                format!("{}: the upstream's reply to attempt {n} was not delivered as scripted: {why}; run the case alone", evidence.label)
            })
            .next()
    })
}

fn problem(attempt: &Attempt) -> Option<String> {
    match &attempt.played {
        None => Some("nothing had been played when the journal was read".to_owned()),
        Some(played) if is_too_much(played) => None,
        Some(played) => played.delivered.clone().err(),
    }
}

/// Whether it is a reply that nobody has to read to its end: who hangs up within it was struck.
fn is_too_much(played: &Played) -> bool {
    let fault = played.fault.as_ref().and_then(|fault| Catalogue::shipped().get(fault));
    fault.is_some_and(|fault| fault.family == Family::Oversized) && played.status.is_some()
}

/// A turn that nothing reached although the case needs it.
pub(super) fn unreached(scene: &Scene<'_>) -> Option<String> {
    let steps = scene.case.steps.iter().enumerate();
    let own = steps.clone().filter_map(|(number, step)| Some((step.upstream.as_ref()?, vec![number])));
    let shared: Vec<usize> =
        steps.filter(|(_, step)| step.upstream.is_none()).map(|(number, _)| number).collect();
    let case = scene.case.upstream.as_ref().filter(|_| !shared.is_empty()).map(|upstream| (upstream, shared));
    own.chain(case).find_map(|(upstream, numbers)| script(scene, upstream, &numbers))
}

/// The turns of one script, over all steps that it serves.
fn script(scene: &Scene<'_>, upstream: &Upstream, numbers: &[usize]) -> Option<String> {
    let attempts: Vec<&Attempt> = attempts(scene, numbers);
    let named: Vec<&str> =
        upstream.scripts.iter().filter_map(|(provider, _)| Some(provider.as_ref()?.as_str())).collect();
    for (provider, turns) in &upstream.scripts {
        let serves = |role: &str| match provider {
            Some(name) => name.value == role,
            None => !named.contains(&role),
        };
        let reached: Vec<usize> = attempts
            .iter()
            .filter(|attempt| serves(&attempt.provider))
            .filter_map(|attempt| attempt.played.as_ref()?.turn)
            .collect();
        let mut imposed = scene.observation.imposed.iter();
        let struck = imposed.any(|imposed| imposed.unproven.is_none() && serves(&imposed.provider));
        let needed = |(i, turn): &(usize, &Turn)| {
            let leaves_no_attempt = struck && matches!(turn.play, Play::Fault { .. });
            !turn.spare && !reached.contains(i) && !leaves_no_attempt
        };
        if let Some((i, turn)) = turns.iter().enumerate().find(needed) {
            let whose = provider.as_ref().map_or_else(String::new, |name| format!(" of `{name}`"));
            return Some(format!(
                "turn {} of the upstream's script{whose} ({}) was never played: {} reached it; mark the turn `spare` if \
                 the gateway need not get there",
                i + 1,
                turn.place,
                count(reached.len(), "attempt"),
            ));
        }
        let needed = provider.is_none() && !struck && !turns.iter().all(|turn| turn.spare);
        if let Some(number) = numbers.iter().find(|&&number| needed && idle(scene, number)) {
            return Some(format!(
                "step {} never reached the upstream, so that its script had no effect there; say `received.count: 0` if \
                 that is right",
                number + 1
            ));
        }
    }
    None
}

fn attempts<'s>(scene: &'s Scene<'_>, numbers: &[usize]) -> Vec<&'s Attempt> {
    let of_steps = numbers.iter().flat_map(|&number| scene.of_step(number).0);
    of_steps.flat_map(|i| &scene.exchanges[i].observed.attempts).collect()
}

/// A step that reached nobody and does not ask how many it reached.
fn idle(scene: &Scene<'_>, number: usize) -> bool {
    attempts(scene, &[number]).is_empty() && scene.case.steps.get(number).is_some_and(|step| !counts(step))
}

fn counts(step: &Step) -> bool {
    let counting = |path: &Path| path.corner == Corner::Received && path.field == Field::Count;
    let asked = |all: &Expectations| {
        all.0.iter().any(|expectation| matches!(&expectation.kind, Expect::Path(path, _) if counting(path)))
    };
    asked(&step.expect) || asked(&step.should) || step.record.iter().any(counting)
}
