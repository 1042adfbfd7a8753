//! `faults`: the mock's catalogue as a table, with counts a group, or as JSON.

use clap::Args;
use mock_upstream::fault::{Catalogue, FaultListed, GroupListed, Listing, Mode};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Format, say};
use crate::report::console::style::{WIDTH, wrapped};

/// Arguments of `faults`.
#[derive(Clone, Debug, Args)]
pub struct FaultsArgs {
    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Prints the catalogue.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(args: &FaultsArgs) -> anyhow::Result<u8> {
    let listing = Listing::of(Catalogue::shipped());
    match args.format {
        Format::Text => say(&table(&listing))?,
        Format::Json => say(&format!("{}\n", serde_json::to_string_pretty(&listing)?))?,
    }
    Ok(0)
}

/// The table: a heading a group with its counts, a line a fault.
pub fn table(listing: &Listing) -> String {
    let widest = listing.faults.iter().map(|fault| fault.id.chars().count()).max().unwrap_or(0);
    let column = 2 + widest + 2;
    let mut out = String::new();
    for GroupListed { group, says, count, modes, by_fault, by_script } in &listing.groups {
        let script = if *by_script > 0 { format!(", {by_script} more by a script") } else { String::new() };
        out.push_str(&format!("{group:?}. {says}: {count} faults, {by_fault} of {modes} modes{script}\n"));
        for fault in listing.faults.iter().filter(|fault| fault.group == *group) {
            let text = wrapped(&fault.says, WIDTH - column).join(&format!("\n{:column$}", ""));
            out.push_str(&format!("  {:widest$}  {text}\n", fault.id));
            out.push_str(&format!("{:column$}{}\n", "", particulars(fault)));
        }
        out.push('\n');
    }
    out.push_str(&format!("{} faults\n", listing.total));
    out.push_str(&out_of_reach(listing));
    out
}

/// The failure modes that nothing plays, and why.
fn out_of_reach(listing: &Listing) -> String {
    let column = 2 + 3 + 2;
    let mut out = format!("\nOut of reach ({})\n", listing.out_of_reach.len());
    for Mode { mode, says, out_of_reach, .. } in &listing.out_of_reach {
        let why = out_of_reach.as_deref().unwrap_or_default();
        let text = wrapped(&format!("{}: {why}", says.trim_end_matches('.')), WIDTH - column);
        out.push_str(&format!("  {mode}  {}\n", text.join(&format!("\n{:column$}", ""))));
    }
    out
}

/// Family, when it strikes, in which lanes, and what can be set.
fn particulars(fault: &FaultListed) -> String {
    let lanes: Vec<String> = fault.lanes.iter().map(word).collect();
    let mut parts =
        vec![word(&fault.family), format!("strikes {}", word(&fault.strikes)), lanes.join(" and ")];
    if !fault.dialects.is_empty() {
        parts.push(fault.dialects.join(" and "));
    }
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
