//! What a request of an operation looks like, and what becomes of one that cannot be right.

use crate::spec::contract::Level;
use crate::spec::language::value::Value;
use crate::spec::read::place::At;

/// What a request of an operation looks like.
#[derive(Clone, Debug)]
pub struct RequestShape {
    /// The operation.
    pub operation: At<String>,
    /// A valid body; `None` for a request without one.
    pub example: Option<Value>,
    /// The schema of valid bodies.
    pub schema: Option<serde_json::Value>,
    /// What becomes of requests that cannot be right.
    pub rejects: Option<Rejects>,
    /// How sure the page is that a breach of the schema is refused, by a glob of labels; `None` is never to be tried.
    pub negate: Vec<(At<String>, Option<Level>)>,
    /// Who refuses a breach of the schema.
    pub validation: Validation,
    /// Places of the body that the gateway may write anew.
    pub rewrites: Vec<String>,
}

/// What becomes of requests that cannot be right.
#[derive(Clone, Debug)]
pub struct Rejects {
    /// The claims that these answers check.
    pub claims: Vec<At<String>>,
    /// The documented answers, by what is wrong; what is not there is not documented.
    pub by: Vec<(Defect, Rejection)>,
}

/// The documented answers to one kind of bad request.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// Rows of `errors`, or `ok`: any of them.
    pub rows: Vec<At<String>>,
    /// The claims that they check, where these are others than those of all.
    pub claims: Vec<At<String>>,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

/// What can be wrong with a request; the list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Defect {
    /// It is not JSON.
    Malformed,
    /// It is JSON, but no object.
    NotObject,
    /// A required field is missing.
    Missing,
    /// A value of a type that the schema does not have there.
    WrongType,
    /// A value of the right type that the schema forbids.
    OutOfRange,
    /// A text or list that may not be empty, and is.
    Empty,
    /// A field that the schema does not know.
    UnknownField,
    /// JSON whose meaning parsers disagree on.
    Odd,
    /// A credential that is none; nothing is wrong with the body.
    Unauthorized,
}

/// Who refuses a breach of the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// The gateway, before it asks its upstream.
    #[default]
    Local,
    /// The upstream; the gateway passes its answer on.
    Passthrough,
    /// Either of them.
    Either,
}

impl Defect {
    /// All of them, in the order in which they are described.
    pub const ALL: [Self; 9] = [
        Self::Malformed,
        Self::NotObject,
        Self::Missing,
        Self::WrongType,
        Self::OutOfRange,
        Self::Empty,
        Self::UnknownField,
        Self::Odd,
        Self::Unauthorized,
    ];

    /// The key under which a contract writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotObject => "not_object",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::Empty => "empty",
            Self::UnknownField => "unknown_field",
            Self::Odd => "odd",
            Self::Unauthorized => "unauthorized",
        }
    }
}

impl Rejects {
    /// The documented answers to this defect.
    pub fn of(&self, defect: Defect) -> Option<&Rejection> {
        self.by.iter().find(|(known, _)| *known == defect).map(|(_, rejection)| rejection)
    }
}

impl RequestShape {
    /// How sure the page is that a request with this label (`/place:keyword`) is refused; `None` is never to be tried.
    pub fn negation(&self, label: &str) -> Option<Level> {
        let fitting = self.negate.iter().rev().find(|(glob, _)| fits(glob, label));
        fitting.map_or(Some(Level::May), |(_, level)| *level)
    }
}

/// Whether a glob, in which `*` stands for anything, fits a text.
fn fits(glob: &str, text: &str) -> bool {
    let mut pieces = glob.split('*');
    let Some(rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    let mut rest = rest;
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read::place::Place;

    #[test]
    fn a_glob_fits_what_its_stars_stand_for() {
        for (glob, text) in [
            ("*", "/a:type(null)"),
            ("/a:type*", "/a:type(null)"),
            ("*:type(null)", "/a/0/b:type(null)"),
            ("/a/*/b:*", "/a/0/b:enum"),
            ("/a:enum", "/a:enum"),
        ] {
            assert!(fits(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("/a:enum", "/a:enumx"), ("/a/*/b:*", "/a/b:enum"), ("*x", ""), ("a*a", "a")] {
            assert!(!fits(glob, text), "{glob} {text}");
        }
    }

    #[test]
    fn the_last_glob_that_fits_decides_and_silence_is_may() {
        let at = |glob: &str| At::new(glob.to_owned(), Place::generated("test"));
        let shape = RequestShape {
            operation: at("chat"),
            example: None,
            schema: None,
            rejects: None,
            negate: vec![
                (at("*:type*"), Some(Level::Must)),
                (at("*:type(null)"), None),
                (at("/n:*"), Some(Level::Should)),
            ],
            validation: Validation::default(),
            rewrites: Vec::new(),
        };
        assert_eq!(shape.negation("/a:type(string)"), Some(Level::Must));
        assert_eq!(shape.negation("/a:type(null)"), None);
        assert_eq!(shape.negation("/n:type(null)"), Some(Level::Should));
        assert_eq!(shape.negation("/a:enum"), Some(Level::May));
    }
}
