//! Streams: events as they come, real statuses before the first, the envelope after it.

use std::time::Duration;

use crate::client::{gateway, streamed};
use crate::upstream::{Act, CHUNK, Plays, cut_stream, stream, whole};

const BROKEN: &str = "200 chunk api_error/upstream_invalid_response";

#[tokio::test]
async fn a_healthy_stream_ends_in_done() {
    let bodies = [
        stream(&[CHUNK, CHUNK, "[DONE]"]),
        format!(": ping\r\n\r\nevent: x\r\ndata:{CHUNK}\r\n\r\n{}", stream(&[CHUNK, "[DONE]", "after"])),
    ];
    for body in bodies {
        let (_upstream, gateway) = gateway(whole("text/event-stream; charset=utf-8", &body), 10_000).await;
        let seen = streamed().send(&gateway.url()).await.unwrap();
        assert_eq!((seen.line().as_str(), seen.whole), ("200 chunk chunk [DONE]", true));
    }
}

#[tokio::test]
async fn events_are_relayed_before_the_stream_ends() {
    let acts = vec![cut_stream(&[CHUNK]), Act::Stall];
    let (_upstream, gateway) = gateway(Plays::Acts(acts), 60_000).await;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let ask = streamed();
    let request = client.post(format!("{}{}", gateway.url(), ask.path)).body(ask.body);
    let mut response = request.header("authorization", ask.authorization.unwrap()).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert_eq!(first, format!("data: {CHUNK}\n\n"));
}

#[tokio::test]
async fn a_failure_before_the_first_event_has_its_own_status() {
    let invalid = "502 api_error upstream_invalid_response";
    let error = r#"{"error":{"message":"m","code":null}}"#;
    for body in
        [stream(&["[DONE]"]), stream(&[error]), stream(&["{}"]), String::new(), "data: {\"ch".to_owned()]
    {
        let (_upstream, gateway) = gateway(whole("text/event-stream", &body), 10_000).await;
        assert_eq!(streamed().send(&gateway.url()).await.unwrap().line(), invalid, "{body}");
    }
    let pings = Act::Drip(": ping\n\n".repeat(100), Duration::from_millis(10));
    let head = Act::Say("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned());
    for acts in [vec![head.clone(), Act::Stall], vec![head, pings]] {
        let (_upstream, gateway) = gateway(Plays::Acts(acts), 300).await;
        let line = streamed().send(&gateway.url()).await.unwrap().line();
        assert_eq!(line, "504 api_error upstream_timeout");
    }
}

#[tokio::test]
async fn a_broken_stream_ends_in_the_envelope() {
    let error = r#"{"error":{"message":"m","type":"server_error"}}"#;
    let bodies = [
        stream(&[CHUNK]),
        stream(&[CHUNK, error]),
        stream(&[CHUNK, error, "[DONE]"]),
        stream(&[CHUNK, "{\"choices\": [", "[DONE]"]),
        stream(&[CHUNK, "not json"]),
        stream(&[CHUNK]) + "data: {\"choi",
    ];
    for body in bodies {
        let (_upstream, gateway) = gateway(whole("text/event-stream", &body), 10_000).await;
        assert_eq!(streamed().send(&gateway.url()).await.unwrap().line(), BROKEN, "{body}");
    }
    for last in [vec![], vec![Act::Reset], vec![Act::Say("zz\r\n".to_owned())]] {
        let acts = [vec![cut_stream(&[CHUNK])], last].concat();
        let (_upstream, gateway) = gateway(Plays::Acts(acts), 10_000).await;
        assert_eq!(streamed().send(&gateway.url()).await.unwrap().line(), BROKEN);
    }
    let (_upstream, gateway) = gateway(Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Stall]), 1000).await;
    let line = streamed().send(&gateway.url()).await.unwrap().line();
    assert_eq!(line, "200 chunk api_error/upstream_timeout");
}
