//! The binary as people and scripts call it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn gateway_conformance(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-conformance"));
    command.args(arguments).env("NO_COLOR", "1").output().unwrap()
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli_example/specs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_misspelt_command_or_flag_is_a_usage_error_that_names_the_nearest() {
    for (arguments, nearest) in [(vec!["chekc"], "check"), (vec!["faults", "--formt", "json"], "--format")] {
        let output = gateway_conformance(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(nearest), "{}", text(&output.stderr));
    }
}

#[test]
fn faults_lists_the_whole_catalogue_in_both_forms() {
    let json = gateway_conformance(&["faults", "--format", "json"]);
    let document: Value = serde_json::from_slice(&json.stdout).unwrap();
    let faults = document["faults"].as_array().unwrap();
    assert_eq!(document["total"], faults.len());
    let counted: u64 =
        document["groups"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, faults.len() as u64);
    let table = text(&gateway_conformance(&["faults"]).stdout);
    for fault in faults {
        assert!(table.contains(&format!("  {} ", fault["id"].as_str().unwrap())), "{fault}");
    }
    assert!(table.contains(&format!("\n{} faults\n", faults.len())));
    let out_of_reach = document["out_of_reach"].as_array().unwrap();
    let (_, reasons) = table.rsplit_once("\nOut of reach").unwrap();
    for missing in out_of_reach {
        assert!(
            missing["out_of_reach"].is_string() && reasons.contains(missing["mode"].as_str().unwrap()),
            "{missing}"
        );
    }
}

#[test]
fn check_is_green_on_sound_specs_and_points_at_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("example");
    fs::create_dir(&folder).unwrap();
    for file in ["contract.yaml", "auth.yaml"] {
        fs::copy(specs().join("example").join(file), folder.join(file)).unwrap();
    }
    let shown = dir.path().display().to_string();
    let sound = gateway_conformance(&["check", "--specs", &shown]);
    assert_eq!(sound.status.code(), Some(0), "{}", text(&sound.stdout));

    let cases = fs::read_to_string(folder.join("auth.yaml")).unwrap();
    fs::write(folder.join("auth.yaml"), cases.replace("$(for.stream)", "$(for.steam)")).unwrap();
    let broken = gateway_conformance(&["check", "--specs", &shown]);
    assert_eq!(broken.status.code(), Some(2));
    let told = text(&broken.stdout);
    assert!(told.contains("example/auth.yaml:16:") && told.contains("`stream`"), "{told}");
}

#[test]
fn init_writes_a_target_that_check_accepts_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("mine.yaml");
    let (out, specs) = (out.to_str().unwrap(), specs());
    let specs = specs.to_str().unwrap();
    let init =
        ["init", "--specs", specs, "--contract", "example", "--url", "http://127.0.0.1:9/", "--out", out];
    let first = gateway_conformance(&init);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let written = fs::read_to_string(out).unwrap();
    assert!(written.contains("attach: http://127.0.0.1:9\n"), "{written}");
    for name in ["revoked", "limited", "draining", "over_balance", "idle", "chat"] {
        assert!(written.contains(&format!("{name}: ")), "{name}");
    }
    let checked = gateway_conformance(&["check", "--specs", specs, "--target", out]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));

    let again = gateway_conformance(&init);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(fs::read_to_string(out).unwrap(), written);
}

#[test]
fn init_refuses_what_is_no_url_and_names_the_nearest_contract() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("mine.yaml");
    let (out, specs) = (out.to_str().unwrap(), specs());
    let specs = specs.to_str().unwrap();
    let wrong = gateway_conformance(&["init", "--specs", specs, "--contract", "exmaple", "--out", out]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("`example`"), "{}", text(&wrong.stderr));
    let wrong = gateway_conformance(&[
        "init",
        "--specs",
        specs,
        "--contract",
        "example",
        "--url",
        "localhost",
        "--out",
        out,
    ]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(!Path::new(out).exists());
}

#[test]
fn export_fills_a_new_folder_and_leaves_a_used_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("specs");
    let shown = target.to_str().unwrap();
    assert_eq!(gateway_conformance(&["specs", "export", shown]).status.code(), Some(0));
    fs::write(target.join("mine.yaml"), "mine").unwrap();
    assert_eq!(gateway_conformance(&["specs", "export", shown]).status.code(), Some(2));
    assert_eq!(fs::read_to_string(target.join("mine.yaml")).unwrap(), "mine");
}

#[test]
fn a_run_of_some_cases_says_what_it_leaves_out_and_writes_its_report() {
    let dir = tempfile::tempdir().unwrap();
    let report = dir.path().join("report");
    let run = [
        "run",
        "--specs",
        "../specs",
        "--contract",
        "cogito",
        "--case",
        "cogito::auth::*",
        "--report",
        report.to_str().unwrap(),
    ];
    let output = gateway_conformance(&run);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}\n{}", text(&output.stderr));
    assert!(told.contains("\nCONFORMING "), "{told}");
    assert!(told.contains("not asked for: this run has no case about them"), "{told}");
    assert!(!told.contains('\u{1b}'));
    let document: Value = serde_json::from_slice(&fs::read(report.join("report.json")).unwrap()).unwrap();
    let schema: Value =
        serde_json::from_slice(&fs::read("../specs/schema/report.schema.json").unwrap()).unwrap();
    let problems: Vec<String> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&document)
        .map(|problem| problem.to_string())
        .collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(document["standing"], "conforming");
    let cases = document["cases"].as_array().unwrap();
    let log = fs::read_to_string(report.join("cases.jsonl")).unwrap();
    assert_eq!(log.lines().count(), cases.len());
    assert!(report.join("junit.xml").exists() && report.join("summary.md").exists());
}

