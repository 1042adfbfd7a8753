//! Whether what was forwarded means what was sent: key order and spelling do not count, digits do.

use super::number;
use super::{Json, Spot, pointer};

/// How far two readings of one number may be apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Not at all.
    Exact,
    /// As far as doubles are: no parser promises more of numbers beyond them.
    Doubles,
}

/// The first place at which two values differ, and how; `None` where they mean the same. Places under `free` may differ; the empty
/// pointer is everything.
pub fn difference(sent: &Json, received: &Json, free: &[String], numbers: Numbers) -> Option<String> {
    Comparison { free, numbers }.values(sent, received, &mut Vec::new())
}

/// Whether two texts are alike but for the blanks between their words, so that they mean the same if they mean anything.
pub fn differ_in_blanks_alone(one: &[u8], other: &[u8]) -> bool {
    one == other || words(one).eq(words(other))
}

/// The bytes of a JSON text without the blanks outside of its strings; what they part stays parted.
fn words(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let (mut quoted, mut escaped, mut parted, mut last) = (false, false, false, b' ');
    text.iter()
        .copied()
        .flat_map(move |byte| {
            if !quoted && matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                parted = true;
                return [None, None];
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                _ => {}
            }
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
            let blank = (parted && is_word(last) && is_word(byte)).then_some(b' ');
            (parted, last) = (false, byte);
            [blank, Some(byte)]
        })
        .flatten()
}

struct Comparison<'f> {
    free: &'f [String],
    numbers: Numbers,
}

impl Comparison<'_> {
    fn values(&self, sent: &Json, received: &Json, place: &mut Vec<Spot>) -> Option<String> {
        // Most of what is forwarded is as it was sent, and places are spelled only where something differs.
        if sent == received || self.free.contains(&pointer(place)) {
            return None;
        }
        match (sent, received) {
            (Json::Object(sent), Json::Object(received)) => self.objects(sent, received, place),
            (Json::List(sent), Json::List(received)) => {
                if sent.len() != received.len() {
                    return Some(
                        self.told(place, &format!("{} members became {}", sent.len(), received.len())),
                    );
                }
                for (index, (sent, received)) in sent.iter().zip(received).enumerate() {
                    place.push(Spot::Index(index));
                    let differs = self.values(sent, received, place);
                    place.pop();
                    if differs.is_some() {
                        return differs;
                    }
                }
                None
            }
            (Json::Number(sent), Json::Number(received)) => {
                let same = match self.numbers {
                    Numbers::Exact => number::same(sent, received),
                    Numbers::Doubles => {
                        number::same(sent, received) || number::same_as_double(sent, received)
                    }
                };
                (!same).then(|| self.told(place, &format!("{} became {}", cut(sent), cut(received))))
            }
            (sent, received) if sent.kind() == received.kind() => Some(self.told(place, "the value changed")),
            (sent, received) => {
                Some(self.told(place, &format!("a {} became a {}", sent.kind(), received.kind())))
            }
        }
    }

    /// A key that was sent twice may arrive with either of its values: what matters is that one meaning arrives.
    fn objects(
        &self,
        sent: &[(String, Json)],
        received: &[(String, Json)],
        place: &mut Vec<Spot>,
    ) -> Option<String> {
        for (at, (key, value)) in sent.iter().enumerate() {
            place.push(Spot::Key(key.clone()));
            let free = !self.free.is_empty() && self.free.contains(&pointer(place));
            let others: Vec<&Json> =
                sent.iter().filter(|(known, _)| known == key).map(|(_, other)| other).collect();
            let first = sent.iter().position(|(known, _)| known == key) == Some(at);
            let arrived: Vec<&Json> =
                received.iter().filter(|(known, _)| known == key).map(|(_, value)| value).collect();
            let differs = match arrived.as_slice() {
                _ if !first || free => None,
                [] => Some(self.told(place, "it was left out")),
                [only] if others.len() > 1 => {
                    let fits = others.iter().any(|sent| self.values(sent, only, place).is_none());
                    (!fits).then(|| self.told(place, "none of its values arrived"))
                }
                arrived if arrived.len() == others.len() => {
                    others.iter().zip(arrived).find_map(|(sent, received)| self.values(sent, received, place))
                }
                [only, ..] => self.values(value, only, place),
            };
            place.pop();
            if differs.is_some() {
                return differs;
            }
        }
        for (key, _) in received {
            place.push(Spot::Key(key.clone()));
            let known = sent.iter().any(|(known, _)| known == key);
            let told =
                (!known && !self.free.contains(&pointer(place))).then(|| self.told(place, "it was added"));
            place.pop();
            if told.is_some() {
                return told;
            }
        }
        None
    }

    fn told(&self, place: &[Spot], what: &str) -> String {
        let place = pointer(place);
        format!("{}: {what}", if place.is_empty() { "the body" } else { &place })
    }
}

