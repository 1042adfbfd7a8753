//! The chain of providers, and their circuits.

use std::time::Duration;

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{embed, get, infer, rank, service};
use crate::upstream::{Act, Plays};

fn fails(status: u16) -> Plays {
    Plays::Reply(ResponseTemplate::new(status).set_body_json(json!({"error": {"message": "m"}})))
}

#[tokio::test]
async fn the_chain_is_asked_in_order_until_one_answers() {
    for streams in [false, true] {
        let asked = infer().set("stream", json!(streams));
        let (upstreams, gateway) = service([fails(500), Plays::Ok], |it| it).await;
        assert_eq!(asked.send(&gateway).await.line(), "200");
        assert_eq!((upstreams[0].calls().await, upstreams[1].calls().await), (1, 1));
        let (upstreams, gateway) = service([Plays::Ok, fails(500)], |it| it).await;
        assert_eq!(asked.send(&gateway).await.line(), "200");
        assert_eq!((upstreams[0].calls().await, upstreams[1].calls().await), (1, 0));
        let (upstreams, gateway) = service([fails(503), fails(429)], |it| it).await;
        assert_eq!(asked.send(&gateway).await.line(), "503 LLM_1302");
        assert_eq!((upstreams[0].calls().await, upstreams[1].calls().await), (1, 1));
        let pinned = asked.set("provider", json!("second"));
        assert_eq!(pinned.send(&gateway).await.line(), "502 LLM_1002");
        assert_eq!(upstreams[0].calls().await, 1);
    }
    let (upstreams, gateway) = service([fails(400), Plays::Ok], |it| it).await;
    assert_eq!(infer().send(&gateway).await.line(), "502 LLM_1002");
    assert_eq!(upstreams[1].calls().await, 0);
}

#[tokio::test]
async fn each_task_fails_with_its_own_code() {
    let reset = Plays::Acts(vec![Act::Reset]);
    for plays in [fails(500), fails(404), reset, Plays::Refuses] {
        let (_upstreams, gateway) = service([plays], |it| it).await;
        assert_eq!(infer().send(&gateway).await.line(), "502 LLM_1002");
        assert_eq!(embed().send(&gateway).await.line(), "502 LLM_1102");
        assert_eq!(rank().send(&gateway).await.line(), "502 LLM_1201");
    }
    let limit = |it: reference_gateway::Config| it.with_limit("upstream", Duration::from_millis(200));
    let (_upstreams, gateway) = service([Plays::Acts(vec![Act::Stall])], limit).await;
    assert_eq!(infer().send(&gateway).await.line(), "504 LLM_1003");
    assert_eq!(embed().send(&gateway).await.line(), "504 LLM_2002");
    assert_eq!(rank().send(&gateway).await.line(), "504 LLM_2002");
}

#[tokio::test]
async fn a_circuit_opens_and_a_probe_closes_it() {
    let pause = Duration::from_millis(400);
    let head = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
    let (upstreams, gateway) =
        service([Plays::Acts(vec![Act::Say(head)])], |it| it.with_limit("half_open", pause)).await;
    let healthy = "\"name\":\"first\",\"status\":\"healthy\"";
    assert!(get("/providers/health").send(&gateway).await.body.contains(healthy));
    for _ in 0..5 {
        assert_eq!(infer().send(&gateway).await.line(), "502 LLM_1002");
    }
    assert_eq!(infer().send(&gateway).await.line(), "503 LLM_1301");
    assert_eq!(embed().send(&gateway).await.line(), "503 LLM_1301");
    assert_eq!(upstreams[0].calls().await, 5);
    assert!(!get("/providers/health").send(&gateway).await.body.contains(healthy));
    tokio::time::sleep(pause).await;
    assert_eq!(infer().send(&gateway).await.line(), "502 LLM_1002");
    assert_eq!(infer().send(&gateway).await.line(), "503 LLM_1301");
    assert_eq!(upstreams[0].calls().await, 6);
}

#[tokio::test]
async fn without_a_half_open_interval_there_is_no_circuit() {
    let (upstreams, gateway) = service([fails(500)], |it| it).await;
    for _ in 0..8 {
        assert_eq!(infer().send(&gateway).await.line(), "502 LLM_1002");
    }
    assert_eq!(upstreams[0].calls().await, 8);
}
