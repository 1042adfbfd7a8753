//! Reads heads and trailers, within caps, and finds the line on which one is malformed.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

use crate::wire::exchange::{Break, End, Head};

/// Parses tried before a line end is waited for, so that a drip of single bytes costs linear time.
const EAGER_PARSES: usize = 512;

/// Reads heads.
#[derive(Debug)]
pub(super) struct HeadReader {
    byte_cap: usize,
    count_cap: usize,
    parses: usize,
    seen: usize,
}

/// What came of reading.
pub(super) enum Parsed<T> {
    /// More bytes are needed.
    Partial,
    /// It is whole, and taken out of the buffer.
    Whole(T),
    /// It is malformed or too long.
    Failed(End),
}

impl HeadReader {
    pub(super) fn new(byte_cap: usize, count_cap: usize) -> Self {
        Self { byte_cap, count_cap, parses: 0, seen: 0 }
    }

    /// Bytes that a head may have.
    pub(super) fn cap(&self) -> usize {
        self.byte_cap
    }

    /// A response head at the buffer's start; its `at` is left zero.
    pub(super) fn head(&mut self, waiting: &mut BytesMut) -> Parsed<Head> {
        if !self.worth_parsing(waiting) {
            return self.partial(waiting);
        }
        let mut fields = vec![httparse::EMPTY_HEADER; self.count_cap];
        let mut response = httparse::Response::new(&mut fields);
        let (length, head) = match response.parse(waiting) {
            Ok(httparse::Status::Partial) => return self.partial(waiting),
            Err(httparse::Error::TooManyHeaders) => return Parsed::Failed(End::Capped(waiting.len())),
            Err(error) => return Parsed::Failed(malformed_head(waiting, &error)),
            Ok(httparse::Status::Complete(length)) => {
                let headers = owned(response.headers);
                let status = response.code.unwrap_or_default();
                (length, Head { status, reason: reason(&waiting[..length]), headers, at: Duration::ZERO })
            }
        };
        self.taken(waiting, length);
        if length > self.byte_cap { Parsed::Failed(End::Capped(length)) } else { Parsed::Whole(head) }
    }

    /// Trailers and the empty line behind them.
    pub(super) fn trailers(&mut self, waiting: &mut BytesMut) -> Parsed<Vec<(String, Bytes)>> {
        if waiting.is_empty() || !self.worth_parsing(waiting) {
            return self.partial(waiting);
        }
        let mut fields = vec![httparse::EMPTY_HEADER; self.count_cap];
        let (length, trailers) = match httparse::parse_headers(waiting, &mut fields) {
            Ok(httparse::Status::Partial) => return self.partial(waiting),
            Ok(httparse::Status::Complete((length, trailers))) => (length, owned(trailers)),
            Err(httparse::Error::TooManyHeaders) => return Parsed::Failed(End::Capped(waiting.len())),
            Err(error) => {
                let text = format!("the trailers: {error}: {}", excerpt(waiting));
                return Parsed::Failed(End::Broken(Break::Malformed(text)));
            }
        };
        self.taken(waiting, length);
        Parsed::Whole(trailers)
    }

    fn worth_parsing(&mut self, waiting: &[u8]) -> bool {
        let fresh = waiting.get(self.seen..).unwrap_or_default();
        self.seen = waiting.len();
        self.parses += 1;
        self.parses <= EAGER_PARSES || memchr::memchr(b'\n', fresh).is_some()
    }

    fn partial<T>(&self, waiting: &[u8]) -> Parsed<T> {
        if waiting.len() > self.byte_cap {
            Parsed::Failed(End::Capped(waiting.len()))
        } else {
            Parsed::Partial
        }
    }

    fn taken(&mut self, waiting: &mut BytesMut, length: usize) {
        waiting.advance(length);
        (self.parses, self.seen) = (0, 0);
    }
}

/// The beginning of bytes that are not what they should be, quoted and escaped.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 60;
    let cut = if bytes.len() > SHOWN { "…" } else { "" };
    format!("\"{}{cut}\"", bytes[..bytes.len().min(SHOWN)].escape_ascii())
}

fn owned(fields: &[httparse::Header<'_>]) -> Vec<(String, Bytes)> {
    fields
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), Bytes::copy_from_slice(field.value)))
        .collect()
}

/// The reason phrase as sent; the parser drops one that is not ASCII.
fn reason(head: &[u8]) -> Option<String> {
    let line = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty())?;
    let phrase = line.splitn(3, |&byte| byte == b' ').nth(2)?.trim_ascii();
    (!phrase.is_empty()).then(|| String::from_utf8_lossy(phrase).into_owned())
}

fn malformed_head(bytes: &[u8], error: &httparse::Error) -> End {
    let fails = |length: usize| {
        let mut fields = vec![httparse::EMPTY_HEADER; bytes.len().min(4096)];
        httparse::Response::new(&mut fields).parse(&bytes[..length]).is_err()
    };
    let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).chain([bytes.len()]);
    let mut start = 0;
    for (number, end) in (1..).zip(ends) {
        if fails(end) {
            let line = excerpt(bytes[start..end].trim_ascii_end());
            return End::Broken(Break::Malformed(format!("line {number} of the head: {error}: {line}")));
        }
        start = end;
    }
    End::Broken(Break::Malformed(format!("the head: {error}")))
}
