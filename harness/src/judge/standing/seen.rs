//! What is worth knowing of every exchange although no claim asks for it: recorded, never judged.

use crate::judge::ledger::Ledger;
use crate::judge::scene::Scene;
use crate::judge::scene::evidence::{Ending, Evidence};
use crate::observe::PlayedEnding;
use crate::wire::header;

pub(super) fn record(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    for evidence in &scene.exchanges {
        if let Some(coding) = coding(evidence) {
            ledger.record(
                format!("{}: content-encoding", evidence.label),
                &format!("{coding}; the body is not decoded"),
            );
        }
        if cut_but_clean(evidence) {
            let seen =
                format!("{}, ended cleanly, although the upstream's last reply was cut", evidence.in_words());
            ledger.record(format!("{}: got.ending", evidence.label), &seen);
        }
    }
}

/// A content coding that hides the body.
fn coding(evidence: &Evidence<'_>) -> Option<String> {
    let headers = &evidence.observed.exchange.head.as_ref()?.headers;
    header::text(headers, "content-encoding").filter(|coding| !coding.eq_ignore_ascii_case("identity"))
}

/// A whole success made of a reply that was not whole.
fn cut_but_clean(evidence: &Evidence<'_>) -> bool {
    let last = evidence.observed.attempts.last().and_then(|attempt| attempt.played.as_ref());
    let cut = last.is_some_and(|played| matches!(played.ending, PlayedEnding::Cut | PlayedEnding::Stalled));
    cut && !evidence.failed() && matches!(evidence.ending(), Ending::Clean | Ending::Unmarked)
}
