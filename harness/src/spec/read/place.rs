//! Where a value was written.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A stretch of a spec file: what a diagnostic points at and a finding cites.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as the user would name it (relative to the specs folder or the working directory).
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset behind the last byte; equal to `start` where only the beginning is known.
    pub end: usize,
}

impl Place {
    /// A place for what the harness made itself, such as a swept case or a target built from the environment.
    pub fn generated(by: &str) -> Self {
        Self { file: by.into(), line: 0, column: 0, start: 0, end: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// A value together with the place it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> At<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
