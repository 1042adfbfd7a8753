//! The words of the spec language: values with references, paths into an exchange, matchers, expectations.

pub mod compiled;
pub mod duration;
pub mod expect;
pub mod matcher;
pub mod moment;
pub mod path;
pub mod pointer;
pub mod value;
