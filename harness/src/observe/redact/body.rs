//! Bodies as lines: JSON indented, streams event by event, anything else as the text it is.

use std::time::Duration;

use serde::de::IgnoredAny;

use super::{Redactor, seconds};

/// A body's lines, redacted; `pieces` tell when each event of a stream was whole.
pub(super) fn lines(
    body: &[u8],
    content_type: Option<&str>,
    pieces: &[(usize, Duration)],
    redactor: &Redactor,
) -> Vec<String> {
    let shape = Shape::of(body, content_type);
    let text = match shape {
        Shape::Opaque => {
            let kind = redactor.text(content_type.unwrap_or("no content type"));
            return vec![format!("({} bytes, not text: {kind})", body.len())];
        }
        Shape::Json => indented(&String::from_utf8_lossy(body)),
        Shape::Events => with_times(body, pieces),
        Shape::Text => String::from_utf8_lossy(body).into_owned(),
    };
    // Hidden before it is cut, so that no half of a secret stays at the cut.
    let hidden = redactor.mask.text(&text);
    let shown = &hidden[..hidden.floor_char_boundary(redactor.body_cap)];
    let mut lines: Vec<_> = shown.lines().map(super::escape::controls).collect();
    if shown.len() < hidden.len() {
        lines.push(format!("… (cut; {} bytes in all)", body.len()));
    }
    if std::str::from_utf8(body).is_err() {
        lines.push("(not all of it is UTF-8)".to_owned());
    }
    lines
}

/// What a body looks like, which need not be what its content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// JSON.
    Json,
    /// Server-sent events.
    Events,
    /// Text.
    Text,
    /// Bytes that are no text and are not said to be.
    Opaque,
}

impl Shape {
    pub(super) fn of(body: &[u8], content_type: Option<&str>) -> Self {
        let kind = content_type.unwrap_or_default().trim().to_ascii_lowercase();
        let textual = kind.starts_with("text/") || kind.contains("json") || kind.contains("xml");
        let begins = |field: &[u8]| body.trim_ascii_start().starts_with(field);
        match std::str::from_utf8(body) {
            Ok(text) if serde_json::from_str::<IgnoredAny>(text).is_ok() => Self::Json,
            _ if kind.starts_with("text/event-stream") || begins(b"data:") || begins(b"event:") => {
                Self::Events
            }
            Err(_) if !textual => Self::Opaque,
            _ => Self::Text,
        }
    }
}

/// JSON over several lines. Its own text is kept, since a parser would lose double keys and the way numbers are written.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut rest = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(40)));
    };
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                out.push(c);
                while let Some(c) = rest.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(rest.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                while rest.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                out.push(c);
                match rest.next_if(|c| matches!(c, '}' | ']')) {
                    Some(closing) => out.push(closing),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// A stream with a line in front of each event that says when it was whole.
fn with_times(body: &[u8], pieces: &[(usize, Duration)]) -> String {
    let mut out = String::new();
    let mut number = 0;
    for (end, event) in events(body) {
        let whole = end <= body.len() && event.ends_with('\n');
        if whole {
            number += 1;
            let at = pieces.iter().find(|(offset, _)| *offset >= end).map(|(_, at)| seconds(*at));
            let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
            out.push_str(&format!("(event {number}{at})\n"));
        } else {
            out.push_str("(not ended by a blank line)\n");
        }
        out.push_str(event.trim_end());
        out.push('\n');
    }
    out
}

/// Blocks of lines up to a blank one, each with the offset behind it. A whole one ends with a line feed; the text is
/// for reading, so any line end is a line feed in it.
pub(super) fn events(body: &[u8]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut begin, mut at, mut line_begin) = (0, 0, 0);
    let block = |from: usize, to: usize| {
        String::from_utf8_lossy(&body[from..to]).replace("\r\n", "\n").replace('\r', "\n")
    };
    while at < body.len() {
        let length = match &body[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        let blank = at == line_begin;
        at += length;
        line_begin = at;
        if blank {
            let text = block(begin, at);
            if !text.trim().is_empty() {
                found.push((at, text));
            }
            begin = at;
        }
    }
    let rest = block(begin, body.len());
    if !rest.trim().is_empty() {
        found.push((body.len(), rest.trim_end().to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_without_being_changed() {
        let shown = indented(r#" {"a":1.0,"a":[ ],"b":{"c":"x,{\"y\\"}, "n":[1e400,null]}"#);
        assert_eq!(
            shown,
            "{\n  \"a\": 1.0,\n  \"a\": [],\n  \"b\": {\n    \"c\": \"x,{\\\"y\\\\\"\n  },\n  \"n\": [\n    1e400,\n    null\n  ]\n}"
        );
    }

    #[test]
    fn a_stream_is_shown_event_by_event_with_times() {
        let body = b"event: a\r\ndata: 1\r\n\r\n: ping\n\ndata: cut";
        let pieces =
            [(10, Duration::from_millis(5)), (25, Duration::from_millis(70)), (99, Duration::from_secs(1))];
        assert_eq!(
            with_times(body, &pieces),
            "(event 1 at 0.070 s)\nevent: a\ndata: 1\n(event 2 at 1.000 s)\n: ping\n(not ended by a blank line)\ndata: cut\n"
        );
    }

    #[test]
    fn the_shape_is_seen_in_the_bytes() {
        assert_eq!(Shape::of(b"{}", Some("text/html")), Shape::Json);
        assert_eq!(Shape::of(b"data: 1\n\n", Some("application/json")), Shape::Events);
        assert_eq!(Shape::of(b"{\"a\":", Some("application/json")), Shape::Text);
        assert_eq!(Shape::of(b"\xff\xfe\0", Some("audio/mpeg")), Shape::Opaque);
        assert_eq!(Shape::of(b"caf\xe9", Some("text/plain")), Shape::Text);
    }
}
