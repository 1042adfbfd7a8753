//! Gemini's dialect.

use bytes::Bytes;
use mock_upstream::dialect::{Content, Dialect, EventRole, Healthy, Identity, Spoil, Stream};
use mock_upstream::fault::{Ending, Lane, Place};
use mock_upstream::script::{Reply, Request, ToolCall, Usage};
use proptest::{prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
use crate::{post, scene, stream_to, text, tool_calls};

const PLAIN: &str = "/v1beta/models/gemini-2.5-flash:generateContent";
const SSE: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
const ARRAY: &str = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";

fn asking(path: &str) -> Request {
    post(path, r#"{"contents":[{"role":"user","parts":[{"text":"one two three"}]}]}"#)
}

fn healthy(path: &str, reply: &Reply) -> Healthy {
    Dialect::Gemini.healthy(&asking(path), reply, &scene(&Identity::of("first")))
}

fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn sse(healthy: &Healthy) -> Vec<Value> {
    let Content::Events(events) = &healthy.content else { panic!("no stream") };
    let data = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).unwrap();
        document(text.strip_prefix("data: ").unwrap().strip_suffix("\r\n\r\n").unwrap().as_bytes())
    };
    events.iter().map(|event| data(&event.bytes)).collect()
}

fn parts(document: &Value) -> Vec<Value> {
    document["candidates"][0]["content"]["parts"].as_array().unwrap().clone()
}

/// The text and the calls that a client puts together from these documents.
fn heard<'a>(documents: impl IntoIterator<Item = &'a Value>) -> (String, Vec<Value>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for part in documents.into_iter().flat_map(parts) {
        text.push_str(part["text"].as_str().unwrap_or_default());
        calls.extend(part.get("functionCall").cloned());
    }
    (text, calls)
}

#[test]
fn an_answer_has_the_documented_fields() {
    let reply = Reply {
        answer: Some("fine".into()),
        usage: Some(Usage { prompt: 3, completion: 4 }),
        ..Reply::default()
    };
    let healthy = healthy(PLAIN, &reply);
    let document = document(&healthy.body());
    Schema::gemini().hold("GenerateContentResponse", &document);
    assert_eq!(parts(&document), [json!({"text": "fine"})]);
    assert_eq!(document["candidates"][0]["finishReason"], "STOP");
    assert_eq!(document["usageMetadata"]["totalTokenCount"], 7);
    assert_eq!(document["modelVersion"], "gemini-2.5-flash");
    assert_eq!(healthy.headers.get("content-type"), Some("application/json; charset=UTF-8"));
    assert_eq!(healthy.lane(), Lane::Plain);
}

#[test]
fn the_stream_comes_in_two_forms() {
    let reply = Reply { answer: Some("a b c d e".into()), ..Reply::default() };
    let (events, elements) = (healthy(SSE, &reply), healthy(ARRAY, &reply));
    assert_eq!(events.headers.get("content-type"), Some("text/event-stream"));
    assert_eq!(elements.headers.get("content-type"), Some("application/json; charset=UTF-8"));
    let as_array = document(&elements.body());
    assert_eq!(as_array, Value::Array(sse(&events)), "the same chunks either way");
    for chunk in as_array.as_array().unwrap() {
        Schema::gemini().hold("GenerateContentResponse", chunk);
    }
    let Content::Events(elements) = elements.content else { panic!("no stream") };
    let roles: Vec<EventRole> = elements.iter().map(|event| event.role).collect();
    assert_eq!(roles, [EventRole::Part, EventRole::Part, EventRole::Finish, EventRole::Done]);
    assert_eq!((elements[0].bytes[0], &elements[3].bytes[..]), (b'[', &b"\r\n]"[..]));
}

