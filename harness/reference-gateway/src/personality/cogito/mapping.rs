//! From what an upstream did to the page's rows; and, for flaws, what is relayed without any mapping.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::engine::Engine;
use super::failure::Row;
use crate::config::Upstream;
use crate::door::{self, Reply};
use crate::message::is_type;
use crate::mutant::{Flaw, Flaws};
use crate::upstream::{Answer, Refused, UpstreamFailure, retry_after};

/// The row for an upstream failure.
pub(super) fn row(failure: UpstreamFailure, engine: &Engine) -> Row {
    let flaws = engine.flaws;
    match failure {
        UpstreamFailure::Unavailable(cause) if flaws.has(Flaw::ConnectFailureTellsKey) => {
            let Upstream { base_url, api_key, .. } = engine.upstream.target();
            Row::new(502, "upstream_unavailable", format!("{base_url} (key {api_key}): {cause}"))
        }
        UpstreamFailure::Unavailable(_) => {
            let status = if flaws.has(Flaw::ConnectFailureIs400) {
                400
            } else if flaws.has(Flaw::ConnectFailureIs500) {
                500
            } else {
                502
            };
            Row::new(status, "upstream_unavailable", "The upstream cluster could not be reached.")
        }
        UpstreamFailure::TimedOut => {
            let status = if flaws.has(Flaw::TimeoutIs408) { 408 } else { 504 };
            Row::new(status, "upstream_timeout", "The upstream cluster did not answer in time.")
        }
        UpstreamFailure::Unusable(why) => unusable(why),
        UpstreamFailure::Told(_) => unusable("error event"),
        UpstreamFailure::Refused(refused) => refused_row(&refused, flaws),
    }
}

fn unusable(why: &str) -> Row {
    let message = format!("The upstream cluster sent an unusable answer: {why}.");
    Row::new(502, "upstream_invalid_response", message)
}

/// A status of the page's table passes through. The page calls that table complete and also says that every
/// upstream status passes; where both cannot hold (409, 418, 422, a redirect, …) the table wins: the caller
/// sees a problem of the cluster, 502, and `code` still names what the cluster said.
fn refused_row(refused: &Refused, flaws: Flaws) -> Row {
    let upstream = refused.status.as_u16();
    let status = match upstream {
        400..=499 if flaws.has(Flaw::UpstreamClientErrorsAre500) => 500,
        500..=599 if flaws.has(Flaw::UpstreamServerErrorsAre502) => 502,
        529 if flaws.has(Flaw::Upstream529Is500) => 500,
        429 if flaws.has(Flaw::Upstream429Is503) => 503,
        503 if flaws.has(Flaw::Upstream503Is429) => 429,
        400 | 401 | 402 | 403 | 404 | 429 | 500..=599 => upstream,
        _ => 502,
    };
    let code = if flaws.has(Flaw::UpstreamCodeGeneric) {
        "upstream_error".to_owned()
    } else {
        format!("upstream_{upstream}")
    };
    let message = message(refused, flaws);
    let mut row = Row::new(status, code, message);
    if flaws.has(Flaw::UpstreamRequestIdRelayed) {
        let id = refused.headers.get("x-request-id").and_then(|it| it.to_str().ok());
        row.request_id = id.map(str::to_owned);
    }
    let dropped = flaws.has(Flaw::RetryAfterDropped);
    if matches!(status, 429 | 503) && !dropped {
        return row.after(retry_after::value(&refused.headers, SystemTime::now(), flaws));
    }
    row
}

fn message(refused: &Refused, flaws: Flaws) -> String {
    if flaws.has(Flaw::UpstreamMessageRelayed) {
        let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
        if let Some(message) = body.pointer("/error/message").and_then(Value::as_str) {
            return message.to_owned();
        }
    }
    format!("The upstream cluster answered with status {}.", refused.status.as_u16())
}

/// What a flawed gateway sends in place of the envelope.
pub(super) fn verbatim(failure: &UpstreamFailure, flaws: Flaws) -> Option<Reply> {
    let UpstreamFailure::Refused(refused) = failure else { return None };
    let is_json = is_type(&refused.headers, "application/json");
    let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
    if flaws.has(Flaw::UpstreamIntegerCodeCrashes) && body.pointer("/error/code").is_some_and(Value::is_i64) {
        return Some(door::empty(StatusCode::INTERNAL_SERVER_ERROR));
    }
    if flaws.has(Flaw::UpstreamNotFoundIsNothing) && refused.status == StatusCode::NOT_FOUND {
        return Some(door::json(StatusCode::OK, json!({"choices": []}).to_string()));
    }
    let relayed = flaws.has(Flaw::UpstreamHtmlRelayed) && !is_json
        || flaws.has(Flaw::UpstreamErrorBodyRelayed) && is_json;
    if !relayed {
        return None;
    }
    let content_type = if is_json { "application/json" } else { "text/html" };
    let mut reply = door::full(refused.status, content_type, refused.body.clone());
    if matches!(refused.status.as_u16(), 429 | 503) {
        let delay = retry_after::value(&refused.headers, SystemTime::now(), flaws);
        if let Ok(delay) = HeaderValue::from_str(&delay) {
            reply.headers_mut().insert(RETRY_AFTER, delay);
        }
    }
    Some(reply)
}

/// A success: the upstream's body and none of its headers.
pub(super) fn answered(answer: &Answer, flaws: Flaws) -> Reply {
    let html = !is_type(&answer.headers, "application/json");
    let content_type =
        if html && flaws.has(Flaw::AnswerContentTypeUnchecked) { "text/html" } else { "application/json" };
    if flaws.has(Flaw::SuccessCarriesError)
        && let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body)
    {
        body.insert("error".to_owned(), json!({}));
        return door::json(StatusCode::OK, Value::Object(body).to_string());
    }
    door::full(StatusCode::OK, content_type, Bytes::clone(&answer.body))
}
