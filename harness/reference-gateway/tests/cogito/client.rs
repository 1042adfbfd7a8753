//! The client's side of the tests: what is asked, and what was seen, in one line.

use std::time::Duration;

use reference_gateway::seed::cogito as seed;
use reqwest::Method;
use serde_json::{Value, json};

use crate::upstream::{KEY, Plays, Upstream};

/// Far beyond every deadline that a test configures.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Vec<String>,
    pub(crate) body: String,
    /// The body ended as HTTP says it must.
    pub(crate) whole: bool,
}

pub(crate) fn chat() -> Ask {
    ask(Method::POST, "/v1/chat/completions").json(&request())
}

pub(crate) fn streamed() -> Ask {
    chat().set("stream", json!(true))
}

pub(crate) fn embed() -> Ask {
    ask(Method::POST, "/v1/embeddings").json(&json!({"model": seed::EMBEDDING_MODEL, "input": "words"}))
}

pub(crate) fn ask(method: Method, path: &str) -> Ask {
    let authorization = Some(format!("Bearer {}", seed::VALID[0]));
    Ask { method, path: path.to_owned(), authorization, body: Vec::new() }
}

fn request() -> Value {
    json!({"model": seed::CHAT_MODEL, "messages": [{"role": "user", "content": "Say hello."}]})
}

impl Ask {
    pub(crate) fn key(self, key: &str) -> Self {
        self.authorization(Some(&format!("Bearer {key}")))
    }

    pub(crate) fn authorization(self, value: Option<&str>) -> Self {
        Self { authorization: value.map(str::to_owned), ..self }
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

    /// `None` when no answer had come to its end when the client gave up.
    pub(crate) async fn send(&self, base: &str) -> Option<Seen> {
        tokio::time::timeout(GIVE_UP, self.exchange(base)).await.ok()
    }

    async fn exchange(&self, base: &str) -> Seen {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let mut request = client.request(self.method.clone(), format!("{base}{}", self.path));
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value);
        }
        let mut response = request.body(self.body.clone()).send().await.unwrap();
        let header = |name: &str| -> Vec<String> {
            response.headers().get_all(name).iter().map(|it| it.to_str().unwrap().to_owned()).collect()
        };
        let (content_type, retry_after) = (header("content-type").concat(), header("retry-after"));
        let (status, mut body, mut whole) = (response.status().as_u16(), Vec::new(), true);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        Seen { status, content_type, retry_after, body: String::from_utf8(body).unwrap(), whole }
    }
}

impl Seen {
    /// The four fields of the page's envelope, if that and nothing else is the body.
    pub(crate) fn envelope(&self) -> Option<[String; 4]> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        let fields = body.get("error")?.as_object()?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let exact = body.as_object()?.len() == 1 && fields.len() == 4;
        let envelope = [text("type")?, text("code")?, text("message")?, text("request_id")?];
        exact.then_some(envelope)
    }

    pub(crate) fn id(&self) -> String {
        self.envelope().map(|[.., id]| id).unwrap_or_default()
    }

    /// Data of the events of a stream; an error event shows as its type and code.
    pub(crate) fn events(&self) -> Vec<String> {
        let data = self.body.split("\n\n").filter_map(|it| it.strip_prefix("data: "));
        data.map(|it| match (serde_json::from_str::<Value>(it), it) {
            (Ok(event), _) if event.get("choices").is_some() => {
                let stop = event.pointer("/choices/0/finish_reason").and_then(Value::as_str);
                stop.map_or_else(|| "chunk".to_owned(), |it| format!("chunk:{it}"))
            }
            (Ok(_), text) => {
                let inner = Self { body: text.to_owned(), ..self.clone() };
                inner.envelope().map_or_else(|| text.to_owned(), |[kind, code, ..]| format!("{kind}/{code}"))
            }
            (Err(_), text) => text.to_owned(),
        })
        .collect()
    }

    /// Status, then type and code, the events, or the body; then what is odd about the head.
    pub(crate) fn line(&self) -> String {
        let mut line = self.status.to_string();
        let json = self.content_type == "application/json";
        if let (Some([kind, code, _, id]), true) = (self.envelope(), self.status != 200) {
            line += &format!(" {kind} {code}");
            if !id.starts_with("req_") || id.len() < 12 {
                line += " bad-id";
            }
        } else if self.content_type == "text/event-stream" && self.body.starts_with("data:") {
            line += &format!(" {}", self.events().join(" "));
        } else {
            let text: String = self.body.replace('\n', " ").chars().take(60).collect();
            line += &if json && self.body.contains("\"hello\"") {
                let error = if self.body.contains("\"error\":") { " and an error" } else { "" };
                format!(" hello{error}")
            } else {
                format!(" {text}")
            };
        }
        let streams = self.status == 200 && self.content_type == "text/event-stream";
        if !(json || streams) {
            line += &format!(" as {:?}", self.content_type);
        }
        if !self.retry_after.is_empty() {
            let told: Vec<_> = self.retry_after.iter().map(|it| delay(it)).collect();
            line += &format!(" after {}", told.join(","));
        }
        if self.body.contains(KEY) {
            line += " leaks";
        }
        if !self.whole {
            line += " broken";
        }
        line
    }
}

/// A delay that depends on the clock is only called long, or a date.
fn delay(value: &str) -> &str {
    match value.parse::<u64>() {
        Ok(seconds) if seconds > 30 => "long",
        Err(_) if httpdate::parse_http_date(value).is_ok() => "date",
        _ => value,
    }
}

/// A healthy Cogito gateway in front of such an upstream, with deadlines of so many milliseconds.
pub(crate) async fn gateway(plays: Plays, deadline: u64) -> (Upstream, reference_gateway::Gateway) {
    let upstream = Upstream::start(plays).await;
    let mut config = reference_gateway::Config::cogito(&upstream.url, KEY);
    config.limits.upstream = Duration::from_millis(deadline);
    config.limits.idle = Duration::from_millis(deadline);
    let gateway = reference_gateway::start(config).await.unwrap();
    (upstream, gateway)
}
