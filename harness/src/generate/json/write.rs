//! Writes a value: as short as can be, or in one of the other ways that mean the same.

use super::Json;

/// How a value is written; every style means the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// White space around every token.
    pub spaced: bool,
    /// Every character of a text as a `\u` escape, but for the marker's letters where `plain` finds them.
    pub escaped: bool,
    /// `/` as `\/`.
    pub slashes: bool,
}

impl Json {
    /// As short as can be.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.written(Style::default())
    }

    /// In this style.
    pub fn written(&self, style: Style) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        write(self, style, &mut out);
        out
    }
}

fn write(value: &Json, style: Style, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Json::Number(digits) => out.extend_from_slice(digits.as_bytes()),
        Json::Text(text) => string(text, style, out),
        Json::Verbatim(bytes) => out.extend_from_slice(bytes),
        Json::List(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                gap(style, out);
                write(item, style, out);
                gap(style, out);
            }
            out.push(b']');
        }
        Json::Object(entries) => {
            out.push(b'{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                gap(style, out);
                string(key, style, out);
                gap(style, out);
                out.push(b':');
                gap(style, out);
                write(value, style, out);
                gap(style, out);
            }
            out.push(b'}');
        }
    }
}

fn gap(style: Style, out: &mut Vec<u8>) {
    if style.spaced {
        out.extend_from_slice(b" \r\n\t");
    }
}

fn string(text: &str, style: Style, out: &mut Vec<u8>) {
    let plain = |c: char| match c {
        '"' | '\\' | '\0'..'\u{20}' => false,
        '/' if style.slashes => false,
        c => !style.escaped || c.is_ascii_lowercase() || c.is_ascii_digit(),
    };
    out.push(b'"');
    let mut rest = text;
    // Most characters are written as they are, whole runs of them at once.
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| !plain(*c)) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + c.len_utf8()..];
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '/' => out.extend_from_slice(b"\\/"),
            c => escape(c, out),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

fn escape(c: char, out: &mut Vec<u8>) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::generate::json::parse::parse;

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(|number| Json::Number(number.to_string())),
            ".{0,8}".prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::List),
                prop::collection::vec((".{0,4}", inner), 0..4).prop_map(Json::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_the_style_the_value_is_read_back(
            value in values(), spaced: bool, escaped: bool, slashes: bool,
        ) {
            prop_assert_eq!(parse(&value.written(Style { spaced, escaped, slashes })), Ok(value));
        }
    }
}
