//! What clients suffer from a finding: the claim's own words, else what the official SDKs do with such an answer.

use crate::judge::verdict::Finding;
use crate::run::outcome::ClaimReport;

/// The consequence of a finding, where one is known: of the first cited claim that has one, else by the kind of check.
pub fn of(finding: &Finding, claims: &[ClaimReport]) -> Option<String> {
    let own = finding.claims.iter().find_map(|id| {
        let claim = claims.iter().find(|claim| claim.id == *id)?;
        claim.consequence.clone()
    });
    own.or_else(|| generic(finding).map(str::to_owned))
}

fn generic(finding: &Finding) -> Option<&'static str> {
    let check = finding.check.to_ascii_lowercase();
    let absent = finding.observed.starts_with("absent");
    if let Some((_, says)) = BY_WORD.iter().find(|(words, _)| words.iter().any(|word| check.contains(word))) {
        return Some(says);
    }
    if check.contains("retry-after") {
        return Some(if absent { RETRY_AFTER_LOST } else { RETRY_AFTER_WRONG });
    }
    let last = check.rsplit(['.', '/']).next().unwrap_or_default();
    match last {
        "status" | "outside" => status(&finding.expected, &finding.observed),
        "code" => Some(CODE),
        "type" => Some(TYPE),
        "ending" => Some(ENDING),
        "failed" => Some(FAILURE_AS_SUCCESS),
        "early" | "late" | "elapsed" => Some(TIME),
        "count" | "tally" => Some(COUNT),
        // Of several documented answers the nearest is named; where its status fits, another field does not.
        "error"
            if finding.observed.contains("; nearest is") && !finding.observed.contains("error.status") =>
        {
            Some(CODE)
        }
        "error" => status(&finding.expected, &finding.observed),
        _ => None,
    }
}

/// What a wrong status does depends on which way it is wrong.
fn status(expected: &str, observed: &str) -> Option<&'static str> {
    let seen = statuses(observed).next()?;
    let promised: Vec<u16> = statuses(expected).collect();
    let any = |fits: fn(u16) -> bool| promised.iter().any(|status| fits(*status));
    match seen {
        300.. if expected.starts_with("a success") => Some(SERVED_NOT),
        200..=299 => Some(FAILURE_AS_SUCCESS),
        401 | 403 if promised.contains(&401) || promised.contains(&403) => Some(AUTH_SWAPPED),
        _ if is_retried(seen) && any(|status| !is_retried(status)) => Some(RETRIED_IN_VAIN),
        _ if !is_retried(seen) && any(is_retried) => Some(NOT_RETRIED),
        _ => Some(EXCEPTION_CLASS),
    }
}

/// The official SDKs send again on these.
fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

/// Three-digit numbers that can be a status.
fn statuses(text: &str) -> impl Iterator<Item = u16> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() == 3)
        .filter_map(|word| word.parse().ok())
        .filter(|status| (100..600).contains(status))
}

/// Checks whose name alone tells what is suffered; the first that fits holds.
const BY_WORD: [(&[&str], &str); 7] = [
    (
        &["x-should-retry"],
        "This header overrules the status in the official SDKs: what must not be sent again is, or the reverse.",
    ),
    (
        &["content-encoding"],
        "The client cannot decode the body, so the error's text is lost in a decoding failure.",
    ),
    (
        &["content-type", "media_type"],
        "Clients choose their parser by this header: a JSON error read as a stream (or the reverse) comes out empty.",
    ),
    (
        &["request-id", "request_id", "distinct"],
        "Without an id of its own a failed request cannot be found again: the SDK's request id is empty or points at another request.",
    ),
    (
        &["secret"],
        "Whoever calls the gateway learns what only its operator should know: provider, key, organisation or internals.",
    ),
    (
        &["envelope", "got.body"],
        "SDKs find no error object: type and code are empty, and openai-node shows \"(no body)\" instead of the message.",
    ),
    (&["duplicate", "after_partial"], "What was already shown comes twice, and is paid for twice."),
];

const RETRY_AFTER_LOST: &str = "SDKs fall back to their own pause of about half a second and knock again while the window is still closed.";
const RETRY_AFTER_WRONG: &str = "What an SDK cannot read, it ignores, and it retries too early; above 120 s openai-python stops retrying, \
     while openai-node comes back early.";
const SERVED_NOT: &str = "A request that the page promises to serve fails for whoever sent it.";
const FAILURE_AS_SUCCESS: &str = "A failure is parsed as an answer: the application crashes on missing choices or accepts a fragment, nothing is \
     retried, and it may be billed.";
const AUTH_SWAPPED: &str =
    "SDKs raise the other exception class, so people rotate keys that are fine, or ask for rights they have.";
const RETRIED_IN_VAIN: &str = "SDKs retry this status: two more identical calls that cannot succeed, and three for every layer stacked on top.";
const NOT_RETRIED: &str =
    "SDKs do not retry this status: a blip that a second attempt would have hidden reaches the user.";
const EXCEPTION_CLASS: &str = "SDKs raise another exception class than the page leads a caller to handle.";
const CODE: &str = "Applications branch on the code: with another one they cannot tell waiting from paying, or a bad key from a bad request.";
const TYPE: &str =
    "Callers that branch on the type take the wrong branch; a missing one leaves the SDK's type empty.";
const ENDING: &str = "The official SDKs take a stream that just ends for a complete answer: a truncated text is stored and shown as whole.";
const TIME: &str =
    "A caller waits longer than it was told to, or gives up on an answer that was still to come.";
const COUNT: &str = "Each hidden attempt costs tokens and time at the provider, and multiplies with the retries of the SDK in front.";
