//! What is answered without a provider, and the states of the service.

use reference_gateway::seed::llm_orchestration as seed;
use serde_json::json;

use crate::client::{embed, get, infer, post, rank, service, switch};
use crate::upstream::Plays;

#[tokio::test]
async fn providers_are_created_once_and_listed() {
    let (_upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let create = |name: &str| {
        post("/providers", &json!({"name": name, "baseUrl": "http://127.0.0.1:1"})).token(seed::ADMIN)
    };
    assert_eq!(create("first").send(&gateway).await.line(), "409 LLM_1303");
    assert_eq!(create("new").token(seed::VALID).send(&gateway).await.line(), "403 LLM_1501");
    assert_eq!(get("/providers/new").send(&gateway).await.line(), "404 LLM_1300");
    assert_eq!(create("new").send(&gateway).await.line(), "200");
    assert_eq!(create("new").send(&gateway).await.line(), "409 LLM_1303");
    assert_eq!(create("No Name").send(&gateway).await.line(), "400 LLM_1601");
    let listed = get("/providers").send(&gateway).await.body;
    assert!(listed.contains("\"first\"") && listed.contains("\"new\""), "{listed}");
    assert_eq!(get("/providers/new").send(&gateway).await.line(), "200");
    // Nobody listens where it was said to be.
    assert_eq!(infer().set("provider", json!("new")).send(&gateway).await.line(), "502 LLM_1002");
    let reset = post("/admin/reset", &json!({})).token(reference_gateway::seed::ADMIN_KEY);
    assert_eq!(reset.send(&gateway).await.status, 200);
    assert_eq!(get("/providers/new").send(&gateway).await.line(), "404 LLM_1300");
}

#[tokio::test]
async fn templates_take_every_variable() {
    let (_upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let render = |body| post("/templates/render", &body);
    let given = json!({"templateId": "greeting", "variables": {"name": "Ada", "language": "French"}});
    let seen = render(given).send(&gateway).await;
    assert_eq!(seen.line(), "200");
    assert!(seen.body.contains("Write a greeting to Ada in French."), "{}", seen.body);
    let rows = [
        (json!({"templateId": "greeting", "variables": {"name": "Ada"}}), "400 LLM_1801"),
        (json!({"templateId": "greeting"}), "400 LLM_1801"),
        (json!({"templateId": "nope"}), "404 LLM_1800"),
        (json!({}), "400 LLM_1602"),
    ];
    for (body, line) in rows {
        assert_eq!(render(body.clone()).send(&gateway).await.line(), line, "{body}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_whoever_wants_it() {
    let (upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let look_up = |key: &str| post("/cache/lookup", &json!({"key": key}));
    for key in ["translation", "translation:", ":0123456789abcdef", "Translation:0123456789abcdef", "a:b"] {
        assert_eq!(look_up(key).send(&gateway).await.line(), "400 LLM_1700", "{key}");
    }
    assert_eq!(look_up("translation:0123456789abcdef").send(&gateway).await.line(), "404 LLM_1701");
    let wanted = infer().set("cache", json!(true));
    let told = [wanted.send(&gateway).await, wanted.send(&gateway).await].map(|it| it.cache.unwrap());
    assert_eq!(told, ["miss", "hit"]);
    assert_eq!(infer().send(&gateway).await.cache, None);
    assert_eq!(upstreams[0].calls().await, 2);
}

#[tokio::test]
async fn states_are_switched_and_switched_back() {
    let (upstreams, gateway) = service([Plays::Ok], |it| it).await;
    let rows = [
        ("database", "500 LLM_1900"),
        ("transactions", "500 LLM_1901"),
        ("pricing", "500 LLM_2000"),
        ("accepting", "503 LLM_2001"),
    ];
    for (state, line) in rows {
        switch(&gateway, state, false).await;
        for it in [infer(), infer().set("stream", json!(true)), embed(), rank()] {
            assert_eq!(it.send(&gateway).await.line(), line, "{state}");
        }
        switch(&gateway, state, true).await;
    }
    assert_eq!(upstreams[0].calls().await, 0);
    assert_eq!(infer().send(&gateway).await.line(), "200");
}
