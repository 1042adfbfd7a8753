//! Anthropic's dialect.

use mock_upstream::dialect::{Content, Dialect, Event, EventRole, Healthy, Identity, Stream};
use mock_upstream::fault::{Ending, Place};
use mock_upstream::script::{Reply, Request, ToolCall, Usage};
use proptest::{option, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
use crate::{document, get, post, scene, text, tool_calls, typed};

fn asking(stream: bool) -> Request {
    let messages = json!([{"role": "user", "content": "one two three"}]);
    let body = json!({"model": "m-1", "max_tokens": 9, "stream": stream, "messages": messages});
    post("/v1/messages", &body.to_string())
}

fn answered(request: &Request, reply: &Reply) -> Healthy {
    Dialect::Anthropic.healthy(request, reply, &scene(&Identity::of("first")))
}

fn whole(reply: &Reply) -> Value {
    document(&answered(&asking(false), reply).body())
}

fn events(reply: &Reply) -> Vec<Event> {
    let Content::Events(events) = answered(&asking(true), reply).content else { panic!("no stream") };
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

/// The blocks that a client puts together from these events.
fn heard(events: &[Value]) -> Vec<Value> {
    let (mut blocks, mut json_text) = (Vec::new(), String::new());
    for event in events {
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(event["index"], blocks.len());
                blocks.push(event["content_block"].clone());
                json_text.clear();
            }
            "content_block_delta" => {
                if let Some(piece) = event["delta"]["text"].as_str() {
                    let Value::String(text) = &mut blocks.last_mut().unwrap()["text"] else {
                        panic!("no block of text")
                    };
                    text.push_str(piece);
                }
                json_text.push_str(event["delta"]["partial_json"].as_str().unwrap_or_default());
            }
            "content_block_stop" if !json_text.is_empty() => {
                blocks.last_mut().unwrap()["input"] = serde_json::from_str(&json_text).unwrap();
            }
            _ => {}
        }
    }
    blocks
}

