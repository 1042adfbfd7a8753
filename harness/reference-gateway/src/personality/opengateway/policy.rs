//! The page's rules for failed attempts: every 5xx and 429 is retried with backoff, then failed over; 402 is a hard stop, and
//! what else the provider refuses is never tried again. The status decides, never the body.

use std::time::Duration;

use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Backoff, Decision, Policy, Refused, UpstreamFailure};

/// The first wait between two attempts at one provider, where nothing is configured.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(100);

/// No connection is as good as a 503. A silence has cost a whole deadline already and an unusable 200 has been paid for:
/// for these the next provider is asked at once.
pub(super) fn policy(first_wait: Duration, flaws: Flaws) -> Policy {
    let mut statuses = vec![(429..=429, Decision::Retry), (500..=599, Decision::Retry)];
    let first = match () {
        () if flaws.has(Flaw::RateLimitNotRetried) => Some((429..=429, Decision::Stop)),
        () if flaws.has(Flaw::Upstream529NotRetried) => Some((529..=529, Decision::Stop)),
        () if flaws.has(Flaw::CreditsFailOver) => Some((402..=402, Decision::FailOver)),
        () if flaws.has(Flaw::CreditsRetried) => Some((402..=402, Decision::Retry)),
        () if flaws.has(Flaw::RefusedKeyFailsOver) => Some((401..=403, Decision::FailOver)),
        () if flaws.has(Flaw::UnprocessableRetried) => Some((422..=422, Decision::Retry)),
        () if flaws.has(Flaw::UpstreamNotFoundFailsOver) => Some((404..=404, Decision::FailOver)),
        () => None,
    };
    statuses.splice(0..0, first);
    let first_wait = if flaws.has(Flaw::BackoffMissing) { Duration::ZERO } else { first_wait };
    Policy {
        statuses,
        unavailable: Decision::Retry,
        timed_out: Decision::FailOver,
        unusable: Decision::FailOver,
        attempts: 3,
        backoff: Backoff {
            first: first_wait,
            longest: first_wait.saturating_mul(8).max(Duration::from_secs(2)),
            obeys: Duration::from_secs(1),
        },
    }
}

/// What a flawed gateway takes for the status, because of what the body says.
pub(super) fn misread(failure: UpstreamFailure, flaws: Flaws) -> UpstreamFailure {
    let UpstreamFailure::Refused(mut refused) = failure else { return failure };
    let says = |words: &str| String::from_utf8_lossy(&refused.body).to_lowercase().contains(words);
    let read = match refused.status.as_u16() {
        500..=599 if flaws.has(Flaw::BodySaysCredits) && says("credit") => Some(402),
        402 if flaws.has(Flaw::BodySaysRateLimit) && says("rate limit") => Some(429),
        400 if flaws.has(Flaw::BodySaysOverloaded) && says("overloaded") => Some(503),
        422 if flaws.has(Flaw::BodySaysTryAgain) && says("try again") => Some(503),
        429 | 500..=599 if flaws.has(Flaw::HtmlIsFinal) && is_html(&refused) => Some(403),
        _ => None,
    };
    if let Some(status) = read.and_then(|it| http::StatusCode::from_u16(it).ok()) {
        refused.status = status;
    }
    UpstreamFailure::Refused(refused)
}

fn is_html(refused: &Refused) -> bool {
    crate::message::is_type(&refused.headers, "text/html")
}
