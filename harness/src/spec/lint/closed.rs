//! Rows of a closed table that take statuses from each other.

use crate::spec::contract::{ClosedRow, Contract};
use crate::spec::lint::matchers::statuses;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};

/// Reports rows for the same status under the same conditions: the lenient one would swallow the strict one.
pub(super) fn overlaps(contract: &Contract, problems: &mut Diagnostics) {
    let rows: &[ClosedRow] = contract.closed.as_ref().map_or(&[], |closed| &closed.rows);
    for (index, row) in rows.iter().enumerate() {
        let Some(own) = statuses(&row.status) else {
            let title = "which statuses this row is for cannot be told from the file";
            let help = "a row of `closed` names its statuses as numbers".to_owned();
            problems.push(Diagnostic::error(row.status.place.clone(), title).help(help));
            continue;
        };
        for earlier in &rows[..index] {
            let shared =
                statuses(&earlier.status).and_then(|others| own.intersection(&others).next().copied());
            if let Some(status) = shared.filter(|_| conditions(row) == conditions(earlier)) {
                let title = format!("the status {status} has a row already, at {}", earlier.place);
                let help = "rows of a closed table are disjoint, else the lenient one hides the strict one"
                    .to_owned();
                problems.push(Diagnostic::error(row.status.place.clone(), title).help(help));
            }
        }
    }
}

fn conditions(row: &ClosedRow) -> Vec<String> {
    let mut written: Vec<String> = row.when.0.iter().map(|(path, fits)| format!("{path}: {fits}")).collect();
    written.sort();
    written
}
