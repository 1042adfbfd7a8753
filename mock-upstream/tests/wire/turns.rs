//! What the turns of a script put on the wire.

use std::time::{Duration, Instant};

use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::script::{
    AfterEvents, Body, ErrorEvent, EventsPlay, FaultPlay, Gate, Headers, Hold, Reply, Select, StatusPlay,
    Then,
};
use mock_upstream::{Ended, Play, Script, Turn};
use serde_json::json;

use crate::raw::{End, PATIENCE};
use crate::stage::{Stage, chat, held, post};

fn status(status: u16) -> Play {
    Play::Status(StatusPlay::of(status))
}

#[tokio::test]
async fn turns_answer_one_after_the_other_and_the_last_repeats() {
    let stage = Stage::new().await;
    stage.plays([status(503), status(429), Play::Ok(Reply::default())]);
    let mut raw = stage.connect().await;
    for expected in [503, 429, 200, 200] {
        raw.send(stage.chat(Plain)).await;
        assert_eq!(raw.reply().await.status(), expected);
    }
    stage.scenario.idle().await;
    let turns: Vec<_> = stage.scenario.journal().iter().map(|entry| entry.turn.unwrap()).collect();
    assert_eq!(turns, [0, 1, 2, 2]);
}

#[tokio::test]
async fn a_status_turn_has_any_reason_headers_and_body() {
    let stage = Stage::new().await;
    let mut odd = StatusPlay::of(599);
    odd.reason = Some("Quite Odd".into());
    odd.headers = Headers::from_iter([("Retry-After", "7"), ("retry-after", "9"), ("X-Request-Id", "mine")]);
    odd.body = Some(Body::Bytes(vec![0, 255, 10].into()));
    stage.plays([Play::Status(odd), status(204), status(500)]);
    let mut raw = stage.ask(stage.chat(Plain)).await;
    let reply = raw.reply().await;
    assert!(reply.head.starts_with("HTTP/1.1 599 Quite Odd\r\n"), "{}", reply.head);
    assert!(
        reply.head.contains("\r\nRetry-After: 7\r\nretry-after: 9\r\nX-Request-Id: mine\r\n"),
        "{}",
        reply.head
    );
    assert!(!reply.head.contains("x-request-id"));
    assert!(reply.head.contains("content-type: application/octet-stream\r\n"));
    assert_eq!(reply.body, [0, 255, 10]);

    raw.send(stage.chat(Plain)).await;
    let reply = raw.reply().await;
    assert_eq!((reply.status(), reply.body.len()), (204, 0));
    assert!(!reply.head.contains("content-length"));

    raw.send(stage.chat(Stream)).await;
    let error = &raw.reply().await.json()["error"];
    assert_eq!(
        (&error["type"], &error["code"], &error["param"]),
        (&json!("server_error"), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn a_status_turn_may_lie_about_its_length_and_then_closes() {
    let stage = Stage::new().await;
    let mut lie = StatusPlay::of(500);
    lie.headers = Headers::from_iter([("content-length", "4000")]);
    lie.body = Some(Body::Text("short".into()));
    stage.plays([Play::Status(lie)]);
    let (bytes, end) = stage.ask(stage.chat(Plain)).await.read_to_end().await;
    assert!(bytes.ends_with(b"\r\n\r\nshort"));
    assert_eq!(end, End::Fin);
}

#[tokio::test]
async fn a_client_that_asks_for_it_gets_a_closed_connection() {
    let stage = Stage::new().await;
    let request = stage.chat(Plain).replace("Host: upstream", "Host: upstream\r\nConnection: close");
    let (bytes, end) = stage.ask(request).await.read_to_end().await;
    assert!(String::from_utf8(bytes).unwrap().contains("\r\nconnection: close\r\n"));
    assert_eq!(end, End::Fin);
    stage.scenario.idle().await;
    assert_eq!(stage.scenario.journal()[0].ended, Ended::Complete);
}

#[tokio::test]
async fn after_its_first_events_a_stream_does_what_the_turn_says() {
    let error = json!({"message": "from the script", "code": 429}).as_object().unwrap().clone();
    let cases = [
        (AfterEvents::Cut, Some(End::Fin), Ended::ClosedByMock),
        (AfterEvents::Reset, Some(End::Rst), Ended::ResetByMock),
        (AfterEvents::Finish, None, Ended::Complete),
        (AfterEvents::ErrorEvent(ErrorEvent { error }), None, Ended::Complete),
    ];
    for (then, end, ended) in cases {
        let stage = Stage::new().await;
        let (events, hold, reply) = (2, vec![], Reply::default());
        stage.plays([Play::Events(EventsPlay { events, hold, then: then.clone(), reply })]);
        let mut raw = stage.ask(stage.chat(Stream)).await;
        if let Some(end) = end {
            let (bytes, how) = raw.read_to_end().await;
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!((text.matches("data: ").count(), how), (2, end));
            assert!(text.contains(r#""content":"Seven tidy lanterns ""#), "{text}");
        } else {
            let text = String::from_utf8(raw.reply().await.body).unwrap();
            let errs = matches!(then, AfterEvents::ErrorEvent(_));
            assert_eq!(text.ends_with("data: [DONE]\n\n"), !errs);
            assert_eq!(text.contains("from the script"), errs);
            assert_eq!(text.contains(r#""code":429"#), errs);
        }
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()[0];
        assert_eq!((entry.ended, entry.delivered), (ended, true));
    }
}

#[tokio::test]
async fn a_stall_lasts_until_the_peer_leaves() {
    let stage = Stage::new().await;
    let (events, hold, reply) = (1, vec![], Reply::default());
    stage.plays([Play::Events(EventsPlay { events, hold, then: AfterEvents::Stall, reply })]);
    let mut raw = stage.ask(stage.chat(Stream)).await;
    while crate::raw::find(&raw.read(1).await, b"}").is_none() {}
    assert!(!stage.scenario.journal()[0].delivered, "not before it ends");
    drop(raw);
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert!(entry.delivered);
    assert!(matches!(entry.ended, Ended::PeerClosed | Ended::PeerReset));
}

#[tokio::test]
async fn a_gate_holds_the_rest_of_a_stream_until_it_is_opened() {
    let stage = Stage::new().await;
    stage.plays([held("seen")]);
    let mut raw = stage.ask(stage.chat(Stream)).await;
    let mut got = Vec::new();
    while crate::raw::find(&got, b"\n\n").is_none() {
        got.extend(raw.read(1).await);
    }
    stage.scenario.open_gate("seen");
    while !got.ends_with(b"0\r\n\r\n") {
        got.extend(raw.read(1).await);
    }
    stage.scenario.idle().await;
    assert!(stage.scenario.journal()[0].delivered);
}

#[tokio::test]
async fn a_gate_that_nobody_opens_is_not_delivered_and_says_why() {
    let stage = Stage::new().await;
    let at_most = Duration::from_millis(30);
    let hold = vec![Hold::Until(Gate { gate: "never".into(), at_most })];
    let turn = Turn { hold, ..Turn::play(Play::Ok(Reply::default())) };
    stage.scenario.script(None, Script::of([turn])).unwrap();
    let mut raw = stage.ask(stage.chat(Plain)).await;
    assert_eq!(raw.reply().await.status(), 200);
    assert!(raw.since_sent() >= at_most);
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert!(!entry.delivered);
    assert!(entry.undelivered.as_ref().unwrap().contains("`never`"));
}

#[tokio::test]
async fn a_peer_that_leaves_within_a_hold_has_seen_it() {
    let stage = Stage::new().await;
    let turn = Turn { hold: vec![Hold::For(PATIENCE)], ..Turn::play(Play::Ok(Reply::default())) };
    stage.scenario.script(None, Script::of([turn])).unwrap();
    let raw = stage.ask(stage.chat(Plain)).await;
    stage.scenario.changed(0).await;
    let left = Instant::now();
    drop(raw);
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.ended, entry.delivered, entry.bytes_written), (Ended::PeerClosed, true, 0));
    assert!(entry.ended_at.unwrap().instant >= left);
}

#[tokio::test]
async fn matchers_decide_which_turn_answers() {
    let stage = Stage::new().await;
    let when = |select| Turn { when: Some(select), ..Turn::play(status(418)) };
    let json = Select { body_partial_json: Some(json!({"model": "special"})), ..Select::default() };
    let path =
        Select { path: Some("/v1/embeddings".into()), method: Some("POST".into()), ..Select::default() };
    let embeddings = Turn { play: status(402), spare: true, ..when(path) };
    let script = Script::of([when(json), embeddings, Turn::play(status(500))]);
    stage.scenario.script(None, script).unwrap();
    assert_eq!(stage.ask(stage.chat(Plain)).await.reply().await.status(), 500);
    assert_eq!(
        stage.scenario.unreached().iter().map(|turn| turn.turn).collect::<Vec<_>>(),
        [0],
        "spare is fine"
    );
    let special = stage.chat(Plain).replace("gpt-5\"", "special\"").replace("Length: ", "length:   ");
    let length = special.split_once("\r\n\r\n").unwrap().1.len();
    let special = post("/v1/chat/completions", &special[special.len() - length..]);
    assert_eq!(stage.ask(special).await.reply().await.status(), 418);
    let embed = post("/v1/embeddings", &format!(r#"{{"model":"e","input":"{}"}}"#, stage.word));
    assert_eq!(stage.ask(embed).await.reply().await.status(), 402);
    assert!(stage.scenario.unreached().is_empty());
}

#[tokio::test]
async fn a_spent_script_fails_loudly_or_starts_over_as_it_says() {
    let stage = Stage::new().await;
    for (then, third) in [(Then::Fail, 501), (Then::Loop, 503)] {
        let turns = vec![Turn::play(status(503)), Turn::play(status(500))];
        stage.scenario.script(None, Script { turns, then }).unwrap();
        let mut raw = stage.connect().await;
        for expected in [503, 500, third] {
            raw.send(stage.chat(Plain)).await;
            assert_eq!(raw.reply().await.status(), expected);
        }
    }
    stage.scenario.idle().await;
    let spent = &stage.scenario.journal()[2];
    assert_eq!((spent.turn, spent.delivered), (None, false));
    assert!(String::from_utf8_lossy(&spent.played.body).contains("mock_upstream_unscripted"));
}

#[tokio::test]
async fn what_cannot_strike_the_request_is_said_loudly_and_not_delivered() {
    let stage = Stage::new().await;
    let unknown = post("/v1/nowhere", &format!("\"{}\"", stage.word));
    let cases = [
        (stage.chat(Plain), Play::Fault(FaultPlay::of("sse_cut")), 501),
        (stage.chat(Stream), Play::Fault(FaultPlay::of("short_body")), 501),
        (stage.chat(Plain), Play::Fault(FaultPlay::of("refused")), 501),
        (stage.chat(Plain), held("x"), 501),
        (unknown.clone(), Play::Ok(Reply::default()), 404),
        (unknown, Play::Fault(FaultPlay::of("html_200")), 501),
        (post("/v1/chat/completions", &format!("[\"{}\"]", stage.word)), Play::Ok(Reply::default()), 400),
    ];
    for (at, (request, play, expected)) in cases.into_iter().enumerate() {
        stage.plays([play]);
        assert_eq!(stage.ask(request).await.reply().await.status(), expected, "case {at}");
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()[at];
        assert!(!entry.delivered && entry.undelivered.is_some(), "case {at}");
    }
}

#[tokio::test]
async fn each_send_may_have_a_script_of_its_own() {
    let stage = Stage::new().await;
    let second = mock_upstream::Markers::seeded(99).fresh().to_string();
    stage.scenario.mark(&second, 2).unwrap();
    stage.plays([status(500)]);
    stage.scenario.script_for_send(2, Some("first"), Script::of([Turn::play(status(429))])).unwrap();
    assert_eq!(stage.ask(stage.chat(Plain)).await.reply().await.status(), 500);
    assert_eq!(stage.ask(chat(&second, Plain)).await.reply().await.status(), 429);
    let both = chat(&format!("{} {second}", stage.word), Plain);
    assert_eq!(stage.ask(both).await.reply().await.status(), 429, "the highest send counts");
    assert_eq!(stage.scenario.arrived_sends().into_iter().collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_head_request_gets_no_body() {
    let stage = Stage::new().await;
    let request =
        format!("HEAD /v1/models?for={} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", stage.word);
    let (bytes, _) = stage.ask(request).await.read_to_end().await;
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(b"\r\n\r\n"));
}
