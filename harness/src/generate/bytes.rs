//! Bodies that are not JSON: whole ones, and valid ones that are spoilt in one place. The classes are those that test
//! suites of parsers know.

use super::json::Json;
use super::json::parse::{Unreadable, parse};
use super::schema::MARKER;

/// A way of not being JSON.
#[derive(Clone, Copy, Debug)]
pub struct Malformation {
    /// Its name.
    pub name: &'static str,
    spoil: Spoil,
}

#[derive(Clone, Copy, Debug)]
enum Spoil {
    /// Nothing but these bytes.
    Whole(&'static [u8]),
    /// These bytes in place of a value.
    Value(&'static [u8]),
    /// These bytes in a text, behind the marker.
    Inside(&'static [u8]),
    /// These bytes behind everything.
    Behind(&'static [u8]),
    /// The first of these is replaced by the second.
    Swap(&'static [u8], &'static [u8]),
    /// Done to the whole text.
    Text(fn(&[u8]) -> Vec<u8>),
}

impl Malformation {
    /// The valid body, spoilt.
    pub fn of(&self, valid: &Json) -> Vec<u8> {
        let text = valid.to_bytes();
        match self.spoil {
            Spoil::Whole(bytes) => bytes.to_vec(),
            Spoil::Value(bytes) => {
                let mut spoilt = valid.clone();
                if let Json::Object(entries) = &mut spoilt {
                    entries.push(("probe".to_owned(), Json::Verbatim(bytes.to_vec())));
                }
                spoilt.to_bytes()
            }
            Spoil::Inside(bytes) => match memchr::memmem::find(&text, MARKER.as_bytes()) {
                Some(at) => spliced(&text, at + MARKER.len(), 0, bytes),
                None => spliced(&text, text.len() - 1, 0, &[b",\"probe\":\"", bytes, b"\""].concat()),
            },
            Spoil::Behind(bytes) => [&text, bytes].concat(),
            Spoil::Swap(old, new) => match memchr::memmem::find(&text, old) {
                Some(at) => spliced(&text, at, old.len(), new),
                None => [&text, new].concat(),
            },
            Spoil::Text(spoil) => spoil(&text),
        }
    }
}

/// Whether bytes are no JSON: this reader and the usual one agree on it.
pub fn is_malformed(bytes: &[u8]) -> bool {
    matches!(parse(bytes), Err(Unreadable::Malformed(_)))
        && serde_json::from_slice::<serde_json::Value>(bytes).is_err()
}

/// A valid text with one byte changed, removed or added, or cut off: whichever a number chooses, made to be no JSON.
pub fn edited(valid: &Json, choice: u64) -> Vec<u8> {
    let text = valid.to_bytes();
    let at = usize::try_from(choice >> 16).unwrap_or(0) % text.len().max(1);
    let byte = EDITS[usize::try_from((choice >> 3) & 0xFFF).unwrap_or(0) % EDITS.len()];
    let edited = match choice % 4 {
        0 => text[..at].to_vec(),
        1 => spliced(&text, at, 1, &[]),
        2 => spliced(&text, at, 0, &[byte]),
        _ => spliced(&text, at, 1, &[byte]),
    };
    // An edit that leaves JSON behind says nothing; a cut in the last byte never does.
    if is_malformed(&edited) { edited } else { text[..text.len() - 1].to_vec() }
}

fn spliced(text: &[u8], at: usize, gone: usize, new: &[u8]) -> Vec<u8> {
    [&text[..at], new, &text[at + gone..]].concat()
}

fn to_utf16(text: &[u8], unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mark = mark.then_some(0xFEFF);
    mark.into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

const fn whole(name: &'static str, bytes: &'static [u8]) -> Malformation {
    Malformation { name, spoil: Spoil::Whole(bytes) }
}

const fn value(name: &'static str, bytes: &'static [u8]) -> Malformation {
    Malformation { name, spoil: Spoil::Value(bytes) }
}

const fn inside(name: &'static str, bytes: &'static [u8]) -> Malformation {
    Malformation { name, spoil: Spoil::Inside(bytes) }
}

const fn behind(name: &'static str, bytes: &'static [u8]) -> Malformation {
    Malformation { name, spoil: Spoil::Behind(bytes) }
}

const fn swap(name: &'static str, old: &'static [u8], new: &'static [u8]) -> Malformation {
    Malformation { name, spoil: Spoil::Swap(old, new) }
}

const fn text(name: &'static str, spoil: fn(&[u8]) -> Vec<u8>) -> Malformation {
    Malformation { name, spoil: Spoil::Text(spoil) }
}

/// Every way, in a fixed order.
pub const MALFORMATIONS: &[Malformation] = &[
    whole("empty", b""),
    whole("blank", b" \r\n\t "),
    whole("open-object", b"{"),
    whole("open-key", b"{\"model"),
    whole("key-alone", b"{\"model\"}"),
    whole("colon-alone", b"{\"model\":}"),
    whole("comma-alone", b"{,}"),
    whole("close-object", b"}"),
    whole("open-list", b"["),
    whole("half-a-word", b"nul"),
    whole("wrong-case-word", b"TRUE"),
    whole("not-a-number", b"NaN"),
    whole("form", b"model=m&messages=hello"),
    whole("markup", b"<?xml version=\"1.0\"?><model>m</model>"),
    whole("words", b"please complete this"),
    whole("byte-order-mark-alone", b"\xEF\xBB\xBF"),
    whole("zero-bytes", b"\0\0\0\0"),
    whole("gzip-magic", b"\x1F\x8B\x08\0\0\0\0\0"),
    whole("high-bytes", b"\xFF\xFE\xFD"),
    whole("multipart", b"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n"),
    value("leading-zero", b"01"),
    value("leading-plus", b"+1"),
    value("minus-alone", b"-"),
    value("minus-zero-digit", b"-01"),
    value("point-first", b".5"),
    value("point-last", b"1."),
    value("exponent-open", b"1e"),
    value("exponent-sign-open", b"1e+"),
    value("two-points", b"1.2.3"),
    value("hexadecimal", b"0x1F"),
    value("underscores", b"1_000"),
    value("infinity", b"Infinity"),
    value("negative-infinity", b"-Infinity"),
    value("nan-value", b"NaN"),
    value("undefined", b"undefined"),
    value("none-of-python", b"None"),
    value("true-of-python", b"True"),
    value("bare-word", b"hello"),
    value("single-quotes", b"'hello'"),
    value("back-quotes", b"`hello`"),
    value("value-missing", b""),
    value("two-values", b"1 2"),
    value("list-comma-last", b"[1,]"),
    value("list-comma-first", b"[,1]"),
    value("list-comma-twice", b"[1,,2]"),
    value("list-colon", b"[1:2]"),
    value("list-comma-missing", b"[1 2]"),
    value("list-open", b"[1"),
    value("list-closed-by-brace", b"[1}"),
    value("object-comma-last", b"{\"a\":1,}"),
    value("object-comma-first", b"{,\"a\":1}"),
    value("object-comma-twice", b"{\"a\":1,,\"b\":2}"),
    value("object-colon-missing", b"{\"a\" 1}"),
    value("object-colon-twice", b"{\"a\"::1}"),
    value("object-equals", b"{\"a\"=1}"),
    value("object-key-unquoted", b"{a:1}"),
    value("object-key-number", b"{1:1}"),
    value("object-key-null", b"{null:1}"),
    value("object-value-missing", b"{\"a\":}"),
    value("object-closed-by-bracket", b"{\"a\":1]"),
    value("comment-block", b"1/* one */"),
    value("comment-line", b"1 // one\n"),
    value("comment-hash", b"1 # one\n"),
    value("form-feed", b"\x0C1"),
    value("no-break-space", b"\xC2\xA01"),
    value("byte-order-mark-inside", b"\xEF\xBB\xBF1"),
    value("zero-byte-between", b"\x001"),
    inside("line-feed", b"\n"),
    inside("tabulator", b"\t"),
    inside("zero-byte", b"\0"),
    inside("escape-character", b"\x1B"),
    inside("unit-separator", b"\x1F"),
    inside("escape-unknown", b"\\x41"),
    inside("escape-octal", b"\\012"),
    inside("escape-single-quote", b"\\'"),
    inside("escape-short", b"\\u12 "),
    inside("escape-not-hexadecimal", b"\\u00zz"),
    inside("escape-braces", b"\\u{41}"),
    inside("escape-open", b"\\\"\\"),
    inside("lone-continuation", b"\x80"),
    inside("overlong", b"\xC0\xAF"),
    inside("overlong-three", b"\xE0\x80\xAF"),
    inside("surrogate-in-utf8", b"\xED\xA0\x80"),
    inside("beyond-unicode", b"\xF4\x90\x80\x80"),
    inside("five-bytes", b"\xF8\x88\x80\x80\x80"),
    inside("cut-character", b"\xE2\x82"),
    inside("latin-1", b"\xE9"),
    inside("byte-ff", b"\xFF"),
    behind("brace-too-many", b"}"),
    behind("bracket-too-many", b"]"),
    behind("words-behind", b" and so on"),
    behind("second-document", b"{\"model\":\"m\"}"),
    behind("comma-behind", b","),
    behind("zero-byte-behind", b"\0"),
    behind("byte-order-mark-behind", b"\xEF\xBB\xBF"),
    behind("end-of-file-character", b"\x1A"),
    swap("first-colon-missing", b":", b" "),
    swap("first-colon-is-semicolon", b":", b";"),
    swap("first-comma-missing", b",", b" "),
    swap("first-comma-twice", b",", b",,"),
    swap("first-comma-is-semicolon", b",", b";"),
    swap("first-quote-missing", b"\"", b""),
    swap("first-quote-is-single", b"\"", b"'"),
    swap("first-brace-missing", b"{", b""),
    swap("first-brace-twice", b"{", b"{{"),
    text("last-byte-missing", |text| text[..text.len() - 1].to_vec()),
    text("half", |text| text[..text.len() / 2].to_vec()),
    text("last-two-missing", |text| text[..text.len() - 2].to_vec()),
    text("twice", |text| [text, text].concat()),
    text("all-single-quotes", |text| {
        text.iter().map(|byte| if *byte == b'"' { b'\'' } else { *byte }).collect()
    }),
    text("utf-16-little", |text| to_utf16(text, u16::to_le_bytes, false)),
    text("utf-16-big", |text| to_utf16(text, u16::to_be_bytes, false)),
    text("utf-16-marked", |text| to_utf16(text, u16::to_le_bytes, true)),
    text("script-prefix", |text| [b")]}',\n", text].concat()),
    text("event-prefix", |text| [b"data: ", text].concat()),
    text("length-prefix", |text| [text.len().to_string().as_bytes(), b":", text, b","].concat()),
    text("assignment", |text| [b"body = ", text].concat()),
    text("reversed", |text| text.iter().rev().copied().collect()),
    text("deep-and-open", |text| [&text[..text.len() - 1], b",\"probe\":", &vec![b'['; 300][..]].concat()),
];

/// Bytes that mean something to a parser, and some that do not.
const EDITS: &[u8] = b"{}[]:,\"'\\/0189-+.eEtfnu \n\t\r\0\x1F\x7F\x80\xC0\xFF";

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> Json {
        parse(
            format!("{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"{MARKER}\"}}]}}")
                .as_bytes(),
        )
        .unwrap()
    }

    #[test]
    fn each_malformation_is_no_json_and_comes_once() {
        let mut names: Vec<&str> = MALFORMATIONS.iter().map(|malformation| malformation.name).collect();
        for malformation in MALFORMATIONS {
            let bytes = malformation.of(&valid());
            assert!(is_malformed(&bytes), "{}: {}", malformation.name, String::from_utf8_lossy(&bytes));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MALFORMATIONS.len());
    }

    #[test]
    fn whatever_number_chooses_an_edit_leaves_no_json() {
        for choice in 0..4000 {
            assert!(is_malformed(&edited(&valid(), crate::generate::tree::mixed(1, choice, 0))));
        }
    }
}
