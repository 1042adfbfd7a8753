//! The Responses API of OpenAI's dialect.

use mock_upstream::dialect::{Content, Dialect, Event, Healthy, Identity, Stream};
use mock_upstream::fault::{Ending, InStream, Lane, Place};
use mock_upstream::script::{FaultPlay, Play, Reply, Request, ToolCall, Turn, Usage};
use mock_upstream::step::{Answer, compile};
use proptest::{option, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
use crate::{document, post, scene, text, tool_calls, typed};

fn asking(stream: bool) -> Request {
    let body = json!({
        "model": "m-1", "input": "one two three", "stream": stream, "instructions": "be brief",
        "metadata": {"k": "v"}, "temperature": 0.5, "tools": [{"type": "function", "name": "look"}],
        "include": ["message.output_text.logprobs"],
    });
    post("/v1/responses", &body.to_string())
}

fn answered(stream: bool, reply: &Reply) -> Healthy {
    Dialect::OpenAi.healthy(&asking(stream), reply, &scene(&Identity::of("first")))
}

fn whole(reply: &Reply) -> Value {
    document(&answered(false, reply).body())
}

fn events(reply: &Reply) -> Vec<Event> {
    let Content::Events(events) = answered(true, reply).content else { panic!("no stream") };
    events
}

fn both() -> Reply {
    let call = |name: &str| ToolCall { name: name.into(), arguments: r#"{"at":"the harbour wall"}"#.into() };
    Reply {
        answer: Some("a b c d e".into()),
        tool_calls: vec![call("look"), call("walk")],
        usage: Some(Usage { prompt: 3, completion: 4 }),
        ..Reply::default()
    }
}

/// What a client puts together from the deltas: the text, and the arguments of each item.
fn heard(events: &[Value]) -> (String, Vec<String>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for event in events {
        let delta = event["delta"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "response.output_text.delta" => text.push_str(delta),
            "response.output_item.added" if event["item"]["type"] == "function_call" => {
                calls.push(String::new());
            }
            "response.function_call_arguments.delta" => calls.last_mut().unwrap().push_str(delta),
            _ => {}
        }
    }
    (text, calls)
}

#[test]
fn a_response_has_the_documented_fields() {
    let document = whole(&both());
    Schema::openai().hold("Response", &document);
    let kinds: Vec<&Value> =
        document["output"].as_array().unwrap().iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["message", "function_call", "function_call"]);
    assert_eq!(document["output"][0]["content"][0]["text"], "a b c d e");
    assert_eq!(document["output"][2]["call_id"], "call_1");
    assert_eq!((&document["status"], &document["usage"]["total_tokens"]), (&json!("completed"), &json!(7)));
    assert_eq!((&document["temperature"], &document["metadata"]["k"]), (&json!(0.5), &json!("v")));
    assert_eq!(answered(false, &both()).lane(), Lane::Plain);
    Schema::openai().hold("Response", &whole(&Reply::default()));
}

#[test]
fn the_stream_builds_up_the_response() {
    let bytes = answered(true, &both()).body();
    let events = typed(&bytes);
    let schema = Schema::openai();
    for (number, event) in events.iter().enumerate() {
        schema.hold("ResponseEvent", event);
        assert_eq!(event["sequence_number"], number);
    }
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    let call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ];
    let message = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
    ];
    assert_eq!(kinds, [&message[..], &call, &call, &["response.completed"]].concat());
    assert_eq!(events.last().unwrap()["response"], whole(&both()), "what a plain reply would be");
}

#[test]
fn an_error_event_is_flat_and_numbered() {
    let (identity, request, events) = (Identity::of("first"), asking(true), events(&both()));
    let stream = Stream { request: &request, begun: true, sent: &events[..5] };
    let fields = Map::from_iter([
        ("type".to_owned(), json!("rate_limit_error")),
        ("code".to_owned(), json!("rate_limit_exceeded")),
    ]);
    let event = typed(&Dialect::OpenAi.error_event(&fields, &stream, &scene(&identity))).pop().unwrap();
    Schema::openai().hold("ResponseEvent", &event);
    assert_eq!((&event["sequence_number"], &event["code"]), (&json!(5), &json!("rate_limit_exceeded")));
    assert!(event["message"].as_str().unwrap().contains("org-first-owner"));
    let odd = Dialect::OpenAi.data_event("{", &stream);
    assert_eq!(odd, "event: response.output_text.delta\ndata: {\n\n");
}

