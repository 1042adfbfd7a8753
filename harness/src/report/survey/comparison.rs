//! Two surveys side by side: the rows that differ, or all.

use crate::report::console::many;
use crate::report::console::style::Palette;
use crate::report::survey::cells::{Cells, Unit};
use crate::report::survey::layout::{Line, Side, Table};
use crate::report::survey::{named, notes, several_operations};
use crate::survey::document::Survey;
use crate::survey::row::Row;

/// The rows in which two surveys differ, each gateway's cells below the other's; `all` shows the others too. Times are compared
/// in steps of each gateway's own limit.
pub fn compare(first: &Survey, second: &Survey, all: bool, palette: Palette) -> String {
    let pairs = pairs(&first.rows, &second.rows);
    let operations = several_operations(&first.rows) || several_operations(&second.rows);
    let units = (Unit::of(first), Unit::of(second));
    let mut table = Table::new(operations);
    let mut differing = 0;
    for pair in &pairs {
        let sides = [pair.0.map(|row| Cells::of(row, units.0)), pair.1.map(|row| Cells::of(row, units.1))];
        let noted = [pair.0, pair.1].map(|row| row.map(notes).unwrap_or_default());
        let differs = sides[0] != sides[1] || noted[0] != noted[1];
        differing += usize::from(differs);
        let Some(row) = pair.0.or(pair.1) else { continue };
        if differs || all {
            let [above, below] = sides;
            let below = differs.then_some(below);
            let notes = noted.into_iter().zip(LABELS);
            let notes = notes
                .flat_map(|(notes, label)| notes.into_iter().map(move |note| format!("{label}: {note}")));
            let above = std::iter::once(side(above, Side::Cells));
            let sides = above.chain(below.map(|below| side(below, Side::Beside))).collect();
            table.enter(row, Line::beside(row, sides, notes.collect()));
        }
    }
    let mut out = String::new();
    for ((label, survey), unit) in LABELS.iter().zip([first, second]).zip([units.0, units.1]) {
        let rest = format!("waits {unit}; surveyed {}", survey.when);
        out.push_str(&format!("{label}  {}   {}\n", palette.bold(&named(survey)), palette.dim(&rest)));
    }
    out.push('\n');
    out.push_str(&table.render(&LABELS, palette));
    let told = match differing {
        0 => palette.good(&format!("the same in every one of {}", many(pairs.len(), "row"))),
        _ => palette.warn(&format!("{differing} of {} differ", many(pairs.len(), "row"))),
    };
    out.push_str(&told);
    out.push('\n');
    out
}

/// Rows of the same fault, lane and operation; in the order of the first, then what only the second has.
fn pairs<'r>(first: &'r [Row], second: &'r [Row]) -> Vec<(Option<&'r Row>, Option<&'r Row>)> {
    let key = |row: &'r Row| (&row.fault, row.lane, &row.operation);
    let twin = |row: &'r Row, among: &'r [Row]| among.iter().find(|other| key(other) == key(row));
    let mut pairs: Vec<_> = first.iter().map(|row| (Some(row), twin(row, second))).collect();
    pairs.extend(second.iter().filter(|row| twin(row, first).is_none()).map(|row| (None, Some(row))));
    pairs
}

fn side(cells: Option<Cells>, shown: impl Fn(Cells) -> Side) -> Side {
    cells.map_or(Side::Absent, shown)
}

/// What the two are called.
const LABELS: [&str; 2] = ["A", "B"];
