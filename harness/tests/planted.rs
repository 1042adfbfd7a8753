//! Planted bugs, several at a time: each is found within a minute, under its label, shrunk to what a person understands.
//!
//! Minutes long, so that `scripts/planted-bugs` runs it.

#![cfg(feature = "reference-gateway")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use gateway_conformance::fuzz::engine::{self, Bounds, Outcome};
use gateway_conformance::fuzz::finding::Found;
use gateway_conformance::report::fuzz as report;
use gateway_conformance::run::request::resolved::Options;
use gateway_conformance::run::request::{self, Request};
use reference_gateway::Slip;

/// So many lie in the gateway at once; far enough apart in the list not to be alike.
const TOGETHER: usize = 8;

#[test]
#[ignore = "minutes long: scripts/planted-bugs"]
fn each_planted_bug_is_found_within_a_minute_under_its_label() {
    let slips: Vec<&Slip> = reference_gateway::slips().collect();
    assert!(slips.len() >= 40, "{}", slips.len());
    let batches = slips.len().div_ceil(TOGETHER);
    let mut missed = Vec::new();
    for batch in 0..batches {
        let planted: Vec<&Slip> = slips.iter().copied().skip(batch).step_by(batches).collect();
        let outcome = fuzzed(&planted);
        for slip in planted {
            match shown(&outcome, slip) {
                Some(found) => println!(
                    "{:40} {:45} case {:5}, {} bytes, {} probes",
                    slip.name,
                    found.signature.label,
                    found.number,
                    size(found),
                    found.shrunk_by.unwrap_or(0)
                ),
                None => missed.push(slip.name),
            }
        }
        if !missed.is_empty() {
            println!("{}", report::console(&outcome, None, ""));
        }
    }
    assert!(missed.is_empty(), "not found within a minute: {missed:?}");
}

/// The finding that shows a bug: the first of its labels, as small as it came to be.
fn shown<'o>(outcome: &'o Outcome, slip: &Slip) -> Option<&'o Found> {
    let fits = |label: &str| slip.shows.iter().position(|shows| label.starts_with(shows));
    let found = outcome.found.iter().filter(|found| fits(&found.signature.label).is_some());
    found.min_by_key(|found| (fits(&found.signature.label), size(found)))
}

fn size(found: &Found) -> usize {
    found.requests.iter().map(|request| request.body.len()).sum()
}

fn fuzzed(planted: &[&Slip]) -> Outcome {
    let wanted = Request { contract: Some("cogito".to_owned()), ..Request::default() };
    let (plan, options) = request::resolve(&wanted).unwrap().pop().unwrap();
    let flaws: Vec<&str> = planted.iter().map(|slip| slip.name).collect();
    let options = Options { seed: 1, jobs: 8, mutant: Some(flaws.join("+")), ..options };
    let bounds = Bounds { time: Some(Duration::from_secs(60)), cases: Some(8000), ..Bounds::default() };
    engine::campaign(&plan, options, bounds, &engine::never(), &|_| {}).unwrap()
}
