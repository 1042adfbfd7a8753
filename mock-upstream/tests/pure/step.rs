//! From turns to steps.

use std::time::Duration;

use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::fault::{Lane, Need, Probe};
use mock_upstream::script::{
    AfterEvents, ErrorEvent, EventsPlay, FaultPlay, Hold, Reply, Request, StatusPlay,
};
use mock_upstream::step::{Answer, Plan, Step, compile, unscripted};
use mock_upstream::{Catalogue, Fault, Play, Turn};
use serde_json::json;

use crate::{post, scene};

const CHAT: &str = r#"{"model":"m","messages":[]}"#;
const STREAM: &str = r#"{"model":"m","messages":[],"stream":true}"#;

fn plan(turn: &Turn, body: &str) -> Plan {
    answered(turn, &post("/v1/chat/completions", body))
}

/// A request that has what the fault needs.
fn asking(fault: &Fault, stream: bool) -> Request {
    if fault.needs.contains(&Need::Embeddings) {
        return post("/v1/embeddings", r#"{"model":"m","input":["a","b"]}"#);
    }
    let mut body = json!({"model": "m", "messages": [], "stream": stream});
    for need in &fault.needs {
        match need {
            Need::StreamUsage => body["stream_options"] = json!({"include_usage": true}),
            Need::SeveralChoices => body["n"] = json!(2),
            Need::Logprobs => body["logprobs"] = json!(true),
            Need::Schema => body["response_format"] = json!({"type": "json_schema"}),
            Need::Words | Need::Embeddings | Need::SeveralInputs | Need::Responses => {}
            Need::Continue | Need::Http2 | Need::SecondConnection => {}
        }
    }
    post("/v1/chat/completions", &body.to_string())
}

fn answered(turn: &Turn, request: &Request) -> Plan {
    let identity = Identity::of("first");
    compile(&Answer { turn, request, dialect: Dialect::OpenAi, scene: scene(&identity) })
}

fn plan_for(turn: &Turn, path: &str, body: &str) -> Plan {
    let request = post(path, body);
    let identity = Identity::of("first");
    compile(&Answer { turn, request: &request, dialect: Dialect::Any, scene: scene(&identity) })
}

/// The request of a probe; what it says does not matter here.
fn asked(probe: Probe, lane: Lane) -> (&'static str, &'static str) {
    let stream = lane == Lane::Stream;
    let body = if stream { STREAM } else { CHAT };
    match probe {
        Probe::Chat | Probe::Connect | Probe::Hello | Probe::Tls | Probe::Upload | Probe::Http2 => {
            ("/v1/chat/completions", body)
        }
        Probe::ChatUsage if stream => {
            ("/v1/chat/completions", r#"{"stream":true,"stream_options":{"include_usage":true}}"#)
        }
        Probe::ChatUsage => ("/v1/chat/completions", body),
        Probe::ChatChoices | Probe::ChatLogprobs | Probe::ChatSchema => ("/v1/chat/completions", body),
        Probe::Embeddings | Probe::EmbeddingsOfTwo => ("/v1/embeddings", r#"{"input":"a"}"#),
        Probe::Responses => ("/v1/responses", body),
        Probe::Messages => ("/v1/messages", body),
        Probe::GeminiArray if stream => ("/v1beta/models/m:streamGenerateContent", "{}"),
        Probe::GeminiArray => ("/v1beta/models/m:generateContent", "{}"),
        Probe::Converse if stream => ("/model/m/converse-stream", "{}"),
        Probe::Converse => ("/model/m/converse", "{}"),
    }
}

#[test]
fn a_fault_of_another_dialect_or_without_its_prey_says_why_it_is_not_played() {
    let why = |name: &str, reply: Reply, body| {
        let play = Play::Fault(FaultPlay { reply, ..FaultPlay::of(name) });
        plan_for(&Turn::play(play), "/v1/chat/completions", body).instead.unwrap_or_default()
    };
    let silent = Reply::default();
    assert_eq!(
        why("sse_pings_for_ever", silent.clone(), STREAM),
        "the fault `sse_pings_for_ever` happens in anthropic alone, and the provider speaks openai"
    );
    let plain_words = Reply { answer: Some("plain words".into()), ..Reply::default() };
    assert!(why("sse_cut_in_character", plain_words.clone(), STREAM).contains("several bytes"));
    assert_eq!(why("sse_cut_in_character", silent.clone(), STREAM), "");
    assert!(why("sse_no_usage", silent.clone(), STREAM).contains("no 1 events"));
    assert!(why("sse_response_failed", silent, STREAM).contains("Failed"));
}

#[test]
fn what_comes_again_and_again_is_one_step_with_its_events() {
    let fault = |name: &str| plan(&Turn::play(Play::Fault(FaultPlay::of(name))), STREAM);
    let endless = fault("sse_drip_for_ever");
    let Some(Step::Repeat { parcel, every }) = endless.steps.last() else { panic!("{:?}", endless.steps) };
    assert_eq!((parcel.events, *every, endless.decisive), (1, Duration::from_millis(500), 3));
    let comments = fault("sse_comments_for_ever");
    let Some(Step::Repeat { parcel, .. }) = comments.steps.last() else { panic!("{:?}", comments.steps) };
    assert_eq!((&parcel.bytes[..], parcel.events), (&b"e\r\n: keep-alive\n\n\r\n"[..], 0));
}

#[test]
fn one_in_so_many_replies_waits() {
    let request = post("/v1/chat/completions", CHAT);
    let identity = Identity::of("first");
    let turn = Turn::play(Play::Fault(FaultPlay::of("one_in_many_late")));
    let waits = |serial| {
        let scene = mock_upstream::dialect::Scene { serial, ..scene(&identity) };
        let answer = Answer { turn: &turn, request: &request, dialect: Dialect::OpenAi, scene };
        compile(&answer).steps.iter().any(|step| matches!(step, Step::Wait(_)))
    };
    assert_eq!((1..=6).map(waits).collect::<Vec<_>>(), [false, true, false, true, false, true]);
}

#[test]
fn pieces_of_an_event_count_as_one_event_with_the_last() {
    let tiny = plan(&Turn::play(Play::Fault(FaultPlay::of("sse_event_over_chunks"))), STREAM);
    let healthy = plan(&Turn::play(Play::Ok(Reply::default())), STREAM);
    let events = |plan: &Plan| -> u32 {
        let count = |step: &Step| if let Step::Write { events, .. } = step { *events } else { 0 };
        plan.steps.iter().map(count).sum()
    };
    assert_eq!(events(&tiny), events(&healthy));
    assert_eq!(tiny.intended.body, healthy.intended.body);
    assert_eq!(tiny.steps.len(), healthy.intended.body.len() + 2);
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
        for lane in [Lane::Plain, Lane::Stream] {
            let embeds = lane == Lane::Stream && fault.needs.contains(&Need::Embeddings);
            if embeds || fault.strikes.needs_provider() {
                continue;
            }
            let turn = Turn::play(Play::Fault(FaultPlay::of(fault.id.clone())));
            let plan = if fault.needs.is_empty() || fault.needs == [Need::Responses] {
                let (path, body) = asked(fault.proof.on[0], lane);
                plan_for(&turn, path, body)
            } else {
                answered(&turn, &asking(fault, lane == Lane::Stream))
            };
            let strikes = fault.program(lane).is_some();
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

/// What has been written once the decisive step is done.
fn written_by_then(fault: &str, body: &str) -> String {
    let plan = plan(&Turn::play(Play::Fault(FaultPlay::of(fault))), body);
    let done = plan.steps.iter().take(plan.decisive + 1);
    let written = done.filter_map(|step| match step {
        Step::Write { bytes, .. } => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    });
    written.collect()
}

#[test]
fn who_refuses_a_strange_head_has_met_it() {
    for fault in ["no_content_type", "http_1_0"] {
        let written = written_by_then(fault, STREAM);
        assert!(written.ends_with("\r\n\r\n"), "{fault}: {written}");
    }
    for fault in ["content_type_twice", "content_length_negative", "status_999"] {
        let plan = plan(&Turn::play(Play::Fault(FaultPlay::of(fault))), CHAT);
        assert_eq!(plan.decisive, 0, "{fault}: what closes behind the reply decides nothing");
    }
    let whole = written_by_then("until_close", STREAM);
    assert!(whole.contains("[DONE]"), "the close is the fault: {whole}");
}

#[test]
fn who_refuses_the_form_of_the_first_event_has_met_it() {
    let written = written_by_then("sse_bare_cr", STREAM);
    assert_eq!(written.matches("data:").count(), 1, "{written}");
}

#[test]
fn who_refuses_the_event_before_which_one_is_missing_has_met_it() {
    let play = Play::Fault(FaultPlay::of("sse_no_message_start"));
    let plan = plan_for(&Turn::play(play), "/v1/messages", STREAM);
    assert!(matches!(&plan.steps[..], [Step::Write { .. }, Step::Write { events: 1, .. }, ..]));
    assert_eq!(plan.decisive, 1);
    let done = written_by_then("sse_no_done", STREAM);
    assert!(done.ends_with("0\r\n\r\n"), "what is missing at the end is missing once it is over: {done}");
}
