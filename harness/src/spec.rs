//! What is written: contracts, cases and targets, each value with the place it was written at.

pub mod case;
pub mod clients;
pub mod contract;
pub mod decode;
pub mod language;
pub mod library;
pub mod lint;
pub mod read;
pub mod target;
