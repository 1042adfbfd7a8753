//! Expectations: what is asked of an exchange.

use crate::spec::language::matcher::Matcher;
use crate::spec::language::moment::Moment;
use crate::spec::language::path::{Corner, Path};
use crate::spec::read::place::{At, Place};

/// What a step or a rule asks; every one is asked, whatever the others answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectations(pub Vec<Expectation>);

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Where it stands.
    pub place: Place,
    /// What is asked.
    pub kind: Expect,
}

/// The questions the language has.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "paths are by far the most frequent, and are not worth a box each"
)]
pub enum Expect {
    /// A part of a corner fits a matcher.
    Path(Path, Matcher),
    /// The answer is one of these rows of `errors`; the row `ok` is a documented success.
    Error(Vec<At<String>>),
    /// The exchange took as long as a limit says.
    Took(Took),
    /// No secret that the upstream played or the target bound shows at this corner.
    Secret(Corner),
    /// These parts are equal over all exchanges of the named steps.
    Same(Vec<Path>),
    /// These parts are pairwise different over all exchanges of the named steps.
    Distinct(Vec<Path>),
    /// How many exchanges of the step fit.
    Tally(Vec<Tally>),
    /// These moments come one after the other.
    Order(Vec<Moment>),
    /// The waits between the attempts at each provider grow.
    GrowingGaps,
    /// At least one of these sets holds whole.
    OneOf(Vec<Expectations>),
}

/// A duration held against a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Took {
    /// The limit's name.
    pub limit: At<String>,
    /// How many attempts the limit is granted to; `None` is as many as the upstream saw (at least one).
    pub attempts: Option<u32>,
    /// Whether an end before the limit is as good; a page that names no time cannot forbid it.
    pub early: bool,
}

/// A count of the exchanges that fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// What an exchange has to fit.
    pub of: Expectations,
    /// How many have to.
    pub is: Matcher,
}

/// Conditions under which a rule or a row applies: parts that fit matchers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions(pub Vec<(Path, Matcher)>);
