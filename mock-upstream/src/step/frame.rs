//! HTTP/1.1 as bytes: heads and chunks.

use std::time::{Duration, UNIX_EPOCH};

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::script::{Headers, Request};

/// What ends a chunked body.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A status line and fields, before framing is decided.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Headers,
    pub(super) form: Form,
}

/// What a head has beyond HTTP, or against it.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    /// In place of version, status and reason.
    pub(super) status_line: Option<String>,
    /// Behind the fields.
    pub(super) lines: Vec<String>,
    /// Whether the blank line is left out.
    pub(super) unended: bool,
}

/// Where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
    /// The body ends with the connection.
    Close,
    /// HTTP forbids a body under this status, or the method asked for none.
    Bodiless,
}

impl Head {
    pub(super) fn new(status: u16, reason: Option<&str>, headers: Headers) -> Self {
        let registered = || http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
        let reason = reason.or_else(registered).unwrap_or_default().to_owned();
        Self { status, reason, headers, form: Form::default() }
    }

    /// Adds the fields of framing, the date, and `connection` where the client will not go on. What the script has
    /// set stays as it is, be it wrong; the result is whether the framing can be trusted.
    pub(super) fn frame(&mut self, framing: Framing, request: &Request, unix_time: u64) -> bool {
        let length = self.headers.get("content-length").map(str::to_owned);
        let scripted = length.is_some() || self.headers.get("transfer-encoding").is_some();
        match framing {
            _ if scripted => {}
            Framing::Length(length) => self.headers.add_known("content-length", length.to_string()),
            Framing::Chunked => self.headers.add_known("transfer-encoding", "chunked"),
            Framing::Bodiless | Framing::Close => {}
        }
        if self.headers.get("date").is_none() {
            let now = UNIX_EPOCH + Duration::from_secs(unix_time);
            self.headers.add_known("date", httpdate::fmt_http_date(now));
        }
        if !request.keeps_alive() && self.headers.get("connection").is_none() {
            self.headers.add_known("connection", "close");
        }
        let coded = self.headers.get("transfer-encoding").is_some();
        match framing {
            Framing::Length(true_length) => {
                length.is_none_or(|said| said == true_length.to_string()) && !coded
            }
            Framing::Chunked | Framing::Bodiless => !scripted,
            Framing::Close => false,
        }
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.bytes_before(&[])
    }

    /// The head with this body behind it.
    pub(super) fn bytes_before(&self, body: &[u8]) -> Bytes {
        let fields: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut bytes = BytesMut::with_capacity(64 + self.reason.len() + fields + body.len());
        match &self.form.status_line {
            Some(line) => bytes.put_slice(line.as_bytes()),
            None => {
                bytes.put_slice(b"HTTP/1.1 ");
                bytes.put_slice(self.status.to_string().as_bytes());
                bytes.put_u8(b' ');
                bytes.put_slice(self.reason.as_bytes());
            }
        }
        bytes.put_slice(b"\r\n");
        for (name, value) in self.headers.iter() {
            bytes.put_slice(name.as_bytes());
            bytes.put_slice(b": ");
            bytes.put_slice(value.as_bytes());
            bytes.put_slice(b"\r\n");
        }
        for line in &self.form.lines {
            bytes.put_slice(line.as_bytes());
            bytes.put_slice(b"\r\n");
        }
        if !self.form.unended {
            bytes.put_slice(b"\r\n");
        }
        bytes.put_slice(body);
        bytes.freeze()
    }
}

/// The whole reply to what is not taken for a request; the connection closes behind it.
pub(crate) fn refusal(status: u16, why: &str) -> Bytes {
    let fields = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")];
    let mut headers = Headers::from_iter(fields);
    headers.add("content-length", why.len().to_string());
    Head::new(status, None, headers).bytes_before(why.as_bytes())
}

/// How a reply of this status to this request is framed, when its body has a known length.
pub(super) fn sized(status: u16, length: usize, request: &Request) -> Framing {
    if (100..200).contains(&status) || status == 204 || status == 304 || request.method == "HEAD" {
        Framing::Bodiless
    } else {
        Framing::Length(length)
    }
}

/// One chunk; nothing for no bytes, which would end the body.
pub(super) fn chunk(bytes: &[u8]) -> Bytes {
    if bytes.is_empty() {
        return Bytes::new();
    }
    let mut chunk = BytesMut::with_capacity(bytes.len() + 12);
    chunk.put_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
    chunk.put_slice(bytes);
    chunk.put_slice(b"\r\n");
    chunk.freeze()
}
