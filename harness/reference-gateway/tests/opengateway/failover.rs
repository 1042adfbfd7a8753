//! What a failing provider costs: retries, another provider, or nothing more.

use std::time::Duration;

use reference_gateway::seed::opengateway as seed;
use wiremock::ResponseTemplate;

use crate::client::{Behind, behind, chat, embed, messages};
use crate::upstream::Plays;

fn status(status: u16) -> Plays {
    Plays::Reply(ResponseTemplate::new(status).set_body_raw("provider-7 says no", "text/plain"))
}

#[tokio::test]
async fn what_may_pass_is_retried_and_failed_over() {
    for it in [429, 500, 502, 503, 504, 529] {
        let behind = Behind::healthy([status(it), Plays::Ok]).await;
        assert_eq!(behind.shows(&chat()).await, "200 hello | 3+1", "{it}");
        assert_eq!(behind.shows(&messages().stream()).await, "200 part stop end | 3+1", "{it}");
    }
}

#[tokio::test]
async fn what_is_final_is_asked_once() {
    for (it, openai, anthropic) in [
        (401, "authentication_error/provider_unauthorized", "a.authentication_error"),
        (402, "insufficient_quota/credits_exhausted", "a.billing_error"),
        (403, "permission_error/provider_forbidden", "a.permission_error"),
        (404, "invalid_request_error/model_not_found", "a.not_found_error"),
        (422, "invalid_request_error/provider_rejected", "a.invalid_request_error"),
    ] {
        let behind = Behind::healthy([status(it), Plays::Ok]).await;
        assert_eq!(behind.shows(&chat()).await, format!("{it} {openai} | 1+0"));
        assert_eq!(behind.shows(&messages()).await, format!("{it} {anthropic} | 1+0"));
    }
}

#[tokio::test]
async fn when_everybody_fails_the_last_word_counts() {
    for (plays, shows) in [
        ([status(500), status(503)], "503 service_unavailable/provider_offline | 3+3"),
        ([status(500), status(429)], "429 rate_limit_error/rate_limited | 3+3"),
        ([status(503), status(422)], "422 invalid_request_error/provider_rejected | 3+1"),
        ([Plays::Refuses, Plays::Refuses], "503 service_unavailable/provider_offline | 0+0"),
    ] {
        let behind = Behind::healthy(plays).await;
        assert_eq!(behind.shows(&embed()).await, shows);
    }
}

#[tokio::test]
async fn a_silence_costs_one_deadline_a_provider() {
    let slow = || Plays::Slow(Duration::from_secs(3));
    let behind = behind([slow(), Plays::Ok], None, Duration::from_millis(300)).await;
    assert_eq!(behind.shows(&chat()).await, "200 hello | 1+1");
}

#[tokio::test]
async fn a_provider_that_wants_a_long_pause_is_left() {
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "3600");
    let behind = Behind::healthy([Plays::Reply(busy), Plays::Ok]).await;
    assert_eq!(behind.shows(&chat()).await, "200 hello | 1+1");
}

#[tokio::test]
async fn a_policy_asks_who_is_live_first() {
    let behind = Behind::healthy([Plays::Refuses, Plays::Ok]).await;
    for policy in ["fastest", "cheapest"] {
        let ask = chat().model(&format!("{}:{policy}", seed::CHAT_MODEL));
        assert_eq!(behind.shows(&ask).await, "200 hello | 0+1", "{policy}");
    }
}

#[tokio::test]
async fn the_provider_knows_the_model_by_its_slug_and_the_client_by_its_id() {
    let behind = Behind::healthy([Plays::Ok, Plays::Ok]).await;
    let id = format!("{}:cheapest", seed::CHAT_MODEL);
    behind.shows(&chat().model(&id)).await;
    let received = behind.providers[0].received().await;
    let body: serde_json::Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(body["model"], seed::CHAT_MODEL);
    assert!(received[0].headers.get("authorization").is_some());
}
