//! `specs export DIR`: the spec files that are built in, as files to read and to change.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use crate::cli::say;
use crate::spec::library::{Files, Library};

/// The commands of `specs`.
#[derive(Clone, Debug, Subcommand)]
pub enum SpecsCommand {
    /// Write the shipped specs into a folder that is new or empty; `--specs DIR` then reads them.
    Export {
        /// The folder.
        dir: PathBuf,
    },
}

/// Does what the command says.
///
/// # Errors
/// A folder that holds something already, or files that cannot be written.
pub fn run(command: &SpecsCommand) -> anyhow::Result<u8> {
    let SpecsCommand::Export { dir } = command;
    let written = export(Library::shipped().files(), dir)?;
    say(&format!("wrote {written} files to {}\n", dir.display()))?;
    Ok(0)
}

/// Writes the files below a folder that is new or empty, and says how many.
///
/// # Errors
/// A folder that holds something already, or files that cannot be written.
pub fn export(files: &Files, dir: &Path) -> anyhow::Result<usize> {
    let shown = dir.display();
    std::fs::create_dir_all(dir).with_context(|| format!("failed to make {shown}"))?;
    let mut entries = std::fs::read_dir(dir).with_context(|| format!("failed to read {shown}"))?;
    anyhow::ensure!(
        entries.next().is_none(),
        "{shown} is not empty: export into a folder that is new or empty"
    );
    let mut written = 0;
    for source in files.all() {
        let path = dir.join(&*source.name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
        }
        std::fs::write(&path, &*source.text)
            .with_context(|| format!("failed to write {}", path.display()))?;
        written += 1;
    }
    Ok(written)
}
