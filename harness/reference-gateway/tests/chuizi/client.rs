//! The client's side of the tests: what is asked, and what was seen, in one line.

use std::time::{Duration, Instant};

use reference_gateway::seed::chuizi as seed;
use reference_gateway::{Config, Gateway, Personality};
use reqwest::Method;
use serde_json::{Value, json};

use crate::upstream::{KEY, Plays, Upstream};

/// Far beyond every deadline that a test configures.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(5);

/// A body that begins so much later than its head was held back.
const LATE: Duration = Duration::from_millis(500);

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
    content_type: String,
    retry_after: Option<String>,
    retry_after_ms: Option<String>,
    should_retry: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) body: String,
    /// The body ended as HTTP says it must.
    pub(crate) whole: bool,
    late: bool,
}

/// The OpenAI lane's chat.
pub(crate) fn chat() -> Ask {
    ask(Method::POST, "/v1/chat/completions").json(&request())
}

/// The Anthropic lane's messages.
pub(crate) fn messages() -> Ask {
    let ask = ask(Method::POST, "/anthropic/v1/messages").json(&request());
    ask.keyless().header("x-api-key", seed::VALID[0])
}

pub(crate) fn embed() -> Ask {
    ask(Method::POST, "/v1/embeddings").json(&json!({"model": seed::EMBEDDING_MODEL, "input": "words"}))
}

pub(crate) fn ask(method: Method, path: &str) -> Ask {
    let headers = vec![("authorization", format!("Bearer {}", seed::VALID[0]))];
    Ask { method, path: path.to_owned(), headers, body: Vec::new() }
}

fn request() -> Value {
    let said = json!([{"role": "user", "content": "Say hello."}]);
    json!({"model": seed::CHAT_MODEL, "max_tokens": 16, "messages": said})
}

impl Ask {
    pub(crate) fn keyless(self) -> Self {
        Self { headers: Vec::new(), ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Another key, sent as before.
    pub(crate) fn key(mut self, key: &str) -> Self {
        for (name, value) in &mut self.headers {
            *value = if *name == "authorization" { format!("Bearer {key}") } else { key.to_owned() };
        }
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }

    pub(crate) fn raw(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sets one field of a JSON body; null removes it.
    pub(crate) fn set(self, field: &str, value: Value) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        let object = body.as_object_mut().unwrap();
        match value {
            Value::Null => object.remove(field),
            value => object.insert(field.to_owned(), value),
        };
        self.json(&body)
    }

    pub(crate) fn model(self, slug: &str) -> Self {
        self.set("model", json!(slug))
    }

    pub(crate) fn streamed(self) -> Self {
        self.set("stream", json!(true))
    }

    /// `None` when no answer had come to its end when the client gave up.
    pub(crate) async fn send(&self, base: &str) -> Option<Seen> {
        tokio::time::timeout(GIVE_UP, self.exchange(base)).await.ok()
    }

    async fn exchange(&self, base: &str) -> Seen {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let mut request = client.request(self.method.clone(), format!("{base}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut response = request.body(self.body.clone()).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let (content_type, retry_after) = (header("content-type").unwrap_or_default(), header("retry-after"));
        let (should_retry, id) = (header("x-should-retry"), header("x-chuizi-generation-id"));
        let retry_after_ms = header("retry-after-ms");
        let (status, mut body, mut whole) = (response.status().as_u16(), Vec::new(), true);
        let (head, mut late) = (Instant::now(), false);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    late |= body.is_empty() && head.elapsed() > LATE;
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        let body = String::from_utf8(body).unwrap();
        Seen { status, content_type, retry_after, retry_after_ms, should_retry, id, body, whole, late }
    }
}

/// What a body is: `openai` or `anthropic` and the error's type, if one of the page's shapes and nothing else is there.
fn shape(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let (all, error) = (body.as_object()?, body.get("error")?.as_object()?);
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    let kind = text("type")?;
    text("message").filter(|it| !it.is_empty())?;
    match (all.len(), error.len(), text("code"), all.get("type").and_then(Value::as_str)) {
        (1, 3, Some(code), None) => Some(format!("openai {code} {kind}")),
        (2, 2, None, Some("error")) => Some(format!("anthropic {kind}")),
        _ => None,
    }
}

impl Seen {
    pub(crate) fn message(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The events of a stream: a chunk, a name, or what an error event is.
    fn events(&self) -> String {
        let events = self.body.split_terminator("\n\n").map(|event| {
            let (name, data) = match event.split_once('\n') {
                Some((name, data)) => (name.strip_prefix("event: ").unwrap(), data),
                None => ("", event),
            };
            let data = data.strip_prefix("data: ").unwrap();
            if let Some(shape) = shape(data) {
                return format!("{name}<{shape}>");
            }
            let chunk: Value = serde_json::from_str(data).unwrap_or_default();
            match (name, chunk.pointer("/choices/0/finish_reason").and_then(Value::as_str)) {
                ("", Some(reason)) => format!("chunk:{reason}"),
                ("", None) if chunk.get("choices").is_some() => "chunk".to_owned(),
                ("", None) => data.to_owned(),
                _ => name.replace("content_block_", "block_"),
            }
        });
        events.collect::<Vec<_>>().join(" ")
    }

    /// Status, then the error's shape and type, the events, or the body; then what is odd about the head.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{} ", self.status);
        let (json, stream) =
            (self.content_type == "application/json", self.content_type == "text/event-stream");
        if let Some(shape) = shape(&self.body) {
            let expected = format!("openai {} ", self.status);
            line += &shape.replace(&expected, "openai ");
        } else if stream && self.body.contains("data: ") {
            line += &self.events();
        } else if self.body.contains("\"hello\"") {
            line += "hello";
        } else {
            line.extend(self.body.replace('\n', " ").chars().take(40));
        }
        if !(json || stream && self.status == 200) {
            line += &format!(" as {:?}", self.content_type);
        }
        for (what, value) in [
            ("after", &self.retry_after),
            ("after-ms", &self.retry_after_ms),
            ("should-retry", &self.should_retry),
        ] {
            if let Some(value) = value {
                let shown = match value.parse::<u64>() {
                    Ok(61..) => "beyond",
                    Ok(31..) => "long",
                    _ => value,
                };
                line += &format!(" {what} {shown}");
            }
        }
        for (odd, word) in [
            (!self.id.as_ref().is_some_and(|it| it.starts_with("gen-") && it.len() > 12), " without an id"),
            (self.body.contains(KEY), " leaks"),
            (self.late, " late"),
            (!self.whole, " broken"),
        ] {
            line += if odd { word } else { "" };
        }
        line
    }
}

/// A healthy gateway in front of such an upstream, with deadlines of so many milliseconds.
pub(crate) async fn gateway(plays: Plays, deadline: u64) -> (Upstream, Gateway) {
    let upstream = Upstream::start(plays).await;
    let config = config(&upstream).with_limit("upstream", Duration::from_millis(deadline));
    (upstream, reference_gateway::start(config).await.unwrap())
}

pub(crate) fn config(upstream: &Upstream) -> Config {
    let provider = reference_gateway::Upstream::new("first", &upstream.url, KEY);
    Config::new(Personality::Chuizi, vec![provider])
}
