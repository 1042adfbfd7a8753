//! Mutants: gateways with exactly one named flaw, so that every check of the harness can be seen red.

mod chuizi;
mod cogito;
mod cognocient;
mod flaw;
mod llm_orchestration;
mod opengateway;

pub(crate) use flaw::{Flaw, Flaws};

use crate::config::Personality;

/// One deliberate nonconformity of one personality.
#[derive(Debug)]
pub struct Mutant {
    /// Its name on the command line and in the kill matrix.
    pub name: &'static str,
    /// The claims it breaks, the one it is meant for first; none where it tells a key of the upstream, which no page allows.
    pub claims: &'static [&'static str],
    /// What is wrong, in one line.
    pub breaks: &'static str,
    /// Where the flaw sits.
    pub kind: Kind,
    /// The real bug it imitates, as an address.
    pub models: Option<&'static str>,
    pub(crate) flaw: Flaw,
}

/// Where a flaw sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In a mechanism: a deadline, the ledger, the limiter, validation, the stream pump, a mapping.
    Mechanism,
    /// In the finished answer, which is rewritten on its way out.
    Answer,
}

/// Every mutant of a personality.
pub fn mutants(personality: Personality) -> &'static [Mutant] {
    match personality {
        Personality::Cogito => cogito::MUTANTS,
        Personality::Cognocient => cognocient::MUTANTS,
        Personality::OpenGateway => opengateway::MUTANTS,
        Personality::LlmOrchestration => llm_orchestration::MUTANTS,
        Personality::Chuizi => chuizi::MUTANTS,
    }
}

/// The mutant of that name, if the personality has one.
pub fn mutant(personality: Personality, name: &str) -> Option<&'static Mutant> {
    mutants(personality).iter().find(|it| it.name == name)
}

/// A table of mutants. Rows keep the reader's layout: one line of facts, one line of words, and the real bug it imitates.
macro_rules! table {
    ($($flaw:ident $name:literal $kind:ident [$($claim:literal),*] $breaks:literal $(like $models:literal)?;)+) => {
        &[$(Mutant {
            name: $name,
            claims: &[$($claim),*],
            breaks: $breaks,
            kind: $kind,
            models: table!(@like $($models)?),
            flaw: Flaw::$flaw,
        }),+]
    };
    (@like) => { None };
    (@like $models:literal) => { Some($models) };
}

use table;