#[test]
fn a_stream_can_end_failed_or_incomplete() {
    let (identity, request, events) = (Identity::of("first"), asking(true), events(&both()));
    let schema = Schema::openai();
    for (how, kind) in [(Ending::Failed, "response.failed"), (Ending::Incomplete, "response.incomplete")] {
        for sent in 1..events.len() {
            let stream = Stream { request: &request, begun: true, sent: &events[..sent] };
            let ended = Dialect::OpenAi.ending(how, &stream, &scene(&identity)).unwrap();
            let azures = Dialect::Azure.ending(how, &stream, &scene(&identity));
            assert_eq!(azures.as_ref(), Some(&ended), "who says what OpenAI says ends as OpenAI does");
            let event = typed(&ended).pop().unwrap();
            schema.hold("ResponseEvent", &event);
            assert_eq!((&event["type"], &event["sequence_number"]), (&json!(kind), &json!(sent)));
            let so_far: Vec<u8> = events[..sent].iter().flat_map(|event| event.bytes.to_vec()).collect();
            let output = &event["response"]["output"];
            let text = output[0]["content"][0]["text"].as_str().unwrap_or_default();
            assert_eq!(text, heard(&typed(&so_far)).0, "no more and no less than what came");
        }
        let nothing = Stream { request: &request, begun: false, sent: &[] };
        assert_eq!(Dialect::OpenAi.ending(how, &nothing, &scene(&identity)), None);
    }
    let stream = Stream { request: &request, begun: true, sent: &events[..6] };
    let failed = Dialect::OpenAi.ending(Ending::Failed, &stream, &scene(&identity)).unwrap();
    let failed = typed(&failed).pop().unwrap();
    assert!(failed["response"]["error"]["message"].as_str().unwrap().contains("first.upstream.test"));
    assert_eq!(failed["response"]["output"][0]["status"], "incomplete");
}

#[test]
fn no_end_mark_is_missing_where_there_is_none() {
    let (identity, request) = (Identity::of("first"), asking(true));
    let turn = Turn::play(Play::Fault(FaultPlay::of("sse_no_done")));
    let plan = |dialect, request: &Request| {
        compile(&Answer { turn: &turn, request, dialect, scene: scene(&identity) })
    };
    let why = plan(Dialect::OpenAi, &request).instead.unwrap();
    assert!(why.contains("no mark"), "a healthy stream under the name of a fault would be a lie: {why}");
    let chat = post("/v1/chat/completions", r#"{"stream":true}"#);
    assert_eq!(plan(Dialect::OpenAi, &chat).instead, None);
}

#[test]
fn a_fault_may_name_an_ending() {
    let read: Vec<InStream> =
        serde_json::from_str(r#"[{"ending":"failed"},{"ending":"incomplete"}]"#).unwrap();
    assert_eq!(read, Ending::ALL.map(InStream::Ending));
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::openai();
    let sound = whole(&both());
    for (pointer, wrong) in [
        ("/status", json!("done")),
        ("/usage", Value::Null),
        ("/output/0/role", json!("user")),
        ("/output/1/arguments", json!({"at": 1})),
        ("/output/0/content/0/annotations", Value::Null),
        ("/error", json!({"code": "slow_down", "message": "m"})),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("Response", &broken), "{pointer}");
    }
    let delta = json!({
        "type": "response.output_text.delta", "sequence_number": 4, "item_id": "msg_1", "output_index": 0,
        "content_index": 0, "delta": "a", "logprobs": [],
    });
    assert!(schema.allows("ResponseEvent", &delta));
    for missing in ["sequence_number", "item_id", "delta", "logprobs"] {
        let mut broken = delta.clone();
        broken.as_object_mut().unwrap().remove(missing);
        assert!(!schema.allows("ResponseEvent", &broken), "{missing}");
    }
}

#[test]
fn places_are_found_in_responses_and_events() {
    let whole = whole(&both());
    let at = |place, document: &Value| Dialect::OpenAi.places(place, document);
    assert_eq!(at(Place::Answer, &whole), ["/output"]);
    assert_eq!(at(Place::Text, &whole), ["/output/0/content/0/text"]);
    assert_eq!(at(Place::ToolCalls, &whole), ["/output/1", "/output/2"]);
    assert_eq!(at(Place::Finish, &whole), ["/status"]);
    assert_eq!(at(Place::Role, &whole), ["/output/0/role"]);
    assert_eq!(at(Place::Created, &whole), ["/created_at"]);
    for place in [Place::Usage, Place::UsageTotal, Place::UsageOutput, Place::Model, Place::Id] {
        assert_eq!(at(place, &whole).len(), 1, "{place:?}");
    }
    let events = typed(&answered(true, &both()).body());
    assert_eq!(at(Place::Text, &events[4]), ["/delta"]);
    assert_eq!(at(Place::Model, &events[0]), ["/response/model"]);
    assert_eq!(at(Place::Finish, events.last().unwrap()), ["/response/status"]);
    let calls = events.iter().filter(|event| !at(Place::ToolCalls, event).is_empty()).count();
    assert!(calls >= 8, "opened, continued, finished and closed, twice: {calls}");
}

proptest! {
    #[test]
    fn the_events_of_a_stream_are_the_response(
        answer in option::of(text()), tool_calls in tool_calls(), prompt: u32, completion: u32,
    ) {
        let usage = Some(Usage { prompt: prompt.into(), completion: completion.into() });
        let reply = Reply { answer, tool_calls, usage, ..Reply::default() };
        let (whole, events) = (whole(&reply), typed(&answered(true, &reply).body()));
        prop_assert_eq!(&events.last().unwrap()["response"], &whole);
        let output = whole["output"].as_array().unwrap();
        let message = output.iter().find(|item| item["type"] == "message");
        let said = message.map_or("", |item| item["content"][0]["text"].as_str().unwrap());
        let calls = output.iter().filter_map(|item| item["arguments"].as_str().map(str::to_owned));
        prop_assert_eq!(heard(&events), (said.to_owned(), calls.collect()));
        let done: Vec<&Value> =
            events.iter().filter(|event| event["type"] == "response.output_item.done").map(|event| &event["item"]).collect();
        prop_assert_eq!(done, output.iter().collect::<Vec<_>>());
    }
}
