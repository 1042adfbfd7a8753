//! Whoever is shown what was observed of each case, beside the judge.

use std::fmt;
use std::sync::Arc;

use crate::arrange::credentials::mask::Mask;
use crate::observe::Observation;
use crate::plan::case::PlannedCase;

/// A case that was observed to its end. Credentials are in the observation: what is kept of it goes through the mask.
pub struct Sight<'a> {
    /// The case.
    pub planned: &'a PlannedCase,
    /// Both ends of its exchanges.
    pub observation: &'a Observation,
    /// Why it is not proven that it happened as written; `None` where it is.
    pub unproven: Option<String>,
    /// Hides every credential and provider key.
    pub mask: &'a Mask,
}

/// What is called with each sight, from the task of the case.
#[derive(Clone)]
pub struct Onlooker(Arc<dyn Fn(&Sight<'_>) + Send + Sync>);

impl Onlooker {
    /// An onlooker that does this with each sight.
    pub fn new(look: impl Fn(&Sight<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    pub(in crate::run) fn look(&self, sight: &Sight<'_>) {
        (self.0)(sight);
    }
}

impl fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Onlooker")
    }
}
