//! Blemishes: flaws that rewrite a finished failure on its way out.

use serde_json::{Value, json};

use super::envelope::Finished;
use crate::mutant::{Flaw, Flaws};

const PAGE: &str = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

/// `nth` counts the failures of the gateway, from 1.
pub(super) fn spoil(finished: &mut Finished, nth: usize, streaming: bool, flaws: Flaws) {
    spoil_envelope(finished, flaws);
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
    if flaws.has(Flaw::StreamFailureContentType) && streaming {
        finished.content_type = "text/event-stream";
    }
}

fn spoil_envelope(finished: &mut Finished, flaws: Flaws) {
    let Some(error) = finished.body.get_mut("error").and_then(Value::as_object_mut) else { return };
    if flaws.has(Flaw::ProviderNamed) && error.contains_key("provider") {
        error.insert("provider".to_owned(), "first".into());
    }
    if flaws.has(Flaw::TypeIsTheWordNone) && finished.status == 429 {
        error.insert("type".to_owned(), "None".into());
    }
    if flaws.has(Flaw::TaskMismatchCodeWrong) && finished.status == 422 {
        error.insert("code".to_owned(), "invalid_model".into());
    }
    if flaws.has(Flaw::ErrorIsAString) {
        let message = error.get("message").cloned();
        finished.body = json!({"error": message});
    }
}
