//! What is deducted before a call, and what comes back after it.

use std::time::Duration;

use futures_util::future::join_all;
use reference_gateway::seed::chuizi as keys;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{Ask, chat, gateway, messages};
use crate::upstream::{CHUNK, Plays, cut_stream};

/// A call that is estimated at a quarter of a low balance, or a little less.
fn quarter(it: Ask) -> Ask {
    it.key(keys::LOW_BALANCE[0]).set("max_tokens", json!(12_000))
}

#[tokio::test]
async fn an_estimate_above_the_balance_is_refused_and_a_small_call_is_not() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    for it in [chat(), messages(), chat().streamed(), messages().streamed()] {
        let it = it.key(keys::LOW_BALANCE[0]);
        let seen = it.clone().set("max_tokens", json!(60_000)).send(&base).await.unwrap();
        assert!(seen.line().ends_with(" insufficient_quota"), "{}", seen.line());
        assert!(seen.message().starts_with("Insufficient balance. Current: $0."), "{}", seen.message());
        assert!(seen.message().contains(", Required: $0.6"), "{}", seen.message());
        assert_eq!(it.send(&base).await.unwrap().status, 200);
    }
    assert_eq!(upstream.calls().await, 4);
    let broke = chat().key(keys::ZERO_BALANCE).send(&base).await.unwrap();
    assert_eq!(broke.line(), "402 openai insufficient_quota");
}

#[tokio::test]
async fn calls_under_way_at_once_cannot_overdraw_the_balance() {
    let (upstream, gateway) = gateway(Plays::Slow(Duration::from_secs(1)), 10_000).await;
    let base = gateway.url();
    let asks: Vec<_> = (0..7).map(|n| quarter(if n % 2 == 0 { chat() } else { messages() })).collect();
    let seen = join_all(asks.iter().map(|it| it.send(&base))).await;
    let served = seen.iter().flatten().filter(|it| it.status == 200).count();
    assert_eq!((served, upstream.calls().await), (4, 4));
    assert_eq!(quarter(chat()).send(&base).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_call_that_fails_is_not_paid() {
    for plays in [
        Plays::Refuses,
        Plays::Reply(ResponseTemplate::new(500)),
        Plays::Reply(ResponseTemplate::new(200).set_body_raw("{", "application/json")),
        Plays::Acts(vec![cut_stream(&[CHUNK])]),
    ] {
        let (_upstream, gateway) = gateway(plays, 10_000).await;
        let base = gateway.url();
        for it in [chat(), chat().streamed(), messages(), messages().streamed()].map(quarter) {
            for _ in 0..3 {
                assert_ne!(it.send(&base).await.unwrap().status, 402);
            }
        }
    }
}
