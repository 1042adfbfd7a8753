//! From what a provider did to the page's two rows, with what the provider said; and, for flaws, what is relayed as it is.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::engine::Engine;
use super::failure::Row;
use crate::door::{self, Reply};
use crate::message::is_type;
use crate::mutant::Flaw;
use crate::upstream::{Refused, UpstreamFailure};

/// So much of a provider's message is carried, in characters.
const LONGEST: usize = 4000;

/// The row for a provider's failure.
pub(super) async fn row(failure: UpstreamFailure, engine: &Engine) -> Row {
    let flaws = engine.flaws;
    let nth = engine.seen.provider_failures.fetch_add(1, Ordering::SeqCst) + 1;
    if flaws.has(Flaw::FifthFailureIs503) && nth > 4 {
        return Row::new(503, "provider_unavailable", "The provider keeps failing.");
    }
    match failure {
        UpstreamFailure::TimedOut if flaws.has(Flaw::TimeoutIsProviderError) => {
            Row::new(500, "provider_error", "The provider did not answer.")
        }
        UpstreamFailure::TimedOut => {
            Row::new(504, "provider_timeout", "The provider took too long to answer.")
        }
        UpstreamFailure::Unavailable(_) if flaws.has(Flaw::ConnectFailureIs400) => {
            Row::new(400, "provider_error", "The provider could not be reached.")
        }
        UpstreamFailure::Unavailable(_) => {
            Row::new(500, "provider_error", "The provider could not be reached.")
        }
        UpstreamFailure::Unusable(why) => {
            Row::new(500, "provider_error", format!("The provider sent an unusable answer: {why}."))
        }
        UpstreamFailure::Told(body) => {
            let said = if flaws.has(Flaw::ErrorEventUnexplained) { None } else { words(&body, engine) };
            Row::new(500, "provider_error", message("The provider sent an error", said))
        }
        UpstreamFailure::Refused(refused) => refused_row(&refused, engine).await,
    }
}

async fn refused_row(refused: &Refused, engine: &Engine) -> Row {
    let flaws = engine.flaws;
    let status = refused.status.as_u16();
    let mut said = words(&refused.body, engine);
    if flaws.has(Flaw::ProviderMessageGeneric) {
        said = None;
    }
    if flaws.has(Flaw::ProviderMessageOfAnother) {
        let slot = || engine.seen.words.lock().unwrap_or_else(PoisonError::into_inner);
        *slot() = said.unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(20)).await;
        said = Some(slot().clone());
    }
    let message = message(&format!("The provider answered with status {status}"), said);
    match status {
        400..=499 if flaws.has(Flaw::ProviderClientErrorsAre400) => Row::new(400, "provider_error", message),
        504 if flaws.has(Flaw::Provider504IsTimeout) => Row::new(504, "provider_timeout", message),
        _ if flaws.has(Flaw::ProviderStatusPassed) => Row::new(status, "provider_error", message),
        _ => Row::new(500, "provider_error", message),
    }
}

fn message(what: &str, said: Option<String>) -> String {
    said.filter(|it| !it.is_empty()).map_or_else(|| format!("{what}."), |said| format!("{what}: {said}"))
}

/// What the provider said, wherever its kind puts that, without the keys in it.
fn words(body: &[u8], engine: &Engine) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let places: &[&str] = if engine.flaws.has(Flaw::ProviderWordsElsewhereLost) {
        &["/error/message"]
    } else {
        &["/error/message", "/error", "/message", "/detail"]
    };
    let said = places.iter().find_map(|place| body.pointer(place)).filter(|it| !it.is_null())?;
    let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    if engine.flaws.has(Flaw::UpstreamMessageRelayed) {
        return Some(said);
    }
    Some(without_keys(&said, &engine.upstream.target().api_key).chars().take(LONGEST).collect())
}

/// The text with the operator's key, and whatever looks like a key of a provider, blotted out.
fn without_keys(text: &str, own: &str) -> String {
    let text = if own.is_empty() { text.to_owned() } else { text.replace(own, "[key]") };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("sk-") {
        let (before, key) = rest.split_at(at);
        let end = key.find(|it: char| !it.is_ascii_alphanumeric() && it != '-' && it != '_');
        let (key, after) = key.split_at(end.unwrap_or(key.len()));
        let within_a_word = before.chars().next_back().is_some_and(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if within_a_word || key.len() < 11 { key } else { "[key]" });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// What a flawed gateway sends in place of the envelope.
pub(super) fn verbatim(failure: &UpstreamFailure, engine: &Engine) -> Option<Reply> {
    let UpstreamFailure::Refused(refused) = failure else { return None };
    let is_json = is_type(&refused.headers, "application/json");
    let body: Value = serde_json::from_slice(&refused.body).unwrap_or_default();
    let number = body.pointer("/error/code").is_some_and(Value::is_i64);
    if engine.flaws.has(Flaw::UpstreamIntegerCodeCrashes) && number {
        return Some(door::empty(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let relayed = engine.flaws.has(Flaw::UpstreamHtmlRelayed) && !is_json;
    relayed.then(|| door::full(StatusCode::INTERNAL_SERVER_ERROR, "text/html", refused.body.clone()))
}

#[cfg(test)]
mod tests {
    use super::without_keys;

    #[test]
    fn keys_are_blotted_out_and_nothing_else() {
        let blotted = |text| without_keys(text, "upstream-key");
        assert_eq!(blotted("Incorrect key: sk-abcdefghij. Ask"), "Incorrect key: [key]. Ask");
        assert_eq!(blotted("upstream-key and sk-abcdefghijk"), "[key] and [key]");
        assert_eq!(blotted("a task-abcdefghijk, sk-1, risk-"), "a task-abcdefghijk, sk-1, risk-");
        assert_eq!(without_keys("plain", ""), "plain");
    }
}
