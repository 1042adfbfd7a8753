//! Degrade mode: which model serves a call, and what the headers say of it.

use reference_gateway::seed::cognocient as seed;
use serde_json::json;

use crate::client::{chat, streamed};
use crate::upstream::{failing, gateway, good};

#[tokio::test]
async fn past_its_threshold_a_budget_is_spent_on_the_cheapest_model() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    for key in [seed::DEGRADING, seed::DEGRADING_SPENT] {
        for (it, answer) in [(chat(), "hello"), (streamed(), "chunk chunk [DONE]")] {
            let it = it.key(key).set("temperature", json!(0.5));
            let line = it.send(&gateway.url()).await.unwrap().line();
            assert_eq!(line, format!("200 {answer} cog-large>cog-small"), "{key}");
        }
    }
    for received in provider.received().await {
        assert_eq!((&received["model"], &received["temperature"]), (&json!(seed::SMALL_MODEL), &json!(0.5)));
    }
    let cheapest = chat().key(seed::DEGRADING_SPENT).set("model", json!(seed::SMALL_MODEL));
    assert_eq!(cheapest.send(&gateway.url()).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn calls_bring_a_budget_past_its_threshold() {
    let (_provider, gateway) = gateway(good, 10_000, None).await;
    let it = chat().key(seed::NEARLY_DEGRADING);
    let mut lines = Vec::new();
    for _ in 0..6 {
        lines.push(it.send(&gateway.url()).await.unwrap().line());
    }
    assert_eq!(lines[0], "200 hello");
    assert_eq!(lines[5], "200 hello cog-large>cog-small");
    assert!(lines.is_sorted(), "{lines:?}");
}

#[tokio::test]
async fn every_response_has_the_five_headers() {
    let (_provider, gateway) = gateway(|_| failing(500, "m"), 10_000, None).await;
    let empty = || Some(String::new());
    let word = |it: &str| Some(it.to_owned());
    let seen = chat().key(seed::NEVER_ISSUED).send(&gateway.url()).await.unwrap();
    assert_eq!(seen.annotations, [word("false"), empty(), empty(), word("false"), empty()]);
    let seen = streamed().send(&gateway.url()).await.unwrap();
    assert_eq!(seen.annotations, [word("false"), word("cog-large"), empty(), word("false"), empty()]);
}
