//! Streams: relayed as they come, and told when they break.

use std::time::Duration;

use crate::client::{Behind, behind, chat, messages};
use crate::upstream::{Act, CHUNK, Plays, cut_stream, stream};

#[tokio::test]
async fn whole_streams_end_as_their_protocol_says() {
    let behind = Behind::healthy([Plays::Ok, Plays::Ok]).await;
    assert_eq!(behind.shows(&chat().stream()).await, "200 part end | 1+0");
    assert_eq!(behind.shows(&messages().stream()).await, "200 part stop end | 1+0");
}

#[tokio::test]
async fn a_stream_is_relayed_while_it_comes() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let slowly = Act::Drip(stream(&[CHUNK, CHUNK, "[DONE]"]), Duration::from_millis(3));
    let acts = vec![Act::Say(format!("{head}{}", stream(&[CHUNK]))), slowly];
    let behind = Behind::healthy([Plays::Acts(acts), Plays::Ok]).await;
    assert_eq!(behind.shows(&chat().stream()).await, "200 part end flowing | 1+0");
}

#[tokio::test]
async fn a_broken_stream_ends_in_an_error_event_and_is_not_begun_again() {
    let cut = Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Reset]);
    let behind = Behind::healthy([cut, Plays::Ok]).await;
    assert_eq!(behind.shows(&chat().stream()).await, "200 part api_error/provider_invalid_response | 1+0");
    let begun =
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[]}}"#;
    let cut = Plays::Acts(vec![cut_stream(&[begun]), Act::Reset]);
    let behind = Behind::healthy([cut, Plays::Ok]).await;
    assert_eq!(behind.shows(&messages().stream()).await, "200 part error:a.api_error | 1+0");
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_first_event_is_tried_elsewhere() {
    let cut = Plays::Acts(vec![cut_stream(&[]), Act::Reset]);
    let behind = Behind::healthy([cut, Plays::Ok]).await;
    assert_eq!(behind.shows(&chat().stream()).await, "200 part end | 1+1");
}

#[tokio::test]
async fn a_stall_ends_at_the_deadline() {
    let stall = Plays::Acts(vec![cut_stream(&[CHUNK]), Act::Stall]);
    let behind = behind([stall, Plays::Ok], None, Duration::from_millis(300)).await;
    assert_eq!(behind.shows(&chat().stream()).await, "200 part api_error/provider_timeout flowing | 1+0");
}
