//! Faults that strike while a request comes in, and what they spare.

use mock_upstream::fault::{Lane, Params};
use mock_upstream::journal::Ended;
use mock_upstream::script::FaultPlay;
use serde_json::json;

use crate::raw::End;
use crate::stage::Stage;

fn play(name: &str, params: serde_json::Value) -> FaultPlay {
    let params = params.as_object().unwrap().clone();
    FaultPlay { params: Params::from_iter(params), ..FaultPlay::of(name) }
}

#[tokio::test]
async fn who_does_not_wait_for_100_continue_is_served_and_not_struck() {
    let stage = Stage::new().await;
    for name in ["continue_withheld", "expectation_failed"] {
        let imposed = stage.provider.impose(&FaultPlay::of(name)).await.unwrap();
        let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
        assert_eq!(raw.reply().await.status(), 200);
        let lifted = imposed.lift().await.unwrap();
        assert_eq!(lifted.struck, 0);
        assert_eq!(lifted.connections[0].remark.as_deref(), Some("the peer does not wait for 100 Continue"));
    }
}

#[tokio::test]
async fn a_body_that_is_shorter_is_served_and_not_struck() {
    let stage = Stage::new().await;
    let imposed =
        stage.provider.impose(&play("rst_in_request_body", json!({"bytes": 100_000}))).await.unwrap();
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    let lifted = imposed.lift().await.unwrap();
    assert_eq!((lifted.struck, lifted.connections.len()), (0, 1));
    assert_eq!(stage.scenario.journal()[0].fault, None);
}

#[tokio::test]
async fn a_chunked_body_is_counted_without_its_coding() {
    let stage = Stage::new().await;
    let imposed = stage.provider.impose(&play("rst_in_request_body", json!({"bytes": 6}))).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut raw = stage.ask(format!("{head}5\r\nabcde\r\n")).await;
    assert_eq!(raw.watch().await, End::Open);
    raw.send("3\r\nfgh\r\n").await;
    assert_eq!(raw.read_to_end().await.1, End::Rst);
    let lifted = imposed.lift().await.unwrap();
    assert_eq!((lifted.struck, &*lifted.connections[0].read), (1, &b"abcdef"[..]));
    assert_eq!(stage.mock.unclaimed()[0].body_length, 6);
}

#[tokio::test]
async fn lifting_lets_a_slow_reader_read_on_at_once() {
    let stage = Stage::new().await;
    let slow = play("slow_request_read", json!({"every": 3_600_000}));
    let imposed = stage.provider.impose(&slow).await.unwrap();
    let mut raw = stage.ask(stage.chat(Lane::Plain)).await;
    while imposed.struck() == 0 {
        tokio::task::yield_now().await;
    }
    imposed.lift().await.unwrap();
    assert_eq!(raw.reply().await.status(), 200);
}

#[tokio::test]
async fn lifting_ends_what_waits_for_a_body() {
    let stage = Stage::new().await;
    let _claim = stage.mock.claim("first", &stage.scenario, 1).unwrap();
    let imposed = stage.provider.impose(&FaultPlay::of("half_close")).await.unwrap();
    let mut raw = stage
        .ask("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".to_owned())
        .await;
    assert_eq!(raw.read_to_end().await, (Vec::new(), End::Fin));
    let lifted = imposed.lift().await.unwrap();
    assert_eq!(lifted.connections[0].ended, Ended::ClosedByMock);
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.ended, entry.request_complete), (Ended::ClosedByMock, false));
    assert!(entry.delivered, "{entry:?}");
}

#[tokio::test]
async fn who_leaves_within_the_body_is_journalled() {
    let stage = Stage::new().await;
    let _claim = stage.mock.claim("first", &stage.scenario, 1).unwrap();
    let imposed = stage.provider.impose(&play("rst_in_request_body", json!({"bytes": 9}))).await.unwrap();
    let raw = stage
        .ask("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".to_owned())
        .await;
    let seen = stage.scenario.arrivals();
    drop(raw);
    stage.scenario.changed(seen).await;
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.ended, entry.body_length, entry.delivered), (Ended::PeerClosed, 4, false));
    assert_eq!(imposed.lift().await.unwrap().struck, 0);
}
