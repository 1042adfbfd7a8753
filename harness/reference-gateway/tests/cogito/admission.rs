//! What is decided before the upstream is called: keys, money, rate, models, the shape of a request.

use reference_gateway::seed::{ADMIN_KEY, cogito as seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Ask, ask, chat, embed, gateway, streamed};
use crate::upstream::{KEY, Plays};

#[tokio::test]
async fn a_good_request_reaches_the_upstream_as_the_operator() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    for it in [chat(), embed(), streamed()] {
        let seen = it.send(&gateway.url()).await.unwrap();
        assert_eq!((seen.status, seen.whole), (200, true), "{seen:?}");
        assert!(seen.retry_after.is_empty());
    }
    let received = upstream.received().await;
    assert_eq!(received.len(), 3);
    for it in received {
        assert_eq!(it.headers["authorization"], format!("Bearer {KEY}"));
        assert!(it.headers["x-request-id"].to_str().unwrap().starts_with("req_"));
    }
}

#[tokio::test]
async fn keys_are_told_apart() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    for header in [None, Some("Bearer"), Some("Bearer "), Some("Basic Y2s6eA=="), Some("ck-valid-1")] {
        let seen = chat().authorization(header).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "401 authentication_error missing_authorization", "{header:?}");
    }
    for key in [seed::REVOKED, seed::NEVER_ISSUED, "CK-VALID-1"] {
        let seen = chat().key(key).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "401 authentication_error invalid_api_key", "{key}");
    }
    let header = format!("bearer  {}", seed::VALID[1]);
    assert_eq!(chat().authorization(Some(&header)).send(&gateway.url()).await.unwrap().status, 200);
    assert_eq!(upstream.calls().await, 1);
}

#[tokio::test]
async fn the_rate_is_per_key_and_reset_forgets_it() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let limited = chat().key(seed::RATE_LIMITED[0]);
    for _ in 0..seed::LIMITED_RATE.requests {
        assert_eq!(limited.send(&gateway.url()).await.unwrap().status, 200);
    }
    let seen = limited.send(&gateway.url()).await.unwrap();
    assert_eq!(seen.status, 429);
    let told: u64 = seen.retry_after.concat().parse().unwrap();
    assert!((1..=60).contains(&told), "{told}");
    assert_eq!(chat().key(seed::RATE_LIMITED[1]).send(&gateway.url()).await.unwrap().status, 200);
    admin("reset", &Value::Null).send(&gateway.url()).await.unwrap();
    assert_eq!(limited.send(&gateway.url()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_balance_runs_out() {
    let upstream = crate::upstream::Upstream::start(Plays::Ok).await;
    let mut config = reference_gateway::Config::cogito(&upstream.url, KEY);
    config
        .accounts
        .push(reference_gateway::Account { balance: 1, ..reference_gateway::Account::new("ck-last-cent") });
    let gateway = reference_gateway::start(config).await.unwrap();
    for stream in [chat(), streamed()] {
        let last = stream.key("ck-last-cent");
        assert_eq!(last.send(&gateway.url()).await.unwrap().status, 200);
        let seen = last.send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "402 insufficient_quota insufficient_quota");
        admin("reset", &Value::Null).send(&gateway.url()).await.unwrap();
    }
}

#[tokio::test]
async fn permissions_and_models() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let restricted = |it: Ask| it.key(seed::RESTRICTED);
    let lines = [
        (restricted(chat()), "200 hello"),
        (restricted(chat().model(seed::RESERVED_MODEL)), "403 permission_denied permission_denied"),
        (restricted(embed()), "403 permission_denied permission_denied"),
        (chat().model(seed::RESERVED_MODEL), "200 hello"),
        (chat().model(seed::EMBEDDING_MODEL), "404 invalid_request_error model_not_found"),
        (ask(Method::GET, "/v1/models/nope"), "404 invalid_request_error model_not_found"),
        (
            ask(Method::GET, "/v1/models").authorization(None),
            "401 authentication_error missing_authorization",
        ),
    ];
    for (it, line) in lines {
        assert_eq!(it.send(&gateway.url()).await.unwrap().line(), line, "{}", it.path);
    }
    let listed = |it: Ask| {
        let url = gateway.url();
        async move { it.send(&url).await.unwrap().body.matches("\"object\":\"model\"").count() }
    };
    assert_eq!(listed(ask(Method::GET, "/v1/models")).await, 3);
    assert_eq!(listed(restricted(ask(Method::GET, "/v1/models"))).await, 2);
    assert_eq!(listed(ask(Method::GET, "/v1/models/cogito-chat")).await, 1);
    assert_eq!(upstream.calls().await, 2);
}

