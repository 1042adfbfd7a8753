//! Campaigns against the built-in gateway: a conforming one is left alone, a flaw is found under its label, and neither the
//! number of lines nor the machine decides which cases there are.

#![cfg(feature = "reference-gateway")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use gateway_conformance::fuzz::engine::{self, Bounds, Outcome};
use gateway_conformance::fuzz::finding::Found;
use gateway_conformance::fuzz::regression::Regression;
use gateway_conformance::report::fuzz as report;
use gateway_conformance::run::request::resolved::Options;
use gateway_conformance::run::request::{self, Request};
use gateway_conformance::spec::contract::Level;

fn campaign(
    seed: u64,
    cases: u64,
    jobs: usize,
    mutant: Option<&str>,
    regressions: Vec<Regression>,
) -> Outcome {
    let wanted = Request { contract: Some("cogito".to_owned()), ..Request::default() };
    let (plan, options) = request::resolve(&wanted).unwrap().pop().unwrap();
    let options = Options { seed, jobs, mutant: mutant.map(str::to_owned), ..options };
    let bounds = Bounds { cases: Some(cases), regressions, ..Bounds::default() };
    engine::campaign(&plan, options, bounds, &engine::never(), &|_| {}).unwrap()
}

#[test]
fn a_conforming_gateway_is_left_alone() {
    let outcome = campaign(3, 1800, 8, None, Vec::new());
    assert_eq!(report::code(&outcome, Level::Should), 0, "{}", report::console(&outcome, None, ""));
    assert_eq!(outcome.progress.labels.0, outcome.progress.labels.1);
    assert!(outcome.unsteady.is_empty(), "{}", report::console(&outcome, None, ""));
}

#[test]
fn the_cases_are_the_same_however_many_lines_send_them() {
    let (one, many) = (campaign(5, 160, 1, None, Vec::new()), campaign(5, 160, 6, None, Vec::new()));
    assert_eq!(one.digest, many.digest);
    assert_eq!(one.progress.cases, 160);
    assert_ne!(one.digest, campaign(6, 160, 6, None, Vec::new()).digest);
}

#[test]
fn a_flaw_is_found_under_its_label_and_found_again_from_its_file() {
    let outcome = campaign(1, 640, 8, Some("ranges-unchecked"), Vec::new());
    assert_eq!(report::code(&outcome, Level::Must), 1);
    let told = report::console(&outcome, None, "");
    assert!(told.contains("\nFindings  ") && told.contains("\nfindings: "), "{told}");
    let found = outcome.found.iter().find(|found| found.signature.label == "/temperature:minimum").unwrap();
    assert!(found.finding.claims.contains(&"COG-13".to_owned()));
    assert!(found.requests[0].body.len() < 140, "{}", String::from_utf8_lossy(&found.requests[0].body));

    let folder = tempfile::tempdir().unwrap();
    let mask = gateway_conformance::arrange::credentials::mask::Mask::new(std::iter::empty::<&str>());
    let path = Regression::of(&outcome, found).write(folder.path(), &mask).unwrap();
    assert!(path.with_extension("body").is_file());
    let stored = Regression::read_all(folder.path()).unwrap();
    let again = campaign(9, 0, 1, Some("ranges-unchecked"), stored.clone());
    assert_eq!(again.regressions, (1, 1), "{}", report::console(&again, None, ""));
    assert_eq!(campaign(9, 0, 1, None, stored).regressions, (1, 0));
}

#[test]
fn a_body_that_arrives_with_another_meaning_is_a_finding() {
    let outcome = campaign(1, 800, 8, Some("seed-is-a-double"), Vec::new());
    let changed =
        |found: &&Found| found.finding.check == "received.body" && found.finding.observed.contains("/seed");
    let told = report::console(&outcome, None, "");
    assert!(outcome.found.iter().any(|found| changed(&found)), "{told}");
    // No page says that a body arrives unchanged: it decides where somebody asks for that alone.
    assert!(told.contains("\nAdvice  ") && !told.contains("\nFindings  "), "{told}");
    assert!(told.trim_end().lines().last().unwrap().starts_with("no finding; advice: "), "{told}");
    assert_eq!((report::code(&outcome, Level::Must), report::code(&outcome, Level::Should)), (0, 1));
}

#[test]
fn a_refusal_that_depends_on_how_a_body_is_written_is_odd_json_that_falls_over() {
    let outcome = campaign(1, 1250, 8, Some("odd-json-is-500"), Vec::new());
    let labels: Vec<&str> = outcome.found.iter().map(|found| found.signature.label.as_str()).collect();
    assert!(labels.iter().any(|label| label.starts_with("odd(surrogate")), "{labels:?}");
    assert!(!labels.iter().any(|label| label.starts_with('/')), "{labels:?}");
}
