//! Numbers of a program: written as they are, or taken from a parameter.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fault::param::{Bindings, Param};

/// A number, or the name of the parameter that holds it, written `$(name)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// The number itself.
    Number(u64),
    /// A parameter of the fault.
    Param(String),
}

impl Arg {
    /// The number under these bindings.
    pub fn value(&self, bindings: &Bindings) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Param(name) => bindings.get(name),
        }
    }

    pub(in crate::fault) fn unknown_in(&self, params: &BTreeMap<String, Param>) -> Option<&str> {
        match self {
            Self::Param(name) if !params.contains_key(name) => Some(name),
            _ => None,
        }
    }
}

impl Serialize for Arg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Param(name) => serializer.collect_str(&format_args!("$({name})")),
        }
    }
}

impl<'de> Deserialize<'de> for Arg {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ArgVisitor)
    }
}

struct ArgVisitor;

impl Visitor<'_> for ArgVisitor {
    type Value = Arg;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or `$(parameter)`")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Arg, E> {
        Ok(Arg::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Arg, E> {
        u64::try_from(number)
            .map(Arg::Number)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Arg, E> {
        text.strip_prefix("$(")
            .and_then(|rest| rest.strip_suffix(')'))
            .map(|name| Arg::Param(name.to_owned()))
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