#[test]
fn a_message_has_the_documented_fields() {
    let healthy = answered(&asking(false), &both());
    let document = document(&healthy.body());
    Schema::anthropic().hold("Message", &document);
    assert_eq!(document["content"][0]["text"], "a b c d e");
    assert_eq!(document["content"][2]["input"], json!({"at": "the harbour wall"}));
    assert_eq!((&document["stop_reason"], &document["model"]), (&json!("tool_use"), &json!("m-1")));
    assert_eq!(
        (&document["usage"]["input_tokens"], &document["usage"]["output_tokens"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(whole(&Reply::default())["stop_reason"], "end_turn");
    let headers = healthy.headers;
    assert_eq!(headers.get("request-id"), Some("req_first_0000000000000007"));
    assert_eq!(headers.get("anthropic-organization-id"), Some("org-first-owner"));
    assert_eq!(headers.get("anthropic-ratelimit-output-tokens-reset"), Some("2027-01-15T08:00:01Z"));
    for what in ["requests", "tokens", "input-tokens", "output-tokens"] {
        let number = |which: &str| -> u64 {
            headers.get(&format!("anthropic-ratelimit-{what}-{which}")).unwrap().parse().unwrap()
        };
        assert!(number("remaining") <= number("limit"));
    }
}

#[test]
fn a_stream_is_start_blocks_reason_stop() {
    let sent = events(&both());
    let bytes = answered(&asking(true), &both()).body();
    let events = typed(&bytes);
    let schema = Schema::anthropic();
    events.iter().for_each(|event| schema.hold("Event", event));
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    let block = ["content_block_start", "content_block_delta", "content_block_stop"];
    let first = ["message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop"];
    assert_eq!(kinds, [&first[..], &block, &block, &["message_delta", "message_stop"]].concat());
    let roles: Vec<EventRole> = sent.iter().map(|event| event.role).collect();
    assert_eq!(roles[roles.len() - 2..], [EventRole::Finish, EventRole::Done]);
    assert!(roles[..roles.len() - 2].iter().all(|role| *role == EventRole::Part));
    let reason = &events[events.len() - 2];
    assert_eq!(
        (&reason["delta"]["stop_reason"], &reason["usage"]["output_tokens"]),
        (&json!("tool_use"), &json!(4))
    );
}

#[test]
fn arguments_that_are_no_object_keep_their_text() {
    let call = |arguments: &str| ToolCall { name: "look".into(), arguments: arguments.into() };
    let reply = Reply { tool_calls: vec![call("{\"at"), call("[1]")], ..Reply::default() };
    let whole = whole(&reply);
    Schema::anthropic().hold("Message", &whole);
    let inputs: Vec<&Value> =
        whole["content"].as_array().unwrap().iter().map(|block| &block["input"]).collect();
    assert_eq!(inputs, [&json!({"arguments": "{\"at"}), &json!({"arguments": [1]})]);
}

#[test]
fn counts_and_models_are_as_documented() {
    let schema = Schema::anthropic();
    let mut counting = asking(false);
    counting.target = "/v1/messages/count_tokens?beta=true".into();
    let counted = document(&answered(&counting, &Reply::default()).body());
    schema.hold("TokensCount", &counted);
    assert_eq!(counted["input_tokens"], 4);
    schema.hold("Models", &document(&answered(&get("/v1/models?limit=20"), &Reply::default()).body()));
    schema.hold("Model", &document(&answered(&get("/v1/models/m-1"), &Reply::default()).body()));
}

#[test]
fn refusals_keep_to_the_schema() {
    let (schema, identity) = (Schema::anthropic(), Identity::of("first"));
    for status in 400..600 {
        let refusal = Dialect::Anthropic.refusal(status, &scene(&identity));
        let document = document(&refusal.body());
        schema.hold("Error", &document);
        assert_eq!(Some(document["request_id"].as_str().unwrap()), refusal.headers.get("request-id"));
        assert_eq!(refusal.headers.get("retry-after"), None, "a script that asks for no delay gets none");
    }
    for (request, status) in [
        (post("/v1/messages", "[]"), 400),
        (post("/v1/messages/count_tokens", "{"), 400),
        (post("/v1/complete", "{}"), 404),
        (get("/v1/messages"), 404),
    ] {
        let refused = answered(&request, &Reply::default());
        assert_eq!((refused.status, refused.refused.is_some()), (status, true), "{}", request.target);
        schema.hold("Error", &document(&refused.body()));
    }
}

#[test]
fn statuses_have_the_documented_types() {
    let identity = Identity::of("first");
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (409, "conflict_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ] {
        let refusal = document(&Dialect::Anthropic.refusal(status, &scene(&identity)).body());
        assert_eq!(refusal["error"]["type"], kind, "{status}");
    }
}

#[test]
fn named_replies_are_as_documented_and_betray_their_provider() {
    let (schema, identity) = (Schema::anthropic(), Identity::of("second"));
    let mut names = Vec::new();
    for row in Dialect::Anthropic.named() {
        assert!(!names.contains(&&row.name), "{} is there twice", row.name);
        names.push(&row.name);
        let reply = Dialect::Anthropic.error(&row.name, &scene(&identity)).unwrap();
        let document = document(&reply.body());
        let at_the_edge = document.get("type").is_none();
        schema.hold(if at_the_edge { "EdgeError" } else { "Error" }, &document);
        assert!(
            document["error"]["message"].as_str().unwrap().contains("second.upstream.test"),
            "{}",
            row.name
        );
        assert!(row.source.starts_with("https://"), "{}", row.name);
    }
    let capped = Dialect::Anthropic.error("tier_spend_limit", &scene(&identity)).unwrap();
    assert_eq!(capped.headers.get("retry-after"), None, "waiting does not help");
}

#[test]
fn an_error_event_bears_its_name() {
    let (identity, request) = (Identity::of("first"), asking(true));
    let stream = Stream { request: &request, begun: true, sent: &[] };
    let fields = Map::from_iter([("type".to_owned(), json!("rate_limit_error"))]);
    for (fields, kind) in [(&Map::new(), "overloaded_error"), (&fields, "rate_limit_error")] {
        let event = Dialect::Anthropic.error_event(fields, &stream, &scene(&identity));
        let event = typed(&event).pop().unwrap();
        Schema::anthropic().hold("Event", &event);
        assert_eq!(event["error"]["type"], kind);
    }
    assert_eq!(Dialect::Anthropic.data_event("{", &stream), "event: content_block_delta\ndata: {\n\n");
    let ping = Dialect::Anthropic.data_event(r#"{"type":"ping"}"#, &stream);
    assert_eq!(ping, "event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

#[test]
fn an_answer_at_its_limit_closes_its_block_and_says_why() {
    let (identity, request, sent) = (Identity::of("first"), asking(true), events(&both()));
    let finish = sent.iter().position(|event| event.role == EventRole::Finish).unwrap();
    for count in 1..=finish {
        let stream = Stream { request: &request, begun: true, sent: &sent[..count] };
        let ending = Dialect::Anthropic.ending(Ending::Incomplete, &stream, &scene(&identity)).unwrap();
        let all: Vec<u8> =
            sent[..count].iter().flat_map(|event| event.bytes.to_vec()).chain(ending.to_vec()).collect();
        let events = typed(&all);
        events.iter().for_each(|event| Schema::anthropic().hold("Event", event));
        let of_kind = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!(of_kind("content_block_start"), of_kind("content_block_stop"));
        assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], "max_tokens");
    }
    let stream = Stream { request: &request, begun: false, sent: &[] };
    assert_eq!(Dialect::Anthropic.ending(Ending::Incomplete, &stream, &scene(&identity)), None);
    assert_eq!(Dialect::Anthropic.ending(Ending::Failed, &stream, &scene(&identity)), None);
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::anthropic();
    let sound = whole(&both());
    for (pointer, wrong) in [
        ("/stop_reason", json!("stop")),
        ("/content", Value::Null),
        ("/content/1/input", json!("{}")),
        ("/usage/input_tokens", Value::Null),
        ("/type", json!("completion")),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("Message", &broken), "{pointer}");
    }
    let openai = json!({"error": {"message": "m", "type": "server_error", "param": null, "code": null}});
    assert!(!schema.allows("Error", &openai) && !schema.allows("EdgeError", &openai));
    let delta =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}});
    assert!(schema.allows("Event", &delta));
    for missing in ["index", "delta", "type"] {
        let mut broken = delta.clone();
        broken.as_object_mut().unwrap().remove(missing);
        assert!(!schema.allows("Event", &broken), "{missing}");
    }
}

