//! What `explain`, `list`, `doctor` and `check --target` say, of a small contract.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::path::Path;

use gateway_conformance::cli::doctor::{self, Came, Probe};
use gateway_conformance::cli::run::{Shard, worst};
use gateway_conformance::cli::{Format, check, explain, list, specs};
use gateway_conformance::plan::case::{Origin, PlannedCase, Readiness, Takes};
use gateway_conformance::report::console::style::Palette;
use gateway_conformance::spec::library::Library;

fn library() -> Library {
    Library::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli_example/specs")).unwrap()
}

/// The written cases as a plan would hold them, and a swept one.
fn planned(library: &Library) -> Vec<PlannedCase> {
    let loaded = library.contract("example").unwrap();
    let mut planned: Vec<PlannedCase> = loaded
        .cases
        .iter()
        .map(|case| PlannedCase {
            id: format!("example::{}", case.id),
            origin: Origin::Written,
            case: case.clone(),
            takes: Takes { configuration: "default".into(), ..Takes::default() },
            ready: Readiness::Ready,
            whole: true,
        })
        .collect();
    let mut swept = planned[0].clone();
    swept.id = "example::sweep::refused[stream=false]".into();
    swept.origin = Origin::Sweep("refused".into());
    swept.takes.providers = vec![("first".into(), "plays a fault before any request byte".into())];
    swept.ready = Readiness::Lacks("revoked".into(), "keys cannot be revoked here".into());
    planned.push(swept);
    for case in planned.iter_mut().filter(|case| case.id.contains("draining")) {
        case.takes.instance = Some("enters the state `draining`".into());
        case.takes.credentials = vec![("limited".into(), "each use changes the next".into())];
        case.takes.timing = Some("sends 3 at once".into());
        case.ready = Readiness::Unbound(
            "the target binds no state `draining`: bind it or list it under `lacks`".into(),
        );
    }
    planned
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/reports"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn a_case_is_explained_with_what_it_takes_and_why() {
    let library = library();
    let plans = [(&library.contract("example").unwrap().contract, planned(&library))];
    let text = explain::explain("auth::draining-answers-503", &plans, Palette::plain()).unwrap();
    snapshot("explain-case", &text);
    let swept = explain::explain("example::sweep::refused[stream=false]", &plans, Palette::plain()).unwrap();
    snapshot("explain-swept-case", &swept);
}

#[test]
fn a_claim_is_explained_with_its_page_readings_rules_and_cases() {
    let library = library();
    let plans = [(&library.contract("example").unwrap().contract, planned(&library))];
    snapshot("explain-claim", &explain::explain("ex-17", &plans, Palette::plain()).unwrap());
}

#[test]
fn what_nobody_knows_is_answered_with_the_nearest_name() {
    let library = library();
    let plans = [(&library.contract("example").unwrap().contract, planned(&library))];
    let error = explain::explain("EX-O6", &plans, Palette::plain()).unwrap_err();
    assert!(error.to_string().contains("`EX-06`"), "{error}");
}

#[test]
fn the_list_has_a_line_a_case_and_says_why_one_cannot_run() {
    let planned = planned(&library());
    snapshot("list", &format!("{}{}", list::render(&planned, Format::Text), list::summary(&planned)));
    let json: serde_json::Value = serde_json::from_str(&list::render(&planned, Format::Json)).unwrap();
    assert_eq!(json.as_array().unwrap().len(), planned.len());
    assert_eq!(json[3]["swept_fault"], "refused");
}

#[test]
fn a_target_is_told_what_its_gaps_cost() {
    let library = library();
    let contract = &library.contract("example").unwrap().contract;
    snapshot("check-target", &check::costs(contract, &planned(&library), Palette::plain()));
}

#[test]
fn the_doctor_stops_at_the_first_cause() {
    let probes = [
        Probe {
            tried: "the gateway answers at http://127.0.0.1:8080".into(),
            came: Came::Works("200 in 12 ms".into()),
        },
        Probe {
            tried: "a plain request reaches the mock".into(),
            came: Came::Fails {
                seen: "401 from the gateway, no request at the mock".into(),
                remedy: "check `credentials.valid`: the gateway refuses the key before it calls its upstream"
                    .into(),
            },
        },
        Probe { tried: "the marker survives the gateway".into(), came: Came::Skipped },
    ];
    snapshot("doctor", &doctor::render(&probes, Palette::plain()));
    assert_eq!(doctor::code(&probes), 3);
    assert_eq!(doctor::code(&probes[..1]), 0);
    assert_eq!(doctor::code(&[]), 3);
}

#[test]
fn exported_specs_read_the_same_again() {
    let dir = tempfile::tempdir().unwrap();
    let library = library();
    let out = dir.path().join("new/folder");
    assert_eq!(specs::export(library.files(), &out).unwrap(), 2);
    assert_eq!(Library::from_dir(&out).unwrap().digest(), library.digest());
    assert!(specs::export(library.files(), &out).is_err());
}

#[test]
fn shards_are_counted_from_one() {
    assert_eq!("2/4".parse(), Ok(Shard { index: 2, count: 4 }));
    for wrong in ["0/4", "5/4", "1/0", "1", "a/b", "-1/2", ""] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

#[test]
fn a_violation_beats_an_incomplete_run() {
    assert_eq!([worst(&[0, 3, 1]), worst(&[3, 2, 0]), worst(&[3, 0]), worst(&[0, 0])], [1, 2, 3, 0]);
}
