//! Azure OpenAI's dialect.

use mock_upstream::dialect::{Content, Dialect, EventRole, Healthy, Identity, Stream};
use mock_upstream::fault::{Ending, Place};
use mock_upstream::script::{Reply, Request, ToolCall};
use proptest::{prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
use crate::{post, scene, stream_to, text, tool_calls};

const CHAT: &str = "/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21";

fn asking(path: &str, more: Value) -> Request {
    let mut body = json!({"messages": [{"role": "user", "content": "one two three"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(path, &body.to_string())
}

fn answer(request: &Request, reply: &Reply) -> Healthy {
    Dialect::Azure.healthy(request, reply, &scene(&Identity::of("first")))
}

fn document(healthy: &Healthy) -> Value {
    serde_json::from_slice(&healthy.body()).unwrap()
}

fn stream(healthy: &Healthy) -> Vec<Value> {
    let Content::Events(events) = &healthy.content else { panic!("no stream") };
    let [events @ .., done] = events.as_slice() else { panic!("no end mark") };
    assert_eq!((&done.bytes[..], done.role), (&b"data: [DONE]\n\n"[..], EventRole::Done));
    let data = |bytes: &[u8]| serde_json::from_slice(bytes.strip_prefix(b"data: ").unwrap()).unwrap();
    events.iter().map(|event| data(&event.bytes)).collect()
}

#[test]
fn an_answer_carries_what_the_filter_found() {
    let reply = Reply { answer: Some("fine".into()), ..Reply::default() };
    let healthy = answer(&asking(CHAT, json!({})), &reply);
    let document = document(&healthy);
    Schema::azure().hold("ChatCompletion", &document);
    assert_eq!(document["model"], "gpt-5", "the deployment, as the body names no model");
    let safe = json!({"filtered": false, "severity": "safe"});
    assert_eq!(document["choices"][0]["content_filter_results"]["violence"], safe);
    for name in ["apim-request-id", "x-ms-region", "azureml-model-session", "x-ratelimit-remaining-tokens"] {
        assert!(healthy.headers.get(name).is_some(), "{name}");
    }
    assert_eq!(healthy.headers.get("openai-organization"), None);
}

#[test]
fn a_stream_begins_with_the_ratings_of_the_prompt() {
    let reply = Reply { answer: Some("a b c d".into()), ..Reply::default() };
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let healthy = answer(&asking(CHAT, options), &reply);
    let chunks = stream(&healthy);
    Schema::azure().hold("PromptRatings", &chunks[0]);
    for chunk in &chunks[1..] {
        Schema::azure().hold("ChatCompletionChunk", chunk);
    }
    let rated: Vec<bool> = chunks[1..]
        .iter()
        .map(|chunk| chunk["choices"][0]["content_filter_results"]["hate"].is_object())
        .collect();
    assert_eq!(rated, [false, true, true, false, false], "only chunks with text are rated");
    assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], 4);
}

#[test]
fn other_routes_and_the_versionless_api_are_served() {
    let embeddings = post("/openai/deployments/e/embeddings?api-version=2024-10-21", r#"{"input":"a"}"#);
    let embedded = document(&answer(&embeddings, &Reply::default()));
    Schema::azure().hold("EmbeddingsResponse", &embedded);
    assert_eq!(embedded["model"], "e");
    let v1 = answer(&asking("/openai/v1/chat/completions", json!({"model": "own"})), &Reply::default());
    Schema::azure().hold("ChatCompletion", &document(&v1));
    assert_eq!(document(&v1)["model"], "own");
}

#[test]
fn what_the_provider_would_refuse_is_refused_in_its_words() {
    let unversioned = "/openai/deployments/gpt-5/chat/completions";
    for (request, status) in [
        (asking(unversioned, json!({})), 404),
        (asking(&format!("{unversioned}?api-version="), json!({})), 404),
        (post(CHAT, "{"), 400),
        (post("/openai/nothing?api-version=1", "{}"), 404),
    ] {
        let refused = answer(&request, &Reply::default());
        assert_eq!(refused.status, status, "{}", request.target);
        assert!(refused.refused.is_some());
        Schema::azure().hold("Error", &document(&refused));
        assert!(refused.headers.get("apim-request-id").is_some());
    }
}

#[test]
fn every_status_has_an_error() {
    let identity = Identity::of("second");
    for status in 400..600 {
        let refusal = Dialect::Azure.refusal(status, &scene(&identity));
        let document = document(&refusal);
        Schema::azure().hold("Error", &document);
        assert_eq!(refusal.status, status);
        assert_eq!(refusal.headers.get("retry-after"), None, "{status}");
        assert!(document["error"]["message"].as_str().unwrap().contains("org-second-owner"));
    }
    let code = |status| document(&Dialect::Azure.refusal(status, &scene(&identity)))["error"]["code"].clone();
    assert_eq!((code(401), code(404), code(418)), (json!("401"), json!("DeploymentNotFound"), json!("418")));
}

#[test]
fn named_replies_are_as_documented_and_betray_their_provider() {
    let identity = Identity::of("second");
    for row in Dialect::Azure.named() {
        let reply = Dialect::Azure.error(&row.name, &scene(&identity)).unwrap();
        let definition = if reply.status == 200 { "ChatCompletion" } else { "Error" };
        Schema::azure().hold(definition, &document(&reply));
        assert!(document(&reply).to_string().contains("req_second_0000000000000007"), "{}", row.name);
    }
}

#[test]
fn a_rate_limit_says_when_to_come_back_in_four_places_or_one() {
    let identity = Identity::of("first");
    for (name, seconds) in [("rate_limit", "3"), ("rate_limit_tokens", "45"), ("insufficient_quota", "86400")]
    {
        let reply = Dialect::Azure.error(name, &scene(&identity)).unwrap();
        let millis = format!("{seconds}000");
        assert_eq!(reply.headers.get("retry-after"), Some(seconds));
        assert_eq!(reply.headers.get("retry-after-ms"), Some(millis.as_str()));
        assert_eq!(reply.headers.get("x-ms-retry-after-ms"), Some(millis.as_str()));
        let says = format!("Please retry after {seconds} seconds.");
        assert!(document(&reply)["error"]["message"].as_str().unwrap().contains(&says), "{name}");
    }
    let bare = Dialect::Azure.error("rate_limit_text_only", &scene(&identity)).unwrap();
    assert!(bare.headers.iter().all(|(name, _)| !name.contains("retry")));
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::azure();
    let sound = document(&answer(&asking(CHAT, json!({})), &Reply::default()));
    for (pointer, wrong) in [
        ("/choices/0/content_filter_results/hate/severity", json!("none")),
        ("/choices/0/message/content", json!(1)),
        ("/usage", Value::Null),
        ("/prompt_filter_results/0/prompt_index", json!("0")),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("ChatCompletion", &broken), "{pointer}");
    }
    assert!(!schema.allows("Error", &json!({"error": {"code": 429, "message": "m"}})));
}

#[test]
fn places_and_error_events_are_those_of_openai() {
    let whole = document(&answer(&asking(CHAT, json!({})), &Reply::default()));
    assert_eq!(Dialect::Azure.places(Place::Text, &whole), ["/choices/0/message/content"]);
    let request = asking(CHAT, json!({"stream": true}));
    let identity = Identity::of("first");
    let fields = Map::from_iter([("code".to_owned(), json!("content_filter"))]);
    let event = Dialect::Azure.error_event(&fields, &stream_to(&request, true), &scene(&identity));
    let data: Value = serde_json::from_slice(event.strip_prefix(b"data: ").unwrap()).unwrap();
    Schema::azure().hold("Error", &data);
    assert_eq!(data["error"]["code"], "content_filter");
}

#[test]
fn an_answer_that_ends_at_its_limit_is_rated_too() {
    let request = asking(CHAT, json!({"stream": true}));
    let Content::Events(events) = answer(&request, &Reply::default()).content else { panic!("no stream") };
    let identity = Identity::of("first");
    let stream = Stream { sent: &events[..4], ..stream_to(&request, true) };
    let ending = Dialect::Azure.ending(Ending::Incomplete, &stream, &scene(&identity)).unwrap();
    let text = std::str::from_utf8(&ending).unwrap();
    let (chunk, done) = text.strip_prefix("data: ").unwrap().split_once("\n\n").unwrap();
    assert_eq!(done, "data: [DONE]\n\n");
    let chunk: Value = serde_json::from_str(chunk).unwrap();
    Schema::azure().hold("ChatCompletionChunk", &chunk);
    assert_eq!(chunk["choices"][0]["finish_reason"], "length");
}

#[test]
fn legacy_completions_are_rated_and_responses_stay_as_they_are() {
    let path = "/openai/deployments/g/completions?api-version=2024-10-21";
    let request = post(path, r#"{"prompt":"a"}"#);
    let legacy = document(&answer(&request, &Reply::default()));
    assert_eq!(legacy["choices"][0]["content_filter_results"]["hate"]["severity"], "safe");
    assert!(legacy["prompt_filter_results"].is_array());
    let request = post("/openai/v1/responses", r#"{"model":"g","input":"a","stream":true}"#);
    let identity = Identity::of("first");
    let said = |dialect: Dialect| dialect.healthy(&request, &Reply::default(), &scene(&identity)).body();
    assert_eq!(said(Dialect::Azure), said(Dialect::OpenAi));
}

/// The text and the calls, as name and arguments, that a client puts together from these messages or deltas.
fn heard(messages: &[Value]) -> (String, Vec<ToolCall>) {
    let (mut text, mut calls) = (String::new(), Vec::<ToolCall>::new());
    for message in messages {
        text.push_str(message["content"].as_str().unwrap_or_default());
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            if let Some(name) = function["name"].as_str() {
                calls.push(ToolCall { name: name.into(), arguments: String::new() });
            }
            calls.last_mut().unwrap().arguments.push_str(function["arguments"].as_str().unwrap());
        }
    }
    (text, calls)
}

proptest! {
    #[test]
    fn the_chunks_of_a_stream_are_the_answer(said in text(), tool_calls in tool_calls()) {
        let reply = Reply { answer: Some(said.clone()), tool_calls: tool_calls.clone(), ..Reply::default() };
        let whole = document(&answer(&asking(CHAT, json!({})), &reply));
        let chunks = stream(&answer(&asking(CHAT, json!({"stream": true})), &reply));
        Schema::azure().hold("ChatCompletion", &whole);
        for chunk in &chunks[1..] {
            Schema::azure().hold("ChatCompletionChunk", chunk);
        }
        let deltas: Vec<Value> = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect();
        prop_assert_eq!(heard(&deltas), (said, tool_calls));
        prop_assert_eq!(heard(&deltas), heard(&[whole["choices"][0]["message"].clone()]));
    }
}
