//! OpenAI's dialect.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mock_upstream::dialect::{Content, Dialect, EventRole, Healthy, Identity};
use mock_upstream::script::{Reply, ToolCall, Usage};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::{post, scene, text};

fn healthy(path: &str, body: &Value, reply: &Reply) -> Healthy {
    Dialect::OpenAi.healthy(&post(path, &body.to_string()), reply, &scene(&Identity::of("first")))
}

fn chat(reply: &Reply, more: Value) -> Healthy {
    let mut body = json!({"model": "m-1", "messages": [{"role": "user", "content": "one two three"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    healthy("/v1/chat/completions", &body, reply)
}

fn document(healthy: &Healthy) -> Value {
    serde_json::from_slice(&healthy.body()).unwrap()
}

fn stream(healthy: &Healthy) -> Vec<(EventRole, Value)> {
    let Content::Events(events) = &healthy.content else { panic!("no stream") };
    let data = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).unwrap();
        let line = text.strip_prefix("data: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        assert!(!line.contains(['\n', '\r']), "one line an event");
        if line == "[DONE]" { json!("[DONE]") } else { serde_json::from_str(line).unwrap() }
    };
    events.iter().map(|event| (event.role, data(&event.bytes))).collect()
}

#[test]
fn a_completion_has_the_documented_fields() {
    let reply = Reply { answer: Some("fine".into()), ..Reply::default() };
    let healthy = chat(&reply, json!({}));
    let document = document(&healthy);
    assert_eq!(document["object"], "chat.completion");
    assert_eq!(document["id"], "chatcmpl-000000000000000000000007");
    assert_eq!((&document["model"], &document["created"]), (&json!("m-1"), &json!(1_800_000_000)));
    let choice = &document["choices"][0];
    assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&json!("fine"), &json!("stop")));
    assert_eq!(document["usage"]["total_tokens"], 5, "user, three words, one word");
    assert_eq!(healthy.headers.get("X-Request-ID"), Some("req_first_0000000000000007"));
    assert_eq!(healthy.headers.get("openai-organization"), Some("org-first-owner"));
}

#[test]
fn a_stream_is_role_parts_finish_usage_done() {
    let reply = Reply { answer: Some("a b c d e".into()), ..Reply::default() };
    let plain = stream(&chat(&reply, json!({"stream": true})));
    let deltas: Vec<&Value> = plain.iter().map(|(_, data)| &data["choices"][0]["delta"]).collect();
    assert_eq!(deltas[0]["role"], "assistant");
    assert_eq!((&deltas[1]["content"], &deltas[2]["content"]), (&json!("a b c "), &json!("d e")));
    assert_eq!((deltas[3], &plain[3].1["choices"][0]["finish_reason"]), (&json!({}), &json!("stop")));
    assert_eq!(plain[4], (EventRole::Done, json!("[DONE]")));
    let roles: Vec<EventRole> = plain.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles[..4], [EventRole::Part, EventRole::Part, EventRole::Part, EventRole::Finish]);

    let counted = Reply { usage: Some(Usage { prompt: 3, completion: 4 }), ..reply };
    let counted = stream(&chat(&counted, json!({"stream": true, "stream_options": {"include_usage": true}})));
    let (role, usage) = &counted[4];
    assert_eq!(
        (*role, &usage["choices"], &usage["usage"]["total_tokens"]),
        (EventRole::Finish, &json!([]), &json!(7))
    );
}

