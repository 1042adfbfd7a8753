//! How fast, how flat and how punctual the mock is: `cargo bench -p mock-upstream [-- throughput|memory|delay]`.
//!
//! Numbers of one run are compared with each other only: a machine that is busy slows all of them.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run ends with a backtrace")]

mod delay;
mod load;
mod memory;
mod process;
mod rivals;
mod stage;
mod throughput;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` builds and starts this too; only `cargo bench` says so.
    if !asked.iter().any(|word| word == "--bench") {
        return;
    }
    let wants = |name: &str| {
        let named: Vec<&String> = asked.iter().filter(|word| !word.starts_with('-')).collect();
        named.is_empty() || named.iter().any(|word| *word == name)
    };
    if wants("throughput") {
        throughput::run();
    }
    if wants("memory") {
        memory::run();
    }
    if wants("delay") {
        delay::run();
    }
}
