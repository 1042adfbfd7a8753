//! The head of a request: found in what has come, and taken apart as it was sent.

use bytes::Bytes;
use httparse::{EMPTY_HEADER, Error, Header, Status};
use memchr::memmem;

use crate::script::Request;

/// Fields for which there is room without asking for memory.
const FEW_FIELDS: usize = 32;

/// A head that is whole.
#[derive(Debug)]
pub(super) struct Head {
    /// The request, its body still empty.
    pub(super) request: Request,
    pub(super) framing: Framing,
}

/// Where the body of a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// Why bytes are not taken for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// The status that says so.
    pub(super) status: u16,
    pub(super) why: &'static str,
}

impl Refused {
    const fn bad(why: &'static str) -> Self {
        Self { status: 400, why }
    }
}

impl Head {
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub(super) fn expects_continue(&self) -> bool {
        self.request.minor_version > 0
            && self.framing != Framing::Length(0)
            && self.request.header("expect").any(|value| value.eq_ignore_ascii_case(b"100-continue"))
    }
}

/// Looks for the end of a head in bytes that become more, each of them looked at once or twice.
#[derive(Debug)]
pub(super) struct Scan {
    most: usize,
    seen: usize,
    /// A beginning of this length is tried without an end, so that what is no HTTP is noticed early.
    next_try: usize,
}

impl Scan {
    /// A scan for a head of at most so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, seen: 0, next_try: 1 }
    }

    /// The head at the front and its length, once it is whole.
    ///
    /// # Errors
    /// The bytes cannot become a request that the mock takes.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Result<Option<(Head, usize)>, Refused> {
        // The blank line may have begun in what came before.
        let from = self.seen.saturating_sub(3).min(bytes.len());
        self.seen = bytes.len();
        if bytes.len() >= self.next_try || ends(&bytes[from..]) {
            self.next_try = bytes.len() * 2;
            if let Some((head, length)) = parse(bytes)? {
                let fits = length <= self.most;
                return if fits { Ok(Some((head, length))) } else { Err(TOO_LONG) };
            }
        }
        if bytes.len() < self.most { Ok(None) } else { Err(TOO_LONG) }
    }
}

const TOO_LONG: Refused = Refused { status: 431, why: "the head is too long" };

/// Whether a blank line is in it; the parser takes bare line feeds.
fn ends(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\n\r\n").is_some() || memmem::find(bytes, b"\n\n").is_some()
}

fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Refused> {
    let mut slots = [EMPTY_HEADER; FEW_FIELDS];
    match parse_into(bytes, &mut slots) {
        Err(Error::TooManyHeaders) => {
            let mut slots = vec![EMPTY_HEADER; memchr::memchr_iter(b'\n', bytes).count()];
            parse_into(bytes, &mut slots)
        }
        parsed => parsed,
    }
    .map_err(|error| Refused::bad(reason(error)))?
    .map(|(request, length)| Ok((Head { framing: framing(&request)?, request }, length)))
    .transpose()
}

fn parse_into<'b>(bytes: &'b [u8], slots: &mut [Header<'b>]) -> Result<Option<(Request, usize)>, Error> {
    let mut parsed = httparse::Request::new(slots);
    let Status::Complete(length) = parsed.parse(bytes)? else { return Ok(None) };
    // One copy for all values: a slice of what the socket was read into would keep that whole.
    let copy = Bytes::copy_from_slice(&bytes[..length]);
    let at = |value: &[u8]| value.as_ptr().addr() - bytes.as_ptr().addr();
    let value = |value: &[u8]| copy.slice(at(value)..at(value) + value.len());
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        minor_version: parsed.version.unwrap_or_default(),
        headers: parsed.headers.iter().map(|field| (field.name.to_owned(), value(field.value))).collect(),
        body: Bytes::new(),
    };
    Ok(Some((request, length)))
}

fn reason(error: Error) -> &'static str {
    match error {
        Error::HeaderName => "a field's name is not one",
        Error::HeaderValue => "a field's value is not one",
        Error::NewLine => "a line does not end as lines do",
        Error::Status => "the status is not one",
        Error::Token => "the first line is not a request's",
        Error::TooManyHeaders => "there are too many fields",
        Error::Version => "the version is not HTTP/1",
    }
}

/// How the body is framed. What two readers could read differently is refused.
fn framing(request: &Request) -> Result<Framing, Refused> {
    let mut length = None;
    for value in request.header("content-length") {
        let said = decimal(value).ok_or(Refused::bad("a content-length is not a number"))?;
        if length.is_some_and(|known| known != said) {
            return Err(Refused::bad("the content-lengths differ"));
        }
        length = Some(said);
    }
    let mut codings = request.header("transfer-encoding");
    match (codings.next(), codings.next()) {
        (None, _) => Ok(Framing::Length(length.unwrap_or(0))),
        (Some(_), _) if length.is_some() => Err(Refused::bad("a content-length beside a transfer-encoding")),
        (Some(_), _) if request.minor_version == 0 => Err(Refused::bad("a transfer-encoding in HTTP/1.0")),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        _ => Err(Refused { status: 501, why: "a transfer-encoding other than chunked" }),
    }
}

fn decimal(value: &[u8]) -> Option<u64> {
    // `parse` alone would take a sign.
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}
