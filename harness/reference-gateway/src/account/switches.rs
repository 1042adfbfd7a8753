//! The states of the whole gateway that its operator can switch: a name is on or off, and starts on.

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Switches(Vec<(&'static str, AtomicBool)>);

impl Switches {
    pub(crate) fn new(names: &[&'static str]) -> Self {
        Self(names.iter().map(|name| (*name, AtomicBool::new(true))).collect())
    }

    /// A name that does not exist is off.
    pub(crate) fn on(&self, name: &str) -> bool {
        self.find(name).is_some_and(|it| it.load(Ordering::SeqCst))
    }

    /// Whether there is such a switch.
    pub(crate) fn set(&self, name: &str, on: bool) -> bool {
        self.find(name).map(|it| it.store(on, Ordering::SeqCst)).is_some()
    }

    pub(crate) fn reset(&self) {
        self.0.iter().for_each(|(_, it)| it.store(true, Ordering::SeqCst));
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.0.iter().map(|(name, it)| (*name, it.load(Ordering::SeqCst)))
    }

    fn find(&self, name: &str) -> Option<&AtomicBool> {
        self.0.iter().find(|(it, _)| *it == name).map(|(_, it)| it)
    }
}
