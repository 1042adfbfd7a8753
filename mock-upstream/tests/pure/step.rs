//! From turns to steps.

use std::time::Duration;

use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::fault::Lane;
use mock_upstream::script::{AfterEvents, ErrorEvent, EventsPlay, FaultPlay, Hold, Reply, StatusPlay};
use mock_upstream::step::{Answer, Plan, Step, compile, unscripted};
use mock_upstream::{Catalogue, Play, Turn};

use crate::{post, scene};

const CHAT: &str = r#"{"model":"m","messages":[]}"#;
const STREAM: &str = r#"{"model":"m","messages":[],"stream":true}"#;

fn plan(turn: &Turn, body: &str) -> Plan {
    let request = post("/v1/chat/completions", body);
    let identity = Identity::of("first");
    compile(&Answer { turn, request: &request, dialect: Dialect::OpenAi, scene: scene(&identity) })
}

#[test]
fn a_healthy_document_is_one_write_that_keeps_the_connection() {
    let plan = plan(&Turn::play(Play::Ok(Reply::default())), CHAT);
    let [Step::Write { bytes, events: 0 }] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert!(bytes.ends_with(&plan.intended.body));
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"));
    assert!(String::from_utf8_lossy(bytes).contains("\r\ndate: Fri, 15 Jan 2027 08:00:00 GMT\r\n"));
    assert!(plan.keep_alive && plan.instead.is_none());
    assert_eq!(plan.intended.headers.get("content-length"), Some(&*plan.intended.body.len().to_string()));
}

#[test]
fn a_healthy_stream_is_a_head_an_event_a_write_and_the_last_chunk() {
    let plan = plan(&Turn::play(Play::Ok(Reply::default())), STREAM);
    let events: Vec<u32> = plan
        .steps
        .iter()
        .map(|step| match step {
            Step::Write { events, .. } => *events,
            other => panic!("{other:?}"),
        })
        .collect();
    let inner = &events[1..events.len() - 1];
    assert_eq!((events[0], events[events.len() - 1]), (0, 0));
    assert!(inner.len() > 8 && inner.iter().all(|count| *count == 1));
}

#[test]
fn the_decisive_step_is_the_fault_and_a_timed_hold_of_an_honest_turn() {
    let second = Duration::from_secs(1);
    let held = |play| Turn { hold: vec![Hold::For(second)], ..Turn::play(play) };
    assert_eq!(plan(&held(Play::Status(StatusPlay::of(500))), CHAT).decisive, 0);
    let page = plan(&held(Play::Fault(FaultPlay::of("html_200"))), CHAT);
    assert!(matches!(page.steps[page.decisive], Step::Write { .. }), "a hold is not the fault");
    let events = |then| {
        let hold = vec![Hold::For(second)];
        let play = Play::Events(EventsPlay { events: 1, hold, then, reply: Reply::default() });
        let plan = plan(&Turn::play(play), STREAM);
        plan.steps[plan.decisive].clone()
    };
    assert_eq!(events(AfterEvents::Finish), Step::Wait(second));
    assert_eq!(events(AfterEvents::Cut), Step::Close);
    assert!(matches!(events(AfterEvents::ErrorEvent(ErrorEvent::default())), Step::Write { events: 1, .. }));
    let fault = plan(&held(Play::Fault(FaultPlay::of("rst_mid_body"))), CHAT);
    assert_eq!(fault.steps[0], Step::Wait(second));
    assert_eq!(fault.steps[fault.decisive], Step::Reset);
    assert_eq!(fault.fault.as_deref(), Some("rst_mid_body"));
}

#[test]
fn every_fault_compiles_where_it_can_strike_and_says_so_where_it_cannot() {
    for fault in Catalogue::shipped().faults() {
        for (lane, body) in [(Lane::Plain, CHAT), (Lane::Stream, STREAM)] {
            let plan = plan(&Turn::play(Play::Fault(FaultPlay::of(fault.id.clone()))), body);
            let strikes = fault.program(lane).is_some() && !fault.strikes.needs_provider();
            assert_eq!(plan.instead.is_none(), strikes, "{} {lane:?}: {:?}", fault.id, plan.instead);
            assert_eq!(plan.fault.as_deref(), Some(fault.id.as_str()));
            assert!(plan.decisive < plan.steps.len());
            let ends = |step: &Step| matches!(step, Step::Close | Step::Reset | Step::Hang);
            let (_, before) = plan.steps.split_last().unwrap();
            assert!(!before.iter().any(ends), "{}: nothing follows an end", fault.id);
        }
    }
}

#[test]
fn an_unscripted_request_gets_an_explanation() {
    let plan = unscripted(&post("/", ""), 0, "because \"x\"");
    let body: serde_json::Value = serde_json::from_slice(&plan.intended.body).unwrap();
    assert_eq!((plan.intended.status, &body["error"]["message"]), (Some(501), &"because \"x\"".into()));
    assert_eq!(body["error"]["type"], "mock_upstream_unscripted");
}
