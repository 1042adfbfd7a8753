use std::time::Duration;

use gateway_conformance::spec::language::value::{Part, ValueKind};
use gateway_conformance::spec::target::HttpCall;
use tokio::net::TcpListener;
use wiremock::matchers::{body_json, header as has_header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{Ground, KEY, PATIENCE, admin, call, header, literal, provider, template};

#[tokio::test]
async fn a_hook_sends_what_is_written() {
    let gateway = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/admin/state"))
        .and(has_header("x-admin", "let-me-in"))
        .and(body_json(serde_json::json!({"draining": "yes", "key": KEY})))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&gateway)
        .await;
    let json = ValueKind::Map(vec![
        ("draining".into(), literal("yes")),
        ("key".into(), template(vec![provider("key")])),
    ]);
    let enter = HttpCall {
        headers: vec![header("X-Admin", "let-me-in")],
        json: Some(gateway_conformance::spec::language::value::Value { kind: json, ..literal("") }),
        ..call("PUT", "/admin/state")
    };
    let ground = Ground::new();
    admin().perform(&format!("{}/", gateway.uri()), &enter, &ground.setting(), PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_whole_url_is_taken_as_it_is_and_no_redirect_is_followed() {
    let gateway = MockServer::start().await;
    Mock::given(path("/reset"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/elsewhere"))
        .expect(1)
        .mount(&gateway)
        .await;
    let ground = Ground::new();
    let reset = call("POST", &format!("{}/reset", gateway.uri()));
    let answer = admin().ask("http://127.0.0.1:9", &reset, &ground.setting(), PATIENCE).await.unwrap();
    assert_eq!(answer.status, 302);
}

#[tokio::test]
async fn an_error_status_is_told_with_the_answer_and_without_the_credential() {
    let gateway = MockServer::start().await;
    let body = format!("no such state\u{1b}[2J for {KEY} {}", "x".repeat(9000));
    Mock::given(path("/x"))
        .respond_with(ResponseTemplate::new(409).set_body_string(body))
        .mount(&gateway)
        .await;
    let ground = Ground::new();
    let error =
        admin().perform(&gateway.uri(), &call("POST", "/x"), &ground.setting(), PATIENCE).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("target.yaml:3:5: POST http://127.0.0.1:"), "{text}");
    assert!(text.contains(r"/x: answered 409: no such state\u{1b}[2J for [hidden] xxx"), "{text}");
    assert!(text.len() < 500 && !text.contains(KEY), "{text}");
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_told_apart() {
    let ground = Ground::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = admin()
        .perform(&url, &call("POST", "/x"), &ground.setting(), Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(silent.why, "no answer within 200ms");
    drop(listener);
    let refused = admin().perform(&url, &call("POST", "/x"), &ground.setting(), PATIENCE).await.unwrap_err();
    assert!(refused.why.contains("Connection refused"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_built_is_said_before_anything_is_sent() {
    let ground = Ground::new();
    let unbound =
        HttpCall { url: template(vec![Part::Text("/".into()), provider("port")]), ..call("GET", "") };
    let error = admin().perform("http://h", &unbound, &ground.setting(), PATIENCE).await.unwrap_err();
    assert_eq!(error.to_string(), "target.yaml:3:5: GET …: it is not bound here");
    let odd = call("GE T", "/");
    let error = admin().perform("http://h", &odd, &ground.setting(), PATIENCE).await.unwrap_err();
    assert_eq!(error.why, "`GE T` is not a method");
    let odd = HttpCall { headers: vec![header("x", "a\nb")], ..call("GET", "/") };
    let error = admin().perform("http://h", &odd, &ground.setting(), PATIENCE).await.unwrap_err();
    assert_eq!(error.why, "the value of header `x` cannot be sent");
}
