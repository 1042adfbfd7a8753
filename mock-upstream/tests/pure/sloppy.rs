//! Providers that are nearly compatible with OpenAI.

use std::io::Read;

use flate2::read::GzDecoder;
use mock_upstream::dialect::{Dialect, Healthy, Identity, Quirk};
use mock_upstream::script::Reply;
use serde_json::{Map, Value, json};

use crate::{post, scene, stream_to};

fn refusal(quirk: Quirk, status: u16) -> Healthy {
    Dialect::Sloppy(quirk).refusal(status, &scene(&Identity::of("second")))
}

fn document(quirk: Quirk, status: u16) -> Value {
    serde_json::from_slice(&refusal(quirk, status).body()).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_healthy_reply_is_that_of_openai() {
    let request = post("/v1/chat/completions", r#"{"model":"m","messages":[],"stream":true}"#);
    let identity = Identity::of("first");
    let said = |dialect: Dialect| dialect.healthy(&request, &Reply::default(), &scene(&identity));
    for quirk in Quirk::ALL {
        assert_eq!(said(Dialect::Sloppy(quirk)), said(Dialect::OpenAi), "{quirk}");
    }
}

#[test]
fn the_shape_of_an_error_is_the_quirk() {
    let error = |quirk, status| document(quirk, status)["error"].clone();
    let code = error(Quirk::IntegerCode, 404);
    assert_eq!((&code["code"], &code["type"]), (&json!(404), &json!("NotFoundError")));
    let top = document(Quirk::TopLevelError, 400);
    assert_eq!(keys(&top), ["object", "message", "type", "param", "code"]);
    assert_eq!((&top["object"], &top["code"]), (&json!("error"), &json!(400)));
    assert!(error(Quirk::ErrorString, 500).is_string());
    assert!(document(Quirk::DetailString, 500)["detail"].is_string());
    assert!(document(Quirk::DetailList, 422)["detail"][0]["msg"].is_string());
    assert_eq!(keys(&document(Quirk::MessageOnly, 500)), ["message"]);
    assert_eq!(keys(&error(Quirk::CodeWithoutType, 429)), ["message", "code"]);
    assert_eq!(error(Quirk::CodeWithoutType, 429)["code"], "rate_limit_exceeded");
    assert_eq!(keys(&error(Quirk::TypeWithoutCode, 429)), ["message", "type"]);
    assert_eq!(error(Quirk::NullCode, 401)["code"], Value::Null);
    assert_eq!(error(Quirk::RateLimitInside, 503)["code"], "rate_limit_exceeded");
    assert_eq!(error(Quirk::RateLimitInside, 401)["code"], "invalid_api_key", "the caller's own fault stays");
    assert_eq!(document(Quirk::RetryAfterInBody, 429)["retry_after"], 120);
    assert_eq!(refusal(Quirk::RetryAfterInBody, 429).headers.get("retry-after"), None);
    let unified = error(Quirk::Unified, 502);
    assert_eq!((&unified["code"], keys(&unified["metadata"])), (&json!(502), vec!["provider_name", "raw"]));
}

#[test]
fn bodies_that_are_no_json_say_so_in_their_type() {
    let html = refusal(Quirk::Html, 502);
    assert_eq!(html.headers.get("content-type"), Some("text/html; charset=UTF-8"));
    assert!(html.body().starts_with(b"<!doctype html>"));
    assert!(refusal(Quirk::Empty, 500).body().is_empty());
    let line = refusal(Quirk::PlainText, 503);
    assert_eq!(line.headers.get("content-type"), Some("text/plain; charset=utf-8"));
    assert!(line.body().starts_with(b"upstream error 503 (host second.upstream.test"));
    let charset = refusal(Quirk::Charset, 400);
    assert_eq!(charset.headers.get("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(document(Quirk::Charset, 400)["error"]["type"], "invalid_request_error");
}

fn unpacked(reply: &Healthy) -> String {
    assert_eq!(reply.headers.get("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(&reply.body()[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_coded_body_says_its_coding() {
    let unpacked: Value = serde_json::from_str(&unpacked(&refusal(Quirk::Gzip, 401))).unwrap();
    assert_eq!(unpacked["error"]["code"], "invalid_api_key");
}

#[test]
fn every_error_betrays_its_provider_and_keeps_its_status() {
    for quirk in Quirk::ALL {
        for status in [400, 401, 404, 429, 500, 503, 529] {
            let reply = refusal(quirk, status);
            assert_eq!(reply.status, status);
            let text = match quirk {
                Quirk::Gzip => unpacked(&reply),
                _ => String::from_utf8(reply.body().to_vec()).unwrap(),
            };
            assert_eq!(text.contains("org-second-owner"), quirk != Quirk::Empty, "{quirk} {status}");
        }
    }
}

fn in_stream(quirk: Quirk, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("no fields") };
    let request = post("/v1/chat/completions", r#"{"model":"m","messages":[],"stream":true}"#);
    let identity = Identity::of("second");
    let event = Dialect::Sloppy(quirk).error_event(
        &Map::from_iter(fields),
        &stream_to(&request, true),
        &scene(&identity),
    );
    let data = event.strip_prefix(b"data: ").and_then(|rest| rest.strip_suffix(b"\n\n")).unwrap();
    serde_json::from_slice(data).unwrap()
}

#[test]
fn an_error_event_has_the_quirk_too() {
    for quirk in Quirk::ALL {
        let event = in_stream(quirk, json!({"message": "halt"}));
        assert!(event.to_string().contains("halt"), "{quirk}: a script's fields are kept");
        assert!(in_stream(quirk, json!({})).to_string().contains("org-second-owner"), "{quirk}");
    }
    assert_eq!(in_stream(Quirk::NullCode, json!({}))["error"]["code"], Value::Null);
    assert_eq!(in_stream(Quirk::StatusInStream, json!({}))["error"]["status_code"], 500);
    assert!(in_stream(Quirk::ErrorString, json!({}))["error"].is_string());
    let unified = in_stream(Quirk::Unified, json!({}));
    assert_eq!(unified["choices"][0]["finish_reason"], "error");
    assert_eq!(keys(&unified["error"]), ["code", "message"]);
}

#[test]
fn a_request_that_is_refused_is_refused_with_the_quirk() {
    let identity = Identity::of("first");
    let dialect = Dialect::Sloppy(Quirk::DetailString);
    let refused = dialect.healthy(&post("/v1/nothing", "{}"), &Reply::default(), &scene(&identity));
    assert_eq!(refused.status, 404);
    assert!(refused.refused.is_some());
    assert!(serde_json::from_slice::<Value>(&refused.body()).unwrap()["detail"].is_string());
}

#[test]
fn named_replies_are_shared_and_betray_their_provider() {
    let identity = Identity::of("second");
    for row in Dialect::Sloppy(Quirk::Html).named() {
        let reply = Dialect::OpenAi.error(&format!("sloppy/{}", row.name), &scene(&identity)).unwrap();
        assert_eq!(Dialect::Sloppy(Quirk::Gzip).error(&row.name, &scene(&identity)), Some(reply.clone()));
        let text = if row.name == "gzip" {
            unpacked(&reply)
        } else {
            String::from_utf8(reply.body().to_vec()).unwrap()
        };
        assert_eq!(text.contains("org-second-owner"), row.name != "empty_body", "{}", row.name);
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            assert!(line == "[DONE]" || serde_json::from_str::<Value>(line).is_ok(), "{}: {line}", row.name);
        }
    }
}

#[test]
fn names_and_files_know_every_quirk() {
    for (at, quirk) in Quirk::ALL.into_iter().enumerate() {
        assert_eq!(quirk as usize, at, "speakers are found by this");
        let dialect = Dialect::Sloppy(quirk);
        assert_eq!(Dialect::parse(&dialect.to_string()), Some(dialect));
        let written = json!({"sloppy": quirk.to_string()});
        assert_eq!(serde_json::from_value::<Dialect>(written.clone()).unwrap(), dialect);
        assert_eq!(serde_json::to_value(dialect).unwrap(), written);
    }
    for dialect in Dialect::ALL {
        assert_eq!(Dialect::parse(&dialect.family()), Some(dialect));
        let names: Vec<&str> = dialect.named().iter().map(|row| row.name.as_str()).collect();
        let unique: std::collections::BTreeSet<&&str> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{dialect}");
        assert!(dialect.named().iter().all(|row| row.source.starts_with("https://")), "{dialect}");
    }
    assert_eq!(Dialect::parse("sloppy:nothing"), None);
}
