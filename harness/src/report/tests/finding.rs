//! Grouping, consequences and drift in words.

use super::run::everything;
use crate::baseline::drift::{Drift, DriftReport, Orphan};
use crate::judge::verdict::{Finding, Findings, Verdict};
use crate::report::console::drift;
use crate::report::console::style::Palette;
use crate::report::finding::{causes, consequence, of_case};
use crate::run::outcome::Outcome;
use crate::spec::contract::Level;

fn finding(check: &str, expected: &str, observed: &str) -> Finding {
    let run = everything();
    let any = of_case(&run.cases[1])[0].clone();
    Finding {
        check: check.into(),
        claims: Vec::new(),
        expected: expected.into(),
        observed: observed.into(),
        ..any
    }
}

#[test]
fn what_clients_suffer_depends_on_which_way_a_status_is_wrong() {
    for (check, expected, observed, suffered) in [
        ("error.status", "400", "502", "two more identical calls"),
        ("error.status", "503", "400", "do not retry"),
        ("error.status", "502", "200", "parsed as an answer"),
        ("error.status", "403", "401", "rotate keys"),
        ("error.status", "400", "404", "another exception class"),
        ("error.status", "a success that is whole", "500", "promises to serve"),
        ("closed.outside", "a status that the closed table lists", "418", "another exception class"),
        (
            "error",
            "one of the documented answers a, b",
            "502; nearest is `a`, but error.code is \"x\" instead of \"y\"",
            "tell waiting from paying",
        ),
        ("got.headers.retry-after", "present", "absent (429)", "still closed"),
        ("got.headers.retry-after", "matching ^\\d+$", "\"soon\"", "it ignores"),
        ("envelope.media_type", "content-type application/json", "no content-type", "parser"),
        ("envelope.schema", "a body in the openai error envelope", "\"<html>\"", "(no body)"),
        ("distinct got.error.request_id", "different", "the same", "cannot be found again"),
        ("secret.key", "absent", "shown", "its operator"),
        ("took.late", "an end within 1 s", "2 s", "waits longer"),
        ("received.count", "0", "1", "hidden attempt"),
        ("got.ending", "error_event", "clean", "complete answer"),
    ] {
        let told = consequence::of(&finding(check, expected, observed), &[]).unwrap_or_default();
        assert!(told.contains(suffered), "{check}: {told}");
    }
}

#[test]
fn the_consequence_of_the_claim_goes_before_the_general_one() {
    let run = everything();
    let own = of_case(&run.cases[1])[0];
    assert!(consequence::of(own, &run.claims).unwrap().starts_with("Dashboards"));
    assert!(consequence::of(own, &[]).unwrap().starts_with("Applications branch"));
}

#[test]
fn eighty_cases_of_one_cause_are_one_finding_even_where_each_answer_has_its_own_id() {
    let mut run = everything();
    let like = run.cases[1].clone();
    run.cases.clear();
    for number in 0..80 {
        let mut case = like.clone();
        case.id = format!("example::upstream::one[n={number}]");
        let finding =
            finding("envelope.schema", "a body in the error envelope", &format!("\"req_{number}a\" in 502"));
        if let Outcome::Judged(judgement) = &mut case.outcome {
            judgement.verdict = Verdict::Fail(Findings::synthetic(vec![finding]));
        }
        run.cases.push(case);
    }
    let causes = causes(&run, Level::Must);
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0][0].cases().len(), 80);
    assert_eq!(causes[0][0].pairs(6), [("a body in the error envelope", "\"req_0a\" in 502", 80)]);
}

#[test]
fn drift_is_told_with_its_diff() {
    let drifted = Drift { id: "c::t::a".into(), diff: "--- snapshot\n+++ now\n-1\n+2\u{1b}\n".into() };
    let report = DriftReport {
        drifted: vec![drifted],
        new: vec!["c::t::b".into()],
        orphans: vec![Orphan { path: "snapshots/drift/t/c.snap".into(), axes: Some("[x=1]".into()) }],
    };
    insta::assert_snapshot!(drift::render(&report, Palette::plain()), @r"
    Drift from the snapshots  never a claim's verdict; `cargo insta review` accepts
      ≠ c::t::a
          --- snapshot
          +++ now
          -1
          +2\u{1b}
      1 case without a snapshot
          c::t::b
      1 snapshot whose case is gone: remove
          snapshots/drift/t/c.snap [x=1]
    ");
    assert_eq!(drift::render(&DriftReport::default(), Palette::plain()), "");
}
