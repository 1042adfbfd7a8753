//! Calls to a gateway's admin routes: states, resets, readiness.

pub mod trust;

use std::error::Error;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};

use self::trust::Trust;
use super::Setting;
use super::credentials::bound;
use crate::spec::language::value::Value;
use crate::spec::read::place::Place;
use crate::spec::target::HttpCall;

/// How long a hook may take.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Bytes of an answer's body that are read, for the words of an error.
const ANSWER_READ: usize = 2000;

/// The client for admin calls; unlike the client under test it may be any.
#[derive(Clone, Debug)]
pub struct Admin {
    http: reqwest::Client,
}

/// What a call was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The beginning of the body, secrets hidden.
    pub body: String,
}

/// Why a call came to nothing, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{written_at}: {call}: {why}")]
pub struct HookError {
    /// Where the call is written.
    pub written_at: Place,
    /// Method and URL.
    pub call: String,
    /// What happened.
    pub why: String,
}

impl Admin {
    /// A client that follows no redirect, uses no proxy, repeats nothing and keeps no connection.
    ///
    /// # Errors
    /// When the client cannot be set up, in words.
    pub fn new(trust: &Trust) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.client_config())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| in_words(&error))?;
        Ok(Self { http })
    }

    /// Performs a call that must be answered 200–299 within `deadline`.
    ///
    /// # Errors
    /// What it could not be built of, that nobody answered, or any other status with the beginning of the body.
    pub async fn perform(
        &self,
        base_url: &str,
        call: &HttpCall,
        setting: &Setting<'_>,
        deadline: Duration,
    ) -> Result<(), HookError> {
        let answer = self.ask(base_url, call, setting, deadline).await?;
        match answer.status {
            200..300 => Ok(()),
            _ => Err(failed(call, &written(base_url, call, setting), answer.to_string())),
        }
    }

    /// Performs a call and tells what it was answered, whatever the status.
    ///
    /// # Errors
    /// What it could not be built of, or that nobody answered.
    pub async fn ask(
        &self,
        base_url: &str,
        call: &HttpCall,
        setting: &Setting<'_>,
        deadline: Duration,
    ) -> Result<Answer, HookError> {
        let request = self.request(base_url, call, setting);
        let request = request.map_err(|why| failed(call, &written(base_url, call, setting), why))?;
        let answered = tokio::time::timeout(deadline, self.answer(request, setting)).await;
        let answered = answered.unwrap_or_else(|_| Err(format!("no answer within {deadline:?}")));
        answered.map_err(|why| failed(call, &written(base_url, call, setting), setting.mask.text(&why)))
    }

    async fn answer(&self, request: reqwest::Request, setting: &Setting<'_>) -> Result<Answer, String> {
        let mut response = self.http.execute(request).await.map_err(|error| in_words(&error))?;
        let mut body = Vec::new();
        while body.len() < ANSWER_READ {
            match response.chunk().await {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                // The status is known, and the body is only shown.
                Ok(None) | Err(_) => break,
            }
        }
        body.truncate(ANSWER_READ);
        Ok(Answer {
            status: response.status().as_u16(),
            body: setting.mask.text(&String::from_utf8_lossy(&body)),
        })
    }

    fn request(
        &self,
        base_url: &str,
        call: &HttpCall,
        setting: &Setting<'_>,
    ) -> Result<reqwest::Request, String> {
        let method = Method::from_bytes(call.method.as_bytes())
            .map_err(|_| format!("`{}` is not a method", call.method))?;
        let mut request = self.http.request(method, whole_url(base_url, &call.url, setting)?);
        for (name, binding) in &call.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| format!("`{name}` is not a header's name"))?;
            let text = bound(binding, setting.base_dir).map_err(|error| error.to_string())?;
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| format!("the value of header `{name}` cannot be sent"))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(json) = &call.json {
            request = request.json(&json.resolve(setting.names).map_err(|missing| missing.to_string())?);
        }
        request.build().map_err(|error| in_words(&error))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 200;
        write!(f, "answered {}", self.status)?;
        let body = self.body.trim();
        if body.is_empty() {
            return Ok(());
        }
        let cut = if body.chars().count() > SHOWN { "…" } else { "" };
        write!(f, ": {}{cut}", body.chars().take(SHOWN).collect::<String>().escape_debug())
    }
}

/// A text that references were resolved in.
pub(super) fn text(value: &Value, setting: &Setting<'_>) -> Result<String, String> {
    match value.resolve(setting.names).map_err(|missing| missing.to_string())? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("a text is needed here, and this is {other}")),
    }
}

fn whole_url(base_url: &str, url: &Value, setting: &Setting<'_>) -> Result<String, String> {
    let url = text(url, setting)?;
    Ok(if url.starts_with('/') { format!("{}{url}", base_url.trim_end_matches('/')) } else { url })
}

fn written(base_url: &str, call: &HttpCall, setting: &Setting<'_>) -> String {
    let url = whole_url(base_url, &call.url, setting).unwrap_or_else(|_| "…".to_owned());
    setting.mask.text(&format!("{} {url}", call.method))
}

fn failed(call: &HttpCall, shown: &str, why: String) -> HookError {
    HookError { written_at: call.place.clone(), call: shown.to_owned(), why }
}

/// An error and what caused it; the outermost text alone says little.
fn in_words(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !words.iter().any(|said: &String| said.contains(&text)) {
            words.push(text);
        }
        next = error.source();
    }
    words.join(": ")
}
