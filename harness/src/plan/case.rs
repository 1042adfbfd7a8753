//! A planned case.

use crate::spec::case::Case;

/// A case that will run, or is reported with the reason why not.
#[derive(Clone, Debug)]
pub struct PlannedCase {
    /// `contract::topic::case`, unique in the plan.
    pub id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The case.
    pub case: Case,
    /// What it takes of the gateway, derived from the case.
    pub takes: Takes,
    /// Whether it can run against the target.
    pub ready: Readiness,
    /// Whether all that is written is asked; not where the target says `upstream: none` and a part is about the upstream.
    pub whole: bool,
}

/// Where a planned case comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written by hand.
    Written,
    /// The fault sweep: a fault of the mock's catalogue.
    Sweep(String),
}

/// What a case takes while it runs; conflicting cases never overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takes {
    /// The configuration it runs on.
    pub configuration: String,
    /// The whole instance, and why.
    pub instance: Option<String>,
    /// Providers, by role, and why.
    pub providers: Vec<(String, String)>,
    /// Credentials, by role, and why.
    pub credentials: Vec<(String, String)>,
    /// Limits after which what it wrote into the gateway's memory has healed.
    pub heals: Vec<String>,
    /// One of the few slots for cases that count, order or time.
    pub timing: Option<String>,
}

/// Whether a planned case can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// The target says it lacks this: the name and its reason.
    Lacks(String, String),
    /// The target neither binds nor lacks this; inconclusive, with the remedy.
    Unbound(String),
}
