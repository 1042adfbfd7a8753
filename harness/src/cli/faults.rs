//! `faults`: the mock's catalogue as a table, with counts a group, or as JSON.

use clap::Args;
use mock_upstream::fault::{Catalogue, Fault};
use serde::Serialize;
use serde_json::{Value, json};

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
    let catalogue = Catalogue::shipped();
    match args.format {
        Format::Text => say(&table(catalogue))?,
        Format::Json => say(&format!("{:#}\n", document(catalogue)))?,
    }
    Ok(0)
}

/// The table: a heading a group with its count, a line a fault.
pub fn table(catalogue: &Catalogue) -> String {
    let faults = catalogue.faults();
    let widest = faults.iter().map(|fault| fault.id.chars().count()).max().unwrap_or(0);
    let column = 2 + widest + 2;
    let mut out = String::new();
    for (group, count) in catalogue.counts().into_iter().filter(|(_, count)| *count > 0) {
        out.push_str(&format!("{group:?}. {} ({count})\n", group.says()));
        for fault in faults.iter().filter(|fault| fault.group == group) {
            let text = wrapped(&fault.says, WIDTH - column).join(&format!("\n{:column$}", ""));
            out.push_str(&format!("  {:widest$}  {text}\n", fault.id));
            out.push_str(&format!("{:column$}{}\n", "", particulars(fault)));
        }
        out.push('\n');
    }
    out.push_str(&format!("{} faults\n", faults.len()));
    out.push_str(&out_of_reach(catalogue));
    out
}

/// What the catalogue leaves out, and why.
fn out_of_reach(catalogue: &Catalogue) -> String {
    let missing = catalogue.out_of_reach();
    if missing.is_empty() {
        return String::new();
    }
    let column = 2 + 3 + 2;
    let mut out = format!("\nOut of reach for a mock on one machine without root ({})\n", missing.len());
    for missing in missing {
        let text = wrapped(&format!("{} {}", missing.says, missing.why), WIDTH - column);
        out.push_str(&format!("  {}  {}\n", missing.id, text.join(&format!("\n{:column$}", ""))));
    }
    out
}

/// Family, when it strikes, in which lanes, and what can be set.
fn particulars(fault: &Fault) -> String {
    let lanes: Vec<String> = fault.lanes().iter().map(word).collect();
    let mut parts =
        vec![word(&fault.family), format!("strikes {}", word(&fault.strikes)), lanes.join(" and ")];
    for (name, param) in &fault.params {
        parts.push(format!("{name}={} {}", param.default, word(&param.kind)));
    }
    format!("[{}]", parts.join("; "))
}

/// The catalogue as JSON: `total`, `groups[]{group,says,count}`, `faults[]{id,group,family,strikes,lanes,says,params[]}`,
/// `out_of_reach[]{id,group,says,why}`.
pub fn document(catalogue: &Catalogue) -> Value {
    let groups: Vec<Value> = catalogue
        .counts()
        .into_iter()
        .map(|(group, count)| json!({"group": word(&group), "says": group.says(), "count": count}))
        .collect();
    let faults: Vec<Value> = catalogue.faults().iter().map(fault).collect();
    json!({"total": faults.len(), "groups": groups, "faults": faults, "out_of_reach": catalogue.out_of_reach()})
}

fn fault(fault: &Fault) -> Value {
    let lanes: Vec<String> = fault.lanes().iter().map(word).collect();
    let params: Vec<Value> = fault
        .params
        .iter()
        .map(|(name, param)| {
            json!({"name": name, "kind": word(&param.kind), "default": param.default, "says": param.says})
        })
        .collect();
    json!({
        "id": fault.id,
        "group": word(&fault.group),
        "family": word(&fault.family),
        "strikes": word(&fault.strikes),
        "lanes": lanes,
        "says": fault.says,
        "params": params,
    })
}

/// The word under which the catalogue's files write an enumerated value.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
