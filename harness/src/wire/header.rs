//! Header fields read as what they mean; a field that cannot be read keeps its text.

use std::time::SystemTime;

use bytes::Bytes;

/// The lines of one field, in order; `name` in lower case, as the names of `headers`.
pub fn lines<'a>(headers: &'a [(String, Bytes)], name: &'a str) -> impl Iterator<Item = &'a Bytes> {
    headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value)
}

/// The field's value: its lines joined by `, `, which HTTP says means the same; bytes that are not UTF-8 are replaced.
pub fn text(headers: &[(String, Bytes)], name: &str) -> Option<String> {
    let lines: Vec<_> = lines(headers, name).map(|line| String::from_utf8_lossy(line)).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// A media type with its parameters, type and parameter names in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// `type/subtype`.
    pub essence: String,
    /// Parameters in order, quotes removed.
    pub parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads a `Content-Type` value; `None` when there is no `type/subtype` in front.
    pub fn parse(value: &str) -> Option<Self> {
        let mut pieces = split_unquoted(value).into_iter();
        let essence = pieces.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let parameters = pieces
            .filter_map(|piece| {
                let (name, value) = piece.trim().split_once('=')?;
                Some((name.trim().to_ascii_lowercase(), unquote(value.trim())))
            })
            .collect();
        Some(Self { essence, parameters })
    }

    /// The media type of a message, when its one `content-type` line can be read.
    pub fn of(headers: &[(String, Bytes)]) -> Option<Self> {
        Self::parse(&text(headers, "content-type")?)
    }
}

/// A `Retry-After` value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// A whole number of seconds.
    Seconds(u64),
    /// An HTTP date.
    Date(SystemTime),
    /// Neither.
    Other(String),
}

impl RetryAfter {
    /// Reads the value; digits alone are seconds, however many zeros lead.
    pub fn parse(value: &str) -> Self {
        let value = value.trim();
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        match (digits.then(|| value.parse()), httpdate::parse_http_date(value)) {
            (Some(Ok(seconds)), _) => Self::Seconds(seconds),
            (None, Ok(date)) => Self::Date(date),
            _ => Self::Other(value.to_owned()),
        }
    }
}

/// Splits at `;` outside quoted strings.
fn split_unquoted(value: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (i, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                pieces.push(&value[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    pieces.push(&value[start..]);
    pieces
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let (mut out, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(c);
            escaped = false;
        }
    }
    out
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_media_type_keeps_its_parameters() {
        let read = MediaType::parse("Application/JSON; Charset=\"ut\\\"f;8\" ; q=1").unwrap();
        assert_eq!(read.essence, "application/json");
        assert_eq!(read.parameters, [("charset".into(), "ut\"f;8".into()), ("q".into(), "1".into())]);
        assert_eq!(MediaType::parse("json"), None);
        assert_eq!(MediaType::parse(""), None);
        assert_eq!(MediaType::parse("application/json, text/html"), None);
    }

    #[test]
    fn retry_after_is_seconds_a_date_or_something_else() {
        assert_eq!(RetryAfter::parse("7"), RetryAfter::Seconds(7));
        assert_eq!(RetryAfter::parse(" 007 "), RetryAfter::Seconds(7));
        let date = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(RetryAfter::parse("Sun, 06 Nov 1994 08:49:37 GMT"), RetryAfter::Date(date));
        for other in ["", "-3", "2.5", "soon", "+7", "99999999999999999999999"] {
            assert_eq!(RetryAfter::parse(other), RetryAfter::Other(other.into()));
        }
    }

    #[test]
    fn lines_of_one_field_are_joined() {
        let headers = [
            ("a".to_owned(), Bytes::from("1")),
            ("b".into(), Bytes::from("x")),
            ("a".into(), Bytes::from("2")),
        ];
        assert_eq!(text(&headers, "a").as_deref(), Some("1, 2"));
        assert_eq!(lines(&headers, "a").count(), 2);
        assert_eq!(text(&headers, "c"), None);
    }
}
