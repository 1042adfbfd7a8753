//! JSON that every reader of the standard takes and whose meaning parsers disagree on: to accept it or to refuse it conforms,
//! to fall over it does not.

use super::json::{Json, Spot};
use super::schema::MARKER;

/// An oddity: a name, and what becomes of a valid body.
#[derive(Clone, Copy, Debug)]
pub struct Oddity {
    /// Its name.
    pub name: &'static str,
    /// Makes it.
    make: fn(&Json) -> Vec<u8>,
}

impl Oddity {
    /// The valid body with the oddity.
    pub fn of(&self, valid: &Json) -> Vec<u8> {
        (self.make)(valid)
    }
}

fn with(valid: &Json, key: &str, value: Json) -> Vec<u8> {
    let mut body = valid.clone();
    if let Json::Object(entries) = &mut body {
        entries.push((key.to_owned(), value));
    }
    body.to_bytes()
}

fn raw(valid: &Json, bytes: &[u8]) -> Vec<u8> {
    with(valid, "probe", Json::Verbatim(bytes.to_vec()))
}

/// These bytes in a text, behind the marker; in a text of their own where the body carries none.
fn in_text(valid: &Json, bytes: &[u8]) -> Vec<u8> {
    let text = valid.to_bytes();
    match memchr::memmem::find(&text, MARKER.as_bytes()) {
        Some(at) => [&text[..at + MARKER.len()], bytes, &text[at + MARKER.len()..]].concat(),
        None => raw(valid, &[b"\"", bytes, b"\""].concat()),
    }
}

/// The first field once more, with this value or its own.
fn again(valid: &Json, value: Option<Json>, front: bool) -> Vec<u8> {
    let mut body = valid.clone();
    if let Json::Object(entries) = &mut body
        && let Some((key, own)) = entries.first().cloned()
    {
        let field = (key, value.unwrap_or(own));
        if front { entries.insert(0, field) } else { entries.push(field) }
    }
    body.to_bytes()
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> Vec<u8> {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)).into_bytes()
}

const fn odd(name: &'static str, make: fn(&Json) -> Vec<u8>) -> Oddity {
    Oddity { name, make }
}

