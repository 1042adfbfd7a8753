//! The client's side of the tests: what is asked, and what was seen, in one line.

use std::time::Duration;

use reference_gateway::seed::{ADMIN_KEY, llm_orchestration as seed};
use reference_gateway::{Config, Gateway, Personality};
use reqwest::Method;
use serde_json::{Value, json};

use crate::upstream::{KEY, Plays, Upstream};

/// Far beyond every deadline that a test configures.
const GIVE_UP: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) cache: Option<String>,
    id: Option<String>,
    pub(crate) body: String,
}

pub(crate) fn infer() -> Ask {
    post(
        "/inference",
        &json!({"model": seed::CHAT_VARIANT, "prompt": "Say hello.", "useCase": "translation"}),
    )
}

pub(crate) fn embed() -> Ask {
    post("/embeddings", &json!({"model": seed::EMBEDDING_VARIANT, "input": "words"}))
}

pub(crate) fn rank() -> Ask {
    post("/rerank", &json!({"model": seed::RERANK_VARIANT, "query": "words", "documents": ["a", "b"]}))
}

pub(crate) fn post(path: &str, body: &Value) -> Ask {
    Ask { method: Method::POST, body: body.to_string().into_bytes(), ..get(path) }
}

pub(crate) fn get(path: &str) -> Ask {
    let headers = vec![("authorization", format!("Bearer {}", seed::VALID))];
    Ask { method: Method::GET, path: path.to_owned(), headers, body: Vec::new() }
}

/// Switches a state of the service.
pub(crate) async fn switch(gateway: &Gateway, state: &str, on: bool) {
    let seen = post("/admin/states", &json!({state: on})).token(ADMIN_KEY).send(gateway).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// A healthy service in front of these providers, called `first`, `second` and so on.
pub(crate) async fn service<const N: usize>(
    plays: [Plays; N],
    configured: impl FnOnce(Config) -> Config,
) -> (Vec<Upstream>, Gateway) {
    let mut upstreams = Vec::new();
    let mut named = Vec::new();
    for (plays, name) in plays.into_iter().zip(["first", "second", "third"]) {
        let upstream = Upstream::start(plays).await;
        named.push(reference_gateway::Upstream::new(name, &upstream.url, KEY));
        upstreams.push(upstream);
    }
    let config = Config::new(Personality::LlmOrchestration, named);
    (upstreams, reference_gateway::start(configured(config)).await.unwrap())
}

impl Ask {
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn anonymous(self) -> Self {
        Self { headers: Vec::new(), ..self }
    }

    pub(crate) fn raw(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sets one field of the body; null removes it.
    pub(crate) fn set(self, field: &str, value: Value) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        let object = body.as_object_mut().unwrap();
        match value {
            Value::Null => object.remove(field),
            value => object.insert(field.to_owned(), value),
        };
        self.raw(body.to_string())
    }

    pub(crate) async fn send(&self, gateway: &Gateway) -> Seen {
        tokio::time::timeout(GIVE_UP, self.exchange(&gateway.url())).await.unwrap()
    }

    async fn exchange(&self, base: &str) -> Seen {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let mut request = client.request(self.method.clone(), format!("{base}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.body(self.body.clone()).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let (retry_after, cache, id) = (header("retry-after"), header("x-cache"), header("x-request-id"));
        let status = response.status().as_u16();
        Seen { status, retry_after, cache, id, body: response.text().await.unwrap() }
    }
}

impl Seen {
    /// The status and the code, of which `http` has to say the same; and what a success says.
    pub(crate) fn line(&self) -> String {
        assert!(self.id.as_ref().is_some_and(|it| it.starts_with("req_")), "no id: {self:?}");
        assert!(!self.body.contains(KEY), "leaks: {self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match body.pointer("/error/code").and_then(Value::as_str) {
            Some(code) => {
                assert_eq!(body["error"]["http"], json!(self.status), "{self:?}");
                assert!(body["error"]["message"].as_str().is_some_and(|it| !it.is_empty()), "{self:?}");
                format!("{} {code}", self.status)
            }
            None => self.status.to_string(),
        }
    }
}
