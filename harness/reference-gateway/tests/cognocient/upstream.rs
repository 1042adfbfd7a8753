//! A provider for the tests, and a gateway in front of it.

use std::time::Duration;

use reference_gateway::{Config, Gateway, Personality, Upstream, mutant, start};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const KEY: &str = "upstream-key-4d1f0c97";

pub(crate) const CHUNK: &str =
    r#"{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"hi"}}]}"#;

pub(crate) struct Provider(Option<MockServer>);

impl Drop for Provider {
    fn drop(&mut self) {
        // It blocks on a lock when dropped, and would spin for ever in a task that has used up its budget.
        let server = self.0.take();
        drop(std::thread::spawn(move || drop(server)));
    }
}

impl Provider {
    pub(crate) async fn start(
        respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self(Some(server))
    }

    /// The bodies it got.
    pub(crate) async fn received(&self) -> Vec<Value> {
        let requests = self.0.as_ref().unwrap().received_requests().await.unwrap();
        requests.iter().map(|it| serde_json::from_slice(&it.body).unwrap_or_default()).collect()
    }

    pub(crate) async fn calls(&self) -> usize {
        self.received().await.len()
    }
}

/// A gateway in front of a provider that answers so, with a deadline of so many milliseconds.
pub(crate) async fn gateway(
    respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    deadline: u64,
    flaw: Option<&str>,
) -> (Provider, Gateway) {
    let provider = Provider::start(respond).await;
    let url = provider.0.as_ref().unwrap().uri();
    let config = Config::new(Personality::Cognocient, vec![Upstream::new("provider", url, KEY)]);
    let mut config = config.with_limit("upstream", Duration::from_millis(deadline));
    config.mutant = flaw.map(|it| mutant(Personality::Cognocient, it).unwrap());
    (provider, start(config).await.unwrap())
}

/// A good answer for whatever is asked.
pub(crate) fn good(request: &Request) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if body["stream"] == true {
        return stream(&[CHUNK, CHUNK, "[DONE]"]);
    }
    let message = json!({"role": "assistant", "content": "hello"});
    ResponseTemplate::new(200).set_body_json(json!({
        "id": "c1", "object": "chat.completion", "usage": {"total_tokens": 20},
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }))
}

pub(crate) fn stream(events: &[&str]) -> ResponseTemplate {
    let body: String = events.iter().map(|it| format!("data: {it}\n\n")).collect();
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

/// A failure that says so much.
pub(crate) fn failing(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({"error": {"message": message, "type": "t", "code": 7}}))
}