fn cut(digits: &str) -> String {
    match digits.get(..24) {
        Some(beginning) if digits.len() > 24 => format!("{beginning}…"),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::json::parse::parse;

    fn compare(sent: &str, received: &str, numbers: Numbers) -> Option<String> {
        let free = ["/model".to_owned()];
        difference(&parse(sent.as_bytes()).unwrap(), &parse(received.as_bytes()).unwrap(), &free, numbers)
    }

    #[test]
    fn order_and_spelling_do_not_count_and_digits_do() {
        let exact = |sent, received| compare(sent, received, Numbers::Exact);
        assert_eq!(exact(r#"{"a":1,"b":"\u0041"}"#, r#"{"b":"A","a":1.0}"#), None);
        assert_eq!(exact(r#"{"model":"x"}"#, r#"{"model":"y"}"#), None);
        assert_eq!(exact(r#"{"a":1}"#, r#"{"a":2}"#).unwrap(), "/a: 1 became 2");
        assert_eq!(exact(r#"{"a":[1]}"#, r#"{"a":[]}"#).unwrap(), "/a: 1 members became 0");
        assert_eq!(exact(r#"{"a":1}"#, "{}").unwrap(), "/a: it was left out");
        assert_eq!(exact("{}", r#"{"a":1}"#).unwrap(), "/a: it was added");
        assert_eq!(exact(r#"{"a":"x"}"#, r#"{"a":"y"}"#).unwrap(), "/a: the value changed");
        let big = [r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#];
        assert!(exact(big[0], big[1]).is_some());
        assert_eq!(compare(big[0], big[1], Numbers::Doubles), None);
    }

    #[test]
    fn blanks_count_within_strings_alone() {
        let alike = |one: &str, other: &str| differ_in_blanks_alone(one.as_bytes(), other.as_bytes());
        assert!(alike(r#"{"a": [1, "b c"]}"#, "{\n\t\"a\":[1,\"b c\"]}\r\n"));
        assert!(!alike(r#"{"a":"b c"}"#, r#"{"a":"bc"}"#));
        assert!(!alike(r#"{"a":"\" c"}"#, r#"{"a":"\"c"}"#));
        assert!(alike(r#"["\\" , 1]"#, r#"["\\",1]"#));
        assert!(!alike("[1]", "[1"));
        assert!(!alike("[12]", "[1 2]"));
    }

    #[test]
    fn of_a_key_that_came_twice_either_value_will_do_but_no_third() {
        let exact = |received| compare(r#"{"a":1,"a":2}"#, received, Numbers::Exact);
        assert_eq!(exact(r#"{"a":1}"#), None);
        assert_eq!(exact(r#"{"a":2}"#), None);
        assert_eq!(exact(r#"{"a":1,"a":2}"#), None);
        assert_eq!(exact(r#"{"a":3}"#).unwrap(), "/a: none of its values arrived");
    }
}
