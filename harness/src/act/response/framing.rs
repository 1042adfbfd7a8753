//! How a response's body is delimited, and taking it out of its delimiters.

use bytes::{Bytes, BytesMut};

use super::head::excerpt;
use crate::wire::exchange::{Break, End, Head};

/// How the rest of a body is delimited.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    None,
    /// So many bytes to come.
    Length(u64),
    /// Chunked transfer coding.
    Chunked(Chunk),
    /// All until the connection closes.
    UntilClose,
}

/// Where in a chunked body the next byte is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In a size line.
    Size,
    /// In data, with so many bytes to come.
    Data(u64),
    /// In the line end behind data.
    End,
}

/// What a step brought.
pub(super) enum Next {
    /// More bytes are needed.
    Wait,
    /// A delimiter was read.
    Again,
    /// A stretch of the body.
    Data(Bytes),
    /// The last chunk was read; trailers follow.
    Trailers,
    /// The body is whole.
    Done,
    /// It is not what it should be.
    Failed(End),
}

impl Framing {
    /// What the head says (RFC 9112 §6.3); the error says in words what is wrong with it.
    pub(super) fn of(head: &Head) -> Result<Self, String> {
        if matches!(head.status, 101 | 204 | 304) {
            return Ok(Self::None);
        }
        let values = |name: &str| {
            let named: Vec<_> = head.headers.iter().filter(|(given, _)| given == name).collect();
            let texts: Vec<_> = named.iter().map(|(_, value)| String::from_utf8_lossy(value)).collect();
            (!texts.is_empty()).then(|| texts.join(","))
        };
        if let Some(codings) = values("transfer-encoding") {
            let last = codings.rsplit(',').next().unwrap_or_default().trim();
            let chunked = last.eq_ignore_ascii_case("chunked");
            return Ok(if chunked { Self::Chunked(Chunk::Size) } else { Self::UntilClose });
        }
        let Some(lengths) = values("content-length") else { return Ok(Self::UntilClose) };
        let mut lengths_read = lengths.split(',').map(|length| {
            let length = length.trim();
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            length.parse::<u64>().ok().filter(|_| digits)
        });
        match lengths_read.next().flatten() {
            Some(first) if lengths_read.all(|other| other == Some(first)) => Ok(Self::Length(first)),
            _ => Err(format!("the head's content-length is {}", excerpt(lengths.as_bytes()))),
        }
    }

    /// Takes what it can out of `waiting`; `so_far` bytes of the body are known, a delimiter may have `cap` bytes.
    pub(super) fn next(&mut self, waiting: &mut BytesMut, so_far: usize, cap: usize) -> Next {
        match self {
            Self::None | Self::Length(0) => Next::Done,
            _ if waiting.is_empty() => Next::Wait,
            Self::UntilClose => Next::Data(waiting.split().freeze()),
            Self::Length(rest) => Next::Data(take(waiting, rest)),
            Self::Chunked(chunk) => chunk.next(waiting, so_far, cap),
        }
    }
}

impl Chunk {
    fn next(&mut self, waiting: &mut BytesMut, so_far: usize, cap: usize) -> Next {
        let malformed = |what: &str, bytes: &[u8]| {
            let text = format!("{what} after {so_far} bytes of the body: {}", excerpt(bytes));
            Next::Failed(End::Broken(Break::Malformed(text)))
        };
        match self {
            Self::Data(0) => {
                *self = Self::End;
                Next::Again
            }
            Self::Data(rest) => Next::Data(take(waiting, rest)),
            Self::End => match &waiting[..] {
                [b'\r', b'\n', ..] => {
                    let _ = waiting.split_to(2);
                    *self = Self::Size;
                    Next::Again
                }
                [b'\r'] => Next::Wait,
                other => malformed("a chunk longer than its size", other),
            },
            Self::Size => match httparse::parse_chunk_size(waiting) {
                // The parser takes an empty line for a size of 0.
                _ if !waiting[0].is_ascii_hexdigit() => malformed("a malformed chunk size", waiting),
                Err(_) => malformed("a malformed chunk size", waiting),
                Ok(httparse::Status::Partial) if waiting.len() > cap => Next::Failed(End::Capped(so_far)),
                Ok(httparse::Status::Partial) => Next::Wait,
                Ok(httparse::Status::Complete((line, size))) => {
                    let _ = waiting.split_to(line);
                    if size == 0 {
                        return Next::Trailers;
                    }
                    *self = Self::Data(size);
                    Next::Again
                }
            },
        }
    }
}

fn take(waiting: &mut BytesMut, rest: &mut u64) -> Bytes {
    let length = usize::try_from(*rest).map_or(waiting.len(), |rest| rest.min(waiting.len()));
    *rest -= length as u64;
    waiting.split_to(length).freeze()
}
