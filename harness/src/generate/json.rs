//! JSON as it is written: key order, keys that come twice and the digits of numbers are kept.

pub mod number;
pub mod parse;
pub mod same;
pub mod write;

use serde_json::Value;

/// A JSON value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, by its digits.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object, whose keys may come twice.
    Object(Vec<(String, Self)>),
    /// Bytes that stand where a value would, whatever they are; no parser makes one.
    Verbatim(Vec<u8>),
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    /// The value of this key; the last where it comes twice.
    Key(String),
    /// The member at this index.
    Index(usize),
}

impl Json {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The value at a place.
    pub fn at(&self, place: &[Spot]) -> Option<&Self> {
        let Some((first, rest)) = place.split_first() else { return Some(self) };
        match (self, first) {
            (Self::Object(entries), Spot::Key(key)) => {
                entries.iter().rfind(|(known, _)| known == key)?.1.at(rest)
            }
            (Self::List(items), Spot::Index(index)) => items.get(*index)?.at(rest),
            _ => None,
        }
    }

    /// The value at a place, to be changed.
    pub fn at_mut(&mut self, place: &[Spot]) -> Option<&mut Self> {
        let Some((first, rest)) = place.split_first() else { return Some(self) };
        match (self, first) {
            (Self::Object(entries), Spot::Key(key)) => {
                entries.iter_mut().rfind(|(known, _)| known == key)?.1.at_mut(rest)
            }
            (Self::List(items), Spot::Index(index)) => items.get_mut(*index)?.at_mut(rest),
            _ => None,
        }
    }

    /// Sets a place whose parent is there; a key that is not there yet is added.
    pub fn set(&mut self, place: &[Spot], value: Self) {
        let Some((last, parent)) = place.split_last() else {
            *self = value;
            return;
        };
        match (self.at_mut(parent), last) {
            (Some(Self::Object(entries)), Spot::Key(key)) => {
                match entries.iter_mut().rfind(|(known, _)| known == key) {
                    Some((_, present)) => *present = value,
                    None => entries.push((key.clone(), value)),
                }
            }
            (Some(Self::List(items)), Spot::Index(index)) if *index < items.len() => items[*index] = value,
            _ => {}
        }
    }

    /// Removes a place.
    pub fn remove(&mut self, place: &[Spot]) {
        let Some((last, parent)) = place.split_last() else { return };
        match (self.at_mut(parent), last) {
            (Some(Self::Object(entries)), Spot::Key(key)) => entries.retain(|(known, _)| known != key),
            (Some(Self::List(items)), Spot::Index(index)) if *index < items.len() => {
                items.remove(*index);
            }
            _ => {}
        }
    }

    /// What the usual parsers make of it: the last of two equal keys, numbers as they can be kept.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null | Self::Verbatim(_) => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Number(digits) => serde_json::from_str(digits).unwrap_or(Value::Null),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_value())).collect())
            }
        }
    }

    /// What kind of value it is, in the words of JSON Schema.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Object(_) => "object",
            Self::Verbatim(_) => "bytes",
        }
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(fields) => {
                Self::Object(fields.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

/// A place as an RFC 6901 pointer.
pub fn pointer(place: &[Spot]) -> String {
    let steps = place.iter().map(|spot| match spot {
        Spot::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Spot::Index(index) => format!("/{index}"),
    });
    steps.collect()
}
