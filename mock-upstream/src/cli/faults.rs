//! `faults`: the catalogue as a table, with counts a group, or as JSON.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{Format, say};
use crate::fault::{Catalogue, FaultListed, GroupListed, Listing};

/// Arguments of `faults`.
#[derive(Debug, Args)]
pub(super) struct FaultsArgs {
    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints the catalogue.
pub(super) fn run(args: &FaultsArgs) -> anyhow::Result<u8> {
    let listing = Listing::of(Catalogue::shipped());
    match args.format {
        Format::Text => say(&table(&listing))?,
        Format::Json => say(&format!("{}\n", serde_json::to_string_pretty(&listing)?))?,
    }
    Ok(0)
}

/// A heading a group with its count, two lines a fault.
fn table(listing: &Listing) -> String {
    let widest = listing.faults.iter().map(|fault| fault.id.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for group in &listing.groups {
        let GroupListed { group, says, count, modes, by_fault, by_script } = group;
        let script = if *by_script > 0 { format!(", {by_script} more by a script") } else { String::new() };
        out.push_str(&format!("{group:?}. {says}: {count} faults, {by_fault} of {modes} modes{script}\n"));
        for fault in listing.faults.iter().filter(|fault| fault.group == *group) {
            out.push_str(&format!("  {:widest$}  {}\n", fault.id, fault.says));
            out.push_str(&format!("  {:widest$}  {}\n", "", particulars(fault)));
        }
        out.push('\n');
    }
    out.push_str(&format!("{} faults\n\nOut of reach\n", listing.total));
    for mode in &listing.out_of_reach {
        let why = mode.out_of_reach.as_deref().unwrap_or_default();
        out.push_str(&format!("  {}  {}: {why}\n", mode.mode, mode.says.trim_end_matches('.')));
    }
    out
}

/// Family, when it strikes, in which lanes, and what can be set.
fn particulars(fault: &FaultListed) -> String {
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
