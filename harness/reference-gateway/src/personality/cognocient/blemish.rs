//! Blemishes: flaws that rewrite a finished failure on its way out.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::engine::Engine;
use super::envelope::Finished;
use crate::mutant::Flaw;

const PAGE: &str = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

pub(super) fn spoil(finished: &mut Finished, engine: &Engine) {
    let flaws = engine.flaws;
    let nth = engine.seen.failures.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(error) = finished.body.get_mut("error").and_then(Value::as_object_mut) {
        if flaws.has(Flaw::TypeIsTheWordNone) && finished.status == 429 {
            error.insert("type".to_owned(), "None".into());
        }
        if flaws.has(Flaw::MessageIsEmpty) {
            error.insert("message".to_owned(), "".into());
        }
        if flaws.has(Flaw::ErrorIsAString) {
            finished.body = json!({"error": error.get("message")});
        }
    }
    if flaws.has(Flaw::UnknownRoutePlainText) && finished.status == 404 {
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
    if flaws.has(Flaw::ContentTypeIsText) {
        finished.content_type = "text/plain";
    }
}
