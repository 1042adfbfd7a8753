//! The client's side of the tests: what is asked, and what was seen, in one line.

use std::time::Duration;

use reference_gateway::seed::{ADMIN_KEY, cognocient as seed};
use reqwest::Method;
use serde_json::{Value, json};

/// Far beyond every deadline that a test configures.
const GIVE_UP: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    /// Type and message, where the body is the page's envelope and nothing else.
    pub(crate) error: Option<(String, String)>,
    pub(crate) body: String,
    /// The five headers, in the page's order; `None` for one that is not there.
    pub(crate) annotations: [Option<String>; 5],
}

pub(crate) fn chat() -> Ask {
    let messages = json!([{"role": "user", "content": "Light every lantern along the harbour wall."}]);
    ask(Method::POST, "/v1/chat/completions")
        .raw(&json!({"model": seed::LARGE_MODEL, "messages": messages}).to_string())
}

pub(crate) fn streamed() -> Ask {
    chat().set("stream", json!(true))
}

pub(crate) fn ask(method: Method, path: &'static str) -> Ask {
    Ask { method, path, headers: Vec::new(), body: String::new() }.key(seed::VALID[0])
}

pub(crate) async fn reset(base: &str) {
    let seen = ask(Method::POST, "/admin/reset").key(ADMIN_KEY).send(base).await.unwrap();
    assert_eq!(seen.status, 200);
}

impl Ask {
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Sets a header; nothing removes it.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }

    pub(crate) fn raw(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// Sets one field of a JSON body.
    pub(crate) fn set(self, field: &str, value: Value) -> Self {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        body[field] = value;
        self.raw(&body.to_string())
    }

    pub(crate) fn says(self, words: &str) -> Self {
        self.set("messages", json!([{"role": "user", "content": words}]))
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
        let response = request.body(self.body.clone()).send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let annotations = [
            "x-cog-degraded",
            "x-cog-original-model",
            "x-cog-degraded-model",
            "x-cog-cache-hit",
            "x-cog-similarity-score",
        ]
        .map(header);
        let (status, json) =
            (response.status().as_u16(), header("content-type").as_deref() == Some("application/json"));
        let body = response.text().await.unwrap_or_else(|_| "broken".to_owned());
        let error = envelope(&body).filter(|_| json);
        Seen { status, error, body, annotations }
    }
}

fn envelope(body: &str) -> Option<(String, String)> {
    let body: Value = serde_json::from_str(body).ok()?;
    let error = body.get("error")?.as_object()?;
    let text = |name: &str| Some(error.get(name)?.as_str()?.to_owned());
    (body.as_object()?.len() == 1 && error.len() == 2).then_some((text("type")?, text("message")?))
}

impl Seen {
    /// Status, then the type or what was answered, then what the five headers tell beyond the usual.
    pub(crate) fn line(&self) -> String {
        let mut line = self.status.to_string();
        line += &match &self.error {
            Some((kind, _)) => format!(" {kind}"),
            None if self.body.contains("\"hello\"") => " hello".to_owned(),
            None if self.body.starts_with("data:") => format!(" {}", self.events().join(" ")),
            None => format!(" {}", self.body.chars().take(40).collect::<String>()),
        };
        let told = |at: usize| self.annotations[at].as_deref();
        if self.annotations.iter().any(Option::is_none) {
            line += " unannotated";
        }
        if told(0) == Some("true") {
            line += &format!(" {}>{}", told(1).unwrap_or_default(), told(2).unwrap_or_default());
        }
        if told(3) == Some("true") {
            line += &format!(" hit {}", told(4).unwrap_or_default());
        }
        line
    }

    fn events(&self) -> Vec<String> {
        let data = self.body.split("\n\n").filter_map(|it| it.strip_prefix("data: "));
        data.map(|it| match envelope(it) {
            Some((kind, _)) => kind,
            None if it.contains("\"finish_reason\"") => "stop".to_owned(),
            None if it.contains("\"choices\"") => "chunk".to_owned(),
            None => it.to_owned(),
        })
        .collect()
    }

    pub(crate) fn message(&self) -> &str {
        self.error.as_ref().map_or("", |(_, message)| message)
    }
}