#[tokio::test]
async fn states_are_switched_and_switched_back() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    let rows = [
        ("billing_configured", "503 service_unavailable billing_not_configured after 30"),
        ("backend_credentials", "500 api_error backend_unavailable"),
    ];
    for (state, line) in rows {
        let off = admin("states", &json!({state: false})).send(&base).await.unwrap();
        assert!(off.body.contains(&format!("\"{state}\":false")), "{}", off.body);
        assert_eq!(chat().send(&base).await.unwrap().line(), line);
        assert_eq!(streamed().send(&base).await.unwrap().line(), line);
        admin("states", &json!({state: true})).send(&base).await.unwrap();
    }
    assert_eq!(upstream.calls().await, 0);
    assert_eq!(chat().send(&base).await.unwrap().status, 200);
    assert_eq!(admin("states", &json!({"nope": true})).send(&base).await.unwrap().status, 400);
    assert_eq!(admin("states", &json!({"billing_configured": 1})).send(&base).await.unwrap().status, 400);
    let stranger = admin("reset", &Value::Null).key(seed::VALID[0]);
    assert_eq!(stranger.send(&base).await.unwrap().line(), "404 invalid_request_error not_found");
}

#[tokio::test]
async fn parameters_are_judged_by_type_and_range() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    let bad = [
        ("messages", json!([])),
        ("messages", json!("hello")),
        ("messages", json!([{"content": "no role"}])),
        ("messages", json!([{"role": "wizard", "content": "x"}])),
        ("messages", json!([{"role": "tool", "content": "x"}])),
        ("messages", json!([{"role": "assistant"}])),
        ("messages", user(json!([]))),
        ("messages", user(json!([{"type": "text"}]))),
        ("messages", user(json!([{"type": "image_url", "image_url": {}}]))),
        ("messages", user(json!(7))),
        ("model", json!("")),
        ("model", json!(["cogito-chat"])),
        ("temperature", json!(2.1)),
        ("temperature", json!("hot")),
        ("top_p", json!(-0.1)),
        ("n", json!(0)),
        ("n", json!(1.5)),
        ("max_tokens", json!(-1)),
        ("max_completion_tokens", json!(0)),
        ("stop", json!([1])),
        ("stop", json!(["a", "b", "c", "d", "e"])),
        ("stream", json!("yes")),
        ("stream_options", json!({"include_usage": 1})),
        ("logit_bias", json!({"50256": 101})),
        ("logprobs", json!("true")),
        ("top_logprobs", json!(21)),
        ("presence_penalty", json!(-3)),
        ("frequency_penalty", json!({})),
        ("seed", json!("7")),
        ("user", json!(7)),
        ("tools", json!([{"type": "function"}])),
        ("tools", json!([{"type": "function", "function": {"name": "no spaces"}}])),
        ("tool_choice", json!("sometimes")),
        ("response_format", json!({"type": "xml"})),
        ("response_format", json!({"type": "json_schema"})),
        ("metadata", json!({"a": 1})),
    ];
    for (field, value) in bad {
        let seen = chat().set(field, value.clone()).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "400 invalid_request_error invalid_request_error", "{field}: {value}");
    }
    for field in ["model", "messages"] {
        let seen = chat().set(field, Value::Null).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "400 invalid_request_error invalid_request_error", "no {field}");
    }
    for (field, value) in
        [("input", json!([])), ("input", json!(7)), ("dimensions", json!(0)), ("model", json!(1))]
    {
        let seen = embed().set(field, value).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "400 invalid_request_error invalid_request_error", "{field}");
    }
    assert_eq!(upstream.calls().await, 0);
    let good = [
        ("messages", user(json!([{"type": "text", "text": "x"}]))),
        ("temperature", json!(2)),
        ("n", json!(1.0)),
        ("stop", json!("x")),
        ("logit_bias", json!({"50256": -100})),
        ("tools", json!([{"type": "function", "function": {"name": "f", "parameters": {}}}])),
        ("response_format", json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {}}})),
        ("some_future_field", json!({"x": [1]})),
    ];
    for (field, value) in good {
        let seen = chat().set(field, value.clone()).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.status, 200, "{field}: {value}");
    }
}

#[tokio::test]
async fn odd_bodies_are_never_the_gateways_fault() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    let model = format!(r#""model":"{}""#, seed::CHAT_MODEL);
    let bodies: [Vec<u8>; 13] = [
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"{\"model\":".to_vec(),
        b"\xff\xfe\x00\x01".to_vec(),
        format!("\u{feff}{{{model},{messages}}}").into_bytes(),
        format!("{{{model},{messages}}} trailing").into_bytes(),
        format!(r#"{{{model},{messages},"user":"\ud800"}}"#).into_bytes(),
        format!(r#"{{{model},{messages},"seed":1e999}}"#).into_bytes(),
        format!(r#"{{{model},{messages},"x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000)).into_bytes(),
        format!(r#"{{{model},{messages},"x":{}}}"#, "9".repeat(5000)).into_bytes(),
        vec![b'x'; 3 << 20],
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let seen = chat().raw(body).send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "400 invalid_request_error invalid_request_error", "{shown}");
    }
    let twice = format!(r#"{{"model":"nope",{model},{messages}}}"#);
    assert_eq!(chat().raw(twice).send(&gateway.url()).await.unwrap().status, 200);
}

fn admin(route: &str, body: &Value) -> Ask {
    ask(Method::POST, &format!("/admin/{route}")).key(ADMIN_KEY).json(body)
}
