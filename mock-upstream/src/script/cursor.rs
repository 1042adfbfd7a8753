//! Which turn answers the next request.

use std::sync::Arc;
use std::time::Instant;

use super::{Matchers, Request, Script, ScriptError, Then, Times, Turn};

/// The place that requests have reached in a script.
#[derive(Debug)]
pub struct Cursor {
    turns: Vec<Slot>,
    then: Then,
    began: Instant,
    requests: u64,
}

#[derive(Debug)]
struct Slot {
    turn: Arc<Turn>,
    when: Option<Matchers>,
    /// How many requests it has answered since the script began or started over.
    answered: u32,
    reached: bool,
}

impl Slot {
    fn is_spent(&self) -> bool {
        matches!(self.turn.times, Times::Count(count) if self.answered >= count)
    }
}

/// A turn that answers a request.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Its place in the script, counted from 0.
    pub index: usize,
    /// The turn.
    pub turn: Arc<Turn>,
}

impl Cursor {
    /// A cursor at the beginning of a script that is set at this moment.
    ///
    /// # Errors
    /// A script that cannot be played.
    pub fn new(script: Script, began: Instant) -> Result<Self, ScriptError> {
        script.check()?;
        let mut turns = Vec::with_capacity(script.turns.len());
        for (turn, written) in script.turns.into_iter().enumerate() {
            let when = written.when.as_ref().map(super::Select::compile).transpose();
            let when = when.map_err(|why| ScriptError::Select { turn, why })?;
            turns.push(Slot { turn: Arc::new(written), when, answered: 0, reached: false });
        }
        Ok(Self { turns, then: script.then, began, requests: 0 })
    }

    /// Takes the first turn that is not spent and answers such a request at this moment; else what `then` says.
    /// `None` means that the script has no answer.
    pub fn draw(&mut self, request: &Request, now: Instant) -> Option<Drawn> {
        let number = self.requests;
        self.requests += 1;
        let since = now.saturating_duration_since(self.began);
        let fits = |slot: &Slot| {
            let Slot { turn, when, .. } = slot;
            turn.during.is_none_or(|during| during.holds(since))
                && turn.share.is_none_or(|share| share.holds(number))
                && when.as_ref().is_none_or(|when| when.matches(request))
        };
        let fresh = self.turns.iter().position(|slot| !slot.is_spent() && fits(slot));
        let index = match (fresh, self.then) {
            (Some(at), _) => at,
            (None, Then::Repeat) => self.turns.iter().rposition(fits)?,
            (None, Then::Fail) => return None,
            (None, Then::Loop) => {
                let first = self.turns.iter().position(fits)?;
                for slot in self.turns.iter_mut().filter(|slot| fits(slot)) {
                    slot.answered = 0;
                }
                first
            }
        };
        let slot = &mut self.turns[index];
        slot.answered = slot.answered.saturating_add(1);
        slot.reached = true;
        Some(Drawn { index, turn: Arc::clone(&slot.turn) })
    }

    /// The turns that had to be reached and were not.
    pub fn unreached(&self) -> Vec<usize> {
        (0..self.turns.len()).filter(|at| !self.turns[*at].reached && !self.turns[*at].turn.spare).collect()
    }
}
