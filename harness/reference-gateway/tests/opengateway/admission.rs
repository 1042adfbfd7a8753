//! Before a provider is called: keys, models, lanes, tasks, windows, rates.

use reference_gateway::seed::opengateway as seed;
use reqwest::Method;
use serde_json::json;

use crate::client::{Ask, Behind, ask, chat, embed, messages, models};
use crate::upstream::Plays;

async fn open() -> Behind {
    Behind::healthy([Plays::Ok, Plays::Ok]).await
}

#[tokio::test]
async fn both_headers_carry_a_key_on_both_lanes() {
    let behind = open().await;
    for it in [chat(), messages(), embed()] {
        let by_header = it.clone().api_key(seed::VALID[1]);
        assert!(behind.shows(&it).await.starts_with("200"));
        assert!(behind.shows(&by_header).await.starts_with("200"));
    }
    for key in [seed::REVOKED, seed::NEVER_ISSUED, seed::MALFORMED] {
        let refused = "401 authentication_error/invalid_api_key | 0+0";
        assert_eq!(behind.shows(&chat().key(key)).await, refused, "{key}");
        assert_eq!(behind.shows(&chat().api_key(key)).await, refused, "{key}");
        assert_eq!(behind.shows(&messages().key(key)).await, "401 a.authentication_error | 0+0", "{key}");
    }
    let basic = chat().header("authorization", &format!("Basic {}", seed::VALID[0]));
    assert_eq!(behind.shows(&basic).await, "401 authentication_error/invalid_api_key | 0+0");
}

#[tokio::test]
async fn an_id_names_a_model_that_the_lane_serves_for_the_task() {
    let behind = open().await;
    let rows: Vec<(Ask, &str)> = vec![
        (chat().model("foo"), "400 invalid_request_error/invalid_model"),
        (messages().model("a/b:"), "400 a.invalid_request_error"),
        (chat().model(seed::UNKNOWN_MODEL), "404 invalid_request_error/model_not_found"),
        (chat().model(seed::CLOSED_MODEL), "404 invalid_request_error/model_not_found"),
        (messages().model(seed::CLOSED_MODEL), "404 a.not_found_error"),
        (embed().model(seed::CHAT_MODEL), "422 invalid_request_error/model_task_mismatch"),
        (messages().model(seed::EMBEDDING_MODEL), "422 a.invalid_request_error"),
        (chat().set("messages", json!(null)), "400 invalid_request_error/invalid_model"),
        (chat().raw("{"), "400 invalid_request_error/invalid_model"),
        (ask(Method::GET, "/oss/v1/nowhere"), "404 invalid_request_error/not_found"),
        (ask(Method::GET, "/oss/v1/messages"), "405 a.invalid_request_error"),
    ];
    for (ask, row) in rows {
        assert_eq!(behind.shows(&ask).await, format!("{row} | 0+0"));
    }
    for served in [chat().model(seed::CLOSED_MODEL).lane(seed::FULL_LANE), chat().model(seed::ALIAS.0)] {
        assert_eq!(behind.shows(&served).await, "200 hello | 1+0");
    }
}

#[tokio::test]
async fn a_window_is_kept_before_anything_is_bought() {
    let behind = open().await;
    let long = json!([{"role": "user", "content": "word ".repeat(seed::SMALL_WINDOW)}]);
    let over = chat().model(seed::SMALL_MODEL).set("messages", long.clone());
    assert_eq!(behind.shows(&over).await, "400 invalid_request_error/context_length_exceeded | 0+0");
    assert_eq!(behind.shows(&chat().set("messages", long)).await, "200 hello | 1+0");
}

#[tokio::test]
async fn a_full_window_refuses_until_it_is_reset() {
    let behind = open().await;
    let limited = chat().key(seed::RATE_LIMITED[0]);
    for _ in 0..seed::LIMITED_RATE.requests {
        assert_eq!(behind.shows(&limited).await, "200 hello | 1+0");
    }
    assert_eq!(behind.shows(&limited).await, "429 rate_limit_error/rate_limited | 0+0");
    let reset = ask(Method::POST, "/admin/reset").key(reference_gateway::seed::ADMIN_KEY);
    assert_eq!(reset.send(&behind.gateway.url()).await.unwrap().status, 200);
    assert_eq!(behind.shows(&limited).await, "200 hello | 1+0");
}

#[tokio::test]
async fn the_list_is_for_any_key_that_could_be_one() {
    let behind = open().await;
    for (ask, status) in [
        (models(), 200),
        (models().key(seed::NEVER_ISSUED), 200),
        (models().api_key(seed::NEVER_ISSUED), 200),
        (models().key(seed::MALFORMED), 401),
        (models().keyless(), 401),
    ] {
        let seen = ask.send(&behind.gateway.url()).await.unwrap();
        assert_eq!(seen.status, status);
        assert_eq!(seen.body.contains(r#""object":"list""#), status == 200);
        assert!(!seen.body.contains(seed::CLOSED_MODEL));
    }
    let all = models().lane(seed::FULL_LANE).send(&behind.gateway.url()).await.unwrap();
    assert!(all.body.contains(seed::CLOSED_MODEL));
}
