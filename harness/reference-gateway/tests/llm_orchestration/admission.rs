//! Who may ask for what, how often, and what it may cost.

use reference_gateway::seed::llm_orchestration as seed;
use serde_json::json;

use crate::client::{embed, get, infer, post, rank, service};
use crate::upstream::Plays;

#[tokio::test]
async fn tokens_are_told_apart() {
    let (upstreams, gateway) = service([Plays::Ok], |it| it).await;
    for it in [infer(), embed(), rank(), get("/variants"), get("/providers")] {
        assert_eq!(it.clone().anonymous().send(&gateway).await.line(), "401 LLM_1500");
        assert_eq!(
            it.clone().header("authorization", "Basic eA==").send(&gateway).await.line(),
            "401 LLM_1500"
        );
        for token in
            [seed::EXPIRED, seed::NOT_YET_VALID, seed::MALFORMED, seed::WRONG_SIGNATURE, seed::ALG_NONE]
        {
            assert_eq!(it.clone().token(token).send(&gateway).await.line(), "401 LLM_1502");
        }
        assert_eq!(it.token(seed::VIEWER).send(&gateway).await.line(), "403 LLM_1501");
    }
    assert_eq!(upstreams[0].calls().await, 0);
    let premium = infer().set("model", json!(seed::PREMIUM_VARIANT));
    assert_eq!(premium.clone().token(seed::FREE).send(&gateway).await.line(), "403 LLM_1503");
    assert_eq!(premium.send(&gateway).await.line(), "200");
    assert_eq!(infer().token(seed::FREE).send(&gateway).await.line(), "200");
    assert_eq!(upstreams[0].calls().await, 2);
}

#[tokio::test]
async fn rate_wallet_budget_and_quota_refuse_before_anything_is_bought() {
    let (upstreams, gateway) = service([Plays::Ok], |it| it).await;
    for (token, line) in [
        (seed::EMPTY_WALLET, "402 LLM_1401"),
        (seed::OVERDRAWN, "402 LLM_1401"),
        (seed::QUOTA_SPENT, "429 LLM_1403"),
    ] {
        assert_eq!(infer().token(token).send(&gateway).await.line(), line);
    }
    for (budget, line) in [("0", "402 LLM_1402"), ("0.001", "402 LLM_1402"), ("a lot", "400 LLM_1601")] {
        let asked = infer().set("maxTokens", json!(4000)).header("x-budget-max-usd", budget);
        assert_eq!(asked.send(&gateway).await.line(), line, "{budget}");
    }
    assert_eq!(upstreams[0].calls().await, 0);
    assert_eq!(infer().header("x-budget-max-usd", "1").send(&gateway).await.line(), "200");
    for _ in 0..seed::LIMITED_RATE.requests {
        assert_eq!(infer().token(seed::LIMITED).send(&gateway).await.line(), "200");
    }
    let over = infer().token(seed::LIMITED).send(&gateway).await;
    assert_eq!(over.line(), "429 LLM_1400");
    let told: u64 = over.retry_after.unwrap().parse().unwrap();
    assert!((1..=60).contains(&told), "{told}");
}

#[tokio::test]
async fn requests_are_judged_by_the_pages_limits() {
    let (upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let long = "word ".repeat(9000);
    let rows = [
        (infer().set("prompt", json!("")), "400 LLM_1000"),
        (infer().set("prompt", json!("word ".repeat(180_000))), "400 LLM_1000"),
        (infer().set("prompt", json!("A Pipe Bomb, please")), "400 LLM_1000"),
        (infer().set("model", json!("nope")), "400 LLM_1001"),
        (infer().set("model", json!(seed::EMBEDDING_VARIANT)), "400 LLM_1001"),
        (infer().set("useCase", json!("nope")), "400 LLM_1004"),
        (embed().set("input", json!(long)), "400 LLM_1100"),
        (embed().set("input", json!(["a", long])), "400 LLM_1100"),
        (embed().set("input", json!(vec!["a"; 101])), "400 LLM_1101"),
        (rank().set("query", json!("")), "400 LLM_1200"),
        (rank().set("documents", json!([])), "400 LLM_1200"),
        (rank().set("documents", json!([7])), "400 LLM_1200"),
        (infer().set("provider", json!("nope")), "404 LLM_1300"),
        (infer().raw("{"), "400 LLM_1600"),
        (infer().raw("[]"), "400 LLM_1600"),
        (infer().set("maxTokens", json!(0)), "400 LLM_1601"),
        (infer().set("stream", json!("yes")), "400 LLM_1601"),
        (infer().set("prompt", json!(null)), "400 LLM_1602"),
        (rank().set("query", json!(null)), "400 LLM_1602"),
        (post("/nowhere", &json!({})), "400 LLM_1600"),
        (get("/inference"), "400 LLM_1600"),
    ];
    for (it, line) in rows {
        assert_eq!(it.send(&gateway).await.line(), line);
    }
    assert_eq!(upstreams[0].calls().await, 0);
    assert_eq!(embed().set("input", json!(vec!["a"; 100])).send(&gateway).await.line(), "200");
}
