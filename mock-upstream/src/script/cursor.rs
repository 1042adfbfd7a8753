//! Which turn answers the next request.

use std::sync::Arc;

use super::{Matchers, Request, Script, ScriptError, Then, Turn};

/// The place that requests have reached in a script.
#[derive(Debug)]
pub struct Cursor {
    turns: Vec<Slot>,
    then: Then,
}

#[derive(Debug)]
struct Slot {
    turn: Arc<Turn>,
    when: Option<Matchers>,
    spent: bool,
    reached: bool,
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
    /// A cursor at the beginning.
    ///
    /// # Errors
    /// A script that cannot be played.
    pub fn new(script: Script) -> Result<Self, ScriptError> {
        script.check()?;
        let mut turns = Vec::with_capacity(script.turns.len());
        for (turn, written) in script.turns.into_iter().enumerate() {
            let when = written.when.as_ref().map(super::Select::compile).transpose();
            let when = when.map_err(|why| ScriptError::Select { turn, why })?;
            turns.push(Slot { turn: Arc::new(written), when, spent: false, reached: false });
        }
        Ok(Self { turns, then: script.then })
    }

    /// Takes the first turn that is not spent and answers such a request; else what `then` says.
    /// `None` means that the script has no answer.
    pub fn draw(&mut self, request: &Request) -> Option<Drawn> {
        let fits = |slot: &Slot| slot.when.as_ref().is_none_or(|when| when.matches(request));
        let fresh = self.turns.iter().position(|slot| !slot.spent && fits(slot));
        let index = match (fresh, self.then) {
            (Some(at), _) => at,
            (None, Then::Repeat) => self.turns.iter().rposition(fits)?,
            (None, Then::Fail) => return None,
            (None, Then::Loop) => {
                let first = self.turns.iter().position(fits)?;
                for slot in self.turns.iter_mut().filter(|slot| fits(slot)) {
                    slot.spent = false;
                }
                first
            }
        };
        let slot = &mut self.turns[index];
        slot.spent = true;
        slot.reached = true;
        Some(Drawn { index, turn: Arc::clone(&slot.turn) })
    }

    /// The turns that had to be reached and were not.
    pub fn unreached(&self) -> Vec<usize> {
        (0..self.turns.len()).filter(|at| !self.turns[*at].reached && !self.turns[*at].turn.spare).collect()
    }
}