/// Every oddity, in a fixed order.
pub const ODDITIES: &[Oddity] = &[
    odd("key-twice-alike", |v| again(v, None, false)),
    odd("key-twice-unlike", |v| again(v, Some(Json::Number("7".into())), true)),
    odd("key-twice-null-first", |v| again(v, Some(Json::Null), true)),
    odd("unknown-key-twice", |v| raw(v, b"1,\"probe\":2")),
    odd("key-empty", |v| with(v, "", Json::Number("1".into()))),
    odd("key-of-prototypes", |v| {
        with(v, "__proto__", Json::Object(vec![("stream".into(), Json::Bool(true))]))
    }),
    odd("key-constructor", |v| with(v, "constructor", Json::Object(Vec::new()))),
    odd("key-with-a-dollar", |v| with(v, "$ref", Json::text("#/x"))),
    odd("key-with-a-dot", |v| with(v, "a.b", Json::Number("1".into()))),
    odd("key-with-zero", |v| raw(v, b"1,\"a\\u0000b\":2")),
    odd("key-long", |v| with(v, &"k".repeat(70_000), Json::Number("1".into()))),
    odd("key-escaped", |v| raw(v, b"1,\"\\u006eote\":2")),
    odd("number-beyond-doubles", |v| raw(v, b"1e400")),
    odd("number-below-doubles", |v| raw(v, b"1e-400")),
    odd("number-beyond-integers", |v| raw(v, b"123456789012345678901234567890")),
    odd("number-beyond-63-bits", |v| raw(v, b"9223372036854775808")),
    odd("number-beyond-64-bits", |v| raw(v, b"18446744073709551616")),
    odd("number-beyond-53-bits", |v| raw(v, b"9007199254740993")),
    odd("number-with-many-digits", |v| raw(v, &[b"0.", &b"1".repeat(2000)[..]].concat())),
    odd("number-with-a-long-exponent", |v| raw(v, b"1e99999999999999999999")),
    odd("number-zero-with-a-long-exponent", |v| raw(v, b"0e99999999999999999999")),
    odd("number-minus-zero", |v| raw(v, b"-0")),
    odd("number-minus-zero-point", |v| raw(v, b"-0.0")),
    odd("number-capital-exponent", |v| raw(v, b"1E+2")),
    odd("number-of-a-thousand-digits", |v| raw(v, &b"9".repeat(1000))),
    odd("surrogate-high-alone", |v| in_text(v, b"\\ud800")),
    odd("surrogate-low-alone", |v| in_text(v, b"\\udc00")),
    odd("surrogates-swapped", |v| in_text(v, b"\\udc00\\ud800")),
    odd("surrogate-high-twice", |v| in_text(v, b"\\ud800\\ud800")),
    odd("surrogate-high-then-letter", |v| in_text(v, b"\\ud83dx")),
    odd("surrogate-in-a-key", |v| raw(v, b"1,\"\\ud800\":2")),
    odd("character-zero", |v| in_text(v, b"\\u0000")),
    odd("control-characters", |v| in_text(v, b"\\u0001\\u001b[31m\\u0007\\u007f")),
    odd("no-character", |v| in_text(v, b"\\uffff\\ufffe")),
    odd("byte-order-mark-in-a-text", |v| in_text(v, b"\\ufeff")),
    odd("line-separators", |v| in_text(v, "\u{2028}\u{2029}".as_bytes())),
    odd("carriage-return-line-feed", |v| in_text(v, b"\\r\\n\\r\\nx-injected: 1\\r\\n")),
    odd("byte-order-mark-first", |v| [b"\xEF\xBB\xBF", &v.to_bytes()[..]].concat()),
    odd("white-space-around", |v| [b" \r\n\t", &v.to_bytes()[..], b"\r\n\t "].concat()),
    odd("much-white-space", |v| [&b" ".repeat(100_000), &v.to_bytes()[..]].concat()),
    odd("lists-64-deep", |v| raw(v, &nested("[", "", "]", 64))),
    odd("lists-200-deep", |v| raw(v, &nested("[", "", "]", 200))),
    odd("lists-2000-deep", |v| raw(v, &nested("[", "", "]", 2000))),
    odd("lists-15000-deep", |v| raw(v, &nested("[", "", "]", 15_000))),
    odd("objects-200-deep", |v| raw(v, &nested("{\"a\":", "1", "}", 200))),
    odd("objects-5000-deep", |v| raw(v, &nested("{\"a\":", "1", "}", 5000))),
    odd("many-keys", |v| {
        let mut body = v.clone();
        if let Json::Object(entries) = &mut body {
            entries.extend((0..3000).map(|at| (format!("probe{at}"), Json::Number(at.to_string()))));
        }
        body.to_bytes()
    }),
    odd("keys-that-collide", |v| {
        let mut body = v.clone();
        let keys = ["tt", "uU", "v6"];
        if let Json::Object(entries) = &mut body {
            for one in keys {
                entries.extend(keys.iter().map(|other| (format!("{one}{other}"), Json::Null)));
            }
        }
        body.to_bytes()
    }),
    odd("long-list", |v| raw(v, &[b"[0", &b",0".repeat(20_000)[..], b"]"].concat())),
    odd("long-text", |v| with(v, "probe", Json::text("x".repeat(200_000)))),
    odd("long-text-of-escapes", |v| raw(v, &[b"\"", &b"\\u0041".repeat(20_000)[..], b"\""].concat())),
    odd("text-of-quotes", |v| with(v, "probe", Json::text("\"".repeat(5000)))),
    odd("text-that-looks-like-an-event", |v| in_text(v, b"\\n\\ndata: [DONE]\\n\\n")),
    odd("slashes-escaped", |v| in_text(v, b"\\/\\/")),
    odd("solitary-first-field-moved-last", |v| {
        let mut body = v.clone();
        if let Json::Object(entries) = &mut body {
            entries.reverse();
        }
        body.to_bytes()
    }),
    odd("null-everywhere", |v| {
        let mut body = v.clone();
        for key in ["temperature", "top_p", "n", "stop", "stream", "user", "tools"] {
            if body.at(&[Spot::Key(key.to_owned())]).is_none() {
                body.set(&[Spot::Key(key.to_owned())], Json::Null);
            }
        }
        body.to_bytes()
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::json::parse::{Unreadable, parse};

    #[test]
    fn each_oddity_is_json_and_comes_once() {
        let valid = parse(format!("{{\"model\":\"m\",\"input\":\"{MARKER}\"}}").as_bytes()).unwrap();
        let mut bodies = std::collections::HashSet::new();
        for oddity in ODDITIES {
            let bytes = oddity.of(&valid);
            // Some tools drop the mark in front of a text, and JSON has none.
            let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            assert!(!matches!(parse(text), Err(Unreadable::Malformed(_))), "{}", oddity.name);
            assert!(bodies.insert(bytes), "{}", oddity.name);
        }
    }
}
