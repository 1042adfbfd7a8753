//! The client's side of the tests, and the gateway in front of its two providers: what is asked, and what was seen, in one line.

use std::time::{Duration, Instant};

use reference_gateway::seed::opengateway as seed;
use reference_gateway::{Config, Gateway, Personality, mutant};
use reqwest::Method;
use serde_json::{Value, json};

use crate::upstream::{KEY, Plays, Upstream};

/// Far beyond every deadline that a test configures.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(6);

/// A body that ends so much later than it began came bit by bit.
const SLOWLY: Duration = Duration::from_millis(300);

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
    pub(crate) content_type: String,
    /// The headers of a provider that came through.
    pub(crate) told: Vec<String>,
    pub(crate) body: String,
    /// The body ended as HTTP says it must.
    pub(crate) whole: bool,
    /// The first bytes came long before the last.
    pub(crate) flowing: bool,
}

/// The OpenAI lane's chat.
pub(crate) fn chat() -> Ask {
    ask(Method::POST, "/oss/v1/chat/completions").json(&request())
}

/// The Anthropic lane's messages.
pub(crate) fn messages() -> Ask {
    ask(Method::POST, "/oss/v1/messages").json(&request())
}

pub(crate) fn embed() -> Ask {
    ask(Method::POST, "/oss/v1/embeddings").json(&json!({"model": seed::EMBEDDING_MODEL, "input": "words"}))
}

pub(crate) fn models() -> Ask {
    ask(Method::GET, "/oss/v1/models")
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
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn api_key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    /// This header and no other.
    pub(crate) fn header(self, name: &'static str, value: &str) -> Self {
        Self { headers: vec![(name, value.to_owned())], ..self }
    }

    pub(crate) fn keyless(self) -> Self {
        Self { headers: Vec::new(), ..self }
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

    pub(crate) fn model(self, id: &str) -> Self {
        self.set("model", json!(id))
    }

    pub(crate) fn stream(self) -> Self {
        self.set("stream", json!(true))
    }

    pub(crate) fn lane(self, lane: &str) -> Self {
        Self { path: self.path.replace("/oss/", &format!("/{lane}/")), ..self }
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
        let header = |name: &str| -> Vec<String> {
            response.headers().get_all(name).iter().map(|it| it.to_str().unwrap().to_owned()).collect()
        };
        let (content_type, told) = (header("content-type").concat(), header("x-request-id"));
        let (status, mut body, mut whole) = (response.status().as_u16(), Vec::new(), true);
        let mut begun = None;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => {
                    whole = false;
                    break;
                }
            }
            begun.get_or_insert_with(Instant::now);
        }
        let flowing = begun.is_some_and(|it| it.elapsed() > SLOWLY);
        Seen { status, content_type, told, body: String::from_utf8(body).unwrap(), whole, flowing }
    }
}

impl Seen {
    /// Status, then the error's type and code, the events, or the body; then what is odd about it.
    pub(crate) fn line(&self) -> String {
        let mut line = self.status.to_string();
        let json = self.content_type == "application/json";
        if self.content_type == "text/event-stream" && self.body.contains("data:") {
            line += &format!(" {}", self.events().join(" "));
        } else if let Some(error) = told(&self.body) {
            line += &format!(" {error}");
        } else if json && self.body.contains("\"hello\"") {
            line += " hello";
        } else {
            line += &format!(" {}", self.body.replace('\n', " ").chars().take(40).collect::<String>());
        }
        let stream = self.status == 200 && self.content_type == "text/event-stream";
        if !json && !stream {
            line += &format!(" as {:?}", self.content_type);
        }
        for (odd, word) in [
            (self.body.contains(KEY) || self.body.contains("127.0.0.1"), " leaks"),
            (!self.told.is_empty(), " tells"),
            (!self.whole, " broken"),
            (self.flowing, " flowing"),
        ] {
            line += if odd { word } else { "" };
        }
        line
    }

    /// The events of a stream: `chunk` for a part, the error event as its error, with its name where it has one.
    fn events(&self) -> Vec<String> {
        let events = self.body.split("\n\n").filter(|it| !it.is_empty());
        let mut shown: Vec<String> = Vec::new();
        for event in events {
            let name = event.lines().find_map(|it| it.strip_prefix("event: ")).unwrap_or_default();
            let data = event.lines().find_map(|it| it.strip_prefix("data: ")).unwrap_or_default();
            let end = data == "[DONE]" || name == "message_stop";
            let stopped = data.contains("\"finish_reason\":\"") || data.contains("\"stop_reason\":\"");
            let word = match told(data) {
                Some(error) if name.is_empty() => error,
                Some(error) => format!("{name}:{error}"),
                None if end => "end".to_owned(),
                None if stopped => "stop".to_owned(),
                None if data.starts_with('{') => "part".to_owned(),
                None => data.to_owned(),
            };
            // How many parts there are is the provider's business.
            if word != "part" || shown.last().is_none_or(|it| it != "part") {
                shown.push(word);
            }
        }
        shown
    }
}

/// An error of either protocol: `TYPE/CODE` from the OpenAI shape with the public label, `a.TYPE` from Anthropic's.
fn told(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let error = body.get("error")?;
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    if body.get("type").is_some_and(|it| it == "error") {
        return Some(format!("a.{}", text("type")?));
    }
    let provider = match text("provider") {
        Some("opengateway") => String::new(),
        other => format!("@{}", other.unwrap_or("nobody")),
    };
    Some(format!("{}/{}{provider}", text("type")?, text("code")?))
}

/// A gateway in front of two providers that play this.
pub(crate) struct Behind {
    pub(crate) gateway: Gateway,
    pub(crate) providers: [Upstream; 2],
}

pub(crate) async fn behind(plays: [Plays; 2], flaw: Option<&str>, deadline: Duration) -> Behind {
    let [first, second] = plays;
    let providers = [Upstream::start(first).await, Upstream::start(second).await];
    let upstreams = [("first", &providers[0]), ("second", &providers[1])]
        .map(|(name, it)| reference_gateway::Upstream::new(name, &it.url, KEY));
    let mut config =
        Config::new(Personality::OpenGateway, upstreams.to_vec()).with_limit("upstream", deadline);
    config.mutant = flaw.map(|it| mutant(Personality::OpenGateway, it).unwrap());
    let gateway = reference_gateway::start(config).await.unwrap();
    Behind { gateway, providers }
}

impl Behind {
    pub(crate) async fn healthy(plays: [Plays; 2]) -> Self {
        behind(plays, None, Duration::from_secs(4)).await
    }

    /// The line of what was seen, and how often each provider was called for it.
    pub(crate) async fn shows(&self, ask: &Ask) -> String {
        let before = self.calls().await;
        let seen = ask.send(&self.gateway.url()).await;
        let after = self.calls().await;
        let line = seen.map_or_else(|| "hang".to_owned(), |it| it.line());
        format!("{line} | {}+{}", after[0] - before[0], after[1] - before[1])
    }

    pub(crate) async fn calls(&self) -> [usize; 2] {
        [self.providers[0].calls().await, self.providers[1].calls().await]
    }
}
