//! Which step of a reply is the one that a peer has met the fault with.

use bytes::Bytes;

use super::Score;
use crate::step::Step;

impl Score<'_> {
    /// Whether some step is the decisive one already.
    pub(in crate::step) fn is_decided(&self) -> bool {
        self.decisive.is_some()
    }

    /// Finds the step with which the reply is no longer the healthy one: who refuses it may leave then, and has met the fault,
    /// unless something that is decisive follows.
    pub(in crate::step) fn estranged_from(&mut self, healthy: Score<'_>) {
        let mut rest = Bytes::new();
        let mut coming = healthy.steps.into_iter();
        for (at, step) in self.steps.iter().enumerate() {
            let Step::Write { bytes, .. } = step else { continue };
            let mut written = bytes.clone();
            while !written.is_empty() {
                if rest.is_empty() {
                    let Some(Step::Write { bytes, .. }) = coming.next() else {
                        self.strange = Some(at);
                        return;
                    };
                    rest = bytes;
                }
                let both = rest.len().min(written.len());
                if rest.split_to(both) != written.split_to(both) {
                    self.strange = Some(at);
                    return;
                }
            }
        }
    }

    /// The latest step wrote a whole head that differs from the healthy one.
    pub(in crate::step) fn estrange_head(&mut self) {
        self.strange_head = self.steps.len().checked_sub(1);
    }

    /// The head is the fault: who reads it may refuse it and leave, and has met the fault. A close behind it only ends
    /// the body; anything else that is decisive still is.
    pub(in crate::step) fn strikes_in_the_head(&mut self) {
        let closes = |decisive: usize| matches!(self.steps.get(decisive), Some(Step::Close));
        if self.decisive.is_none_or(closes) {
            self.decisive = self.strange_head.or(self.decisive);
        }
    }

    /// Makes the latest step the decisive one, unless there is one already.
    pub(in crate::step) fn decide_first(&mut self) {
        self.decisive = self.decisive.or(self.steps.len().checked_sub(1));
    }

    /// Makes the latest step the decisive one, unless a later one claims that too.
    pub(in crate::step) fn decide(&mut self) {
        if !self.settled {
            self.decisive = self.steps.len().checked_sub(1);
        }
    }

    /// Makes the latest step the decisive one, whatever follows: a peer that has been told to go may be gone by then.
    pub(in crate::step) fn settle(&mut self) {
        self.decide();
        self.settled = true;
    }
}
