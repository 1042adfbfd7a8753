//! The twenty claims that were hardest to write.

use std::collections::BTreeSet;

use gateway_conformance::plan;
use gateway_conformance::plan::case::Readiness;
use gateway_conformance::plan::select::Selection;
use gateway_conformance::spec::library::{Files, Library};
use mock_upstream::fault::Catalogue;

use crate::trial::{knowing, library, specs};

/// Everything is bound.
const TARGET: &str = "\
target: all
contract: twenty
configurations:
  alone: { attach: http://127.0.0.1:9, providers: [first], limits: { upstream: 1s, half_open: 2s }, reset: POST /reset }
  chain: { attach: http://127.0.0.1:9, providers: [first, second], order: declared, limits: { upstream: 1s, half_open: 2s }, reset: POST /reset }
credentials:
  { valid: a, valid2: b, revoked: c, zero_balance: d, restricted: e, run_budget: f, degrade: g, cached: h, concurrency: i, low_balance: j, default_rpm: k,
    expired: { command: [./mint, --expired] }, not_yet_valid: { command: [./mint, --later], fresh: true },
    malformed: { from: valid, mangle: cut }, wrong_signature: { from: valid, mangle: flip }, alg_none: { from: valid, mangle: jwt_none } }
models: { chat: m, unknown: no-such }
values:
  { below_spent: '0.01', above_spent: '100', over_limit: 11, limit: 10, pin_first: { /provider: first }, health_at: /providers/0/state, healthy: up,
    over_balance: { /max_tokens: 100000 }, quarter: { /max_tokens: 10 } }
";

fn with_target() -> Library {
    let files = Files::from_dir(&specs()).unwrap();
    let mut texts: Vec<(String, String)> =
        files.all().map(|file| (file.name.to_string(), file.text.to_string())).collect();
    texts.push(("targets/all.yaml".to_owned(), TARGET.to_owned()));
    knowing(Files::from_texts(texts))
}

#[test]
fn the_contracts_of_the_tests_have_no_problem() {
    let problems = with_target().check();
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn each_of_the_twenty_is_checked_by_something() {
    let library = library();
    let loaded = library.contract("twenty").unwrap();
    let contract = &loaded.contract;
    let closed = contract.closed.iter().flat_map(|closed| closed.outside.iter().chain(&closed.mismatch));
    let rules = contract.rules.iter().flat_map(|rule| &rule.claims);
    let rejects = contract
        .requests
        .iter()
        .filter_map(|request| request.rejects.as_ref())
        .flat_map(|rejects| &rejects.claims);
    let cases = loaded.cases.iter().flat_map(|case| &case.claims);
    let envelopes = contract.protocols.iter().flat_map(|protocol| &protocol.envelope_claims);
    let cited: BTreeSet<&str> = closed
        .chain(rules)
        .chain(rejects)
        .chain(cases)
        .chain(envelopes)
        .map(|claim| claim.as_str())
        .collect();
    for number in 1..=20 {
        assert!(cited.contains(format!("T-{number:02}").as_str()), "nothing checks claim {number}");
    }
}

#[test]
fn each_of_the_twenty_is_planned_with_what_it_takes() {
    let library = with_target();
    let loaded = library.contract("twenty").unwrap();
    let target = library.target("all").unwrap();
    let cases =
        plan::plan(&loaded.contract, &loaded.cases, &target, Catalogue::shipped(), &Selection::default());
    assert!(cases.len() > 100, "{}", cases.len());
    for case in &cases {
        assert_eq!(case.ready, Readiness::Ready, "{}", case.id);
    }
    let takes = |name: &str| {
        let case =
            cases.iter().find(|case| case.id.contains(name)).unwrap_or_else(|| panic!("no case {name}"));
        &case.takes
    };
    let circuit = takes("the-circuit-opens");
    assert!(circuit.providers.iter().any(|(name, _)| name == "first"), "{circuit:?}");
    assert_eq!(circuit.heals, ["half_open"]);
    assert!(takes("second-call-comes").credentials.iter().any(|(name, _)| name == "cached"));
    assert!(takes("second-call-comes").instance.as_ref().is_some_and(|why| why.contains("needs a reset")));
    for ordered in ["a-dead-chain", "retry-then-failover", "more-than-the-limit", "the-61st"] {
        assert!(takes(ordered).timing.is_some(), "{ordered}");
    }
    assert_eq!(takes("a-dead-chain").configuration, "chain");
    assert_eq!(takes("just-inside-the-limit").timing, None);
    assert!(
        takes("odd-methods").providers.len() == 1,
        "what cannot carry the marker has the provider for itself"
    );
}
