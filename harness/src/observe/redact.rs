//! An observed exchange as people may see it: credentials hidden, control characters escaped, long bodies cut.
//!
//! What is written here is made of text only, so that nothing can be judged by what was redacted.

mod body;
mod curl;
mod escape;
mod snapshot;

use std::time::Duration;

use bytes::Bytes;

pub use self::snapshot::Varying;
use super::{Attempt, Observed, PlayedEnding};
use crate::arrange::credentials::mask::{HIDDEN, Mask};
use crate::wire::exchange::{Break, End, Exchange};

/// Headers that carry credentials, whatever is in them.
const CREDENTIAL_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];

/// One exchange, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// `control`, `step 1`, `liveness`, ….
    pub name: String,
    /// The request: line, headers, body.
    pub request: Vec<String>,
    /// The response: line, headers, body, and how it ended.
    pub response: Vec<String>,
    /// What the upstream saw and played, a line an attempt.
    pub upstream: Vec<String>,
    /// A curl command for it; the credential is a variable.
    pub curl: String,
}

/// Writes exchanges for people and for snapshots.
#[derive(Clone, Debug)]
pub struct Redactor {
    mask: Mask,
    body_cap: usize,
}

impl Redactor {
    /// A redactor that hides these texts in every form they travel in (see [`crate::arrange::credentials::mask::forms`]), and the
    /// values of headers that carry credentials even when they are not among them.
    pub fn new<T: AsRef<str>>(secrets: impl IntoIterator<Item = T>) -> Self {
        Self::masking(Mask::new(secrets))
    }

    /// A redactor that hides what this mask hides.
    pub fn masking(mask: Mask) -> Self {
        Self { mask, body_cap: 4000 }
    }

    /// Shows so many bytes of a body (4000 unless told otherwise) before it is cut.
    #[must_use]
    pub fn with_body_cap(mut self, bytes: usize) -> Self {
        self.body_cap = bytes;
        self
    }

    /// Any text, such as a gateway's message quoted in a finding: secrets hidden, control characters escaped.
    pub fn text(&self, text: &str) -> String {
        escape::controls(&self.mask.text(text))
    }

    /// An exchange for people; `base_url` is where the gateway was called.
    pub fn transcript(&self, name: &str, base_url: &str, observed: &Observed) -> Transcript {
        let exchange = &observed.exchange;
        let request = &exchange.request;
        let mut sent = vec![self.text(&format!("{} {} HTTP/1.1", request.method, request.target))];
        sent.extend(request.headers.iter().map(|(name, value)| self.header(name, value.as_bytes())));
        let content_type = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = content_type.map(|(_, value)| value.as_str());
        self.push_body(&mut sent, &request.body, content_type, &[]);
        Transcript {
            name: name.to_owned(),
            request: sent,
            response: self.response(exchange),
            upstream: observed.attempts.iter().map(|attempt| self.attempt(attempt)).collect(),
            curl: curl::command(base_url, request, observed.stream, self),
        }
    }

    fn response(&self, exchange: &Exchange) -> Vec<String> {
        let mut lines = match &exchange.head {
            None => vec!["(no response)".to_owned()],
            Some(head) => {
                let reason = head.reason.as_deref().map(|reason| format!(" {reason}")).unwrap_or_default();
                let first = self.text(&format!("HTTP/1.1 {}{reason}", head.status));
                let headers = head.headers.iter().map(|(name, value)| self.header(name, value));
                std::iter::once(first).chain(headers).collect()
            }
        };
        self.push_body(&mut lines, &exchange.body, content_type(exchange).as_deref(), &exchange.pieces);
        lines.extend(
            exchange.trailers.iter().map(|(name, value)| format!("(trailer) {}", self.header(name, value))),
        );
        lines.push(format!("({} after {})", self.ending(&exchange.end), seconds(exchange.elapsed)));
        lines
    }

    fn push_body(
        &self,
        lines: &mut Vec<String>,
        body: &Bytes,
        content_type: Option<&str>,
        pieces: &[(usize, Duration)],
    ) {
        if !body.is_empty() {
            lines.push(String::new());
            lines.extend(body::lines(body, content_type, pieces, self));
        }
    }

    fn header(&self, name: &str, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        let carries_credential = CREDENTIAL_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        let shown = match text.trim().split_once(' ') {
            _ if !carries_credential => text.into_owned(),
            // The scheme tells a wrong one from a right one and gives nothing away.
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
                format!("{scheme} {HIDDEN}")
            }
            _ if text.trim().is_empty() => String::new(),
            _ => HIDDEN.to_owned(),
        };
        self.text(&format!("{name}: {shown}"))
    }

    fn ending(&self, end: &End) -> String {
        match end {
            End::Complete => "complete".to_owned(),
            End::Deadline => "still open at the client's deadline".to_owned(),
            End::Capped(bytes) => format!("not read beyond the cap, {bytes} bytes in"),
            End::Broken(Break::Refused) => "connection refused".to_owned(),
            End::Broken(Break::Reset) => "connection reset".to_owned(),
            End::Broken(Break::ClosedEarly) => "connection closed before the response was whole".to_owned(),
            End::Broken(Break::Malformed(place)) => format!("not HTTP: {}", self.text(place)),
            End::Broken(Break::Transport(why)) => format!("connection failed: {}", self.text(why)),
        }
    }

    fn attempt(&self, attempt: &Attempt) -> String {
        let digest = attempt.body_sha256.get(..8).unwrap_or_default();
        self.text(&format!(
            "+{} {}: {} {} ({} bytes, sha256 {digest}…) → {}",
            seconds(attempt.arrived),
            attempt.provider,
            attempt.method,
            attempt.target,
            attempt.body.len(),
            played(attempt, true)
        ))
    }
}

/// What was played, with how much of it where that is told: how much of a cut reply was written varies.
fn played(attempt: &Attempt, amounts: bool) -> String {
    let Some(played) = &attempt.played else { return "nothing had been played".to_owned() };
    let mut words = vec![played.status.map_or_else(|| "no head".to_owned(), |status| status.to_string())];
    if amounts && !played.body.is_empty() {
        words.push(format!("{} bytes", played.body.len()));
    }
    if amounts && played.events > 0 {
        words.push(format!("{} events", played.events));
    }
    words.extend(played.fault.as_ref().map(|fault| format!("fault {fault}")));
    words.push(
        match played.ending {
            PlayedEnding::Complete => "complete",
            PlayedEnding::Cut => "cut",
            PlayedEnding::Stalled => "left open",
            PlayedEnding::None => "no reply",
        }
        .to_owned(),
    );
    if played.turn.is_none() {
        words.push("no turn of the script".to_owned());
    }
    if let Err(why) = &played.delivered {
        words.push(format!("not played as written: {why}"));
    }
    words.join(", ")
}

fn content_type(exchange: &Exchange) -> Option<String> {
    let headers = &exchange.head.as_ref()?.headers;
    let (_, value) = headers.iter().find(|(name, _)| name == "content-type")?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}
