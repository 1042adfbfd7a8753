//! Where the engines post what came of cases, and tests wait for it.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use gateway_conformance::judge::verdict::Verdict;
use gateway_conformance::report;
use gateway_conformance::run::outcome::{CaseReport, Outcome};
use libtest_mimic::{Completion, Failed};

/// What was posted of every case, by its id.
#[derive(Default)]
pub(crate) struct Board {
    posted: Mutex<Posted>,
    changed: Condvar,
    over: Mutex<bool>,
    ended: Condvar,
}

/// While it lives, something may still be posted.
pub(crate) struct Posting<'b>(&'b Board);

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        *self.0.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.ended.notify_all();
    }
}

type Posted = HashMap<String, Result<CaseReport, String>>;

impl Board {
    fn posted(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to post; nothing more will be once it is dropped, however that comes about.
    pub(crate) fn posting(&self) -> Posting<'_> {
        Posting(self)
    }

    /// Waits until nothing more will be posted.
    pub(crate) fn wait_until_over(&self) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        let _over = self.ended.wait_while(over, |over| !*over).unwrap_or_else(PoisonError::into_inner);
    }

    /// What came of a case, or why nothing did.
    pub(crate) fn post(&self, id: String, report: Result<CaseReport, String>) {
        self.posted().insert(id, report);
        self.changed.notify_all();
    }

    /// Waits for a case.
    ///
    /// # Errors
    /// Its run came to nothing.
    pub(crate) fn report(&self, id: &str) -> Result<CaseReport, Failed> {
        let mut posted = self.posted();
        loop {
            match posted.get(id) {
                Some(report) => {
                    return report.clone().map_err(|why| Failed::from(format!("inconclusive: {why}")));
                }
                None => posted = self.changed.wait(posted).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Waits for a case; its verdict as that of a test.
    pub(crate) fn verdict(&self, id: &str) -> Result<Completion, Failed> {
        let report = self.report(id)?;
        match &report.outcome {
            Outcome::Judged(judgement) => match &judgement.verdict {
                Verdict::Pass => Ok(Completion::Completed),
                Verdict::Fail(_) => Err(Failed::from(report::console::case(&report))),
                Verdict::Inconclusive(why) => Err(Failed::from(format!("inconclusive: {why}"))),
            },
            Outcome::NotApplicable(reason) => Ok(Completion::ignored_with(reason.clone())),
            Outcome::Unready(why) => Err(Failed::from(format!("inconclusive: {why}"))),
            Outcome::Error(why) => Err(Failed::from(format!("harness error, not the gateway's: {why}"))),
        }
    }
}
