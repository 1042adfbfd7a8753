//! The judge seen from outside: contract and case as written, observations built by hand.

mod build;
mod expectations;
mod matchers;
mod proof;
mod relations;
mod standing;
