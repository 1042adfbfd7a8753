//! Blemishes: flaws that rewrite a finished failure on its way out.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::engine::Engine;
use super::envelope::Finished;
use crate::mutant::{Flaw, Flaws};

const PAGE: &str = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

pub(super) fn spoil(finished: &mut Finished, engine: &Engine) {
    let flaws = engine.flaws;
    let nth = engine.failures.fetch_add(1, Ordering::SeqCst) + 1;
    spoil_envelope(finished, flaws);
    if flaws.has(Flaw::TenthFailureIsHtml) && nth.is_multiple_of(10) {
        finished.content_type = "text/html";
        finished.text = Some(PAGE.to_owned());
    }
    if flaws.has(Flaw::FailureIs200) {
        finished.status = 200;
    }
    if flaws.has(Flaw::ServerErrorBodyEmpty) && finished.status == 500 {
        finished.text = Some(String::new());
    }
    if flaws.has(Flaw::ContentTypeIsText) {
        finished.content_type = "text/plain";
    }
    if flaws.has(Flaw::RetryAfterHasAUnit)
        && let Some(told) = &mut finished.retry_after
    {
        told.push('s');
    }
}

fn spoil_envelope(finished: &mut Finished, flaws: Flaws) {
    let status = finished.status;
    let Some(error) = finished.body.get_mut("error").and_then(Value::as_object_mut) else { return };
    if flaws.has(Flaw::MessageMissing) {
        error.insert("message".to_owned(), "".into());
    }
    if flaws.has(Flaw::CodeIsANumber) {
        let digits = error.get("code").and_then(Value::as_str).and_then(|it| it.strip_prefix("LLM_"));
        let number = digits.and_then(|it| it.parse::<u16>().ok());
        error.insert("code".to_owned(), number.into());
    }
    if flaws.has(Flaw::HttpFieldIsTheClass) {
        error.insert("http".to_owned(), (status / 100 * 100).into());
    }
    if flaws.has(Flaw::ErrorIsAString) {
        finished.body = json!({"error": error.get("message")});
    } else if flaws.has(Flaw::ErrorIsADetail) {
        finished.body = json!({"detail": error.get("message")});
    }
}
