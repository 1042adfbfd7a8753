//! What a gateway does for each upstream failure, without contract and without verdict.

pub mod choice;
pub mod conduct;
pub mod document;
pub mod ending;
pub mod plan;
pub mod row;
