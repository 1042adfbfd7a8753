//! A vendor's documented contract, as data.

mod memory;
mod protocol;
mod request;

use std::time::Duration;

use crate::spec::language::expect::{Conditions, Expectations};
use crate::spec::language::matcher::Matcher;
use crate::spec::read::place::{At, Place};

pub use memory::{Cell, CellOf, Writer};
pub use protocol::{Auth, EventMark, Protocol, StreamForm};
pub use request::{Defect, Rejection, Rejects, RequestShape, Validation};

/// A contract: what one page documents, in the terms of the language.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Its name, which is its folder's.
    pub name: At<String>,
    /// What people call the gateway.
    pub title: String,
    /// The pages it was read from; the first is cited where a claim names none.
    pub pages: Vec<Page>,
    /// Everything a target can bind.
    pub names: Names,
    /// What a gateway remembers from one request to the next.
    pub memory: Vec<Cell>,
    /// How each protocol carries errors and credentials.
    pub protocols: Vec<Protocol>,
    /// What the pages promise, in the order written.
    pub claims: Vec<Claim>,
    /// In which sense ambiguous places were read.
    pub readings: Vec<Reading>,
    /// The closed table of failures, where the page closes it.
    pub closed: Option<Closed>,
    /// The documented errors.
    pub errors: Vec<ErrorRow>,
    /// What is asked of every exchange.
    pub rules: Vec<Rule>,
    /// What each family of upstream failure is documented to become.
    pub faults: Vec<FaultRule>,
    /// An example, and more, for each operation.
    pub requests: Vec<RequestShape>,
}

impl Contract {
    /// The protocol of this name.
    pub fn protocol(&self, name: &str) -> Option<&Protocol> {
        self.protocols.iter().find(|protocol| protocol.name.value == name)
    }
}

/// A page a contract rests on.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is published, or how it can be found.
    pub url: String,
    /// The day it was read, `YYYY-MM-DD`.
    pub read: String,
}

/// The names a contract's cases may use and a target binds.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Operations.
    pub operations: Vec<Operation>,
    /// Credentials.
    pub credentials: Vec<Credential>,
    /// Models.
    pub models: Vec<At<String>>,
    /// Clients that can make a call.
    pub clients: Vec<At<String>>,
    /// Providers, the first being the one asked first.
    pub providers: Vec<At<String>>,
    /// States the gateway can be put into.
    pub states: Vec<At<String>>,
    /// Limits.
    pub limits: Vec<Limit>,
    /// Values and what they have to be (`string`, `number`, `object`, `list`, `pointer`).
    pub values: Vec<(At<String>, String)>,
}

/// An operation: a request that a client of this gateway can make.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub name: At<String>,
    /// The protocol that says where credential and error are.
    pub protocol: At<String>,
    /// The documented route, `METHOD /path`; a target may bind another.
    pub route: String,
    /// Whether it can stream, and so is swept streaming too.
    pub streams: bool,
    /// Whether it reaches the upstream, and so is swept at all.
    pub upstream: bool,
    /// Whether its body carries the prompt and with it the marker.
    pub carries_prompt: bool,
    /// What it asks the upstream for.
    pub answers: Answers,
}

/// What an operation asks the upstream for, which decides what can strike the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Text that a model makes.
    Words,
    /// Vectors.
    Embeddings,
    /// Anything else.
    Other,
}

/// A credential's role.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its name.
    pub name: At<String>,
    /// Each use changes what the next use gets.
    pub metered: bool,
}

/// A limit.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its name.
    pub name: At<String>,
    /// As documented; `None` has to be declared by the target.
    pub documented: Option<Duration>,
}

/// A promise.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its id, never used again for another.
    pub id: At<String>,
    /// What is promised, in own words.
    pub says: String,
    /// How strong it is.
    pub level: Level,
    /// The page, where it is not the contract's first.
    pub page: Option<String>,
    /// What clients suffer when it is broken.
    pub consequence: Option<String>,
}

/// How strong a claim or a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The page is silent: recorded.
    May,
    /// The page implies it: shown.
    Should,
    /// The page says it: decides the verdict.
    Must,
}

/// The sense an ambiguous place was read in.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its id.
    pub id: At<String>,
    /// The claims it concerns.
    pub claims: Vec<At<String>>,
    /// The sense used.
    pub says: String,
}

/// A closed table: every failure seen fits a row.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The claims that a status outside every row breaks.
    pub outside: Vec<At<String>>,
    /// The claims that a failure breaks whose status has a row but whose fields do not fit it.
    pub mismatch: Vec<At<String>>,
    /// The rows.
    pub rows: Vec<ClosedRow>,
}

/// A row of a closed table.
#[derive(Clone, Debug)]
pub struct ClosedRow {
    /// Where it stands.
    pub place: Place,
    /// Which statuses it is for.
    pub status: Matcher,
    /// What the error's fields are then.
    pub fields: Vec<(String, Matcher)>,
    /// When it applies.
    pub when: Conditions,
    /// A failure that fits is reported apart as undocumented, neither passed nor failed.
    pub undocumented: bool,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

/// A documented error.
#[derive(Clone, Debug)]
pub struct ErrorRow {
    /// Its name.
    pub name: At<String>,
    /// The status.
    pub status: Matcher,
    /// The error's fields.
    pub fields: Vec<(String, Matcher)>,
    /// Headers.
    pub headers: Vec<(String, Matcher)>,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

/// A question asked of every exchange that its conditions fit.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// The claims it checks.
    pub claims: Vec<At<String>>,
    /// When it is asked.
    pub when: Conditions,
    /// Must hold.
    pub expect: Expectations,
    /// Should hold.
    pub should: Expectations,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

/// What a family of upstream failure becomes.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// The family, a word of the mock's catalogue.
    pub family: At<String>,
    /// The operations it is for; empty where it is for all of them.
    pub operations: Vec<At<String>>,
    /// The claims it checks; empty where the page is silent, so that the outcome is recorded, not judged.
    pub claims: Vec<At<String>>,
    /// Must hold.
    pub expect: Expectations,
    /// Should hold.
    pub should: Expectations,
    /// Recorded.
    pub record: Vec<crate::spec::language::path::Path>,
    /// The reading it rests on.
    pub reading: Option<At<String>>,
}

impl FaultRule {
    /// Whether the rule says what becomes of the family's faults in this operation.
    pub fn covers(&self, family: &str, operation: &str) -> bool {
        let named = |known: &At<String>| known.value == operation;
        self.family.value == family && (self.operations.is_empty() || self.operations.iter().any(named))
    }
}
