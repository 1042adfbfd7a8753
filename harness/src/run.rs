//! Drives cases through the stages and keeps what came of them.

pub mod captured;
pub mod case;
pub mod engine;
pub mod onlooker;
pub mod outcome;
pub mod preflight;
pub mod request;
pub mod stage;
pub mod standing;
