//! Words within the texts of a program that stand for what is known only when it is played.

use std::collections::BTreeMap;

use crate::fault::param::{Bindings, Param};

/// A word, written `$(…)` in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// `$(canary)`: the words by which a leak of the provider's identity is known.
    Canary,
    /// `$(request_id)`: the id that the provider gives to the request.
    RequestId,
    /// `$(date+60)`: so many seconds from now, as an HTTP date. A parameter may stand for the number.
    Date(Shift),
    /// `$(time+60)`: the same as RFC 3339 writes it.
    Time(Shift),
    /// `$(name)`: the value of a parameter.
    Param(String),
}

/// A distance from now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Whether it lies in the past.
    pub back: bool,
    /// Seconds, or the name of the parameter that holds them.
    pub by: String,
}

impl Shift {
    /// The time so far from this one, both in seconds since 1970.
    pub fn from(&self, unix_time: u64, bindings: &Bindings) -> u64 {
        let by = self.by.parse().unwrap_or_else(|_| bindings.get(&self.by));
        if self.back { unix_time.saturating_sub(by) } else { unix_time.saturating_add(by) }
    }
}

impl Word {
    fn parse(word: &str) -> Self {
        let shift = |kind: &str| {
            let rest = word.strip_prefix(kind)?;
            let (back, by) = rest
                .strip_prefix('-')
                .map(|by| (true, by))
                .or_else(|| Some((false, rest.strip_prefix('+')?)))?;
            Some(Shift { back, by: by.to_owned() })
        };
        match word {
            "canary" => Self::Canary,
            "request_id" => Self::RequestId,
            _ => shift("date")
                .map(Self::Date)
                .or_else(|| shift("time").map(Self::Time))
                .unwrap_or_else(|| Self::Param(word.to_owned())),
        }
    }

    fn unknown_in(&self, params: &BTreeMap<String, Param>) -> bool {
        match self {
            Self::Canary | Self::RequestId => false,
            Self::Date(Shift { by, .. }) | Self::Time(Shift { by, .. }) => {
                by.parse::<u64>().is_err() && !params.contains_key(by)
            }
            Self::Param(name) => !params.contains_key(name),
        }
    }
}

/// The text with every word replaced.
pub fn expand(text: &str, mut means: impl FnMut(&Word) -> String) -> String {
    let mut all = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, word, behind)) = first(rest) {
        all.push_str(before);
        all.push_str(&means(&Word::parse(word)));
        rest = behind;
    }
    all.push_str(rest);
    all
}

/// The first word of a text that is neither known nor a parameter.
pub(in crate::fault) fn unknown<'t>(text: &'t str, params: &BTreeMap<String, Param>) -> Option<&'t str> {
    let mut rest = text;
    while let Some((_, word, behind)) = first(rest) {
        if Word::parse(word).unknown_in(params) {
            return Some(word);
        }
        rest = behind;
    }
    None
}

fn first(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("$(")?;
    let (word, behind) = rest.split_once(')')?;
    Some((before, word, behind))
}
