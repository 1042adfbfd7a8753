//! Keeps this folder in order; as a test target of the harness it is also what makes `cargo insta review` look here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_snapshot_can_be_read_and_has_a_name_for_every_file_system() {
    let mut wrong = Vec::new();
    for path in snapshots(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // cargo-insta takes what stands before `__` for a module.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if name.contains("__") || !name.chars().all(plain) {
            wrong.push(format!("{}: not a name for every file system", path.display()));
        }
        if let Err(error) = insta::Snapshot::from_file(&path) {
            wrong.push(format!("{}: {error}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshots(&path));
        } else if path.extension().is_some_and(|extension| extension == "snap") {
            found.push(path);
        }
    }
    found
}
