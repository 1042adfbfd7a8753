//! From what an upstream did to the page's rows: an answer that cannot be used is 502, an upstream that is down is 503.

use std::time::SystemTime;

use serde_json::Value;

use super::engine::Engine;
use super::failure::Row;
use crate::config::Upstream;
use crate::mutant::Flaw;
use crate::upstream::{Refused, UpstreamFailure, retry_after};

/// The row for an upstream failure.
pub(super) fn row(failure: &UpstreamFailure, engine: &Engine) -> Row {
    let flaws = engine.flaws;
    match failure {
        UpstreamFailure::Unavailable(cause) if flaws.has(Flaw::ConnectFailureTellsKey) => {
            let Upstream { base_url, api_key, .. } = engine.upstream.target();
            Row::new(503, format!("{base_url} (key {api_key}): {cause}"))
        }
        UpstreamFailure::Unavailable(_) => {
            let status = if flaws.has(Flaw::ConnectFailureIs400) {
                400
            } else if flaws.has(Flaw::ConnectFailureIs500) {
                500
            } else {
                503
            };
            Row::new(status, "The upstream provider is down.")
        }
        UpstreamFailure::TimedOut => {
            let status = if flaws.has(Flaw::TimeoutIs408) { 408 } else { 504 };
            let seconds = engine.timeout.as_secs_f64();
            Row::new(status, format!("Request timed out after {seconds} seconds."))
        }
        UpstreamFailure::Unusable(why) => {
            Row::new(502, format!("The upstream provider sent an invalid response: {why}."))
        }
        UpstreamFailure::Told(_) => Row::new(502, "The upstream provider failed within its answer."),
        UpstreamFailure::Refused(refused) => refused_row(refused, engine),
    }
}

/// The page does not say what becomes of an upstream's 4xx. What is about the request keeps its class; what is about the
/// operator's key or account is no mistake of the caller.
fn refused_row(refused: &Refused, engine: &Engine) -> Row {
    let upstream = refused.status.as_u16();
    let status = match upstream {
        500..=599 if engine.flaws.has(Flaw::UpstreamServerErrorsPassed) => upstream,
        503 if engine.flaws.has(Flaw::Upstream503Is429) => 429,
        400 | 413 | 422 => 400,
        404 => 404,
        429 => 429,
        503 | 529 => 503,
        _ => 502,
    };
    let row = Row::new(status, message(refused, engine));
    if status == 429 && !engine.flaws.has(Flaw::RetryAfterDropped) {
        return row.after(retry_after::value(&refused.headers, SystemTime::now(), engine.flaws));
    }
    row
}

fn message(refused: &Refused, engine: &Engine) -> String {
    if engine.flaws.has(Flaw::UpstreamMessageRelayed) {
        let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
        if let Some(message) = body.pointer("/error/message").and_then(Value::as_str) {
            return message.to_owned();
        }
    }
    format!("The upstream provider answered with status {}.", refused.status.as_u16())
}
