//! Broken spec and target files, and what a person is told about each.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gateway_conformance::spec::library::{Files, Library};
use gateway_conformance::spec::lint::Vocabulary;
use gateway_conformance::spec::lint::target::unbound;
use gateway_conformance::spec::read::diagnostic::Diagnostics;
use proptest::prelude::{ProptestConfig, any, prop, proptest};

/// Every broken file, with the place it takes among the good ones.
#[test]
fn every_broken_file_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/diagnostics"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut seen = 0;
    for (kind, stem, text) in broken() {
        let place = match kind {
            "contract" => "example/contract.yaml".to_owned(),
            "cases" => format!("example/{stem}.yaml"),
            _ => format!("targets/{stem}.yaml"),
        };
        let problems = check(&place, &text);
        assert!(!problems.is_empty(), "{kind}/{stem} is not broken");
        settings.bind(|| insta::assert_snapshot!(format!("{kind}.{stem}"), problems.render(false)));
        seen += 1;
    }
    assert!(seen >= 30, "{seen} broken files");
}

#[test]
fn the_good_files_are_good() {
    let problems = library(good()).check();
    assert!(problems.is_empty(), "{problems}");
}

#[test]
fn a_target_is_told_what_it_leaves_unbound_and_what_that_costs() {
    let mut files = good();
    let target = files.get_mut("targets/mine.yaml").unwrap();
    *target = target.replace("  revoked: { file: keys.json, at: /revoked }\n", "");
    let library = library(files);
    let target = library.target("mine").unwrap();
    let left = unbound(&target, library.contract("example").unwrap());
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].kind.to_string(), &*left[0].name), ("credential".to_owned(), "revoked"));
    assert_eq!(left[0].lost, ["EX-02"]);
}

#[test]
fn keys_written_into_a_target_are_never_shown() {
    let key = "0777000123";
    for broken in [
        format!("  valid: {{ literal: {key}, pace: soon }}"),
        format!("  valid: [{key}, \"{key}\", {{ env: K, litral: {key} }}]"),
        format!(
            "  valid: {{ pool: [{key}], frsh: true }}\n  limited: {key}\nheaders: {{ x-key: {key} }}\nkey_heder: x"
        ),
        format!("  valid: [{key}"),
    ] {
        let text =
            good()["targets/mine.yaml"].replace("  valid: { env: GATEWAY_KEY, pace: 600/60s }", &broken);
        let problems = check("targets/mine.yaml", &text);
        assert!(problems.has_errors(), "{broken}");
        assert!(!problems.render(false).contains(key), "{problems}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}(\n\\PC{0,40}){0,6}") {
        stays_inside(&text);
    }

    #[test]
    fn no_edit_of_a_file_makes_the_reader_panic(
        file in 0..3usize,
        cut in any::<prop::sample::Index>(),
        length in 0..30usize,
        inserted in "[ -~\n\u{e9}]{0,6}",
    ) {
        let name = ["example/contract.yaml", "example/auth.yaml", "targets/mine.yaml"][file];
        let text = &good()[name];
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = cut.index(boundaries.len());
        let end = boundaries[(at + length).min(boundaries.len() - 1)];
        let edited = format!("{}{inserted}{}", &text[..boundaries[at]], &text[end..]);
        places_are_inside(&check(name, &edited), name, &edited);
    }
}

fn stays_inside(text: &str) {
    for name in ["example/contract.yaml", "example/auth.yaml", "targets/mine.yaml"] {
        places_are_inside(&check(name, text), name, text);
    }
}

fn places_are_inside(problems: &Diagnostics, name: &str, text: &str) {
    for problem in problems.0.iter().filter(|problem| &*problem.place.file == name) {
        let place = &problem.place;
        assert!(place.start <= place.end && place.end <= text.len(), "{place:?}");
        let line = text.split('\n').nth(place.line - 1).unwrap_or_else(|| panic!("{place} of {text:?}"));
        assert!(place.column <= line.chars().count() + 1, "{place} of {text:?}");
        problem.render(true);
    }
}

fn check(name: &str, text: &str) -> Diagnostics {
    let mut files = good();
    files.insert(name.to_owned(), text.to_owned());
    library(files).check()
}

fn library(files: BTreeMap<String, String>) -> Library {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let known = Vocabulary {
        families: words(&["connect", "status"]),
        faults: words(&["reset_before_head"]),
        dialects: words(&["openai", "anthropic"]),
    };
    Library::new(Files::from_texts(files)).knowing(known)
}

/// A contract, a file of cases and a target without a problem.
fn good() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for name in ["example/contract.yaml", "example/auth.yaml", "targets/mine.yaml"] {
        files.insert(name.to_owned(), fs::read_to_string(folder().join(name)).unwrap());
    }
    files
}

fn broken() -> Vec<(&'static str, String, String)> {
    let mut files = Vec::new();
    for kind in ["contract", "cases", "target"] {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder().join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            files.push((kind, stem, fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}
