//! The files of a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::console::snapshots;
use super::run::{clean, everything};
use crate::report::stream::CaseLog;
use crate::report::{json, junit, markdown, write};
use crate::spec::contract::Level;

#[test]
fn report_json_keeps_its_published_schema() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for run in [everything(), clean()] {
        let document: Value = serde_json::from_str(&json::render(&run, Level::Must)).unwrap();
        let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn every_field_is_in_the_schema() {
    let run = everything();
    let document: Value = serde_json::from_str(&json::render(&run, Level::Must)).unwrap();
    let mut undescribed = BTreeSet::new();
    let schema = schema();
    undescribed_fields(&document, &schema, &schema, "", &mut undescribed);
    assert_eq!(undescribed, BTreeSet::new());
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let run = everything();
    let document: Value = serde_json::from_str(&json::render(&run, Level::Must)).unwrap();
    for (pointer, wrong) in [
        ("/standing", Value::from("fine")),
        ("/cases/0/outcome", Value::from("ok")),
        ("/cases/1/findings", Value::Array(Vec::new())),
        ("/claims/0/level", Value::Null),
        ("/summary", Value::from(3)),
    ] {
        let mut broken = document.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
}

#[test]
fn the_files_are_as_they_were() {
    let run = everything();
    snapshots().bind(|| {
        insta::assert_snapshot!(
            "report-json",
            json::render(&run, Level::Must).replace(env!("CARGO_PKG_VERSION"), "VERSION")
        );
        insta::assert_snapshot!("junit-xml", junit::render(&run).unwrap());
        insta::assert_snapshot!("summary-md", markdown::render(&run, Level::Must));
    });
}

#[test]
fn a_folder_holds_the_report_and_a_transcript_for_each_case_that_did_not_pass() {
    let dir = tempfile::tempdir().unwrap();
    let transcripts = dir.path().join("transcripts");
    fs::create_dir(&transcripts).unwrap();
    fs::write(transcripts.join("stale.txt"), "# transcript of an earlier run\n").unwrap();
    fs::write(transcripts.join("notes.txt"), "mine\n").unwrap();
    let run = everything();
    write(dir.path(), &run, Level::Must).unwrap();

    let listed = |dir: &Path| -> BTreeSet<String> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let expected = ["junit.xml", "report.json", "summary.md", "transcripts"].map(str::to_owned);
    assert_eq!(listed(dir.path()), BTreeSet::from(expected));
    let names = listed(&transcripts);
    assert!(names.contains("notes.txt") && !names.contains("stale.txt"), "{names:?}");
    assert_eq!(names.len(), 1 + 8 + 1 + 1, "{names:?}");
    for name in names {
        assert!(!fs::read_to_string(transcripts.join(&name)).unwrap().contains('\u{1b}'), "{name}");
    }
}

#[test]
fn the_case_log_has_a_line_a_case_as_soon_as_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let log = CaseLog::create(dir.path()).unwrap();
    let run = everything();
    let schema = schema();
    let case = serde_json::json!({"$ref": "#/$defs/case", "$defs": schema["$defs"]});
    let validator = jsonschema::validator_for(&case).unwrap();
    for (index, ended) in run.cases.iter().enumerate() {
        log.append(ended).unwrap();
        let text = fs::read_to_string(dir.path().join("cases.jsonl")).unwrap();
        assert_eq!(text.lines().count(), index + 1);
        let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(line["id"], ended.id);
        assert!(validator.is_valid(&line), "{line}");
    }
}

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/schema/report.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Paths of the document that the schema has no word for.
fn undescribed_fields(value: &Value, schema: &Value, root: &Value, path: &str, found: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match schema["properties"].get(name) {
                    Some(described) => {
                        undescribed_fields(value, described, root, &format!("{path}/{name}"), found)
                    }
                    None => drop(found.insert(format!("{path}/{name}"))),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                undescribed_fields(item, &schema["items"], root, path, found);
            }
        }
        _ => {}
    }
}
