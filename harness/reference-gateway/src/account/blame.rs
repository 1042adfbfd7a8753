//! Whom a flawed gateway makes pay for the caller before: the next one, once.

use std::sync::atomic::{AtomicU8, Ordering};

/// Struck once in a gateway's life, so that what comes behind it can be told.
#[derive(Debug, Default)]
pub(crate) struct Blame(AtomicU8);

const NOBODY: u8 = 0;
const ON_THE_NEXT: u8 = 1;
const PAID: u8 = 2;

impl Blame {
    /// Whether this caller pays: a good one behind the first that was not.
    pub(crate) fn falls_on(&self, good: bool) -> bool {
        let (from, to) = if good { (ON_THE_NEXT, PAID) } else { (NOBODY, ON_THE_NEXT) };
        let moved = self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        good && moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_good_one_behind_a_bad_one_pays_and_nobody_else() {
        let blame = Blame::default();
        let paid: Vec<bool> =
            [true, false, false, true, true, false, true].map(|good| blame.falls_on(good)).into();
        assert_eq!(paid, [false, false, false, true, false, false, false]);
    }
}
