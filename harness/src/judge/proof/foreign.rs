//! Answers that the mock did not give: somebody else's completion, which may have cost money.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::judge::scene::Scene;
use crate::judge::scene::evidence::{Evidence, Role};
use crate::observe::{Attempt, Observed, Played, PlayedEnding};
use crate::wire::json::at;

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
    let sent = |evidence: &&Evidence<'_>| matches!(evidence.role, Role::Step(_));
    let all = scene.exchanges.iter().enumerate();
    // A gateway keeps what a case asked for; plain requests are of their own kind, and nothing of theirs is asked again.
    all.filter(|(at, evidence)| gives_away(evidence, scene.exchanges[..*at].iter().filter(sent))).count()
}

/// What the answer of one exchange, seen with those that came before it, says that the mock did not; `None` where it is no
/// such answer.
pub(in crate::judge) fn said(observed: &Observed, earlier: &[&Observed]) -> Option<String> {
    let read = |observed| Evidence::read(Role::Control, Arc::default(), observed, None);
    let earlier: Vec<Evidence<'_>> = earlier.iter().copied().map(read).collect();
    let evidence = read(observed);
    gives_away(&evidence, earlier.iter()).then(|| {
        let said: String = made(&evidence).concat().chars().take(SHOWN).collect();
        let played = observed.attempts.iter().filter_map(|attempt| attempt.played.as_ref());
        let played: Vec<String> = played.map(name).collect();
        match played.as_slice() {
            [] => format!("it says {said:?}, and its request did not reach the mock"),
            played => format!("it says {said:?}, and the mock played it {}", played.join(", ")),
        }
    })
}

/// Characters of the answer that are shown.
const SHOWN: usize = 60;

fn name(played: &Played) -> String {
    match (&played.fault, played.status) {
        (Some(fault), _) => format!("`{fault}`"),
        (None, Some(status)) => format!("status {status}"),
        (None, None) => "nothing".to_owned(),
    }
}

fn gives_away<'e>(evidence: &Evidence<'_>, mut earlier: impl Iterator<Item = &'e Evidence<'e>>) -> bool {
    // Where the mock gave all that it had, whatever the answer says is the mock's.
    if !evidence.succeeded_status() || is_given(evidence, &[]) {
        return false;
    }
    let made = made(evidence);
    // A gateway may keep what the mock gave to an earlier request, word for word.
    !(made.is_empty() || is_given(evidence, &made) || earlier.any(|earlier| has_kept(earlier, &made)))
}

fn is_given(evidence: &Evidence<'_>, made: &[String]) -> bool {
    evidence.observed.attempts.iter().any(|attempt| gave(attempt, made))
}

fn has_kept(earlier: &Evidence<'_>, later: &[String]) -> bool {
    let made = made(earlier);
    made.concat() == later.concat() && is_given(earlier, &made)
}

/// What a model made, as far as the answer has it.
fn made(evidence: &Evidence<'_>) -> Vec<String> {
    let all = evidence.json().into_iter().chain(evidence.data.iter().flatten());
    all.flat_map(|json| CONTENT.iter().filter_map(|pointer| content(json, pointer))).collect()
}

fn content(json: &Json, pointer: &str) -> Option<String> {
    match at(json, pointer)? {
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
    // Longer than what is kept of it: the words may stand behind that.
    if healthy || played.body_cut {
        return true;
    }
    // Compressed, or in another encoding: a gateway may have read it where words cannot be looked for.
    let Ok(body) = std::str::from_utf8(&played.body) else { return true };
    made.iter().flat_map(|text| text.split_whitespace()).any(|word| body.contains(word))
}
