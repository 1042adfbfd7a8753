//! Streams: events as they come, real statuses before the first, the lane's own error event after it.

use std::time::Duration;

use crate::client::{chat, gateway, messages};
use crate::upstream::{Act, CHUNK, MESSAGE, Plays, cut_stream, stream, whole};

const WHOLE: &str = "200 message_start block_start block_delta block_stop message_delta message_stop";

#[tokio::test]
async fn a_whole_stream_ends_as_its_lane_ends() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    assert_eq!(chat().streamed().send(&base).await.unwrap().line(), "200 chunk chunk [DONE]");
    assert_eq!(messages().streamed().send(&base).await.unwrap().line(), WHOLE);
}

#[tokio::test]
async fn pings_are_passed_over_and_unknown_events_are_passed_on() {
    let ping = r#"{"type":"ping"}"#;
    let unknown = r#"{"type":"of_tomorrow"}"#;
    let events = [&[ping, MESSAGE[0], ping, unknown][..], &MESSAGE[1..]].concat();
    let (_upstream, gateway) = gateway(whole("text/event-stream", &stream(&events)), 10_000).await;
    let line = messages().streamed().send(&gateway.url()).await.unwrap().line();
    assert_eq!(line, WHOLE.replace("message_start ", "message_start of_tomorrow "));
}

#[tokio::test]
async fn a_failure_before_the_first_event_has_its_own_status() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
    for body in [stream(&[error]), stream(&[r#"{"type":"ping"}"#, error]), stream(&["{}"]), String::new()] {
        let (_upstream, gateway) = gateway(whole("text/event-stream", &body), 10_000).await;
        let line = messages().streamed().send(&gateway.url()).await.unwrap().line();
        assert_eq!(line, "502 anthropic upstream_error", "{body}");
    }
}

#[tokio::test]
async fn a_broken_stream_ends_in_the_error_event_of_its_lane() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
    let begun = "200 message_start block_start";
    for (body, seen) in [
        (stream(&MESSAGE[..2]), begun),
        (stream(&[MESSAGE[0], MESSAGE[1], error]), begun),
        (stream(&[MESSAGE[0], MESSAGE[1], "not json"]), begun),
        (stream(&[MESSAGE[0], MESSAGE[1], MESSAGE[5]]), begun),
        (stream(&MESSAGE[..5]), "200 message_start block_start block_delta block_stop message_delta"),
    ] {
        let (_upstream, gateway) = gateway(whole("text/event-stream", &body), 10_000).await;
        let line = messages().streamed().send(&gateway.url()).await.unwrap().line();
        assert_eq!(line, format!("{seen} error<anthropic upstream_error>"), "{body}");
    }
    for last in [vec![], vec![Act::Reset]] {
        let acts = [vec![cut_stream(&[CHUNK])], last].concat();
        let (_upstream, gateway) = gateway(Plays::Acts(acts), 10_000).await;
        let line = chat().streamed().send(&gateway.url()).await.unwrap().line();
        assert_eq!(line, "200 chunk <openai 502 upstream_error>");
    }
}

#[tokio::test]
async fn events_are_relayed_at_once_and_silence_ends_at_the_deadline() {
    let acts = vec![cut_stream(&MESSAGE[..2]), Act::Stall];
    let (_upstream, gateway) = gateway(Plays::Acts(acts), 1000).await;
    let line = messages().streamed().send(&gateway.url()).await.unwrap().line();
    assert_eq!(line, "200 message_start block_start error<anthropic timeout>");
    // A sign of life is no answer.
    let pings = stream(&[r#"{"type":"ping"}"#]).repeat(60);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned();
    let acts = vec![Act::Say(head), Act::Drip(pings, Duration::from_millis(1))];
    let (_upstream, gateway) = crate::client::gateway(Plays::Acts(acts), 300).await;
    let line = messages().streamed().send(&gateway.url()).await.unwrap().line();
    assert_eq!(line, "504 anthropic timeout");
}
