//! `survey` of the built-in gateway by the binary: the table, the file, two of them side by side.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// One of each kind of failure, so that the table does not change with every fault that the catalogue gets.
const SOME: [&str; 20] = [
    "--fault",
    "refused",
    "--fault",
    "rst_before_head",
    "--fault",
    "fin_before_head",
    "--fault",
    "silent",
    "--fault",
    "late",
    "--fault",
    "short_body",
    "--fault",
    "html_200",
    "--fault",
    "sse_cut",
    "--fault",
    "sse_reset",
    "--fault",
    "sse_stall",
];

fn survey(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-conformance"));
    command.args(["survey", "--quiet"]).args(arguments).env("NO_COLOR", "1").output().unwrap()
}

#[track_caller]
fn table(arguments: &[&str]) -> String {
    let output = survey(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/reports"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_table_says_what_the_gateway_does_for_each_fault() {
    snapshot("survey-builtin", &table(&[&["--contract", "cogito"], &SOME[..]].concat()));
}

#[test]
fn what_cannot_be_played_is_listed_with_the_reason() {
    let arguments = ["--contract", "cogito", "--operation", "embeddings", "--deadline", "1.9"];
    let faults = ["--fault", "fin_*", "--fault", "drip", "--fault", "sse_cut"];
    let text = table(&[&arguments[..], &faults].concat());
    snapshot("survey-not-played", &text);
}

/// The whole catalogue but for one family: a gateway is right to leave an endless reply, which is then not delivered.
fn most(faults: &Value) -> Vec<String> {
    let families = faults["faults"].as_array().unwrap().iter().map(|fault| fault["family"].as_str().unwrap());
    let families: HashSet<&str> = families.filter(|family| *family != "oversized").collect();
    families.into_iter().flat_map(|family| ["--family".to_owned(), family.to_owned()]).collect()
}

#[test]
fn two_surveys_of_the_catalogue_give_the_same_table() {
    let dir = tempfile::tempdir().unwrap();
    let files = ["first.json", "second.json"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    let faults =
        Command::new(env!("CARGO_BIN_EXE_gateway-conformance")).args(["faults", "--format", "json"]).output();
    let faults: Value = serde_json::from_slice(&faults.unwrap().stdout).unwrap();
    let most = most(&faults);
    let [first, second] = [&files[0], &files[1]].map(|file| {
        let chosen =
            ["--contract", "cogito", "--output", file].into_iter().chain(most.iter().map(String::as_str));
        table(&chosen.collect::<Vec<_>>())
    });
    assert_eq!(first, second);
    assert!(first.ends_with(" not played\n"), "{first}");
    let compared = table(&["--compare", &files[0], &files[1]]);
    assert!(compared.contains("the same in every one of "), "{compared}");
    let whole: Value = serde_json::from_slice(&fs::read(&files[0]).unwrap()).unwrap();
    let all = table(&["--compare", &files[0], &files[1], "--all"]);
    let rows = whole["rows"].as_array().unwrap().iter().chain(whole["not_played"].as_array().unwrap());
    let surveyed: HashSet<(&Value, &Value)> = rows.map(|row| (&row["fault"], &row["lane"])).collect();
    let asked = |fault: &&Value| fault["family"] != "oversized";
    for fault in faults["faults"].as_array().unwrap().iter().filter(asked) {
        for lane in fault["lanes"].as_array().unwrap() {
            assert!(surveyed.contains(&(&fault["id"], lane)), "{} {lane} is missing", fault["id"]);
        }
    }
    for row in whole["rows"].as_array().unwrap() {
        let line = format!("  {}", row["fault"].as_str().unwrap());
        assert!([&first, &all].iter().all(|text| text.contains(&line)), "{line}");
    }
}

#[test]
fn the_file_keeps_to_the_published_schema() {
    let text = table(
        &[&["--contract", "cogito", "--format", "json", "--operation", "embeddings"], &SOME[..]].concat(),
    );
    let survey: Value = serde_json::from_str(&text).unwrap();
    let schema: Value =
        serde_json::from_slice(&fs::read("../specs/schema/survey.schema.json").unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&survey).map(|problem| problem.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
    let described = |schema: &Value, value: &Value| {
        let names = value.as_object().unwrap().keys();
        names.filter(|name| schema["properties"].get(*name).is_none()).cloned().collect::<Vec<_>>()
    };
    assert_eq!(described(&schema, &survey), Vec::<String>::new());
    assert_eq!(described(&schema["$defs"]["row"], &survey["rows"][0]), Vec::<String>::new());
    assert_eq!(
        described(&schema["properties"]["not_played"]["items"], &survey["not_played"][0]),
        Vec::<String>::new()
    );
    assert_eq!(
        (&survey["whole"], &survey["target"]["name"]),
        (&Value::Bool(true), &Value::from("builtin-cogito"))
    );
    let mut wrong = survey.clone();
    wrong["rows"][0]["ending"] = "soon".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn two_files_are_laid_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let text = table(&[&["--contract", "cogito", "--format", "json"], &SOME[..]].concat());
    let mut survey: Value = serde_json::from_str(&text).unwrap();
    survey["when"] = "2026-11-21T09:00:00Z".into();
    fs::write(file("a.json"), survey.to_string()).unwrap();
    survey["when"] = "2026-11-22T09:00:00Z".into();
    survey["target"]["name"] = "other".into();
    survey["target"]["version"] = "2.1".into();
    let rows = survey["rows"].as_array_mut().unwrap();
    rows.retain(|row| row["fault"] != "late");
    for row in rows {
        // The same on a clock, as far as the table goes.
        row["first_byte_ms"] = 3.into();
        match row["fault"].as_str().unwrap() {
            "fin_before_head" | "rst_before_head" => {
                (row["attempts"], row["attempt_gaps_ms"]) = (3.into(), serde_json::json!([512, 1019]));
                (row["code"], row["retry_after"]) = (502.into(), "9".into());
            }
            "sse_stall" => (row["ending"], row["elapsed_ms"]) = ("open".into(), 8000.into()),
            "silent" => (row["delivered"], row["note"]) = (false.into(), "the gate never opened".into()),
            _ => {}
        }
    }
    fs::write(file("b.json"), survey.to_string()).unwrap();
    snapshot("survey-compare", &table(&["--compare", &file("a.json"), &file("b.json")]));
    snapshot("survey-compare-all", &table(&["--compare", &file("a.json"), &file("b.json"), "--all"]));
}

#[test]
fn what_there_is_not_is_a_usage_error_that_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    fs::write(&file, "{\"schema_version\": 7}").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, told) in [
        (vec!["--fault", "sse_cutt"], "did you mean `sse_cut`?"),
        (vec!["--family", "timeuot"], "did you mean `timeout`?"),
        (vec!["--group", "Z"], "there is no group `Z`"),
        (vec!["--operation", "chatt"], "did you mean `chat`?"),
        (vec!["--fault", "silent", "--group", "H"], "no fault is in all of what is asked for"),
        (vec!["--contract", "cogitto"], "did you mean `cogito`?"),
        (vec!["--deadline", "0"], "a number of seconds above 0"),
        (vec!["--compare", file, file], "has schema_version 7"),
        (vec!["--compare", "no-such-file", file], "no-such-file"),
    ] {
        let output = survey(&arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
}

#[test]
fn where_nothing_can_be_played_nothing_is_started() {
    let output = survey(&["--contract", "cogito", "--fault", "silent", "--deadline", "0.25"]);
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("longer than the deadline of 0.25 s"), "{stderr}");
}
