//! What becomes of an upstream's failures, the same on both lanes.

use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Ask, chat, gateway, messages};
use crate::upstream::{Act, Plays, whole};

/// Asks on both lanes, plainly and streaming; every failure has this status and type.
async fn all_are(plays: Plays, deadline: u64, status: u16, kind: &str, more: &str) {
    let (_upstream, gateway) = gateway(plays, deadline).await;
    for (it, lane) in [(chat(), "openai"), (messages(), "anthropic")] {
        for it in [it.clone(), it.streamed()] {
            let line = it.send(&gateway.url()).await.unwrap().line();
            assert_eq!(line, format!("{status} {lane} {kind}{more}"));
        }
    }
}

#[tokio::test]
async fn statuses_become_rows_of_the_table() {
    for (upstream, status, kind, more) in [
        (400, 400, "invalid_request_error", ""),
        (401, 502, "upstream_error", ""),
        (402, 502, "upstream_error", ""),
        (403, 502, "upstream_error", ""),
        (404, 404, "not_found", ""),
        (409, 502, "upstream_error", ""),
        (422, 400, "invalid_request_error", ""),
        (429, 429, "rate_limit_error", " after 5"),
        (500, 502, "upstream_error", ""),
        (502, 502, "upstream_error", ""),
        (503, 503, "service_unavailable", ""),
        (504, 502, "upstream_error", ""),
        (529, 503, "service_unavailable", ""),
        (307, 502, "upstream_error", ""),
        (204, 502, "upstream_error", ""),
    ] {
        let reply = ResponseTemplate::new(upstream).set_body_json(json!({"error": {"message": "m"}}));
        all_are(Plays::Reply(reply), 10_000, status, kind, more).await;
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_502() {
    for (content_type, body) in [
        ("application/json", ""),
        ("application/json", "{"),
        ("application/json", r#"{"error": {"message": "overloaded"}}"#),
        ("application/json", r#"{"type": "error", "error": {"type": "api_error", "message": "m"}}"#),
        ("application/json", "[]"),
        ("text/html", "<html>"),
    ] {
        all_are(whole(content_type, body), 10_000, 502, "upstream_error", "").await;
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{".to_owned();
    all_are(Plays::Acts(vec![Act::Say(head)]), 10_000, 502, "upstream_error", "").await;
    all_are(
        Plays::Acts(vec![Act::Say("SSH-2.0\r\n\r\n".to_owned()), Act::Stall]),
        10_000,
        502,
        "upstream_error",
        "",
    )
    .await;
}

#[tokio::test]
async fn an_upstream_that_is_down_is_503() {
    for plays in [Plays::Refuses, Plays::Acts(vec![]), Plays::Acts(vec![Act::Reset])] {
        all_are(plays, 10_000, 503, "service_unavailable", "").await;
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_that_the_message_names() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n";
    for acts in [
        vec![Act::Stall],
        vec![Act::Say(head.to_owned()), Act::Stall],
        vec![Act::Say(format!("{head}{{")), Act::Drip(" ".repeat(900), Duration::from_millis(20))],
    ] {
        let (_upstream, gateway) = gateway(Plays::Acts(acts), 500).await;
        let late: [Ask; 2] = [chat(), messages()];
        for it in late {
            let asked = Instant::now();
            let seen = it.send(&gateway.url()).await.unwrap();
            assert!(seen.line().ends_with(" timeout"), "{}", seen.line());
            assert_eq!(seen.message(), "Request timed out after 0.5 seconds.");
            assert!(asked.elapsed() >= Duration::from_millis(500));
        }
    }
}
