//! `faults`: the catalogue as a table, with counts a group, or as JSON.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{Format, say};
use crate::control::{FaultView, FaultsView};
use crate::fault::Catalogue;

/// Arguments of `faults`.
#[derive(Debug, Args)]
pub(super) struct FaultsArgs {
    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints the catalogue.
pub(super) fn run(args: &FaultsArgs) -> anyhow::Result<u8> {
    let listing = FaultsView::of(Catalogue::shipped());
    match args.format {
        Format::Text => say(&table(&listing))?,
        Format::Json => say(&format!("{}\n", serde_json::to_string_pretty(&listing)?))?,
    }
    Ok(0)
}

/// A heading a group with its count, two lines a fault.
fn table(listing: &FaultsView) -> String {
    let widest = listing.faults.iter().map(|fault| fault.id.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for group in listing.groups.iter().filter(|group| group.count > 0) {
        out.push_str(&format!("{:?}. {} ({})\n", group.group, group.says, group.count));
        for fault in listing.faults.iter().filter(|fault| fault.group == group.group) {
            out.push_str(&format!("  {:widest$}  {}\n", fault.id, fault.says));
            out.push_str(&format!("  {:widest$}  {}\n", "", particulars(fault)));
        }
        out.push('\n');
    }
    out.push_str(&format!("{} faults\n", listing.total));
    out
}

/// Family, when it strikes, in which lanes, and what can be set.
fn particulars(fault: &FaultView) -> String {
    let lanes: Vec<String> = fault.lanes.iter().map(word).collect();
    let mut parts =
        vec![word(&fault.family), format!("strikes {}", word(&fault.strikes)), lanes.join(" and ")];
    for param in &fault.params {
        parts.push(format!("{}={} {}", param.name, param.default, word(&param.kind)));
    }
    format!("[{}]", parts.join("; "))
}

/// The word under which the catalogue's files write an enumerated value.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