#[test]
fn arguments_that_are_no_object_keep_their_text() {
    let call = |arguments: &str| ToolCall { name: "look".into(), arguments: arguments.into() };
    let reply = Reply { tool_calls: vec![call(r#"{"at":1}"#), call("{\"at")], ..Reply::default() };
    let whole = document(&healthy(PLAIN, &reply).body());
    Schema::gemini().hold("GenerateContentResponse", &whole);
    let calls = heard([&whole]).1;
    assert_eq!((&calls[0]["args"], &calls[1]["args"]), (&json!({"at": 1}), &json!({"arguments": "{\"at"})));
}

#[test]
fn embeddings_counts_and_models_are_as_documented() {
    let schema = Schema::gemini();
    let embed = post(
        "/v1beta/models/e:embedContent",
        r#"{"content":{"parts":[{"text":"a"}]},"outputDimensionality":5}"#,
    );
    let batch = post(
        "/v1beta/models/e%3AbatchEmbedContents",
        r#"{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}"#,
    );
    let identity = Identity::of("first");
    let answer = |request: &Request| {
        let healthy = Dialect::Gemini.healthy(request, &Reply::default(), &scene(&identity));
        assert_eq!((healthy.status, &healthy.refused), (200, &None));
        document(&healthy.body())
    };
    let embedded = answer(&embed);
    schema.hold("EmbedContentResponse", &embedded);
    assert_eq!(embedded["embedding"]["values"].as_array().unwrap().len(), 5);
    schema.hold("BatchEmbedContentsResponse", &answer(&batch));
    assert_eq!(answer(&batch)["embeddings"].as_array().unwrap().len(), 2);
    let counted = answer(&asking("/v1beta/models/m:countTokens"));
    schema.hold("CountTokensResponse", &counted);
    assert_eq!(counted["totalTokens"], 4);
    let get = |path: &str| answer(&Request { method: "GET".into(), ..post(path, "") });
    schema.hold("ListModelsResponse", &get("/v1beta/models"));
    schema.hold("Model", &get("/v1beta/models/gemini-2.5-flash"));
}

#[test]
fn what_no_method_answers_is_refused_as_the_provider_does() {
    let identity = Identity::of("first");
    for (request, status) in [
        (asking("/v1beta/models/m:explode"), 404),
        (asking("/v1beta/files"), 404),
        (post(PLAIN, "{"), 400),
        (post("/v1beta/models/e:batchEmbedContents", "{}"), 400),
    ] {
        let healthy = Dialect::Gemini.healthy(&request, &Reply::default(), &scene(&identity));
        assert_eq!(healthy.status, status, "{}", request.target);
        assert!(healthy.refused.is_some());
        Schema::gemini().hold("Error", &document(&healthy.body()));
    }
}

#[test]
fn every_status_has_an_error_whose_code_is_the_status() {
    let identity = Identity::of("second");
    for status in 400..600 {
        let refusal = Dialect::Gemini.refusal(status, &scene(&identity));
        let document = document(&refusal.body());
        Schema::gemini().hold("Error", &document);
        assert_eq!((refusal.status, &document["error"]["code"]), (status, &json!(status)));
        assert!(document["error"]["message"].as_str().unwrap().contains("org-second-owner"));
    }
    let bare = document(&Dialect::Gemini.refusal(429, &scene(&identity)).body());
    assert_eq!(bare["error"]["details"], Value::Null, "a script that asks for no delay gets none");
}

#[test]
fn an_error_in_a_stream_takes_the_form_of_the_stream() {
    let identity = Identity::of("first");
    let event = |path: &str, begun| {
        let request = asking(path);
        let fields = Map::from_iter([("status".to_owned(), json!("INTERNAL"))]);
        Dialect::Gemini.error_event(&fields, &stream_to(&request, begun), &scene(&identity))
    };
    let in_sse = event(SSE, true);
    assert!(in_sse.starts_with(b"data: {\"error\":{\"code\":503,"), "{in_sse:?}");
    let alone = document(&event(ARRAY, false));
    Schema::gemini().hold("ErrorArray", &alone);
    assert_eq!(alone[0]["error"]["status"], "INTERNAL");
    let Content::Events(events) = healthy(ARRAY, &Reply::default()).content else { panic!("no stream") };
    let mut bytes = events[0].bytes.to_vec();
    bytes.extend(event(ARRAY, true));
    assert_eq!(document(&bytes).as_array().unwrap().len(), 2, "still one array");
}

#[test]
fn an_answer_can_end_at_its_limit_in_either_form() {
    for path in [SSE, ARRAY] {
        let Content::Events(events) = healthy(path, &Reply::default()).content else { panic!("no stream") };
        let (request, identity) = (asking(path), Identity::of("first"));
        let stream = Stream { sent: &events[..2], ..stream_to(&request, true) };
        let ending = |how| Dialect::Gemini.ending(how, &stream, &scene(&identity));
        assert_eq!(ending(Ending::Failed), None, "an error event says that");
        let mut bytes = [&events[0].bytes[..], &events[1].bytes].concat();
        bytes.extend(ending(Ending::Incomplete).unwrap());
        let chunks = if path == ARRAY { document(&bytes) } else { Value::Array(documents(&bytes)) };
        let last = &chunks[2];
        Schema::gemini().hold("GenerateContentResponse", last);
        assert_eq!(last["candidates"][0]["finishReason"], "MAX_TOKENS");
        let unsent =
            Dialect::Gemini.ending(Ending::Incomplete, &stream_to(&request, false), &scene(&identity));
        assert_eq!(unsent, None, "nothing was answered yet");
    }
}

/// The documents of these events.
fn documents(events: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(events).unwrap();
    let event = |event: &str| document(event.strip_prefix("data: ").unwrap().as_bytes());
    text.split_terminator("\r\n\r\n").map(event).collect()
}

#[test]
fn an_array_stream_can_lose_a_comma_or_its_end() {
    let Content::Events(events) = healthy(ARRAY, &Reply::default()).content else { panic!("no stream") };
    let joined = |events: &[Bytes]| serde_json::from_slice::<Value>(&events.concat());
    let whole: Vec<Bytes> = events.iter().map(|event| event.bytes.clone()).collect();
    assert!(joined(&whole).is_ok());
    assert!(joined(&whole[..whole.len() - 1]).is_err(), "without the last event the bracket is missing");
    let mut spoilt = whole.clone();
    spoilt[1] = Dialect::Gemini.spoil(&whole[1], Spoil::Separator).unwrap();
    assert!(joined(&spoilt).is_err());
    assert_eq!(Dialect::Gemini.spoil(&whole[0], Spoil::Separator), None, "nothing comes before it");
    let Content::Events(events) = healthy(SSE, &Reply::default()).content else { panic!("no stream") };
    assert_eq!(Dialect::Gemini.spoil(&events[1].bytes, Spoil::Separator), None);
}

#[test]
fn named_replies_are_as_documented_and_betray_their_provider() {
    let (schema, identity) = (Schema::gemini(), Identity::of("second"));
    for row in Dialect::Gemini.named() {
        let reply = Dialect::Gemini.error(&row.name, &scene(&identity)).unwrap();
        if row.body.is_string() {
            continue;
        }
        let document = document(&reply.body());
        let definition = match (&document, reply.status) {
            (_, 200) => "GenerateContentResponse",
            (Value::Array(_), _) => "ErrorArray",
            (error, _) if error["error"]["code"].is_string() => "InteractionError",
            _ => "Error",
        };
        schema.hold(definition, &document);
        assert!(document.to_string().contains("req_second_0000000000000007"), "{}", row.name);
        if definition == "Error" {
            assert_eq!(document["error"]["code"], row.status, "{}", row.name);
        }
    }
}

#[test]
fn named_streams_carry_documents_of_the_schema() {
    let (schema, identity) = (Schema::gemini(), Identity::of("second"));
    let body = |name: &str| {
        let reply = Dialect::Gemini.error(name, &scene(&identity)).unwrap();
        assert_eq!(reply.headers.get("content-type"), Some("text/event-stream"));
        String::from_utf8(reply.body().to_vec()).unwrap()
    };
    let whole = body("stream_raw_tail");
    let (event, tail) = whole.strip_prefix("data: ").unwrap().split_once("\r\n\r\n").unwrap();
    schema.hold("GenerateContentResponse", &document(event.as_bytes()));
    schema.hold("Error", &document(tail.as_bytes()));
    assert!(tail.contains("org-second-owner"));
    let whole = body("interaction_error_stream");
    let event = document(whole.strip_prefix("data: ").unwrap().as_bytes());
    schema.hold("InteractionEvent", &event);
    assert!(whole.contains("org-second-owner"));
    let streams = Dialect::Gemini.named().iter().filter(|row| row.body.is_string());
    assert_eq!(streams.count(), 2, "no stream is left out here");
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::gemini();
    let sound = document(&healthy(PLAIN, &Reply::default()).body());
    for (pointer, wrong) in [
        ("/candidates/0/finishReason", json!("stop")),
        ("/candidates/0/content/parts/0/text", json!(1)),
        ("/usageMetadata/totalTokenCount", json!("7")),
        ("/responseId", Value::Null),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("GenerateContentResponse", &broken), "{pointer}");
    }
    let error = json!({"error": {"code": "429", "message": "m", "status": "RESOURCE_EXHAUSTED"}});
    assert!(!schema.allows("Error", &error));
}

#[test]
fn places_are_found_in_documents_and_chunks() {
    let call = ToolCall { name: "look".into(), arguments: "{}".into() };
    let reply = Reply { answer: Some("a".into()), tool_calls: vec![call], ..Reply::default() };
    let whole = document(&healthy(PLAIN, &reply).body());
    let at = |place, document: &Value| Dialect::Gemini.places(place, document);
    assert_eq!(at(Place::Answer, &whole), ["/candidates"]);
    assert_eq!(at(Place::Text, &whole), ["/candidates/0/content/parts/0/text"]);
    assert_eq!(at(Place::ToolCalls, &whole), ["/candidates/0/content/parts/1/functionCall"]);
    assert_eq!(at(Place::Finish, &whole), ["/candidates/0/finishReason"]);
    assert_eq!(at(Place::UsageTotal, &whole), ["/usageMetadata/totalTokenCount"]);
    for place in [Place::Role, Place::Usage, Place::UsageOutput, Place::Model, Place::Id] {
        assert_eq!(at(place, &whole).len(), 1, "{place:?}");
    }
    let chunks = sse(&healthy(SSE, &reply));
    assert_eq!(at(Place::Text, &chunks[0]).len(), 1);
    assert!(at(Place::Finish, &chunks[0]).is_empty());
    let blocked = Dialect::Gemini.error("content_filter", &scene(&Identity::of("first"))).unwrap();
    assert_eq!(at(Place::Refusal, &document(&blocked.body())), ["/promptFeedback/blockReason"]);
}

proptest! {
    #[test]
    fn the_chunks_of_a_stream_are_the_answer(answer in text(), tool_calls in tool_calls()) {
        let reply = Reply { answer: Some(answer.clone()), tool_calls, ..Reply::default() };
        let whole = document(&healthy(PLAIN, &reply).body());
        let (events, elements) = (sse(&healthy(SSE, &reply)), document(&healthy(ARRAY, &reply).body()));
        for document in events.iter().chain([&whole]) {
            Schema::gemini().hold("GenerateContentResponse", document);
        }
        prop_assert_eq!(&heard([&whole]).0, &answer);
        prop_assert_eq!(heard([&whole]), heard(&events));
        prop_assert_eq!(heard([&whole]), heard(elements.as_array().unwrap()));
    }
}
