//! An answer that was captured before, as `curl -i` prints it: status line, headers, a blank line, the body.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

use super::ExchangeOptions;
use super::response::{Decoder, Silence};
use crate::wire::exchange::{Break, End, Exchange, Request};
use crate::wire::header;

/// Why a text is no captured answer: the line, counted from 1, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct NoAnswer {
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Reads it as the answer to a request. Line ends may be LF alone and interim answers before it are passed over. A body that
/// the tool took out of its chunks, or inflated, is taken as it is; one that is shorter than the head says was cut.
///
/// # Errors
/// There is no status line, or the head is malformed.
pub fn read(bytes: &[u8], request: Request) -> Result<Exchange, NoAnswer> {
    let mut rest = bytes;
    let mut line = 1;
    let head = loop {
        let head = Head::of(rest, line)?;
        line += head.lines.len() + 1;
        rest = &rest[head.len..];
        if !head.is_interim() {
            break head;
        }
    };
    let mut exchange = decoded(&head, rest, request);
    let Some(read) = &mut exchange.head else {
        let what = match exchange.end {
            End::Broken(Break::Malformed(what)) => what,
            _ => "the head is malformed".to_owned(),
        };
        return Err(NoAnswer { line: line - head.lines.len() - 1, what });
    };
    let chunked = header::text(&read.headers, "transfer-encoding").is_some();
    let coded = header::text(&read.headers, "content-encoding").is_some();
    if (chunked && exchange.end != End::Complete) || (coded && std::str::from_utf8(rest).is_ok()) {
        read.headers.retain(|(name, _)| name != "content-encoding");
        exchange.body = Bytes::copy_from_slice(rest);
        exchange.pieces = vec![(rest.len(), Duration::ZERO)];
        exchange.end = End::Complete;
    }
    Ok(exchange)
}

/// A head as text, before it is parsed.
struct Head {
    lines: Vec<String>,
    len: usize,
}

impl Head {
    fn of(bytes: &[u8], line: usize) -> Result<Self, NoAnswer> {
        let mut lines = Vec::new();
        let mut len = 0;
        for written in bytes.split_inclusive(|byte| *byte == b'\n') {
            len += written.len();
            let text = String::from_utf8_lossy(written).trim_end_matches(['\r', '\n']).to_owned();
            if text.is_empty() {
                break;
            }
            lines.push(text);
        }
        match lines.first_mut() {
            Some(status) if status.starts_with("HTTP/") => {
                // HTTP/2 and 3 have no status line; tools print one all the same.
                if let Some((_, rest)) = status.split_once(' ') {
                    *status = format!("HTTP/1.1 {rest}");
                }
                Ok(Self { lines, len })
            }
            _ => Err(NoAnswer {
                line,
                what: "an answer begins with its status line, such as `HTTP/1.1 401 Unauthorized`".to_owned(),
            }),
        }
    }

    fn is_interim(&self) -> bool {
        let status = self.lines[0].split(' ').nth(1).unwrap_or_default();
        status.len() == 3 && status.starts_with('1') && status != "101"
    }
}

fn decoded(head: &Head, body: &[u8], request: Request) -> Exchange {
    let options = ExchangeOptions { body_cap: body.len().max(1), ..ExchangeOptions::default() };
    let mut decoder = Decoder::new(request.method == "HEAD", &options);
    decoder.feed(format!("{}\r\n\r\n", head.lines.join("\r\n")).as_bytes(), Duration::ZERO);
    decoder.feed(body, Duration::ZERO);
    decoder.silent(Silence::Closed);
    decoder.into_exchange(request, Instant::now(), SystemTime::now(), Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Result<Exchange, NoAnswer> {
        let request =
            Request { method: "POST".into(), target: "/".into(), headers: Vec::new(), body: Bytes::new() };
        read(text.as_bytes(), request)
    }

    fn seen(text: &str) -> (u16, String, End) {
        let Exchange { head, body, end, .. } = answer(text).unwrap();
        (head.unwrap().status, String::from_utf8_lossy(&body).into_owned(), end)
    }

    #[test]
    fn line_feeds_alone_other_versions_and_interim_answers_are_taken() {
        let whole = |status, body: &str| (status, body.to_owned(), End::Complete);
        assert_eq!(seen("HTTP/1.1 401 Unauthorized\r\nA: b\r\n\r\n{}"), whole(401, "{}"));
        assert_eq!(seen("HTTP/2 429\nretry-after: 1\n\n{}"), whole(429, "{}"));
        assert_eq!(seen("HTTP/1.1 100 Continue\n\nHTTP/1.1 500 X\n\nno"), whole(500, "no"));
        assert_eq!(seen("HTTP/1.1 204 No Content\n"), whole(204, ""));
    }

    #[test]
    fn a_body_is_taken_as_the_tool_left_it() {
        let chunked = "HTTP/1.1 500 X\ntransfer-encoding: chunked\n\n";
        assert_eq!(seen(&format!("{chunked}2\r\n{{}}\r\n0\r\n\r\n")).1, "{}");
        assert_eq!(seen(&format!("{chunked}{{\"error\":1}}")), (500, "{\"error\":1}".into(), End::Complete));
        let inflated =
            answer("HTTP/1.1 500 X\ncontent-encoding: gzip\ncontent-length: 3\n\n{\"error\":1}").unwrap();
        assert_eq!((&inflated.body[..], inflated.end), (&b"{\"error\":1}"[..], End::Complete));
        // The line end that an editor puts behind a text is none of the body's.
        assert_eq!(seen("HTTP/1.1 500 X\ncontent-length: 2\n\n{}\n").1, "{}");
        assert_eq!(seen("HTTP/1.1 500 X\ncontent-length: 9\n\n{}").2, End::Broken(Break::ClosedEarly));
    }

    #[test]
    fn what_is_no_answer_is_refused_with_its_line() {
        assert_eq!(answer("{}").unwrap_err().line, 1);
        assert_eq!(answer("HTTP/1.1 100 Continue\n\n{}").unwrap_err().line, 3);
        assert!(answer("HTTP/1.1 soon\n\n").is_err());
        assert!(answer("").is_err());
    }
}
