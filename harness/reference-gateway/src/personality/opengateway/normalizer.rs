//! The one normalizer: from what the providers did to a row of the page, without a word of theirs.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::Value;

use super::failure::Row;
use crate::config::Upstream;
use crate::door::{self, Reply};
use crate::message::is_type;
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Refused, UpstreamFailure, retry_after};

/// The row for the failure that ended a call, which is the last attempt's, at this provider.
pub(super) fn row(failure: &UpstreamFailure, target: &Upstream, flaws: Flaws) -> Row {
    match failure {
        UpstreamFailure::Unavailable(cause) if flaws.has(Flaw::ConnectFailureTellsKey) => {
            let Upstream { base_url, api_key, .. } = target;
            Row::new(503, "provider_offline", format!("fetch failed: {base_url} (key {api_key}): {cause}"))
        }
        UpstreamFailure::Unavailable(_) if flaws.has(Flaw::ConnectFailureIs400) => {
            Row::new(400, "provider_offline", "The provider could not be reached.")
        }
        UpstreamFailure::Unavailable(_) => offline(flaws),
        UpstreamFailure::TimedOut => {
            Row::new(504, "provider_timeout", "The provider did not answer in time.")
        }
        UpstreamFailure::Unusable(why) => Row::new(
            502,
            "provider_invalid_response",
            format!("The provider sent an unusable answer: {why}."),
        ),
        UpstreamFailure::Told(_) => {
            Row::new(502, "provider_invalid_response", "The provider failed within its answer.")
        }
        UpstreamFailure::Refused(refused) => refused_row(refused, flaws),
    }
}

/// Nobody could be asked.
pub(super) fn offline(flaws: Flaws) -> Row {
    let status = if flaws.has(Flaw::OfflineIs404) { 404 } else { 503 };
    Row::new(status, "provider_offline", "No provider of this model can be reached at the moment.")
}

/// What the page has a row for keeps its status; a provider that fails is an offline provider.
fn refused_row(refused: &Refused, flaws: Flaws) -> Row {
    let upstream = refused.status.as_u16();
    let (status, code, message) = match upstream {
        400..=499 if flaws.has(Flaw::UpstreamClientErrorsAre500) => {
            (500, "provider_error", "Unexpected error.")
        }
        402 if flaws.has(Flaw::CreditsAre429) => (429, "rate_limited", "Too many requests."),
        403 if flaws.has(Flaw::ForbiddenIs401) => (401, "invalid_api_key", "The provider refused its key."),
        429 | 500..=599 if flaws.has(Flaw::SpentIs502) => (502, "provider_error", "Bad gateway."),
        401 => (401, "provider_unauthorized", "The provider refused the gateway's credentials."),
        402 => (402, "credits_exhausted", "The credits at the provider are exhausted."),
        403 => (403, "provider_forbidden", "The provider refused access."),
        404 => (404, "model_not_found", "The provider does not know the model."),
        422 => (422, "provider_rejected", "The provider cannot process the request."),
        429 => (429, "rate_limited", "The provider limits the rate."),
        400..=499 => (upstream, "provider_rejected", "The provider refused the request."),
        500..=599 => (503, "provider_offline", "The provider failed or is overloaded."),
        _ => (502, "provider_invalid_response", "The provider sent no answer."),
    };
    let mut row = Row::new(status, code, message);
    if flaws.has(Flaw::UpstreamMessageRelayed)
        && let Some(said) = message_of(refused)
    {
        row.message = said;
    }
    if flaws.has(Flaw::UpstreamHeadersRelayed) {
        let telling = ["x-request-id", "openai-organization", "server"];
        let kept = refused.headers.iter().filter(|(name, _)| telling.contains(&name.as_str()));
        row.leaked = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    let asked = retry_after::asked(&refused.headers, SystemTime::now());
    match (row.status, asked) {
        (429 | 503, Some(delay)) => row.after(delay.as_secs().max(1)),
        _ => row,
    }
}

fn message_of(refused: &Refused) -> Option<String> {
    let body: Value = serde_json::from_slice(&refused.body).ok()?;
    Some(body.pointer("/error/message")?.as_str()?.to_owned())
}

/// What a flawed gateway sends in place of the envelope.
pub(super) fn verbatim(failure: &UpstreamFailure, flaws: Flaws) -> Option<Reply> {
    let UpstreamFailure::Refused(refused) = failure else { return None };
    let is_json = is_type(&refused.headers, "application/json");
    let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
    if flaws.has(Flaw::UpstreamIntegerCodeCrashes) && body.pointer("/error/code").is_some_and(Value::is_i64) {
        return Some(door::empty(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let relayed = flaws.has(Flaw::UpstreamHtmlRelayed) && !is_json
        || flaws.has(Flaw::UpstreamErrorBodyRelayed) && is_json;
    let content_type = if is_json { "application/json" } else { "text/html" };
    relayed.then(|| door::full(refused.status, content_type, refused.body.clone()))
}
