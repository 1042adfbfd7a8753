//! What a provider does wrong, and what of it is carried.

use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::ResponseTemplate;

use crate::client::{chat, streamed};
use crate::upstream::{CHUNK, KEY, failing, gateway, good, stream};

#[tokio::test]
async fn every_failing_status_is_a_provider_error_with_its_message() {
    for status in [400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504, 529, 204, 302] {
        let (provider, gateway) =
            gateway(move |_| failing(status, "The lantern \"is\" dark."), 10_000, None).await;
        for it in [chat(), streamed()] {
            let seen = it.send(&gateway.url()).await.unwrap();
            assert_eq!(seen.line(), "500 provider_error", "{status}");
            let bodiless = status == 204;
            assert!(bodiless || seen.message().contains("The lantern \"is\" dark."), "{}", seen.message());
        }
        assert_eq!(provider.calls().await, 2, "nothing is retried or redirected");
    }
}

#[tokio::test]
async fn words_are_carried_wherever_they_stand_and_keys_never() {
    let bodies = [
        json!({"error": "the lantern is dark"}),
        json!({"detail": "the lantern is dark"}),
        json!({"object": "error", "message": "the lantern is dark", "code": 400}),
        json!({"error": {"message": format!("the lantern is dark {KEY} sk-abcdefghijklmno")}}),
        json!({"error": {"message": {"text": "the lantern is dark"}}}),
    ];
    for body in bodies {
        let (_provider, gateway) =
            gateway(move |_| ResponseTemplate::new(400).set_body_json(body.clone()), 10_000, None).await;
        let seen = chat().send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "500 provider_error");
        assert!(seen.message().contains("the lantern is dark"), "{}", seen.message());
        assert!(!seen.body.contains(KEY) && !seen.body.contains("sk-abc"), "{}", seen.body);
    }
}

#[tokio::test]
async fn an_unusable_200_is_a_provider_error() {
    let usable = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#;
    let bodies = [
        ("application/json", ""),
        ("application/json", "{\"id\": \"c1\", \"choices\": [{\"ind"),
        ("text/html", "<html></html>"),
        ("text/plain", usable),
        ("application/json", "{\"choices\": []}"),
        ("application/json", "{\"error\": {\"message\": \"the lantern is dark\"}}"),
    ];
    for (content_type, body) in bodies {
        let (_provider, gateway) =
            gateway(move |_| ResponseTemplate::new(200).set_body_raw(body, content_type), 10_000, None).await;
        let seen = chat().send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), "500 provider_error", "{body}");
        assert_eq!(seen.message().contains("dark"), body.contains("dark"), "{}", seen.message());
        assert_eq!(streamed().send(&gateway.url()).await.unwrap().line(), "500 provider_error", "{body}");
    }
}

#[tokio::test]
async fn silence_is_a_timeout_at_the_limit_and_not_before() {
    let slow =
        |delay| move |request: &wiremock::Request| good(request).set_delay(Duration::from_millis(delay));
    let (_provider, short) = gateway(slow(3000), 600, None).await;
    for it in [chat(), streamed()] {
        let begun = Instant::now();
        assert_eq!(it.send(&short.url()).await.unwrap().line(), "504 provider_timeout");
        assert!(begun.elapsed() >= Duration::from_millis(600));
    }
    let (_provider, long) = gateway(slow(600), 4000, None).await;
    assert_eq!(chat().send(&long.url()).await.unwrap().line(), "200 hello");
}

#[tokio::test]
async fn a_broken_stream_ends_in_the_envelope_with_what_the_provider_said() {
    const ERROR: &str = r#"{"error":{"message":"the lantern is dark","type":"server_error"}}"#;
    let rows = [
        (vec![CHUNK, CHUNK, "[DONE]"], "200 chunk chunk [DONE]"),
        (vec![CHUNK], "200 chunk provider_error"),
        (vec![CHUNK, "not json", "[DONE]"], "200 chunk provider_error"),
        (vec![CHUNK, ERROR, "[DONE]"], "200 chunk provider_error"),
        (vec![ERROR], "500 provider_error"),
    ];
    for (events, line) in rows {
        let tells = events.contains(&ERROR);
        let (_provider, gateway) = gateway(move |_| stream(&events), 10_000, None).await;
        let seen = streamed().send(&gateway.url()).await.unwrap();
        assert_eq!(seen.line(), line);
        assert_eq!(seen.body.contains("the lantern is dark"), tells, "{}", seen.body);
    }
}