#[test]
fn a_glob_that_fits_no_case_is_a_usage_error() {
    let output = gateway_conformance(&["run", "--specs", "../specs", "--case", "no-such-case"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such-case"));
}

#[test]
fn a_flaw_of_the_built_in_gateway_is_listed_and_shows_the_claim_that_it_breaks() {
    let listed = gateway_conformance(&["list", "--mutants", "--contract", "cogito", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let flaw = listed.as_array().unwrap().iter().find(|flaw| flaw["name"] == "balance-unchecked").unwrap();
    assert_eq!(flaw["claims"], serde_json::json!(["COG-08"]));

    let mutated =
        |flaw| ["run", "--contract", "cogito", "--case", "billing::no-balance-left*", "--mutant", flaw, "-q"];
    let broken = gateway_conformance(&mutated("balance-unchecked"));
    assert_eq!(broken.status.code(), Some(1));
    let told = text(&broken.stdout);
    assert!(
        told.contains("✗ COG-08  violated in") && told.contains("--mutant balance-unchecked --case"),
        "{told}"
    );

    let unknown = gateway_conformance(&mutated("balance-uncheckd"));
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `balance-unchecked`?"), "{}", text(&unknown.stderr));
}

#[test]
fn only_the_built_in_gateway_can_have_a_flaw() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("mine.yaml");
    fs::write(
        &target,
        "target: mine\ncontract: cogito\nconfigurations: { default: { attach: 'http://127.0.0.1:9' } }\n",
    )
    .unwrap();
    let target = target.display().to_string();
    let refused =
        gateway_conformance(&["run", "--contract", "cogito", "--target", &target, "--mutant", "x", "-q"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("is not the built-in gateway"), "{}", text(&refused.stderr));
}

#[test]
fn the_contract_of_a_new_vendor_begins_with_files_that_check_accepts() {
    let dir = tempfile::tempdir().unwrap();
    let specs = dir.path().join("specs").display().to_string();
    let begun = gateway_conformance(&["init", "--new", "--contract", "acme-gate", "--out", &specs]);
    assert_eq!(begun.status.code(), Some(0), "{}", text(&begun.stderr));
    let target = format!("{specs}/targets/acme-gate.yaml");
    let checked = gateway_conformance(&["check", "--specs", &specs, "--target", &target]);
    let told = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{told}");
    assert!(
        told.contains(" 0 errors, 0 warnings") && told.contains("6 of 7 claims can be exercised"),
        "{told}"
    );
    let again = gateway_conformance(&["init", "--new", "--contract", "acme-gate", "--out", &specs]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("exists already"), "{}", text(&again.stderr));
    let other = gateway_conformance(&["init", "--new", "--contract", "Acme Gate", "--out", &specs]);
    assert!(text(&other.stderr).contains("is no name of a contract"), "{}", text(&other.stderr));
}

/// Judges an answer of Cogito that was captured before: the exit code, and what is said.
fn judged(answer: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answer.http");
    fs::write(&file, answer).unwrap();
    let file = file.display().to_string();
    let output = gateway_conformance(&[&["judge", "--contract", "cogito", &file], arguments].concat());
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

const REFUSED: &str = "HTTP/1.1 401 Unauthorized\ncontent-type: application/json\n\n\
    {\"error\":{\"type\":\"authentication_error\",\"code\":\"invalid_api_key\",\"message\":\"no\",\"request_id\":\"req_7f\"}}\n";

#[test]
fn a_captured_answer_is_held_against_the_rows_and_rules_of_a_contract() {
    let (code, told) = judged(REFUSED, &[]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = judged(REFUSED, &["--error", "invalid_api_key"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("✓ COG-06"), "{told}");
    let (code, told) = judged(REFUSED, &["--error", "insufficient_quota"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("✗ COG-08") && told.contains("cogito/contract.yaml:"), "{told}");
    let (code, told) = judged(&REFUSED.replace("authentication_error", "api_error"), &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("✗ COG-03"), "{told}");
    let (code, told) = judged("HTTP/1.1 503 X\ncontent-type: text/html\n\n<html>", &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("✗ COG-01") && told.contains("✗ COG-17"), "{told}");
}

#[test]
fn a_captured_stream_is_judged_by_its_events() {
    let head = "HTTP/1.1 200 OK\ncontent-type: text/event-stream\n\n";
    let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let (code, told) = judged(&format!("{head}{chunk}data: {{\"error\":\"boom\"}}\n\n"), &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("✗ COG-01"), "{told}");
}

#[test]
fn what_is_no_captured_answer_is_pointed_at() {
    let (code, told) = judged("{\"error\":1}\n", &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("answer.http:1:1") && told.contains("^"), "{told}");
    let (code, told) = judged(REFUSED, &["--error", "invalid_api_kye"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("did you mean `invalid_api_key`?"), "{told}");
    let (code, told) = judged("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{}", &[]);
    assert!(code == Some(0) || code == Some(3), "{told}");
}
