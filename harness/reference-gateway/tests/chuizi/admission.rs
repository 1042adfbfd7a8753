//! Who may call, how often, and with what.

use std::time::Duration;

use futures_util::future::join_all;
use reference_gateway::seed::{self, chuizi as keys};
use reqwest::Method;
use serde_json::json;

use crate::client::{ask, chat, config, embed, gateway, messages};
use crate::upstream::{KEY, Plays, Upstream};

#[tokio::test]
async fn a_key_opens_both_lanes_in_either_header() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    let (bearer, alone) = (format!("Bearer {}", keys::VALID[1]), keys::VALID[1]);
    for it in [chat(), messages(), embed()] {
        let sent =
            [it.clone().keyless().header("authorization", &bearer), it.keyless().header("x-api-key", alone)];
        for it in sent {
            assert_eq!(it.send(&base).await.unwrap().status, 200);
        }
    }
    let received = upstream.received().await;
    for request in &received {
        let header = |name: &str| request.headers.get(name).map(|it| it.to_str().unwrap().to_owned());
        let (bearer, alone) = (header("authorization"), header("x-api-key"));
        if request.url.path() == "/v1/messages" {
            assert_eq!((bearer, alone), (None, Some(KEY.to_owned())));
            assert_eq!(header("anthropic-version").as_deref(), Some("2023-06-01"));
        } else {
            assert_eq!((bearer, alone), (Some(format!("Bearer {KEY}")), None));
        }
    }
    assert_eq!(received.len(), 6);
}

#[tokio::test]
async fn keys_that_do_not_open_are_refused_alike_on_both_lanes() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    for key in [keys::REVOKED, keys::NEVER_ISSUED, keys::UNPREFIXED, "ck-", ""] {
        for (it, line) in
            [(chat(), "401 openai authentication_error"), (messages(), "401 anthropic authentication_error")]
        {
            assert_eq!(it.key(key).send(&base).await.unwrap().line(), line, "{key:?}");
        }
    }
    let line = chat().keyless().send(&base).await.unwrap().line();
    assert_eq!(line, "401 openai authentication_error");
    assert_eq!(upstream.calls().await, 0);
}

#[tokio::test]
async fn restricted_keys_and_unknown_models_are_told_apart() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    let restricted = |it: crate::client::Ask| it.key(keys::RESTRICTED).model(keys::RESERVED_MODEL);
    for (it, line) in [
        (restricted(chat()), "403 openai permission_error"),
        (restricted(messages()), "403 anthropic permission_error"),
        (embed().key(keys::RESTRICTED), "403 openai permission_error"),
        (chat().model(keys::UNKNOWN_MODEL), "404 openai not_found"),
        (chat().model(keys::RETIRED_MODEL), "404 openai not_found"),
        (chat().model(keys::EMBEDDING_MODEL), "404 openai not_found"),
        (messages().model(keys::UNKNOWN_MODEL), "404 anthropic not_found"),
    ] {
        assert_eq!(it.send(&base).await.unwrap().line(), line);
    }
    assert_eq!(upstream.calls().await, 0);
}

#[tokio::test]
async fn what_is_malformed_is_refused_in_the_shape_of_its_lane() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    for (it, line) in
        [(chat(), "400 openai invalid_request_error"), (messages(), "400 anthropic invalid_request_error")]
    {
        let bodies = [
            it.clone().raw("{\"model\":"),
            it.clone().raw(""),
            it.clone().raw("[]"),
            it.clone().raw(" ".repeat(2 << 20)),
            it.clone().set("messages", json!(null)),
            it.clone().set("max_tokens", json!("many")),
            it.set("temperature", json!(9)),
        ];
        for it in bodies {
            assert_eq!(it.send(&base).await.unwrap().line(), line);
        }
    }
    // Anthropic asks for a limit of tokens, OpenAI does not.
    let unlimited = messages().set("max_tokens", json!(null)).send(&base).await.unwrap();
    assert_eq!(unlimited.line(), "400 anthropic invalid_request_error");
    assert_eq!(upstream.calls().await, 0);
    assert_eq!(chat().set("max_tokens", json!(null)).send(&base).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn the_sixty_first_request_is_refused_until_the_window_ends() {
    let upstream = Upstream::start(Plays::Ok).await;
    let config = config(&upstream).with_limit("rate_window", Duration::from_secs(3));
    let gateway = reference_gateway::start(config).await.unwrap();
    let base = gateway.url();
    let key = keys::DEFAULT_RATE[0];
    let asks: Vec<_> =
        (0..61).map(|n| if n % 2 == 0 { chat().key(key) } else { messages().key(key) }).collect();
    let seen = join_all(asks.iter().map(|it| it.send(&base))).await;
    let refused: Vec<_> = seen.iter().flatten().filter(|it| it.status == 429).collect();
    assert_eq!((refused.len(), upstream.calls().await), (1, 60));
    assert!(refused[0].line().contains(" rate_limit_error after "), "{}", refused[0].line());
    assert!(refused[0].message().contains("Retry after "));
    assert_eq!(chat().key(keys::DEFAULT_RATE[1]).send(&base).await.unwrap().line(), "200 hello");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(chat().key(key).send(&base).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn an_operator_can_break_the_gateway_and_mend_it() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    let states = ask(Method::POST, "/admin/states").key(seed::ADMIN_KEY);
    for (state, line) in
        [("internals", "500 openai server_error"), ("capacity", "503 openai service_unavailable")]
    {
        states.clone().json(&json!({state: false})).send(&base).await.unwrap();
        assert_eq!(chat().send(&base).await.unwrap().line(), line);
        let other = line.replace("openai", "anthropic");
        assert_eq!(messages().streamed().send(&base).await.unwrap().line(), other);
        ask(Method::POST, "/admin/reset").key(seed::ADMIN_KEY).send(&base).await.unwrap();
    }
    assert_eq!(upstream.calls().await, 0);
    assert_eq!(messages().send(&base).await.unwrap().line(), "200 hello");
}
