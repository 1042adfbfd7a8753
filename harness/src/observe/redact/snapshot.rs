//! A rendering of an answer in which what varies from run to run is replaced, so that two runs give the same text.

use regex::Regex;
use serde_json::Value as Json;

use super::body::{Shape, events};
use super::{Redactor, content_type, escape, played};
use crate::observe::Observed;
use crate::wire::exchange::{Break, End};

/// What differs between two runs of the same gateway, and is replaced by its kind: `[string]`, `[number]`, `[varies]`.
#[derive(Clone, Debug)]
pub struct Varying {
    /// JSON keys whose texts and numbers vary, at any depth.
    pub keys: Vec<String>,
    /// RFC 6901 pointers to values that vary, whatever they are.
    pub pointers: Vec<String>,
    /// Headers whose values vary, in lower case.
    pub headers: Vec<String>,
    /// Replaced in every line after that, in order; `$1` and the like name groups.
    pub patterns: Vec<(Regex, String)>,
}

impl Default for Varying {
    /// Ids, times, ports and lengths, as gateways commonly write them; of a `retry-after` that it is a number of seconds,
    /// since those that follow from a clock count down.
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let patterns = [
            (r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "[uuid]"),
            (r"\b(req|request|run|msg|gen|resp|chatcmpl|cmpl|trace)([-_])[0-9A-Za-z]{8,}\b", "$1$2[id]"),
            (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "[time]"),
            (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\b", "[time]"),
            (r"(?m)^(retry-after): \d+$", "$1: [seconds]"),
            (r"(127\.0\.0\.1|localhost|\[::1\]):\d{2,5}\b", "$1:[port]"),
        ];
        Self {
            keys: owned(&["id", "request_id", "requestId", "trace_id", "created", "created_at", "timestamp"]),
            pointers: Vec::new(),
            headers: owned(&[
                "age",
                "cf-ray",
                "content-length",
                "date",
                "expires",
                "last-modified",
                "request-id",
                "server-timing",
                "set-cookie",
                "traceparent",
                "x-correlation-id",
                "x-process-time",
                "x-request-id",
                "x-response-time",
            ]),
            patterns: patterns
                .into_iter()
                .filter_map(|(pattern, shown)| Some((Regex::new(pattern).ok()?, shown.to_owned())))
                .collect(),
        }
    }
}

impl Redactor {
    /// The answer to one request, for comparison with an earlier run: no times, headers sorted by name, secrets and
    /// what varies replaced.
    pub fn snapshot(&self, name: &str, observed: &Observed, varying: &Varying) -> String {
        let exchange = &observed.exchange;
        let stream = if observed.stream { ", stream" } else { "" };
        let mut lines = vec![format!(
            "{name}: {} {}{stream}",
            exchange.request.method,
            escape::controls(&exchange.request.target)
        )];
        match &exchange.head {
            None => lines.push("(no response)".to_owned()),
            Some(head) => {
                let reason = head.reason.as_deref().map(|reason| format!(" {reason}")).unwrap_or_default();
                lines.push(escape::controls(&format!("{}{reason}", head.status)));
                let mut headers: Vec<_> = head
                    .headers
                    .iter()
                    .map(|(name, value)| self.steady_header(name, value, varying))
                    .collect();
                headers.sort();
                lines.extend(headers);
            }
        }
        if exchange.end == End::Broken(Break::Reset) {
            // A reset overtakes what was sent before it, now more of it, now less.
            lines.push("(what arrived before the reset is not compared)".to_owned());
        } else if !exchange.body.is_empty() {
            lines.push(String::new());
            lines.extend(self.steady_body(&exchange.body, content_type(exchange).as_deref(), varying));
            lines.push(String::new());
        }
        let trailers = exchange.trailers.iter();
        lines.extend(
            trailers.map(|(name, value)| self.steady_header(&format!("(trailer) {name}"), value, varying)),
        );
        lines.push(format!("({})", self.ending(&exchange.end)));
        for attempt in &observed.attempts {
            let line = format!(
                "{}: {} {} → {}",
                attempt.provider,
                attempt.method,
                attempt.target,
                played(attempt, false)
            );
            lines.push(escape::controls(&line));
        }
        let mut text = self.mask.text(&lines.join("\n"));
        for (pattern, shown) in &varying.patterns {
            text = pattern.replace_all(&text, shown.as_str()).into_owned();
        }
        text.push('\n');
        text
    }

    fn steady_header(&self, name: &str, value: &[u8], varying: &Varying) -> String {
        if varying.headers.iter().any(|known| name.trim_start_matches("(trailer) ") == known) {
            return format!("{name}: [varies]");
        }
        self.header(name, value)
    }

    fn steady_body(&self, body: &[u8], content_type: Option<&str>, varying: &Varying) -> Vec<String> {
        let text = match Shape::of(body, content_type) {
            Shape::Opaque => return vec!["(not text)".to_owned()],
            Shape::Json => pretty(&String::from_utf8_lossy(body), varying),
            Shape::Events => steady_events(body, varying),
            Shape::Text => String::from_utf8_lossy(body).into_owned(),
        };
        let hidden = self.mask.text(&text);
        let shown = &hidden[..hidden.floor_char_boundary(self.body_cap)];
        let cut = (shown.len() < hidden.len()).then(|| "… (cut)".to_owned());
        shown.lines().map(escape::controls).chain(cut).collect()
    }
}

fn pretty(text: &str, varying: &Varying) -> String {
    match serde_json::from_str(text) {
        Ok(json) => serde_json::to_string_pretty(&steady(json, varying)).unwrap_or_default(),
        Err(_) => text.to_owned(),
    }
}

fn steady_events(body: &[u8], varying: &Varying) -> String {
    let mut out = String::new();
    for (_, event) in events(body) {
        for line in event.trim_end().lines() {
            let data = line.strip_prefix("data:").map(str::trim_start);
            match data.and_then(|data| serde_json::from_str(data).ok()) {
                Some(json) => out.push_str(&format!("data: {}", steady(json, varying))),
                None => out.push_str(line),
            }
            out.push('\n');
        }
        out.push_str(if event.ends_with('\n') { "\n" } else { "(not ended by a blank line)\n" });
    }
    out
}

fn steady(mut json: Json, varying: &Varying) -> Json {
    for pointer in &varying.pointers {
        if let Some(value) = json.pointer_mut(pointer) {
            *value = Json::from("[varies]");
        }
    }
    by_key(&mut json, &varying.keys);
    json
}

fn by_key(json: &mut Json, keys: &[String]) {
    match json {
        Json::Object(entries) => {
            for (key, value) in entries {
                match value {
                    // The kind stays, so that a number that becomes a text is still seen.
                    Json::String(_) if keys.contains(key) => *value = Json::from("[string]"),
                    Json::Number(_) if keys.contains(key) => *value = Json::from("[number]"),
                    _ => by_key(value, keys),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| by_key(item, keys)),
        _ => {}
    }
}
