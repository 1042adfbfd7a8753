//! The law of the harness, kept by a test: read left to right, import right to left (ARCHITECTURE.md).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The stages in the order of the flow; a module may name only modules to its left.
const LAW: [&str; 13] = [
    "wire", "spec", "generate", "plan", "arrange", "act", "observe", "judge", "run", "survey", "baseline",
    "fuzz", "report",
];

#[test]
fn modules_import_only_from_their_left() {
    let mut broken = Vec::new();
    for (file, text) in sources(&root().join("src")) {
        let Some(module) = module(&file) else { continue };
        let own = LAW.iter().position(|name| *name == module);
        let Some(own) = own else {
            broken.push(format!("{}: `{module}` is not in the law; give it a place", file.display()));
            continue;
        };
        for (number, line) in code_lines(&text) {
            if line.contains("super::super") {
                broken.push(format!(
                    "{}:{number}: `super::super` hides where an import comes from",
                    file.display()
                ));
            }
            for named in names(line) {
                match LAW.iter().position(|name| *name == named) {
                    Some(other) if other <= own => {}
                    Some(_) => broken.push(format!("{}:{number}: {module} may not name {named}", file.display())),
                    None => broken.push(format!(
                        "{}:{number}: `crate::{named}` names no module of the law; import one module per `use`",
                        file.display()
                    )),
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_mock_knows_no_specs_and_no_verdicts() {
    let manifest = fs::read_to_string(root().join("../mock-upstream/Cargo.toml")).unwrap();
    assert!(!manifest.contains("gateway-conformance"), "mock-upstream is mechanism only");
}

#[test]
fn the_architecture_page_states_the_law_and_every_module_opens_with_its_sentence() {
    let page = fs::read_to_string(root().join("../ARCHITECTURE.md")).unwrap();
    assert!(page.contains(&LAW.join(" → ")), "ARCHITECTURE.md has to state: {}", LAW.join(" → "));
    for (file, text) in sources(&root().join("src")) {
        assert!(text.starts_with("//! "), "{} has to open with a `//!` sentence", file.display());
    }
}

#[test]
fn files_stay_below_the_wall() {
    let folders = [
        "src",
        "tests",
        "reference-gateway/src",
        "reference-gateway/tests",
        "../mock-upstream/src",
        "../mock-upstream/tests",
    ];
    let mut walls = Vec::new();
    for folder in folders {
        for (file, text) in sources(&root().join(folder)) {
            let lines = code_lines(&text).count();
            if lines > 500 {
                walls.push(format!("{}: {lines} code lines", file.display()));
            }
        }
    }
    assert!(walls.is_empty(), "split what has grown past 500 code lines:\n{}", walls.join("\n"));
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    for (file, _) in sources(&root().join("src")) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for word in ["util", "utils", "helper", "helpers", "common", "manager", "misc", "types", "errors"] {
            assert_ne!(name, word, "{}", file.display());
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&entry).unwrap();
            found.push((entry, text));
        }
    }
    found.sort();
    found
}

/// The module of a file of the library; `None` for the crate root and the binary, which compose.
fn module(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    let name = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
    (!["lib", "main", "cli"].contains(&name.as_str())).then_some(name)
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("//")
    })
}

/// The first path step behind each `crate::` of a line.
fn names(line: &str) -> Vec<String> {
    let steps = line.split("crate::").skip(1);
    let behind_a_word = line.match_indices("crate::").map(|(at, _)| {
        line[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_')
    });
    steps
        .zip(behind_a_word)
        .filter(|(_, inside_a_word)| !inside_a_word)
        .map(|(step, _)| step.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}
