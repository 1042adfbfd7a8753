//! Drift from the snapshots: a kind of result of its own, which no claim rests on.

use crate::baseline::drift::DriftReport;
use crate::report::console::printable::printable;
use crate::report::console::style::Palette;
use crate::report::console::{heading, many};

/// What drifted, with its diff; what is new; and snapshots whose case is gone. Empty where there is nothing to say.
pub fn render(drift: &DriftReport, palette: Palette) -> String {
    if drift.is_clean() {
        return String::new();
    }
    let mut out =
        heading("Drift from the snapshots", "never a claim's verdict; `cargo insta review` accepts", palette);
    for case in &drift.drifted {
        out.push_str(&format!("  {} {}\n", palette.warn("≠"), printable(&case.id)));
        for line in case.diff.lines() {
            let line = printable(line);
            let painted = match line.as_bytes().first() {
                Some(b'+') => palette.good(&line),
                Some(b'-') => palette.bad(&line),
                _ => line.into_owned(),
            };
            out.push_str(&format!("      {painted}\n"));
        }
    }
    if !drift.new.is_empty() {
        out.push_str(&format!("  {} without a snapshot\n", many(drift.new.len(), "case")));
        drift.new.iter().for_each(|id| out.push_str(&format!("      {}\n", printable(id))));
    }
    if !drift.orphans.is_empty() {
        out.push_str(&format!("  {} whose case is gone: remove\n", many(drift.orphans.len(), "snapshot")));
        drift.orphans.iter().for_each(|orphan| out.push_str(&format!("      {orphan}\n")));
    }
    out
}
