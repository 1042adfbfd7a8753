//! The commented skeleton of a new vendor's contract: contract, cases, and a target, which `check` accepts as they are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::say;

const CONTRACT: &str = include_str!("skeleton/contract.yaml");
const CASES: &str = include_str!("skeleton/cases.yaml");
const TARGET: &str = include_str!("skeleton/target.yaml");

/// Writes the three files below a folder and says what to do next; one that exists is never overwritten.
///
/// # Errors
/// A name that is none, or a file that exists already or cannot be written.
pub(super) fn begin(name: &str, dir: &Path) -> anyhow::Result<u8> {
    anyhow::ensure!(
        is_name(name),
        "`{name}` is no name of a contract: write letters a-z, digits and `-`, a letter first"
    );
    let files = files(name);
    let taken = files.iter().map(|(path, _)| dir.join(path)).find(|path| path.exists());
    if let Some(path) = taken {
        anyhow::bail!("{} exists already", path.display());
    }
    for (path, text) in &files {
        let path = dir.join(path);
        let shown = path.display();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
        }
        let mut file =
            std::fs::File::create_new(&path).with_context(|| format!("failed to create {shown}"))?;
        file.write_all(text.as_bytes()).with_context(|| format!("failed to write {shown}"))?;
        say(&format!("wrote {shown}\n"))?;
    }
    let dir = dir.display();
    say(&format!(
        "next:\n  1. replace the examples by what the page says; CONTRIBUTING.md of gateway-conformance tells how\n  \
         2. gateway-conformance check --specs {dir} --target {dir}/targets/{name}.yaml\n  \
         3. gateway-conformance run --specs {dir} --target {dir}/targets/{name}.yaml\n"
    ))?;
    Ok(0)
}

/// The files by their path below the specs folder.
fn files(name: &str) -> [(PathBuf, String); 3] {
    let text = |template: &str| {
        template
            .replace("VENDOR", name)
            .replace("TITLE", &title(name))
            .replace("PREFIX", &prefix(name))
            .replace("TODAY", &jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    [
        (Path::new(name).join("contract.yaml"), text(CONTRACT)),
        (Path::new(name).join("refusals.yaml"), text(CASES)),
        (Path::new("targets").join(format!("{name}.yaml")), text(TARGET)),
    ]
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !matches!(name, "targets" | "schema" | "all")
}

/// `acme-gate` → `Acme Gate`.
fn title(name: &str) -> String {
    let words = name.split('-').filter(|word| !word.is_empty()).map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What the ids of its claims begin with: its consonants' first three, or what there is.
fn prefix(name: &str) -> String {
    let letters = || name.chars().filter(char::is_ascii_lowercase);
    let consonants: String = letters().filter(|letter| !"aeiou".contains(*letter)).take(3).collect();
    let chosen = if consonants.len() == 3 { consonants } else { letters().take(3).collect() };
    chosen.to_ascii_uppercase()
}
