//! From text to a tree in which every value knows its place.

pub mod diagnostic;
pub mod grammar;
pub mod node;
pub mod place;
pub mod word;
