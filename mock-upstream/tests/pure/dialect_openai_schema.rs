//! OpenAI's replies, held against its schema: chat, legacy completions, embeddings, models, errors.

use mock_upstream::dialect::{Content, Dialect, EventRole, Healthy, Identity, Stream};
use mock_upstream::fault::{Ending, Place};
use mock_upstream::script::{Reply, Request, ToolCall, Usage};
use proptest::{option, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use crate::schema::Schema;
use crate::{document, get, post, scene, text, tool_calls};

fn answered(request: &Request, reply: &Reply) -> Healthy {
    Dialect::OpenAi.healthy(request, reply, &scene(&Identity::of("first")))
}

fn chat(more: &Value) -> Request {
    asking("/v1/chat/completions", &json!({"messages": [{"role": "user", "content": "hi"}]}), more)
}

fn asking(path: &str, basis: &Value, more: &Value) -> Request {
    let mut body = json!({"model": "m-1"});
    for fields in [basis, more] {
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    }
    post(path, &body.to_string())
}

/// The chunks of a stream that ends with the mark.
fn chunks(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap().strip_suffix("data: [DONE]\n\n").unwrap();
    let data = |event: &str| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
    text.strip_suffix("\n\n").unwrap_or_default().split("\n\n").map(data).collect()
}

fn called() -> Reply {
    let call = ToolCall { name: "look".into(), arguments: r#"{"at":1}"#.into() };
    Reply { tool_calls: vec![call], ..Reply::default() }
}

#[test]
fn chat_keeps_to_the_schema_plain_and_streamed() {
    let schema = Schema::openai();
    let plain = json!({});
    let much =
        json!({"n": 2, "logprobs": true, "top_logprobs": 2, "stream_options": {"include_usage": true}});
    for (more, reply) in [(&plain, Reply::default()), (&much, Reply::default()), (&plain, called())] {
        schema.hold("ChatCompletion", &document(&answered(&chat(more), &reply).body()));
        let mut streamed = more.clone();
        streamed["stream"] = json!(true);
        for chunk in chunks(&answered(&chat(&streamed), &reply).body()) {
            schema.hold("ChatChunk", &chunk);
        }
    }
}

#[test]
fn several_choices_all_say_the_answer() {
    let reply = Reply { answer: Some("a b c d e".into()), ..Reply::default() };
    let whole = document(&answered(&chat(&json!({"n": 3})), &reply).body());
    let indices: Vec<&Value> =
        whole["choices"].as_array().unwrap().iter().map(|choice| &choice["index"]).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(whole["usage"]["completion_tokens"], 15);
    let streamed = answered(&chat(&json!({"n": 3, "stream": true})), &reply);
    let mut heard = [const { String::new() }; 3];
    for chunk in chunks(&streamed.body()) {
        let choice = &chunk["choices"][0];
        heard[choice["index"].as_u64().unwrap() as usize]
            .push_str(choice["delta"]["content"].as_str().unwrap_or_default());
    }
    assert_eq!(heard, ["a b c d e"; 3]);
    let Content::Events(events) = streamed.content else { panic!("no stream") };
    let finishes = events.iter().filter(|event| event.role == EventRole::Finish).count();
    assert_eq!(finishes, 3, "each choice finishes, behind every part");
}

#[test]
fn usage_is_null_on_every_chunk_but_its_own() {
    let asked = chat(&json!({"stream": true, "stream_options": {"include_usage": true}}));
    let chunks = chunks(&answered(&asked, &Reply::default()).body());
    let (last, others) = chunks.split_last().unwrap();
    assert!(others.iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    assert!(last["usage"]["total_tokens"].is_u64());
}

#[test]
fn log_probabilities_are_those_of_the_text() {
    let reply = Reply { answer: Some("a bé c d".into()), ..Reply::default() };
    let tokens = |choice: &Value| -> Vec<u8> {
        let bytes = choice["logprobs"]["content"].as_array().into_iter().flatten();
        bytes.flat_map(|token| serde_json::from_value::<Vec<u8>>(token["bytes"].clone()).unwrap()).collect()
    };
    let more = json!({"logprobs": true, "top_logprobs": 3});
    let whole = document(&answered(&chat(&more), &reply).body());
    assert_eq!(tokens(&whole["choices"][0]), "a bé c d".as_bytes());
    assert_eq!(
        whole["choices"][0]["logprobs"]["content"][0]["top_logprobs"].as_array().map(Vec::len),
        Some(3)
    );
    let streamed = chunks(&answered(&chat(&json!({"logprobs": true, "stream": true})), &reply).body());
    let heard: Vec<u8> = streamed.iter().flat_map(|chunk| tokens(&chunk["choices"][0])).collect();
    assert_eq!(heard, "a bé c d".as_bytes());
}

#[test]
fn legacy_completions_keep_to_the_schema() {
    let schema = Schema::openai();
    let reply = Reply { answer: Some("a b c d e".into()), ..Reply::default() };
    let asking = |more: &Value| asking("/v1/completions", &json!({"prompt": ["x", "y"], "n": 2}), more);
    let whole = document(&answered(&asking(&json!({"logprobs": 2})), &reply).body());
    schema.hold("Completion", &whole);
    assert_eq!(whole["choices"].as_array().unwrap().len(), 4, "two prompts, two choices each");
    assert_eq!(whole["choices"][3]["logprobs"]["text_offset"], json!([0, 2, 4, 6, 8]));
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let streamed = chunks(&answered(&asking(&more), &reply).body());
    streamed.iter().for_each(|chunk| schema.hold("Completion", chunk));
    let third = streamed.iter().filter(|chunk| chunk["choices"][0]["index"] == 2);
    let heard: String = third.filter_map(|chunk| chunk["choices"][0]["text"].as_str()).collect();
    assert_eq!(heard, "a b c d e");
    assert_eq!(streamed.last().unwrap()["usage"], whole["usage"]);
}

#[test]
fn embeddings_and_models_keep_to_the_schema() {
    let schema = Schema::openai();
    let reply = Reply::default();
    for more in
        [json!({}), json!({"encoding_format": "base64"}), json!({"dimensions": 3, "input": [[1], [2]]})]
    {
        let request = asking("/v1/embeddings", &json!({"input": "a"}), &more);
        schema.hold("Embeddings", &document(&answered(&request, &reply).body()));
    }
    schema.hold("Models", &document(&answered(&get("/v1/models"), &reply).body()));
    schema.hold("Model", &document(&answered(&get("/v1/models/gpt-5"), &reply).body()));
}

#[test]
fn refusals_keep_to_the_schema() {
    let (schema, identity) = (Schema::openai(), Identity::of("first"));
    for status in 400..600 {
        let refusal = Dialect::OpenAi.refusal(status, &scene(&identity));
        schema.hold("Error", &document(&refusal.body()));
        assert_eq!(refusal.headers.get("retry-after"), None, "a script that asks for no delay gets none");
    }
    for request in
        [post("/v1/chat/completions", "[]"), post("/v1/responses", "x"), get("/v1/responses/resp_1")]
    {
        let refused = answered(&request, &Reply::default());
        assert!(refused.refused.is_some() && refused.status >= 400);
        schema.hold("Error", &document(&refused.body()));
    }
    let absent = answered(&get("/v1/responses/resp_1"), &Reply::default());
    assert_eq!((absent.status, &document(&absent.body())["error"]["code"]), (404, &Value::Null));
}

#[test]
fn named_replies_are_as_documented_and_betray_their_provider() {
    let (schema, identity) = (Schema::openai(), Identity::of("second"));
    let mut names = Vec::new();
    for row in Dialect::OpenAi.named() {
        assert!(!names.contains(&&row.name), "{} is there twice", row.name);
        names.push(&row.name);
        let reply = Dialect::OpenAi.error(&row.name, &scene(&identity)).unwrap();
        let body = reply.body();
        assert!(String::from_utf8_lossy(&body).contains("req_second_0000000000000007"), "{}", row.name);
        assert!(row.source.starts_with("https://"), "{}", row.name);
        match row.name.as_str() {
            "request_too_large_edge" => assert_eq!(reply.headers.get("content-type"), Some("text/html")),
            _ => schema.hold("Error", &document(&body)),
        }
    }
}

#[test]
fn an_answer_at_its_limit_ends_with_a_reason_and_the_mark() {
    let schema = Schema::openai();
    for (path, definition) in [("/v1/chat/completions", "ChatChunk"), ("/v1/completions", "Completion")] {
        let request = asking(path, &json!({"prompt": "x", "messages": []}), &json!({"stream": true, "n": 2}));
        let Content::Events(events) = answered(&request, &Reply::default()).content else {
            panic!("no stream")
        };
        let identity = Identity::of("first");
        let ending = |how, sent| {
            let stream = Stream { request: &request, begun: true, sent };
            Dialect::OpenAi.ending(how, &stream, &scene(&identity))
        };
        let last = chunks(&ending(Ending::Incomplete, &events[..4]).unwrap()).pop().unwrap();
        schema.hold(definition, &last);
        let reasons: Vec<&Value> =
            last["choices"].as_array().unwrap().iter().map(|choice| &choice["finish_reason"]).collect();
        assert_eq!(reasons, ["length", "length"]);
        assert_eq!(ending(Ending::Incomplete, &[]), None, "nothing has begun that could be cut short");
        assert_eq!(ending(Ending::Failed, &events[..4]), None, "these streams fail by an error event only");
    }
}

#[test]
fn an_error_in_a_chat_stream_has_the_envelope_alone() {
    let (identity, request) = (Identity::of("first"), chat(&json!({"stream": true})));
    let fields = Map::from_iter([("code".to_owned(), json!("slow_down"))]);
    let stream = Stream { request: &request, begun: true, sent: &[] };
    let event = Dialect::OpenAi.error_event(&fields, &stream, &scene(&identity));
    let text = std::str::from_utf8(&event).unwrap();
    let data: Value = serde_json::from_str(text.strip_prefix("data: ").unwrap().trim_end()).unwrap();
    Schema::openai().hold("Error", &data);
    assert_eq!(
        (&data["error"]["code"], &data["error"]["type"]),
        (&json!("slow_down"), &json!("server_error"))
    );
}

#[test]
fn the_schema_refuses_what_the_provider_never_sends() {
    let schema = Schema::openai();
    let whole = document(&answered(&chat(&json!({})), &called()).body());
    for (pointer, wrong) in [
        ("/choices/0/finish_reason", json!("end_turn")),
        ("/choices/0/message/role", json!("user")),
        ("/choices/0/message/tool_calls/0/function/arguments", json!({"at": 1})),
        ("/usage/total_tokens", json!(-1)),
        ("/created", json!("now")),
        ("/choices", json!(null)),
    ] {
        let mut broken = whole.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.allows("ChatCompletion", &broken), "{pointer}");
    }
    let sound = json!({"error": {"message": "m", "type": "server_error", "param": null, "code": null}});
    assert!(schema.allows("Error", &sound));
    for (field, wrong) in [("code", json!(500)), ("type", json!("api_error")), ("message", json!(""))] {
        let mut broken = sound.clone();
        broken["error"][field] = wrong;
        assert!(!schema.allows("Error", &broken), "{field}");
    }
}

#[test]
fn legacy_choices_have_places_too() {
    let request = asking("/v1/completions", &json!({"prompt": "x"}), &json!({}));
    let whole = document(&answered(&request, &Reply::default()).body());
    assert_eq!(Dialect::OpenAi.places(Place::Text, &whole), ["/choices/0/text"]);
    assert_eq!(Dialect::OpenAi.places(Place::Finish, &whole), ["/choices/0/finish_reason"]);
}

proptest! {
    #[test]
    fn the_chunks_of_a_chat_are_the_completion(
        answer in option::of(text()), tool_calls in tool_calls(), prompt: u32, completion: u32,
    ) {
        let usage = Some(Usage { prompt: prompt.into(), completion: completion.into() });
        let reply = Reply { answer, tool_calls, usage, ..Reply::default() };
        let whole = document(&answered(&chat(&json!({})), &reply).body());
        let more = json!({"stream": true, "stream_options": {"include_usage": true}});
        let chunks = chunks(&answered(&chat(&more), &reply).body());
        let (mut said, mut calls) = (String::new(), Vec::<(String, String)>::new());
        for delta in chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]) {
            said.push_str(delta["content"].as_str().unwrap_or_default());
            for call in delta["tool_calls"].as_array().into_iter().flatten() {
                if let Some(name) = call["function"]["name"].as_str() {
                    calls.push((name.to_owned(), String::new()));
                }
                calls.last_mut().unwrap().1.push_str(call["function"]["arguments"].as_str().unwrap());
            }
        }
        let message = &whole["choices"][0]["message"];
        let called = message["tool_calls"].as_array().into_iter().flatten().map(|call| {
            let text = |field: &str| call["function"][field].as_str().unwrap().to_owned();
            (text("name"), text("arguments"))
        });
        prop_assert_eq!(said, message["content"].as_str().unwrap_or_default());
        prop_assert_eq!(calls, called.collect::<Vec<_>>());
        prop_assert_eq!(&chunks.last().unwrap()["usage"], &whole["usage"]);
    }
}
