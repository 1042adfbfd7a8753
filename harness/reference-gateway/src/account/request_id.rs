//! Request ids: a prefix and a tail that no other request of any gateway has.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mutant::{Flaw, Flaws};

pub(crate) struct RequestIds {
    prefix: &'static str,
    instance: u64,
    next: AtomicU64,
    flaws: Flaws,
}

impl RequestIds {
    pub(crate) fn new(prefix: &'static str, flaws: Flaws) -> Self {
        let instance = RandomState::new().hash_one(std::process::id());
        Self { prefix, instance, next: AtomicU64::new(1), flaws }
    }

    /// The id of a request that has just arrived.
    pub(crate) fn issue(&self) -> String {
        let number = self.number();
        if self.flaws.has(Flaw::RequestIdTailEmpty) {
            return self.prefix.to_owned();
        }
        let prefix = if self.flaws.has(Flaw::RequestIdPrefixWrong) { "id-" } else { self.prefix };
        format!("{prefix}{:016x}{number:08x}", self.instance)
    }

    /// Called when a request has been answered.
    pub(crate) fn settle(&self) {
        if self.flaws.has(Flaw::RequestIdSharedInFlight) {
            self.next.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn number(&self) -> u64 {
        if self.flaws.has(Flaw::RequestIdConstant) {
            return 0;
        }
        // The counter is read on arrival and moved on only by the answer.
        if self.flaws.has(Flaw::RequestIdSharedInFlight) {
            return self.next.load(Ordering::SeqCst);
        }
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        if self.flaws.has(Flaw::RequestIdRepeatsAfterTen) { number % 10 } else { number }
    }
}
