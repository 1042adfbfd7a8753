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
