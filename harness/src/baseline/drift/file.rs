//! Snapshot files in insta's format: read through insta, written so that `cargo insta review` takes them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use insta::Snapshot;

use crate::baseline::atomic;
use crate::baseline::drift::sections::Sections;
use crate::baseline::drift::{DriftError, Write};

/// The sections of a snapshot; `None` where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Sections>, DriftError> {
    if !path.try_exists().map_err(failed(path))? {
        return Ok(None);
    }
    let unreadable = |why: String| DriftError::Unreadable { path: path.to_owned(), why };
    let snapshot = Snapshot::from_file(path).map_err(|error| unreadable(error.to_string()))?;
    let text = snapshot.as_text().ok_or_else(|| unreadable("it holds bytes, not text".into()))?;
    Ok(Some(Sections::parse(&text.to_string())))
}

/// Writes what differs, as far as the mode allows, and takes away a pending file that is no longer true.
pub(super) fn settle(
    path: &Path,
    title: &str,
    old: Option<&Sections>,
    new: &Sections,
    write: Write,
) -> Result<(), DriftError> {
    let pending = path.with_extension("snap.new");
    let differs = old != Some(new);
    match write {
        Write::Never => Ok(()),
        Write::Pending if differs => save(&pending, title, new),
        Write::Accepted if differs => save(path, title, new).and_then(|()| remove(&pending)),
        Write::Pending | Write::Accepted => remove(&pending),
    }
}

/// Every `.snap` and `.snap.new` below a folder, in order; none where there is no folder.
pub(super) fn snapshots_below(folder: &Path) -> Result<Vec<PathBuf>, DriftError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed(folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(snapshots_below(&path)?);
        } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn save(path: &Path, title: &str, sections: &Sections) -> Result<(), DriftError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed(folder))?;
    // A text in JSON's quotes is one in YAML's.
    let header =
        format!("---\nsource: {}\ndescription: {}\n---\n", file!().replace('\\', "/"), quoted(title));
    atomic::write(path, format!("{header}{}\n", sections.render()).as_bytes()).map_err(failed(path))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn remove(path: &Path) -> Result<(), DriftError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(failed(path)),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> DriftError {
    let path = path.to_owned();
    move |source| DriftError::Io { path, source }
}
