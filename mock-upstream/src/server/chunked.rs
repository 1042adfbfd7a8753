//! The chunked coding of a request body, taken apart strictly: what a lenient reader lets pass is how requests are smuggled.

use memchr::memmem;

/// The longest line of a chunk's size, extensions included.
const MOST_LINE: usize = 1 << 12;
/// The longest trailer section.
const MOST_TRAILERS: usize = 1 << 14;

/// Where in the coding the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Chunked {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Over,
}

/// What the front of the bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Front {
    /// So many bytes of the body.
    Data(usize),
    /// So many bytes of the coding.
    Coding(usize),
    /// Too little to tell.
    Unclear,
    /// What comes behind the body.
    Behind,
}

impl Chunked {
    /// Tells what the front of these bytes is, and goes behind it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn front(&mut self, bytes: &[u8]) -> Result<Front, &'static str> {
        let (front, next) = match *self {
            Self::Over => (Front::Behind, Self::Over),
            _ if bytes.is_empty() => (Front::Unclear, *self),
            Self::Size => self.size(bytes)?,
            Self::Data(left) => {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let left = left - here as u64;
                (Front::Data(here), if left == 0 { Self::DataEnd } else { Self::Data(left) })
            }
            Self::DataEnd => match bytes {
                [b'\r', b'\n', ..] => (Front::Coding(2), Self::Size),
                [b'\r'] => (Front::Unclear, *self),
                _ => return Err("a chunk is longer than its size"),
            },
            Self::Trailers => self.trailers(bytes)?,
        };
        *self = next;
        Ok(front)
    }

    fn size(self, bytes: &[u8]) -> Result<(Front, Self), &'static str> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return if bytes.len() < MOST_LINE {
                Ok((Front::Unclear, self))
            } else {
                Err("a chunk's size is too long")
            };
        };
        let line = bytes[..end].strip_suffix(b"\r").ok_or("a chunk's size does not end with CRLF")?;
        let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
        let (size, extensions) = line.split_at(digits);
        let plain = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
        let extended = matches!(extensions.first(), None | Some(b';' | b' ' | b'\t'));
        if !extended || !extensions.iter().all(plain) {
            return Err("a chunk's size is not a number");
        }
        let size = std::str::from_utf8(size).ok().and_then(|size| u64::from_str_radix(size, 16).ok());
        let next = match size.ok_or("a chunk's size is not a number")? {
            0 => Self::Trailers,
            size => Self::Data(size),
        };
        Ok((Front::Coding(end + 1), next))
    }

    fn trailers(self, bytes: &[u8]) -> Result<(Front, Self), &'static str> {
        match bytes {
            [b'\r', b'\n', ..] => return Ok((Front::Coding(2), Self::Over)),
            [b'\r'] => return Ok((Front::Unclear, self)),
            _ => {}
        }
        let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() < MOST_TRAILERS {
                Ok((Front::Unclear, self))
            } else {
                Err("the trailers are too long")
            };
        };
        let section = &bytes[..end + 4];
        let mut slots = vec![httparse::EMPTY_HEADER; memchr::memchr_iter(b'\n', section).count()];
        match httparse::parse_headers(section, &mut slots) {
            Ok(httparse::Status::Complete((length, _))) if length == section.len() => {
                Ok((Front::Coding(length), Self::Over))
            }
            _ => Err("the trailers are not header fields"),
        }
    }
}
