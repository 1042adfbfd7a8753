//! The similarity cache: what is found again, and at which score.

use reference_gateway::seed::cognocient as seed;
use serde_json::json;

use crate::client::{chat, reset, streamed};
use crate::upstream::{failing, gateway, good};

#[tokio::test]
async fn what_is_asked_alike_is_answered_alike_and_bought_once() {
    let (provider, gateway) = gateway(good, 10_000, None).await;
    let base = gateway.url();
    for (it, answer) in [(chat(), "hello"), (streamed(), "chunk chunk [DONE]")] {
        let it = it.key(seed::CACHED);
        assert_eq!(it.send(&base).await.unwrap().line(), format!("200 {answer}"));
        for _ in 0..3 {
            assert_eq!(it.send(&base).await.unwrap().line(), format!("200 {answer} hit 1.0"));
        }
    }
    assert_eq!(provider.calls().await, 2);
    let near = chat().key(seed::CACHED).says("Light every lantern along the harbour wall, please.");
    assert_eq!(near.send(&base).await.unwrap().line(), "200 hello hit 0.935");
    for other in [near.clone().says("Count the boats."), near.set("temperature", json!(1))] {
        assert_eq!(other.send(&base).await.unwrap().line(), "200 hello");
    }
    reset(&base).await;
    assert_eq!(chat().key(seed::CACHED).send(&base).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn nothing_is_kept_of_a_failure_nor_for_keys_without_a_cache() {
    let (provider, gateway) = gateway(|_| failing(500, "m"), 10_000, None).await;
    for it in [chat().key(seed::CACHED), streamed().key(seed::CACHED), chat()] {
        for _ in 0..2 {
            assert_eq!(it.send(&gateway.url()).await.unwrap().line(), "500 provider_error");
        }
    }
    assert_eq!(provider.calls().await, 6);
}
