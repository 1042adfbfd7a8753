//! The requests of a key that are under way at once: each holds a slot until its answer is over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Default)]
pub(crate) struct Slots(Arc<Mutex<HashMap<String, u32>>>);

/// One request under way; dropping it makes room for the next.
pub(crate) struct Slot {
    slots: Slots,
    key: String,
}

/// As many requests are under way as the key may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Slots {
    /// Takes a slot of the key; `most` is how many it may hold, any number where it is absent.
    pub(crate) fn take(&self, key: &str, most: Option<u32>) -> Result<Slot, Full> {
        let mut taken = self.lock();
        let taken = taken.entry(key.to_owned()).or_default();
        if most.is_some_and(|most| *taken >= most) {
            return Err(Full);
        }
        *taken += 1;
        Ok(Slot { slots: self.clone(), key: key.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(taken) = self.slots.lock().get_mut(&self.key) {
            *taken = taken.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_once_it_is_dropped() {
        let slots = Slots::default();
        let first = slots.take("k", Some(2)).unwrap();
        let _second = slots.take("k", Some(2)).unwrap();
        assert_eq!(slots.take("k", Some(2)).err(), Some(Full));
        assert!(slots.take("other", Some(2)).is_ok());
        drop(first);
        assert!(slots.take("k", Some(2)).is_ok());
    }
}
