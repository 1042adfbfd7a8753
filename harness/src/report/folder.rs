//! The folder of a report: every file appears whole or not at all.

use std::collections::HashSet;
use std::fs::{create_dir_all, read_dir, remove_file};
use std::io::{self, Read};
use std::path::Path;

use crate::baseline::{atomic, file_name};
use crate::observe::redact::Transcript;
use crate::report::console::printable::printable;
use crate::report::{json, junit, markdown, word};
use crate::run::outcome::{CaseReport, Outcome, RunReport};
use crate::spec::contract::Level;

/// Writes `report.json`, `junit.xml`, `summary.md` and, for each case that did not pass, `transcripts/CASE.txt`.
/// Transcripts of an earlier run are removed; nothing else in the folder is touched.
///
/// # Errors
/// A file or folder cannot be written.
pub fn write(dir: &Path, run: &RunReport, level: Level) -> io::Result<()> {
    create_dir_all(dir)?;
    atomic::write(&dir.join("report.json"), json::render(run, level).as_bytes())?;
    atomic::write(&dir.join("junit.xml"), junit::render(run).map_err(io::Error::other)?.as_bytes())?;
    atomic::write(&dir.join("summary.md"), markdown::render(run, level).as_bytes())?;
    transcripts(&dir.join("transcripts"), run)
}

/// What the first line of every transcript begins with; only such files are ever removed.
const MARK: &str = "# transcript of ";

fn transcripts(dir: &Path, run: &RunReport) -> io::Result<()> {
    create_dir_all(dir)?;
    let mut written = HashSet::new();
    for case in run.cases.iter().filter(|case| deserves_transcript(case)) {
        let name = format!("{}.txt", file_name::safe(&case.id));
        atomic::write(&dir.join(&name), transcript(case).as_bytes())?;
        written.insert(name);
    }
    for entry in read_dir(dir)? {
        let entry = entry?;
        let stale = !written.contains(entry.file_name().to_string_lossy().as_ref());
        if stale && begins_with_mark(&entry.path()) {
            remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn deserves_transcript(case: &CaseReport) -> bool {
    !case.transcript.is_empty()
        && !matches!((word(&case.outcome), &case.outcome), ("pass", _) | (_, Outcome::NotApplicable(_)))
}

fn begins_with_mark(path: &Path) -> bool {
    let mut start = [0; MARK.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *MARK.as_bytes()
}

fn transcript(case: &CaseReport) -> String {
    let mut text = format!("{MARK}{} ({})\n# written at {}\n", case.id, word(&case.outcome), case.written_at);
    if !case.replay.is_empty() {
        text.push_str(&format!("# replay: {}\n", case.replay));
    }
    for Transcript { name, request, response, upstream, curl } in &case.transcript {
        text.push_str(&format!("\n== {name}\n"));
        let sides = [(">", request), ("<", response), ("upstream", upstream)];
        for (mark, lines) in sides {
            for line in lines.iter().flat_map(|line| line.split('\n')) {
                text.push_str(&format!("{mark} {line}\n"));
            }
        }
        if !curl.is_empty() {
            text.push_str(&format!("$ {curl}\n"));
        }
    }
    printable(&text).into_owned()
}
