//! Answers that the mock did not give: somebody else's completion, which may have cost money.

use serde_json::Value as Json;

use crate::judge::scene::Scene;
use crate::judge::scene::evidence::{Evidence, Role, event_json};
use crate::observe::{Attempt, Observed, PlayedEnding};

/// Places at which a body or an event of the known protocols carries what a model made.
const CONTENT: [&str; 8] = [
    "/choices/0/message/content",
    "/choices/0/message/tool_calls/0/function/name",
    "/choices/0/delta/content",
    "/choices/0/text",
    "/data/0/embedding",
    "/content/0/text",
    "/delta/text",
    "/output/0/content/0/text",
];

/// How many exchanges, control and liveness too, hold a completion that the mock did not give.
pub(in crate::judge) fn count(scene: &Scene<'_>) -> usize {
    scene.exchanges.iter().filter(|evidence| gives_away(evidence)).count()
}

/// Whether one exchange, seen by itself, is such an answer.
pub(in crate::judge) fn is_foreign(observed: &Observed) -> bool {
    gives_away(&Evidence::read(Role::Control, String::new(), observed))
}

fn gives_away(evidence: &Evidence<'_>) -> bool {
    if !evidence.succeeded_status() {
        return false;
    }
    let made = made(evidence);
    !made.is_empty() && !evidence.observed.attempts.iter().any(|attempt| gave(attempt, &made))
}

/// What a model made, as far as the answer has it.
fn made(evidence: &Evidence<'_>) -> Vec<String> {
    let events =
        evidence.stream.iter().flat_map(|stream| &stream.events).filter_map(|event| event_json(event).ok());
    let all = evidence.json.iter().cloned().chain(events);
    all.flat_map(|json| CONTENT.iter().filter_map(|pointer| content(&json, pointer)).collect::<Vec<_>>())
        .collect()
}

fn content(json: &Json, pointer: &str) -> Option<String> {
    match json.pointer(pointer)? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        // The numbers may have been written anew.
        Json::Array(members) if !members.is_empty() => Some("embedding".to_owned()),
        _ => None,
    }
}

/// Whether the mock gave this to the attempt: it replied healthily, or what it gave before it failed has some of it. A
/// gateway may change or repack what it passes on, so a word is enough.
fn gave(attempt: &Attempt, made: &[String]) -> bool {
    let Some(played) = &attempt.played else { return false };
    if !played.status.is_some_and(|status| (200..300).contains(&status)) {
        return false;
    }
    let healthy = played.fault.is_none() && played.ending == PlayedEnding::Complete;
    // Compressed, or in another encoding: a gateway may have read it where words cannot be looked for.
    let Ok(body) = std::str::from_utf8(&played.body) else { return true };
    healthy || made.iter().flat_map(|text| text.split_whitespace()).any(|word| body.contains(word))
}
