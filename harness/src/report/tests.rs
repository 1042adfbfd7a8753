//! Reports of synthetic runs.

mod console;
mod files;
mod finding;
mod run;
