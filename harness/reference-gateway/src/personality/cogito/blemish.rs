//! Blemishes: flaws that rewrite a finished failure on its way out.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Exchange;
use super::envelope::Finished;
use crate::config::Feature;
use crate::mutant::{Flaw, Flaws};

const PAGE: &str = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

pub(super) fn spoil(finished: &mut Finished, exchange: &Exchange) {
    let flaws = exchange.engine.flaws;
    let nth = exchange.engine.failures.fetch_add(1, Ordering::SeqCst) + 1;
    spoil_envelope(finished, flaws);
    spoil_retry_after(finished, flaws);
    let route = finished.body.pointer("/error/code") == Some(&json!("not_found"));
    if flaws.has(Flaw::UnknownRoutePlainText) && route {
        finished.content_type = "text/plain";
        finished.text = Some("404 page not found\n".to_owned());
    }
    if flaws.has(Flaw::TenthFailureIsHtml) && nth.is_multiple_of(10) {
        finished.content_type = "text/html";
        finished.text = Some(PAGE.to_owned());
    }
    if flaws.has(Flaw::FailureIs200) && finished.status >= 500 {
        finished.status = 200;
    }
    if flaws.has(Flaw::ServerErrorBodyEmpty) && finished.status >= 500 {
        finished.text = Some(String::new());
    }
    if flaws.has(Flaw::ContentTypeIsText) {
        finished.content_type = "text/plain";
    }
    if flaws.has(Flaw::StreamFailureContentType) && exchange.streaming {
        finished.content_type = "text/event-stream";
    }
    if flaws.has(Flaw::EmbeddingsEnvelopeDiffers) && exchange.lane == Some(Feature::Embeddings) {
        finished.body = json!({"detail": finished.body.pointer("/error/message")});
    }
}

fn spoil_envelope(finished: &mut Finished, flaws: Flaws) {
    let Some(error) = finished.body.get_mut("error").and_then(Value::as_object_mut) else { return };
    if flaws.has(Flaw::RequestIdMissing) {
        error.shift_remove("request_id");
    }
    if flaws.has(Flaw::MessageMissing) {
        error.shift_remove("message");
    }
    if flaws.has(Flaw::CodeIsNull) {
        error.insert("code".to_owned(), Value::Null);
    }
    if flaws.has(Flaw::CodeIsTheStatus) {
        error.insert("code".to_owned(), finished.status.into());
    }
    if flaws.has(Flaw::TypeIsTheWordNone) && finished.status == 429 {
        error.insert("type".to_owned(), "None".into());
    }
    let code = error.get("code").and_then(Value::as_str);
    if flaws.has(Flaw::BalanceCodeRetired) && code == Some("insufficient_quota") {
        error.insert("code".to_owned(), "insufficient_balance".into());
    } else if flaws.has(Flaw::SpendCapCodeRetired) && code == Some("spend_cap_reached") {
        error.insert("code".to_owned(), "spend_capped".into());
    }
    if flaws.has(Flaw::ErrorIsAString) {
        let message = error.get("message").cloned();
        finished.body = json!({"error": message});
    } else if flaws.has(Flaw::EnvelopeTwice) {
        finished.body = json!({"error": finished.body});
    }
}

fn spoil_retry_after(finished: &mut Finished, flaws: Flaws) {
    if flaws.has(Flaw::RetryAfterOnlyOn429) && finished.status != 429 {
        finished.retry_after.clear();
    }
    if flaws.has(Flaw::RetryAfterTwice) {
        finished.retry_after.extend_from_within(..);
    }
    for value in &mut finished.retry_after {
        if flaws.has(Flaw::RetryAfterIsZero) {
            "0".clone_into(value);
        }
        if flaws.has(Flaw::RetryAfterIsADate) {
            let delay = Duration::from_secs(value.parse().unwrap_or_default());
            *value = httpdate::fmt_http_date(SystemTime::now() + delay);
        }
    }
}
