//! Matchers: what a part of an exchange has to be.

use std::fmt;

use crate::spec::language::compiled::{Pattern, Schema};
use crate::spec::language::value::Value;
use crate::spec::read::place::Place;

/// A matcher as written; a map with several keys asks for all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Where it stands.
    pub place: Place,
    /// What it asks.
    pub kind: MatcherKind,
}

/// What a matcher can ask.
#[derive(Clone, Debug, PartialEq)]
pub enum MatcherKind {
    /// Equal to this value, compared as JSON; a header's text equals a number written the same way.
    Equals(Value),
    /// One of these.
    AnyOf(Vec<Matcher>),
    /// All of these.
    AllOf(Vec<Matcher>),
    /// A number not below this one.
    Min(Value),
    /// A number not above this one.
    Max(Value),
    /// A text in which this regular expression is found.
    Matches(Pattern),
    /// A text with this part, or a list with this member.
    Contains(Value),
    /// Anything but this.
    Not(Box<Matcher>),
    /// Not there.
    Absent,
    /// There, whatever it is.
    Present,
    /// Exactly one such header line.
    Once,
    /// JSON that this schema accepts.
    Schema(Schema),
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for MatcherKind {
    /// In words: `401`, `429 or 503`, `at least 2`, `matching ^\d+$`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(value) => write!(f, "{}", value.written()),
            Self::AnyOf(several) => joined(f, several, " or "),
            Self::AllOf(several) => joined(f, several, " and "),
            Self::Min(value) => write!(f, "at least {value}"),
            Self::Max(value) => write!(f, "at most {value}"),
            Self::Matches(regex) => write!(f, "matching {regex}"),
            Self::Contains(value) => write!(f, "containing {}", value.written()),
            Self::Not(matcher) => write!(f, "anything but {matcher}"),
            Self::Absent => f.write_str("absent"),
            Self::Present => f.write_str("present"),
            Self::Once => f.write_str("present exactly once"),
            Self::Schema(_) => f.write_str("JSON that the schema accepts"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, several: &[Matcher], between: &str) -> fmt::Result {
    for (index, matcher) in several.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        fmt::Display::fmt(matcher, f)?;
    }
    Ok(())
}
