//! Control before and liveness after: a gateway that serves plain requests, and serves them from the mock.

use crate::judge::scene::Scene;
use crate::judge::scene::evidence::{Ending, Evidence, Role};
use crate::observe::{Attempt, PlayedEnding};

pub(super) fn control(scene: &Scene<'_>) -> Option<String> {
    let why = wrong(exchange(scene, Role::Control)?)?;
    Some(format!(
        "the plain request before the case {why}; find out with `gateway-conformance doctor --target FILE`"
    ))
}

pub(super) fn liveness(scene: &Scene<'_>) -> Option<String> {
    let why = wrong(exchange(scene, Role::Liveness)?)?;
    Some(format!(
        "the gateway no longer serves after this case: the plain request after it {why}; restart it, and run this case alone"
    ))
}

/// A send of a step that found no gateway.
pub(super) fn unconnected(scene: &Scene<'_>) -> Option<String> {
    let lost = scene
        .exchanges
        .iter()
        .find(|evidence| matches!(evidence.role, Role::Step(_)) && !evidence.took_place())?;
    Some(format!(
        "{} found no gateway ({}), although the plain request before it did; see why it went away, and run this case alone",
        lost.label,
        lost.in_words()
    ))
}

fn exchange<'s, 'a>(scene: &'s Scene<'a>, role: Role) -> Option<&'s Evidence<'a>> {
    scene.exchanges.iter().find(|evidence| evidence.role == role)
}

/// What is wrong with a plain request; nothing when it succeeded whole and the mock answered it.
fn wrong(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.status() == Some(429) {
        return Some(
            "ran into the gateway's own rate limit (429); bind a pool or a pace for the credential"
                .to_owned(),
        );
    }
    if evidence.failed() || evidence.ending() != Ending::Clean {
        return Some(format!("did not succeed: {}", evidence.in_words()));
    }
    match evidence.observed.attempts.as_slice() {
        [] => Some("was answered without reaching the mock, from a cache or by somebody else".to_owned()),
        attempts if attempts.iter().any(healthy) => None,
        _ => Some("reached the mock, which did not give a healthy reply to it".to_owned()),
    }
}

fn healthy(attempt: &Attempt) -> bool {
    attempt.played.as_ref().is_some_and(|played| {
        played.status.is_some_and(|status| (200..300).contains(&status))
            && played.ending == PlayedEnding::Complete
            && played.delivered.is_ok()
    })
}
