//! Bedrock's dialect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mock_upstream::dialect::{Content, Dialect, EventRole, Healthy, Identity, Spoil, Stream};
use mock_upstream::fault::{Ending, Lane, Place};
use mock_upstream::script::{Reply, Request, ToolCall, Usage};
use proptest::{prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::eventstream::{Message, Wrong, decode, sums};
use crate::schema::Schema;
use crate::{post, scene, stream_to, text, tool_calls};

const CONVERSE: &str = "/model/anthropic.claude-sonnet-4-5/converse";
const CONVERSE_STREAM: &str = "/model/anthropic.claude-sonnet-4-5/converse-stream";
const INVOKE: &str = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprofile%2Fown/invoke";
const INVOKE_STREAM: &str = "/model/anthropic.claude-sonnet-4-5/invoke-with-response-stream";

fn asking(path: &str) -> Request {
    post(path, r#"{"messages":[{"role":"user","content":[{"text":"one two three"}]}]}"#)
}

fn answer(path: &str, reply: &Reply) -> Healthy {
    Dialect::Bedrock.healthy(&asking(path), reply, &scene(&Identity::of("first")))
}

fn document(healthy: &Healthy) -> Value {
    serde_json::from_slice(&healthy.body()).unwrap()
}

/// Type and payload of each message, which are well formed and events.
fn events(healthy: &Healthy) -> Vec<(String, Value)> {
    let event = |message: Message| {
        assert_eq!(message.headers[":message-type"], "event");
        assert_eq!(message.headers[":content-type"], "application/json");
        (message.headers[":event-type"].clone(), serde_json::from_slice(&message.payload).unwrap())
    };
    decode(&healthy.body()).unwrap().into_iter().map(event).collect()
}

/// The events of Anthropic's stream that the chunks wrap.
fn unwrapped(healthy: &Healthy) -> Vec<Value> {
    let inner = |(kind, payload): (String, Value)| {
        assert_eq!(kind, "chunk");
        Schema::bedrock().hold("chunk", &payload);
        serde_json::from_slice(&STANDARD.decode(payload["bytes"].as_str().unwrap()).unwrap()).unwrap()
    };
    events(healthy).into_iter().map(inner).collect()
}

fn calling() -> Reply {
    let call = ToolCall { name: "look".into(), arguments: r#"{"at":1}"#.into() };
    Reply { answer: Some("a b c d".into()), tool_calls: vec![call], ..Reply::default() }
}

#[test]
fn a_converse_answer_has_the_documented_fields() {
    let reply = Reply { usage: Some(Usage { prompt: 3, completion: 4 }), ..calling() };
    let healthy = answer(CONVERSE, &reply);
    let document = document(&healthy);
    Schema::bedrock().hold("ConverseResponse", &document);
    let content = &document["output"]["message"]["content"];
    assert_eq!(
        (&content[0]["text"], &content[1]["toolUse"]["input"]),
        (&json!("a b c d"), &json!({"at": 1}))
    );
    assert_eq!((&document["stopReason"], &document["usage"]["totalTokens"]), (&json!("tool_use"), &json!(7)));
    assert_eq!(healthy.headers.get("x-amzn-requestid"), Some("req_first_0000000000000007"));
    assert_eq!(healthy.lane(), Lane::Plain);
}

#[test]
fn a_converse_stream_is_frames_in_the_documented_order() {
    let healthy = answer(CONVERSE_STREAM, &calling());
    assert_eq!(healthy.headers.get("content-type"), Some("application/vnd.amazon.eventstream"));
    let events = events(&healthy);
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    let (delta, stop) = ("contentBlockDelta", "contentBlockStop");
    assert_eq!(
        kinds,
        ["messageStart", delta, delta, stop, "contentBlockStart", delta, stop, "messageStop", "metadata"]
    );
    for (kind, payload) in &events {
        Schema::bedrock().hold(kind, payload);
    }
    assert_eq!(events[5].1["delta"]["toolUse"]["input"], r#"{"at":1}"#);
    assert_eq!(events[5].1["contentBlockIndex"], 1);
    let Content::Events(events) = &healthy.content else { panic!("no stream") };
    let finishes: Vec<bool> = events.iter().map(|event| event.role == EventRole::Finish).collect();
    assert_eq!(finishes[6..], [false, true, true]);
}

#[test]
fn an_invoked_model_answers_in_its_makers_shape() {
    let healthy = answer(INVOKE, &calling());
    let document = document(&healthy);
    Schema::bedrock().hold("Message", &document);
    assert_eq!(document["model"], "arn:aws:bedrock:us-east-1:1:profile/own");
    assert_eq!(document["content"][1]["input"], json!({"at": 1}));
    assert_eq!(healthy.headers.get("x-amzn-bedrock-input-token-count"), Some("4"));
    let events = unwrapped(&answer(INVOKE_STREAM, &calling()));
    for event in &events {
        Schema::bedrock().hold("MessageEvent", event);
    }
    assert_eq!((&events[0]["type"], events.len()), (&json!("message_start"), 10));
}

#[test]
fn every_frame_can_be_broken_in_one_way_at_a_time() {
    let Content::Events(events) = answer(CONVERSE_STREAM, &calling()).content else { panic!("no stream") };
    let invoked = answer(INVOKE_STREAM, &calling());
    let Content::Events(chunks) = invoked.content else { panic!("no stream") };
    for event in events.iter().chain(&chunks) {
        let spoilt = |how| Dialect::Bedrock.spoil(&event.bytes, how);
        let decoded = |how| decode(&spoilt(how).unwrap());
        assert_eq!(decode(&event.bytes).unwrap().len(), 1);
        assert_eq!(decoded(Spoil::PreludeChecksum), Err(Wrong::PreludeChecksum));
        assert_eq!(decoded(Spoil::MessageChecksum), Err(Wrong::MessageChecksum));
        assert_eq!(decoded(Spoil::Cut), Err(Wrong::Cut));
        assert_eq!(spoilt(Spoil::Separator), None);
        assert_eq!(Dialect::Bedrock.spoil(&event.bytes.slice(..15), Spoil::Cut), None, "that is no frame");
        assert_eq!(spoilt(Spoil::PreludeChecksum).unwrap()[..8], event.bytes[..8], "the lengths are right");
        let sums = |how| sums(&spoilt(how).unwrap());
        assert_eq!(sums(Spoil::PreludeChecksum), (false, true), "nothing else is wrong");
        assert_eq!(sums(Spoil::MessageChecksum), (true, false));
    }
}

fn in_stream(path: &str, fields: Value) -> Message {
    let Value::Object(fields) = fields else { panic!("no fields") };
    let request = asking(path);
    let identity = Identity::of("second");
    let frame =
        Dialect::Bedrock.error_event(&Map::from_iter(fields), &stream_to(&request, true), &scene(&identity));
    let mut messages = decode(&frame).unwrap();
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[test]
fn an_error_in_a_stream_is_an_exception_frame() {
    for path in [CONVERSE_STREAM, INVOKE_STREAM] {
        let message = in_stream(path, json!({}));
        assert_eq!(message.headers[":message-type"], "exception");
        assert_eq!(message.headers[":exception-type"], "modelStreamErrorException");
        let payload: Value = serde_json::from_slice(&message.payload).unwrap();
        Schema::bedrock().hold("Error", &payload);
        assert_eq!(payload["originalStatusCode"], 500);
        assert!(payload["message"].as_str().unwrap().contains("org-second-owner"));
    }
    let chosen = in_stream(CONVERSE_STREAM, json!({"type": "throttlingException", "message": "wait"}));
    Schema::bedrock().hold("ExceptionType", &json!(chosen.headers[":exception-type"]));
    assert_eq!(chosen.payload, br#"{"message":"wait"}"#);
}

/// The stream after so many events when the answer then ends at its limit.
fn ended_after(path: &str, count: usize) -> Healthy {
    let healthy = answer(path, &calling());
    let Content::Events(events) = &healthy.content else { panic!("no stream") };
    let (request, identity) = (asking(path), Identity::of("first"));
    let stream = Stream { sent: &events[..count], ..stream_to(&request, true) };
    let ending = Dialect::Bedrock.ending(Ending::Incomplete, &stream, &scene(&identity)).unwrap();
    assert_eq!(Dialect::Bedrock.ending(Ending::Failed, &stream, &scene(&identity)), None);
    let sent = events[..count].iter().map(|event| &event.bytes[..]);
    let whole = sent.chain([&ending[..]]).collect::<Vec<_>>().concat();
    Healthy { content: Content::Whole(Bytes::from(whole)), ..healthy }
}

#[test]
fn an_answer_can_end_at_its_limit() {
    for (count, stops) in [(1, 0), (2, 1), (4, 1), (6, 2)] {
        let events = events(&ended_after(CONVERSE_STREAM, count));
        for (kind, payload) in &events {
            Schema::bedrock().hold(kind, payload);
        }
        assert_eq!(
            events.iter().filter(|(kind, _)| kind == "contentBlockStop").count(),
            stops,
            "after {count}"
        );
        assert_eq!(events[events.len() - 2].1["stopReason"], "max_tokens");
        let chunks = unwrapped(&ended_after(INVOKE_STREAM, count));
        for event in &chunks {
            Schema::bedrock().hold("MessageEvent", event);
        }
        assert_eq!(chunks[chunks.len() - 2]["delta"]["stop_reason"], "max_tokens");
        let named = |name: &str| chunks.iter().filter(|event| event["type"] == name).count();
        assert_eq!(named("content_block_start"), named("content_block_stop"), "after {count}");
    }
    let words = &events(&ended_after(CONVERSE_STREAM, 2));
    assert_eq!(
        words.last().unwrap().1["usage"],
        json!({"inputTokens": 4, "outputTokens": 3, "totalTokens": 7})
    );
}

#[test]
fn data_of_a_scripts_own_comes_in_a_frame() {
    for (path, kind) in [(CONVERSE_STREAM, "contentBlockDelta"), (INVOKE_STREAM, "chunk")] {
        let request = asking(path);
        let frame = Dialect::Bedrock.data_event("{\"a", &stream_to(&request, true));
        let messages = decode(&frame).unwrap();
        assert_eq!(
            (&messages[0].payload[..], messages[0].headers[":event-type"].as_str()),
            (&b"{\"a"[..], kind)
        );
    }
}

#[test]
fn what_no_operation_answers_is_refused_as_the_provider_does() {
    let get = Request { method: "GET".into(), ..asking(CONVERSE) };
    for (request, status) in [
        (asking("/model/m/explode"), 404),
        (asking("/model//converse"), 404),
        (get, 404),
        (post(CONVERSE, "["), 400),
    ] {
        let healthy = Dialect::Bedrock.healthy(&request, &Reply::default(), &scene(&Identity::of("first")));
        assert_eq!(healthy.status, status, "{}", request.target);
        assert!(healthy.refused.is_some());
        Schema::bedrock().hold("Error", &document(&healthy));
    }
}

/// The error has the documented shape, names its type in the header, and betrays its provider.
fn hold_error(reply: &Healthy) {
    let (schema, document) = (Schema::bedrock(), document(reply));
    schema.hold("Error", &document);
    schema.hold("ErrorType", &json!(reply.headers.get("x-amzn-errortype")));
    assert!(document.to_string().contains("org-second-owner"));
    assert!(reply.headers.get("x-amzn-requestid").is_some());
}

#[test]
fn every_status_has_an_error_whose_type_is_in_a_header() {
    let identity = Identity::of("second");
    for status in 400..600 {
        let refusal = Dialect::Bedrock.refusal(status, &scene(&identity));
        assert_eq!(refusal.status, status);
        hold_error(&refusal);
    }
    let throttled = Dialect::Bedrock.refusal(429, &scene(&identity));
    assert!(throttled.headers.get("x-amzn-errortype").unwrap().starts_with("ThrottlingException:http://"));
}

#[test]
fn named_replies_are_as_documented_and_betray_their_provider() {
    let identity = Identity::of("second");
    for row in Dialect::Bedrock.named() {
        let reply = Dialect::Bedrock.error(&row.name, &scene(&identity)).unwrap();
        if reply.status == 200 {
            Schema::bedrock().hold("ConverseResponse", &document(&reply));
        } else {
            hold_error(&reply);
        }
    }
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::bedrock();
    let sound = document(&answer(CONVERSE, &calling()));
    for (pointer, wrong) in [
        ("/stopReason", json!("stop")),
        ("/usage/totalTokens", json!("7")),
        ("/output/message/content/1/toolUse/toolUseId", json!("a b")),
        ("/metrics", Value::Null),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("ConverseResponse", &broken), "{pointer}");
    }
    assert!(!schema.allows("Error", &json!({"error": {"message": "m"}})));
    assert!(!schema.allows("contentBlockDelta", &json!({"delta": {"text": "a"}})));
}

#[test]
fn places_are_found_in_both_shapes_and_in_events() {
    let at = |place, document: &Value| Dialect::Bedrock.places(place, document);
    let (converse, invoked) =
        (document(&answer(CONVERSE, &calling())), document(&answer(INVOKE, &calling())));
    assert_eq!(at(Place::Text, &converse), ["/output/message/content/0/text"]);
    assert_eq!(at(Place::Text, &invoked), ["/content/0/text"]);
    assert_eq!(at(Place::ToolCalls, &converse), ["/output/message/content/1/toolUse"]);
    assert_eq!(at(Place::ToolCalls, &invoked), ["/content/1/input"]);
    for place in [Place::Answer, Place::Role, Place::Finish, Place::Usage, Place::UsageOutput] {
        assert_eq!((at(place, &converse).len(), at(place, &invoked).len()), (1, 1), "{place:?}");
    }
    assert_eq!(
        (at(Place::Model, &invoked), at(Place::Id, &invoked)),
        (vec!["/model".into()], vec!["/id".into()])
    );
    let events = events(&answer(CONVERSE_STREAM, &calling()));
    assert_eq!(at(Place::Text, &events[1].1), ["/delta/text"]);
    assert_eq!(at(Place::ToolCalls, &events[5].1), ["/delta/toolUse"]);
    assert_eq!(at(Place::UsageTotal, &events[8].1), ["/usage/totalTokens"]);
}

/// What a client of the Converse stream puts together: the text, and each call's name and arguments.
fn heard(events: &[(String, Value)]) -> (String, Vec<ToolCall>) {
    let (mut text, mut calls) = (String::new(), Vec::<ToolCall>::new());
    for (_, payload) in events {
        if let Some(name) = payload["start"]["toolUse"]["name"].as_str() {
            calls.push(ToolCall { name: name.into(), arguments: String::new() });
        }
        text.push_str(payload["delta"]["text"].as_str().unwrap_or_default());
        if let Some(input) = payload["delta"]["toolUse"]["input"].as_str() {
            calls.last_mut().unwrap().arguments.push_str(input);
        }
    }
    (text, calls)
}

/// The same of Anthropic's stream.
fn heard_invoked(events: &[Value]) -> (String, Vec<ToolCall>) {
    let (mut text, mut calls) = (String::new(), Vec::<ToolCall>::new());
    for event in events {
        if let Some(name) = event["content_block"]["name"].as_str() {
            calls.push(ToolCall { name: name.into(), arguments: String::new() });
        }
        text.push_str(event["delta"]["text"].as_str().unwrap_or_default());
        if let Some(input) = event["delta"]["partial_json"].as_str() {
            calls.last_mut().unwrap().arguments.push_str(input);
        }
    }
    (text, calls)
}

/// The text and the calls of blocks, wherever a shape has their fields.
fn said(blocks: &Value, call: impl Fn(&Value) -> &Value) -> (String, Vec<ToolCall>) {
    let blocks = blocks.as_array().unwrap();
    let text = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    let calls = blocks.iter().map(call).filter(|call| call["name"].is_string());
    let call = |call: &Value| ToolCall {
        name: call["name"].as_str().unwrap().into(),
        arguments: call["input"].to_string(),
    };
    (text, calls.map(call).collect())
}

proptest! {
    #[test]
    fn the_events_of_a_stream_are_the_answer(answered in text(), tool_calls in tool_calls()) {
        let reply = Reply { answer: Some(answered.clone()), tool_calls: tool_calls.clone(), ..Reply::default() };
        let expected = (answered, tool_calls);
        let whole = document(&answer(CONVERSE, &reply));
        Schema::bedrock().hold("ConverseResponse", &whole);
        prop_assert_eq!(&said(&whole["output"]["message"]["content"], |block| &block["toolUse"]), &expected);
        let streamed = events(&answer(CONVERSE_STREAM, &reply));
        for (kind, payload) in &streamed {
            Schema::bedrock().hold(kind, payload);
        }
        prop_assert_eq!(&heard(&streamed), &expected);
        let invoked = document(&answer(INVOKE, &reply));
        Schema::bedrock().hold("Message", &invoked);
        prop_assert_eq!(&said(&invoked["content"], |block| block), &expected);
        prop_assert_eq!(&heard_invoked(&unwrapped(&answer(INVOKE_STREAM, &reply))), &expected);
    }

    #[test]
    fn any_payload_survives_the_frame(payload in text()) {
        let request = asking(CONVERSE_STREAM);
        let frame: Bytes = Dialect::Bedrock.data_event(&payload, &stream_to(&request, false));
        prop_assert_eq!(&decode(&frame).unwrap()[0].payload[..], payload.as_bytes());
    }
}
