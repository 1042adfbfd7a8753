//! What single runs have spent, in microdollars: a run belongs to a key, and has a name where the caller gives it one.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mutant::{Flaw, Flaws};

/// Which run a call belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) key: String,
    pub(crate) name: String,
}

/// The run has spent what it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunSpent;

pub(crate) struct Runs {
    books: Mutex<Books>,
    flaws: Flaws,
}

#[derive(Default)]
struct Books {
    spent: HashMap<Run, i64>,
    /// Only a flaw that never forgets a refusal reads it.
    refused: HashSet<Run>,
}

impl Runs {
    pub(crate) fn new(flaws: Flaws) -> Self {
        Self { books: Mutex::default(), flaws }
    }

    /// Whether the run may start a call that costs money.
    pub(crate) fn check(&self, run: &Run, cap: Option<i64>) -> Result<(), RunSpent> {
        let mut books = self.lock();
        let spent = books.spent.get(run).copied().unwrap_or_default();
        let over = cap.is_some_and(|cap| spent >= cap) && !self.flaws.has(Flaw::RunBudgetUnchecked);
        if over {
            books.refused.insert(run.clone());
        }
        let sticks = self.flaws.has(Flaw::RunRefusalSticks) && books.refused.contains(run);
        if over || sticks { Err(RunSpent) } else { Ok(()) }
    }

    /// Books what a finished call of the run cost.
    pub(crate) fn book(&self, run: &Run, cost: i64) {
        let mut books = self.lock();
        let spent = books.spent.entry(run.clone()).or_default();
        *spent =
            if self.flaws.has(Flaw::RunKnowsItsLastCallOnly) { cost } else { spent.saturating_add(cost) };
    }

    pub(crate) fn reset(&self) {
        *self.lock() = Books::default();
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_refused_once_it_has_spent_its_cap_and_no_other_is() {
        let runs = Runs::new(Flaws::default());
        let run = |name: &str| Run { key: "k".to_owned(), name: name.to_owned() };
        assert_eq!(runs.check(&run("a"), Some(1)), Ok(()));
        runs.book(&run("a"), 5);
        runs.book(&run("a"), 5);
        assert_eq!(runs.check(&run("a"), Some(10)), Err(RunSpent));
        assert_eq!(runs.check(&run("a"), Some(11)), Ok(()));
        assert_eq!(runs.check(&run("a"), None), Ok(()));
        assert_eq!(runs.check(&run("b"), Some(10)), Ok(()));
        runs.reset();
        assert_eq!(runs.check(&run("a"), Some(10)), Ok(()));
    }
}
