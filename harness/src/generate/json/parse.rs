//! A strict reader of JSON (RFC 8259) that loses nothing: it tells what is JSON, and what was forwarded.

use super::Json;

/// How deep values may lie in one another; beyond that a text counts as unreadable, not as malformed.
const DEEPEST: usize = 400;

/// Why a text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON; the offset of the first byte that cannot be.
    #[error("not JSON from byte {0} on")]
    Malformed(usize),
    /// It is nested beyond what is read.
    #[error("nested deeper than is read")]
    TooDeep,
}

/// Reads one JSON text, white space around it allowed; a byte order mark in front is not JSON.
///
/// # Errors
/// Where it stops being JSON.
pub fn parse(bytes: &[u8]) -> Result<Json, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::Malformed(error.valid_up_to()))?;
    let mut reader = Reader { bytes, text, at: 0 };
    reader.blank();
    let value = reader.value()?;
    reader.blank();
    if reader.at == bytes.len() { Ok(value) } else { reader.wrong() }
}

struct Reader<'b> {
    bytes: &'b [u8],
    text: &'b str,
    at: usize,
}

/// A list or object that is still open.
enum Open {
    List(Vec<Json>),
    Object(Vec<(String, Json)>, String),
}

impl Reader<'_> {
    /// One value; a stack of its own in place of recursion, so that depth costs no thread its life.
    fn value(&mut self) -> Result<Json, Unreadable> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            if open.len() > DEEPEST {
                return Err(Unreadable::TooDeep);
            }
            let mut whole = match self.peek() {
                Some(b'[') => {
                    self.at += 1;
                    self.blank();
                    if self.eat(b']') {
                        Json::List(Vec::new())
                    } else {
                        open.push(Open::List(Vec::new()));
                        continue;
                    }
                }
                Some(b'{') => {
                    self.at += 1;
                    self.blank();
                    if self.eat(b'}') {
                        Json::Object(Vec::new())
                    } else {
                        let key = self.key()?;
                        open.push(Open::Object(Vec::new(), key));
                        continue;
                    }
                }
                _ => self.scalar()?,
            };
            loop {
                self.blank();
                match open.pop() {
                    None => return Ok(whole),
                    Some(Open::List(mut items)) => {
                        items.push(whole);
                        if self.eat(b',') {
                            self.blank();
                            open.push(Open::List(items));
                            break;
                        }
                        self.expect(b']')?;
                        whole = Json::List(items);
                    }
                    Some(Open::Object(mut entries, key)) => {
                        entries.push((key, whole));
                        if self.eat(b',') {
                            self.blank();
                            let next = self.key()?;
                            open.push(Open::Object(entries, next));
                            break;
                        }
                        self.expect(b'}')?;
                        whole = Json::Object(entries);
                    }
                }
            }
        }
    }

    fn key(&mut self) -> Result<String, Unreadable> {
        let key = self.string()?;
        self.blank();
        self.expect(b':')?;
        self.blank();
        Ok(key)
    }

    fn scalar(&mut self) -> Result<Json, Unreadable> {
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.wrong(),
        }
    }

    fn number(&mut self) -> Result<Json, Unreadable> {
        let start = self.at;
        self.eat(b'-');
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.wrong(),
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { self.wrong() }
    }

    /// A half of a surrogate pair that stands alone is no character: it counts as the replacement character.
    fn string(&mut self) -> Result<String, Unreadable> {
        self.expect(b'"')?;
        let mut units: Vec<u16> = Vec::new();
        let mut text = String::new();
        let flush = |units: &mut Vec<u16>, text: &mut String| {
            text.push_str(&String::from_utf16_lossy(units));
            units.clear();
        };
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            if self.at > start {
                flush(&mut units, &mut text);
                text.push_str(&self.text[start..self.at]);
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    flush(&mut units, &mut text);
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    units.push(self.escape()?);
                }
                _ => return self.wrong(),
            }
        }
    }

    fn escape(&mut self) -> Result<u16, Unreadable> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => 10,
            Some(b'r') => 13,
            Some(b't') => 9,
            Some(b'u') => {
                let hex = self
                    .text
                    .get(self.at + 1..self.at + 5)
                    .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
                let unit = hex.and_then(|hex| u16::from_str_radix(hex, 16).ok());
                let Some(unit) = unit else { return self.wrong() };
                self.at += 5;
                return Ok(unit);
            }
            _ => return self.wrong(),
        };
        self.at += 1;
        Ok(u16::from(plain))
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.eat(byte) { Ok(()) } else { self.wrong() }
    }

    fn wrong<T>(&self) -> Result<T, Unreadable> {
        Err(Unreadable::Malformed(self.at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_kept() {
        let read = parse(br#" {"a":1.50,"a":[-0,1E+2],"b":"\u00e9\ud83d\ude00\ud800x"} "#).unwrap();
        let number = |digits: &str| Json::Number(digits.to_owned());
        let wanted = vec![
            ("a".to_owned(), number("1.50")),
            ("a".to_owned(), Json::List(vec![number("-0"), number("1E+2")])),
            ("b".to_owned(), Json::text("é😀\u{FFFD}x")),
        ];
        assert_eq!(read, Json::Object(wanted));
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_begins_to_be_none() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("[1,]", 3),
            ("{\"a\":1,}", 7),
            ("01", 1),
            ("1.", 2),
            ("+1", 0),
            ("\"\n\"", 1),
            ("\"\\x\"", 2),
            ("\u{FEFF}1", 0),
            ("1 2", 2),
            ("NaN", 0),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Unreadable::Malformed(at)), "{text}");
        }
        assert_eq!(parse(b"\"\xC0\xAF\""), Err(Unreadable::Malformed(1)));
        assert_eq!(parse(&vec![b'['; 30_000]), Err(Unreadable::TooDeep));
    }

    proptest! {
        #[test]
        fn it_agrees_with_serde_on_what_is_json(text in r#"[\[\]{}:,"\\/ue0-9.+\-a-f \n]{0,24}"#) {
            let own = parse(text.as_bytes());
            let serde = serde_json::from_str::<serde_json::Value>(&text);
            // Only what a double cannot hold, and half a surrogate pair, are read here alone.
            match (&own, &serde) {
                (Ok(json), Ok(value)) => prop_assert_eq!(&json.to_value(), value),
                (Ok(_), Err(error)) => prop_assert!(
                    error.to_string().contains("out of range") || error.to_string().contains("surrogate")
                        || error.to_string().contains("hex escape"),
                    "{error}"
                ),
                (Err(_), Err(_)) => {}
                (Err(_), Ok(_)) => prop_assert!(false, "{text} is JSON"),
            }
        }
    }
}
