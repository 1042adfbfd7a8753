//! Answers held against their snapshots: what drifted, what is new, and snapshots whose case is gone.

mod file;
mod sections;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::baseline::drift::sections::Sections;
use crate::baseline::file_name;

/// What came of the comparison; a kind of result of its own, never a claim's verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriftReport {
    /// Cases whose answer is another than the snapshot's, in the order given.
    pub drifted: Vec<Drift>,
    /// Cases without a snapshot, in the order given.
    pub new: Vec<String>,
    /// Snapshots whose case is gone; sought only in a whole plan, and refused.
    pub orphans: Vec<Orphan>,
}

impl DriftReport {
    /// Whether every case has its snapshot, every snapshot its case, and nothing drifted.
    pub fn is_clean(&self) -> bool {
        self.drifted.is_empty() && self.new.is_empty() && self.orphans.is_empty()
    }
}

/// An answer that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The case.
    pub id: String,
    /// A unified diff, from the snapshot to what was seen now.
    pub diff: String,
}

/// A snapshot, or one section of it, whose case is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The file.
    pub path: PathBuf,
    /// The section, `[axis=value,…]`, where other sections of the file still have their case.
    pub axes: Option<String>,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.axes {
            Some(axes) => write!(f, "{} {axes}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

/// How a comparison is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// What is written.
    pub write: Write,
    /// Whether the cases are all there are, so that a snapshot without a case is an orphan.
    pub whole: bool,
}

/// What a comparison writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Nothing at all.
    Never,
    /// `.snap.new` beside what differs, for `cargo insta review`; one that is no longer true is removed.
    Pending,
    /// The snapshots themselves.
    Accepted,
}

impl Write {
    /// As insta decides: by `INSTA_UPDATE`, and never under `CI`.
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let ci = set("CI").is_some_and(|value| value != "false" && value != "0") || set("TF_BUILD").is_some();
        Self::of(set("INSTA_UPDATE").as_deref(), ci)
    }

    fn of(update: Option<&str>, ci: bool) -> Self {
        match update {
            Some("no") => Self::Never,
            Some("always" | "force") if !ci => Self::Accepted,
            _ if ci => Self::Never,
            _ => Self::Pending,
        }
    }
}

/// Why a comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// A file or folder cannot be read or written.
    #[error("failed to use {path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A snapshot is not in insta's format, or its sections cannot be told apart.
    #[error("{path} is not a snapshot: {why}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An id was given twice, or two ids would share a section.
    #[error("two cases have the snapshot of `{0}`")]
    Twice(String),
}

/// Holds each case's rendered answer against `DIR/TARGET/TOPIC/CASE.snap`, where the cases of one product share a file,
/// a section each. Case ids are `contract::topic::case` or `contract::topic::case[axis=value,…]`.
///
/// # Errors
/// A file that cannot be read or written, a snapshot that cannot be understood, an id given twice.
pub fn compare(
    dir: &Path,
    target: &str,
    cases: &[(String, String)],
    mode: Mode,
) -> Result<DriftReport, DriftError> {
    let root = dir.join(file_name::safe(target));
    let files = planned_files(&root, cases)?;
    let mut report = DriftReport::default();
    for planned in files.values() {
        let old = file::read(&planned.path)?;
        let merged = compare_file(planned, old.as_ref(), mode, &mut report);
        file::settle(&planned.path, &planned.title, old.as_ref(), &merged, mode.write)?;
    }
    if mode.whole {
        let known: BTreeSet<&PathBuf> = files.values().map(|planned| &planned.path).collect();
        for path in file::snapshots_below(&root)? {
            let accepted = match path.extension() {
                Some(extension) if extension == "new" => path.with_extension(""),
                _ => path.clone(),
            };
            if !known.contains(&accepted) {
                report.orphans.push(Orphan { path, axes: None });
            }
        }
    }
    let order = |id: &String| cases.iter().position(|(known, _)| known == id);
    report.drifted.sort_by_key(|drift| order(&drift.id));
    report.new.sort_by_key(order);
    Ok(report)
}

/// One snapshot file and the cases that belong into it now.
struct Planned<'a> {
    path: PathBuf,
    /// The id without axes.
    title: String,
    /// Axes (empty for a case without), id and answer, in the order given.
    cases: Vec<(&'a str, &'a str, &'a str)>,
}

fn planned_files<'a>(
    root: &Path,
    cases: &'a [(String, String)],
) -> Result<BTreeMap<&'a str, Planned<'a>>, DriftError> {
    let mut files: BTreeMap<&str, Planned<'_>> = BTreeMap::new();
    let mut paths = BTreeMap::new();
    for (id, text) in cases {
        let (title, axes) = id.split_at(id.find('[').unwrap_or(id.len()));
        let planned = files.entry(title).or_insert_with(|| Planned {
            path: path_of(root, title),
            title: title.to_owned(),
            cases: Vec::new(),
        });
        let taken = *paths.entry(planned.path.clone()).or_insert(title) != title;
        if taken || planned.cases.iter().any(|(known, ..)| *known == axes) {
            return Err(DriftError::Twice(id.clone()));
        }
        planned.cases.push((axes, id, text));
    }
    Ok(files)
}

/// `contract::topic::case` is `TOPIC/CASE.snap`; the contract is the target's.
fn path_of(root: &Path, title: &str) -> PathBuf {
    let (before, case) = title.rsplit_once("::").unwrap_or(("", title));
    let topic = before.split_once("::").map_or(before, |(_, topic)| topic);
    let folder = if topic.is_empty() { root.to_owned() } else { root.join(file_name::safe(topic)) };
    folder.join(format!("{}.snap", file_name::safe(case)))
}

/// Reports what differs and gives the sections as they should be.
fn compare_file(
    planned: &Planned<'_>,
    old: Option<&Sections>,
    mode: Mode,
    report: &mut DriftReport,
) -> Sections {
    let mut merged = Sections::default();
    for (axes, id, text) in &planned.cases {
        let text = sections::normalised(text);
        match old.and_then(|old| old.get(axes)) {
            None => report.new.push((*id).to_owned()),
            Some(known) if known == text => {}
            Some(known) => report.drifted.push(Drift { id: (*id).to_owned(), diff: diff(known, &text) }),
        }
        merged.push(axes, text);
    }
    for (axes, text) in old.into_iter().flat_map(Sections::iter) {
        if merged.get(axes).is_some() {
            continue;
        }
        match mode.whole {
            true => report.orphans.push(Orphan { path: planned.path.clone(), axes: Some(axes.to_owned()) }),
            false => merged.push(axes, text.to_owned()),
        }
    }
    merged
}

fn diff(old: &str, new: &str) -> String {
    let (old, new) = (format!("{old}\n"), format!("{new}\n"));
    TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header("snapshot", "now").to_string()
}

#[cfg(test)]
mod tests;
