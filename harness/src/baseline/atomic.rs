//! Files that appear whole or not at all.

use std::fs;
use std::io;
use std::path::Path;

/// Writes beside the file and renames, so that no reader and no interrupt ever leaves half of it.
///
/// # Errors
/// The folder cannot be written to.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What failed is told by the error; the leftover may not even exist.
        let _ = fs::remove_file(&beside);
    }
    written
}
