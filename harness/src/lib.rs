//! Proves that an LLM gateway keeps its documented error contract.
//!
//! Read left to right, import right to left; the producer owns the type:
//! wire → spec → generate → plan → arrange → act → observe → judge → run → survey → baseline →
//! fuzz → report.

pub mod act;
pub mod arrange;
pub mod baseline;
pub mod cli;
pub mod fuzz;
pub mod generate;
pub mod judge;
pub mod observe;
pub mod plan;
pub mod report;
pub mod run;
pub mod spec;
pub mod survey;
pub mod wire;
