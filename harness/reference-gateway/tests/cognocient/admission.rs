//! What is decided before the provider is asked: keys, trials, budgets of the month and of a run, velocity, requests.

use futures_util::future::join_all;
use reference_gateway::seed::cognocient as seed;
use reqwest::Method;
use serde_json::json;

use crate::client::{Ask, ask, chat, reset, streamed};
use crate::upstream::{gateway, good};

const UNKNOWN: &str = "401 invalid_proxy_key";

#[tokio::test]
async fn only_an_issued_key_behind_its_scheme_is_served() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    let headers =
        ["", "Bearer", "Basic c2s6eA==", "sk-cog-valid-1", "Token sk-cog-valid-1", "Bearer sk-cog-"];
    for header in headers {
        let seen = chat().header("authorization", header).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), UNKNOWN, "{header:?}");
    }
    for key in [seed::NEVER_ISSUED, "sk-proj-valid-1", "SK-COG-VALID-1"] {
        assert_eq!(streamed().key(key).send(&gateway.url()).await.unwrap().line(), UNKNOWN, "{key}");
    }
    let elsewhere = chat().header("authorization", "").header("x-api-key", seed::VALID[0]);
    assert_eq!(elsewhere.send(&gateway.url()).await.unwrap().line(), UNKNOWN);
    assert_eq!(provider.calls().await, 0);
    let lower = chat().header("authorization", "bearer sk-cog-valid-1");
    assert_eq!(lower.send(&gateway.url()).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn ended_trials_and_spent_budgets_are_refused_unasked() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    let rows = [
        (seed::TRIAL_ENDED, "402 trial_expired"),
        (seed::BUDGET_REACHED, "429 budget_exceeded"),
        (seed::BUDGET_PASSED, "429 budget_exceeded"),
    ];
    for (key, line) in rows {
        for it in [chat(), streamed(), chat()] {
            assert_eq!(it.key(key).send(&gateway.url()).await.unwrap().line(), line, "{key}");
        }
    }
    assert_eq!(provider.calls().await, 0);
}

#[tokio::test]
async fn budgets_of_the_month_and_of_a_run_run_out_and_come_back_with_a_reset() {
    let (_provider, gateway) = gateway(good, 10_000, None).await;
    let base = gateway.url();
    for (key, refused) in
        [(seed::BUDGET_LOW, "429 budget_exceeded"), (seed::RUN_LOW, "429 run_budget_exceeded")]
    {
        for it in [chat(), streamed()] {
            let it = it.key(key);
            let mut served = 0;
            while it.send(&base).await.unwrap().status == 200 {
                served += 1;
                assert!(served < 50, "{key} never ends");
            }
            assert!(served > 0);
            assert_eq!(it.send(&base).await.unwrap().line(), refused);
            reset(&base).await;
        }
    }
}

#[tokio::test]
async fn a_run_has_a_name_and_a_limit_of_its_own() {
    let (_provider, gateway) = gateway(good, 10_000, None).await;
    let base = gateway.url();
    let run = |name: &str, budget: &str| {
        chat().key(seed::RUN).header("x-cost-run-id", name).header("x-cost-run-budget", budget)
    };
    let line = async |it: Ask| it.send(&base).await.unwrap().line();
    assert_eq!(line(run("a", "1")).await, "200 hello");
    assert_eq!(line(run("a", "0.0001")).await, "429 run_budget_exceeded");
    assert_eq!(line(run("a", "1")).await, "200 hello");
    assert_eq!(line(run("b", "0.0001")).await, "200 hello");
    assert_eq!(line(run("", "0.0001")).await, "200 hello");
    for odd in ["plenty", "-1", "NaN", "1e3"] {
        assert_eq!(line(run("a", odd)).await, "400 invalid_request", "{odd}");
    }
}

#[tokio::test]
async fn velocity_holds_for_bursts_and_for_tokens() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    let base = gateway.url();
    let limited = chat().key(seed::REQUESTS_LIMITED);
    let seen = join_all((0..12).map(|_| limited.send(&base))).await;
    let served = seen.iter().filter(|it| it.as_ref().unwrap().status == 200).count();
    assert!((6..8).contains(&served), "{served}");
    assert_eq!(provider.calls().await, served);
    assert_eq!(limited.send(&base).await.unwrap().line(), "429 velocity_exceeded");
    let hungry = chat().key(seed::TOKENS_LIMITED).set("max_tokens", json!(400));
    assert_eq!(hungry.send(&base).await.unwrap().status, 200);
    assert_eq!(hungry.send(&base).await.unwrap().status, 200);
    assert_eq!(hungry.send(&base).await.unwrap().line(), "429 velocity_exceeded");
    reset(&base).await;
    assert_eq!(limited.send(&base).await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_no_request_is_a_4xx_in_the_pages_shape() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    let rows = [
        (chat().raw("{\"model\":"), "400 invalid_request"),
        (chat().raw(""), "400 invalid_request"),
        (chat().set("messages", json!([])), "400 invalid_request"),
        (chat().set("temperature", json!("hot")), "400 invalid_request"),
        (chat().raw(&" ".repeat(2 << 20)), "413 invalid_request"),
        (chat().set("model", json!(seed::UNKNOWN_MODEL)), "404 model_not_found"),
        (ask(Method::POST, "/v1/nowhere"), "404 not_found"),
        (ask(Method::GET, "/v1/chat/completions"), "405 method_not_allowed"),
    ];
    for (it, line) in rows {
        assert_eq!(it.send(&gateway.url()).await.unwrap().line(), line);
    }
    assert_eq!(provider.calls().await, 0);
}
