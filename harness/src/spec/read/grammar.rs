//! What a spec file may hold, described once: the check of a file, the JSON Schemas for editors and the reference in
//! `specs/README.md` all follow these tables.

mod cases;
mod check;
mod contract;
mod expect;
pub mod reference;
pub mod schema;
mod target;

pub use check::{check, check_case};

/// The kinds of spec files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `contract.yaml`.
    Contract,
    /// A file of cases.
    Cases,
    /// A target.
    Target,
}

/// What stands at a place.
#[derive(Debug)]
pub enum Shape {
    /// Any JSON, references allowed.
    Anything,
    /// Text, a number, a boolean or null.
    Scalar,
    /// A text.
    Text,
    /// A text of a form that is judged where it is decoded.
    Form(&'static Form),
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A whole number from … to ….
    Count(u64, u64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// This, or a text with a reference.
    OrReference(&'static Self),
    /// A list.
    ListOf(&'static Self),
    /// One, or a list.
    OneOrMore(&'static Self),
    /// A map of free names.
    MapOf(&'static Self),
    /// A map of known keys.
    Record(&'static Record),
    /// One of these, told apart by their kind.
    OneOf(&'static [Self]),
    /// A shape with a name, so that it can hold itself.
    Named(&'static str, &'static Self),
}

/// A text of a certain form.
#[derive(Debug)]
pub struct Form {
    /// What it is, with its article.
    pub what: &'static str,
    /// A regular expression for editors.
    pub pattern: &'static str,
}

/// A map of known keys.
#[derive(Debug)]
pub struct Record {
    /// What it is, with its article.
    pub what: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
    /// What stands under any other key, and what such a key is.
    pub others: Option<(&'static str, &'static Shape)>,
    /// Keys of which exactly one is there; none are asked for where this is empty.
    pub exactly_one: &'static [&'static str],
    /// Keys that make sense only beside another.
    pub beside: &'static [(&'static str, &'static str)],
}

/// A key.
#[derive(Debug)]
pub struct Field {
    /// The word.
    pub key: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// What stands there.
    pub shape: &'static Shape,
    /// What it means, in one sentence.
    pub doc: &'static str,
}

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Contract, Self::Cases, Self::Target];

    /// What such a file holds.
    pub fn shape(self) -> &'static Shape {
        match self {
            Self::Contract => &contract::FILE,
            Self::Cases => &cases::FILE,
            Self::Target => &target::FILE,
        }
    }

    /// Its name in file names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Cases => "cases",
            Self::Target => "target",
        }
    }
}

impl Record {
    const fn closed(what: &'static str, fields: &'static [Field]) -> Self {
        Self { what, fields, others: None, exactly_one: &[], beside: &[] }
    }

    /// The words of its keys.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.key)
    }
}

const fn must(key: &'static str, shape: &'static Shape, doc: &'static str) -> Field {
    Field { key, required: true, shape, doc }
}

const fn may(key: &'static str, shape: &'static Shape, doc: &'static str) -> Field {
    Field { key, required: false, shape, doc }
}

const DURATION: Shape =
    Shape::Form(&Form { what: "a duration such as `250ms`, `2s` or `1m`", pattern: r"^[0-9]+(ms|s|m)$" });
static ROUTE: Shape =
    Shape::Form(&Form { what: "a route such as `POST /v1/things`", pattern: r"^[A-Z]+ /\S*$" });
static POINTER: Shape =
    Shape::Form(&Form { what: "a JSON pointer such as `/error/code`", pattern: r"^(/([^/~]|~[01])*)*$" });
static PATH: Shape = Shape::Form(&Form {
    what: "a path such as `got.error.code`",
    pattern: r"^([\w-]+\.)?(sent|received|played|got)(\.[\w-]+)?(\[[0-9]+\])?\.\S+$",
});
static CLAIMS: Shape = Shape::ListOf(&Shape::Text);
static HEADERS: Shape = Shape::MapOf(&Shape::Scalar);
/// A whole number for which nothing but its range matters.
static COUNT: Shape = Shape::Count(1, 1_000_000);