#[test]
fn tool_calls_come_whole_or_in_pieces() {
    let call = ToolCall { name: "look".into(), arguments: r#"{"at":1}"#.into() };
    let reply = Reply { tool_calls: vec![call], model: Some("other".into()), ..Reply::default() };
    let whole = document(&chat(&reply, json!({})));
    let message = &whole["choices"][0]["message"];
    assert_eq!((&message["content"], &whole["model"]), (&Value::Null, &json!("other")));
    assert_eq!(message["tool_calls"][0]["function"], json!({"name": "look", "arguments": "{\"at\":1}"}));
    let pieces = stream(&chat(&reply, json!({"stream": true})));
    let calls: Vec<&Value> =
        pieces.iter().map(|(_, data)| &data["choices"][0]["delta"]["tool_calls"][0]).collect();
    assert_eq!(
        (&calls[1]["function"]["name"], &calls[1]["function"]["arguments"]),
        (&json!("look"), &json!(""))
    );
    assert_eq!(calls[2]["function"]["arguments"], "{\"at\":1}");
    assert_eq!(pieces[3].1["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn embeddings_answer_every_kind_of_input() {
    let embed = |more: Value| {
        let mut body = json!({"model": "e"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        healthy("/v1/embeddings", &body, &Reply::default())
    };
    for (input, vectors) in
        [(json!("a"), 1), (json!(["a", "b"]), 2), (json!([1, 2, 3]), 1), (json!([[1], [2], [3]]), 3)]
    {
        let document = document(&embed(json!({"input": input, "dimensions": 5})));
        assert_eq!(document["data"].as_array().unwrap().len(), vectors);
        assert_eq!(document["data"][0]["embedding"].as_array().unwrap().len(), 5);
    }
    let long = |input: Value| embed(json!({"input": input, "dimensions": 4096}));
    assert_eq!(document(&long(json!("a")))["data"][0]["embedding"].as_array().unwrap().len(), 4096);
    let many = long(json!(vec!["a"; 2049]));
    assert_eq!(document(&many)["data"].as_array().unwrap().len(), 2049);
    assert!(many.body().len() < 1_500_000, "{}", many.body().len());
    let numbers = document(&embed(json!({"input": "a"})));
    let packed = document(&embed(json!({"input": "a", "encoding_format": "base64"})));
    let bytes = STANDARD.decode(packed["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let unpacked: Vec<f32> =
        bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    let given: Vec<f32> = serde_json::from_value(numbers["data"][0]["embedding"].clone()).unwrap();
    assert_eq!(unpacked, given);
    for wrong in [json!({}), json!({"input": []}), json!({"input": {"a": 1}}), json!({"input": [true]})] {
        assert_eq!(embed(wrong).status, 400);
    }
}

#[test]
fn documents_are_ranked_by_what_they_say() {
    let ranked = |documents: Value, more: Value| {
        let mut body = json!({"model": "r", "query": "q", "documents": documents});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        healthy("/v1/rerank", &body, &Reply::default())
    };
    let results = |answer: &Healthy| document(answer)["results"].as_array().unwrap().clone();
    let all = results(&ranked(json!(["a", {"text": "b"}, "c"]), json!({})));
    let scores: Vec<f64> = all.iter().map(|it| it["relevance_score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let mut indexes: Vec<u64> = all.iter().map(|it| it["index"].as_u64().unwrap()).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2]);
    assert_eq!(results(&ranked(json!(["a", "b", "c"]), json!({"top_n": 2}))), all[..2]);
    for wrong in [json!([]), json!("a"), json!([7])] {
        assert_eq!(ranked(wrong, json!({})).status, 400);
    }
}

#[test]
fn models_are_listed_and_found() {
    let identity = Identity::of("first");
    let get = |path: &str| {
        let mut request = post(path, "");
        request.method = "GET".into();
        Dialect::OpenAi.healthy(&request, &Reply::default(), &scene(&identity))
    };
    assert_eq!(document(&get("/any/base/v1/models"))["data"][0]["object"], "model");
    assert_eq!(document(&get("/v1/models/org%2Fname"))["id"], "org%2Fname");
    assert_eq!(get("/v1/files").status, 404);
    assert!(get("/v1/files").refused.is_some());
}

#[test]
fn statuses_carry_the_providers_own_error() {
    let identity = Identity::of("second");
    let error = |status| document(&Dialect::OpenAi.refusal(status, &scene(&identity)))["error"].clone();
    for (status, kind, code) in [
        (400, "invalid_request_error", Value::Null),
        (401, "invalid_request_error", json!("invalid_api_key")),
        (404, "invalid_request_error", json!("model_not_found")),
        (429, "rate_limit_error", json!("rate_limit_exceeded")),
        (500, "server_error", Value::Null),
        (503, "service_unavailable_error", json!("server_is_overloaded")),
        (529, "server_error", Value::Null),
    ] {
        let error = error(status);
        assert_eq!((&error["type"], &error["code"]), (&json!(kind), &code), "{status}");
        assert_eq!(
            error.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["message", "type", "param", "code"]
        );
        for canary in ["second.upstream.test", "org-second-owner", "req_second_0000000000000007"] {
            assert!(error["message"].as_str().unwrap().contains(canary));
        }
    }
}

proptest! {
    #[test]
    fn the_parts_of_a_stream_are_the_answer(answer in text(), include_usage: bool) {
        let reply = Reply { answer: Some(answer.clone()), ..Reply::default() };
        let options = json!({"stream": true, "stream_options": {"include_usage": include_usage}});
        let events = stream(&chat(&reply, options));
        let parts = events.iter().filter_map(|(_, data)| data["choices"][0]["delta"]["content"].as_str());
        prop_assert_eq!(parts.collect::<String>(), answer);
        let finishes = events.iter().filter(|(role, _)| *role == EventRole::Finish).count();
        prop_assert_eq!(finishes, 1 + usize::from(include_usage));
        prop_assert!(events.last().is_some_and(|(role, _)| *role == EventRole::Done));
    }
}
