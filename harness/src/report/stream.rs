//! `cases.jsonl`: each case as it ends, so that an interrupted run loses none that had ended.

use std::fs::{File, create_dir_all};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::report::json;
use crate::run::outcome::CaseReport;

/// The log of one run: one JSON object a line, in the form of `report.json`'s `cases[]`.
#[derive(Debug)]
pub struct CaseLog {
    file: Mutex<File>,
}

impl CaseLog {
    /// Begins `cases.jsonl` in this folder, which is made where it is missing; an earlier run's log is replaced.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub fn create(dir: &Path) -> io::Result<Self> {
        create_dir_all(dir)?;
        Ok(Self { file: Mutex::new(File::create(dir.join("cases.jsonl"))?) })
    }

    /// Adds a case; the line is whole in the file when this returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, case: &CaseReport) -> io::Result<()> {
        let mut line = serde_json::to_vec(&json::Case::of(case, &[]))?;
        line.push(b'\n');
        // One write a line, so that an interrupt between two cases leaves whole lines only.
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }
}
