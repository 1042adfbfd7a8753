//! What an upstream does wrong to a plain call.

use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{chat, embed, gateway, streamed};
use crate::upstream::{Act, KEY, Plays, completion, whole};

#[tokio::test]
async fn statuses_pass_through_where_the_table_has_them() {
    let rows: [(u16, &str); 24] = [
        (400, "400 invalid_request_error"),
        (401, "401 authentication_error"),
        (402, "402 insufficient_quota"),
        (403, "403 permission_denied"),
        (404, "404 invalid_request_error"),
        (429, "429 rate_limit_error"),
        (500, "500 api_error"),
        (501, "501 api_error"),
        (502, "502 api_error"),
        (503, "503 service_unavailable"),
        (504, "504 api_error"),
        (507, "507 api_error"),
        (520, "520 api_error"),
        (522, "522 api_error"),
        (524, "524 api_error"),
        (529, "529 api_error"),
        (204, "502 api_error"),
        (302, "502 api_error"),
        (405, "502 api_error"),
        (408, "502 api_error"),
        (409, "502 api_error"),
        (413, "502 api_error"),
        (422, "502 api_error"),
        (451, "502 api_error"),
    ];
    for (status, expected) in rows {
        let body = json!({"error": {"message": format!("bad key {KEY}"), "type": "x", "code": 7}});
        let reply = ResponseTemplate::new(status)
            .insert_header("x-request-id", "cluster-7")
            .insert_header("location", "/elsewhere")
            .set_body_json(body);
        let (upstream, gateway) = gateway(Plays::Reply(reply), 10_000).await;
        for it in [chat(), embed(), streamed()] {
            let seen = it.send(&gateway.url()).await.unwrap();
            let retry = if matches!(status, 429 | 503) { " after 5" } else { "" };
            assert_eq!(seen.line(), format!("{expected} upstream_{status}{retry}"));
            assert!(!seen.body.contains("cluster-7"));
        }
        assert_eq!(upstream.calls().await, 3, "nothing is retried or redirected");
    }
}

#[tokio::test]
async fn an_unusable_200_is_the_clusters_fault() {
    let usable = completion().to_string();
    let bodies = [
        ("application/json", ""),
        ("application/json", "{\"id\": \"c1\", \"choices\": [{\"ind"),
        ("text/html", "<html></html>"),
        ("application/json", "<html></html>"),
        ("text/plain", usable.as_str()),
        ("application/json", "[]"),
        ("application/json", "null"),
        ("application/json", "{}"),
        ("application/json", "{\"choices\": null}"),
        ("application/json", "{\"choices\": []}"),
        ("application/json", "{\"choices\": [null]}"),
        ("application/json", "{\"error\": {\"message\": \"overloaded\", \"code\": 503}}"),
        ("application/json", "\u{feff}{}"),
    ];
    for (content_type, body) in bodies {
        let (_upstream, gateway) = gateway(whole(content_type, body), 10_000).await;
        for it in [chat(), embed(), streamed()] {
            let line = it.send(&gateway.url()).await.unwrap().line();
            assert_eq!(line, "502 api_error upstream_invalid_response", "{content_type} {body}");
        }
    }
    let (_upstream, gateway) = gateway(whole("Application/JSON; charset=utf-8", &usable), 10_000).await;
    assert_eq!(chat().send(&gateway.url()).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn a_connection_that_fails_has_a_code_of_its_own() {
    let say = |it: &str| Act::Say(it.to_owned());
    let unavailable = "502 api_error upstream_unavailable";
    let invalid = "502 api_error upstream_invalid_response";
    let rows = [
        (Plays::Refuses, unavailable),
        (Plays::Acts(vec![]), unavailable),
        (Plays::Acts(vec![Act::Reset]), unavailable),
        (Plays::Acts(vec![say("HTTP/1.1 200 O")]), unavailable),
        (Plays::Acts(vec![say("SSH-2.0-OpenSSH_9.9\r\n\r\n"), Act::Stall]), invalid),
        (
            Plays::Acts(vec![say(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
            )]),
            invalid,
        ),
        (
            Plays::Acts(vec![
                say("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"),
                Act::Reset,
            ]),
            invalid,
        ),
        (
            Plays::Acts(vec![say(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\"",
            )]),
            invalid,
        ),
        (
            Plays::Acts(vec![say(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            )]),
            invalid,
        ),
    ];
    for (plays, expected) in rows {
        let (_upstream, gateway) = gateway(plays, 10_000).await;
        for it in [chat(), streamed()] {
            assert_eq!(it.send(&gateway.url()).await.unwrap().line(), expected);
        }
    }
}

#[tokio::test]
async fn every_silence_ends_at_the_deadline() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n";
    let stalls = [
        vec![Act::Stall],
        vec![Act::Say("HTTP/1.1 200".to_owned()), Act::Stall],
        vec![Act::Say(head.to_owned()), Act::Stall],
        vec![Act::Say(format!("{head}{{")), Act::Drip(" ".repeat(900), Duration::from_millis(20))],
    ];
    for acts in stalls {
        let (_upstream, gateway) = gateway(Plays::Acts(acts), 300).await;
        let asked = Instant::now();
        assert_eq!(chat().send(&gateway.url()).await.unwrap().line(), "504 api_error upstream_timeout");
        assert!(asked.elapsed() >= Duration::from_millis(300));
    }
}

#[tokio::test]
async fn nothing_of_the_operator_shows() {
    for plays in [Plays::Refuses, Plays::Acts(vec![Act::Reset])] {
        let (upstream, gateway) = gateway(plays, 10_000).await;
        let seen = chat().send(&gateway.url()).await.unwrap();
        assert!(!seen.body.contains(upstream.url.trim_start_matches("http://")), "{}", seen.body);
    }
}