#[test]
fn places_are_found_in_messages_and_events() {
    let whole = whole(&both());
    let at = |place, document: &Value| Dialect::Anthropic.places(place, document);
    assert_eq!(at(Place::Answer, &whole), ["/content"]);
    assert_eq!(at(Place::Text, &whole), ["/content/0/text"]);
    assert_eq!(at(Place::ToolCalls, &whole), ["/content/1", "/content/2"]);
    assert_eq!(at(Place::Finish, &whole), ["/stop_reason"]);
    assert!(at(Place::UsageTotal, &whole).is_empty(), "this provider adds nothing up");
    for place in [Place::Role, Place::Usage, Place::UsageOutput, Place::Model, Place::Id] {
        assert_eq!(at(place, &whole).len(), 1, "{place:?}");
    }
    let events = typed(&answered(&asking(true), &both()).body());
    assert_eq!(at(Place::Model, &events[0]), ["/message/model"]);
    assert_eq!(at(Place::Text, &events[3]), ["/delta/text"]);
    let reason = &events[events.len() - 2];
    assert_eq!(at(Place::Finish, reason), ["/delta/stop_reason"]);
    assert_eq!(at(Place::UsageOutput, reason), ["/usage/output_tokens"]);
    let calls = events.iter().filter(|event| !at(Place::ToolCalls, event).is_empty()).count();
    assert!(calls >= 4, "opened and continued, twice: {calls}");
}

proptest! {
    #[test]
    fn the_events_of_a_stream_are_the_message(
        answer in option::of(text()), tool_calls in tool_calls(), prompt: u32, completion: u32,
    ) {
        let usage = Some(Usage { prompt: prompt.into(), completion: completion.into() });
        let reply = Reply { answer, tool_calls, usage, ..Reply::default() };
        let (whole, events) = (whole(&reply), typed(&answered(&asking(true), &reply).body()));
        prop_assert_eq!(&json!(heard(&events)), &whole["content"]);
        let reason = &events[events.len() - 2];
        prop_assert_eq!(&reason["delta"]["stop_reason"], &whole["stop_reason"]);
        for counted in ["input_tokens", "output_tokens"] {
            prop_assert_eq!(&reason["usage"][counted], &whole["usage"][counted]);
        }
    }
}
