//! Blemishes: flaws that rewrite a finished failure on its way out.

use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Exchange;
use super::envelope::Finished;
use crate::mutant::{Flaw, Flaws};

const PAGE: &str = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

pub(super) fn spoil(finished: &mut Finished, exchange: &Exchange, unknown_route: bool) {
    let flaws = exchange.engine.flaws;
    let nth = exchange.engine.failures.fetch_add(1, Ordering::SeqCst) + 1;
    spoil_envelope(finished, flaws);
    if flaws.has(Flaw::UnknownRoutePlainText) && unknown_route {
        finished.content_type = "text/plain";
        finished.text = Some("404 page not found\n".to_owned());
    }
    if flaws.has(Flaw::TenthFailureIsHtml) && nth.is_multiple_of(10) {
        finished.content_type = "text/html";
        finished.text = Some(PAGE.to_owned());
    }
    if flaws.has(Flaw::FailureIs200) && finished.status == 502 {
        finished.status = 200;
    }
    if flaws.has(Flaw::StreamFailureContentType) && exchange.streaming {
        finished.content_type = "text/event-stream";
    }
    spoil_advice(finished, flaws);
}

/// What clients read from the head: whether to come again, and when.
fn spoil_advice(finished: &mut Finished, flaws: Flaws) {
    let status = finished.status;
    if flaws.has(Flaw::FinalFailureAsksForRetry) && status < 429 {
        finished.extra.push((SHOULD_RETRY, HeaderValue::from_static("true")));
    }
    if flaws.has(Flaw::PassingFailureForbidsRetry) && status >= 429 {
        finished.extra.push((SHOULD_RETRY, HeaderValue::from_static("false")));
    }
    if flaws.has(Flaw::OutageAsksForAnHour) && status == 503 {
        finished.retry_after = Some("3600".to_owned());
    }
    let Some(seconds) = finished.retry_after.as_ref().and_then(|it| it.parse::<u64>().ok()) else { return };
    if flaws.has(Flaw::RetryAfterMsInSeconds) {
        finished.extra.push((RETRY_AFTER_MS, seconds.into()));
    }
    if flaws.has(Flaw::RetryAfterMsIsAMoment) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        finished.extra.push((RETRY_AFTER_MS, ((now + seconds) * 1000).into()));
    }
}

fn spoil_envelope(finished: &mut Finished, flaws: Flaws) {
    let status = finished.status;
    let Some(error) = finished.body.get_mut("error").and_then(Value::as_object_mut) else { return };
    if let Some(code) = error.get_mut("code") {
        if flaws.has(Flaw::CodeIsTheStatus) {
            *code = status.into();
        }
        if flaws.has(Flaw::CodeIsAnotherStatus) && status > 500 {
            *code = "500".into();
        }
    }
    if flaws.has(Flaw::AmountsMissing) && status == 402 {
        error.insert("message".to_owned(), "Insufficient balance.".into());
    }
    if flaws.has(Flaw::ErrorIsAString) {
        let message = error.get("message").cloned();
        finished.body = json!({"error": message});
    }
}
