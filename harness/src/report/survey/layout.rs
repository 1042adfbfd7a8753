//! Rows laid out: aligned, grouped, and merged where they say the same.

use crate::report::console::printable::one_line;
use crate::report::console::style::{Palette, WIDTH, wrapped};
use crate::report::survey::cells::{CELLS, Cells, NAMES, NONE};
use crate::report::survey::{heading, lane};
use crate::survey::row::Row;

/// What is said of one or more faults that say the same: a set of cells for each survey that is shown, and notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    faults: Vec<String>,
    lane: String,
    operation: String,
    sides: Vec<Side>,
    notes: Vec<String>,
}

/// The cells of one survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// They are these.
    Cells(Cells),
    /// They are these; those that the side above has as well are left out.
    Beside(Cells),
    /// It has no such row.
    Absent,
}

impl Line {
    pub(super) fn of(row: &Row, cells: Vec<Cells>, notes: Vec<String>) -> Self {
        Self::beside(row, cells.into_iter().map(Side::Cells).collect(), notes)
    }

    pub(super) fn beside(row: &Row, sides: Vec<Side>, notes: Vec<String>) -> Self {
        Self {
            faults: vec![one_line(&row.fault)],
            lane: lane(row.lane).to_owned(),
            operation: one_line(&row.operation),
            sides,
            notes,
        }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.operation, &self.sides, &self.notes) == (&other.operation, &other.sides, &other.notes)
    }
}

/// Lines by group.
pub(super) struct Table {
    groups: Vec<(String, Vec<Line>)>,
    operations: bool,
}

impl Table {
    /// An empty table; `operations` says whether each line names its own.
    pub(super) fn new(operations: bool) -> Self {
        Self { groups: Vec::new(), operations }
    }

    /// Adds what is said of a row.
    pub(super) fn enter(&mut self, row: &Row, line: Line) {
        match self.groups.iter_mut().find(|(letter, _)| *letter == row.group) {
            Some((_, lines)) => lines.push(line),
            None => self.groups.push((row.group.clone(), vec![line])),
        }
    }

    /// The table; `labels` name the sides, empty where there is only one.
    pub(super) fn render(self, labels: &[&str], palette: Palette) -> String {
        let operations = self.operations;
        let mut groups = self.groups;
        groups.sort_by(|(one, _), (other, _)| one.cmp(other));
        let groups: Vec<(String, Vec<Line>)> =
            groups.into_iter().map(|(letter, lines)| (letter, merged(lines, operations))).collect();
        let columns = Columns::of(groups.iter().flat_map(|(_, lines)| lines), labels);
        let mut out = String::new();
        for (letter, lines) in &groups {
            out.push_str(&format!("{}\n", palette.bold(&heading(letter))));
            out.push_str(&palette.dim(&columns.names()));
            out.push('\n');
            for line in lines {
                out.push_str(&columns.line(line, labels, palette));
            }
            out.push('\n');
        }
        out
    }
}

/// First the lanes of a fault, then the faults of a group.
fn merged(lines: Vec<Line>, operations: bool) -> Vec<Line> {
    let mut by_fault: Vec<Line> = Vec::new();
    for line in lines {
        match by_fault.iter_mut().find(|known| known.faults == line.faults && known.says_the_same(&line)) {
            Some(known) => known.lane = "both".to_owned(),
            None => by_fault.push(line),
        }
    }
    let mut merged: Vec<Line> = Vec::new();
    for mut line in by_fault {
        if operations {
            line.lane = format!("{} {}", line.operation, line.lane);
        }
        match merged.iter_mut().find(|known| known.lane == line.lane && known.says_the_same(&line)) {
            Some(known) => known.faults.append(&mut line.faults),
            None => merged.push(line),
        }
    }
    merged
}

/// How wide each column is.
struct Columns {
    fault: usize,
    lane: usize,
    label: usize,
    cells: [usize; CELLS],
}

impl Columns {
    fn of<'l>(lines: impl Iterator<Item = &'l Line> + Clone, labels: &[&str]) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let mut cells = NAMES.map(|name| name.chars().count());
        for side in lines.clone().flat_map(|line| &line.sides) {
            if let Side::Cells(Cells(texts)) | Side::Beside(Cells(texts)) = side {
                for (width, text) in cells.iter_mut().zip(texts) {
                    *width = (*width).max(text.chars().count());
                }
            }
        }
        let faults = lines.clone().flat_map(|line| &line.faults);
        Self {
            fault: widest(&mut faults.map(|fault| fault.chars().count())).max("fault".len()),
            lane: widest(&mut lines.map(|line| line.lane.chars().count())).max("lane".len()),
            label: widest(&mut labels.iter().map(|label| label.chars().count())),
            cells,
        }
    }

    fn names(&self) -> String {
        let cells = NAMES.map(str::to_owned);
        self.laid("fault", "lane", "", &self.padded(&cells)).trim_end().to_owned()
    }

    fn line(&self, line: &Line, labels: &[&str], palette: Palette) -> String {
        let mut out = String::new();
        let mut faults = line.faults.iter();
        let mut above: Option<&Cells> = None;
        // A side that stands for all of them needs no name of one.
        let alike = line.sides.len() < labels.len();
        for (side, label) in line.sides.iter().zip(labels) {
            let label = if alike { ALIKE } else { label };
            let first = above.is_none() && out.is_empty();
            let (fault, lane) = match (faults.next(), first) {
                (Some(fault), true) => (fault.as_str(), line.lane.as_str()),
                (Some(fault), false) => (fault.as_str(), ""),
                (None, _) => ("", ""),
            };
            let cells = self.side(side, above, palette);
            out.push_str(self.laid(fault, lane, label, &cells).trim_end());
            out.push('\n');
            above = match side {
                Side::Cells(cells) | Side::Beside(cells) => Some(cells),
                Side::Absent => above,
            };
        }
        for fault in faults {
            out.push_str(&format!("  {fault}\n"));
        }
        for note in &line.notes {
            for text in wrapped(&one_line(note), WIDTH - 6) {
                out.push_str(&format!("      {}\n", palette.warn(&text)));
            }
        }
        out
    }

    fn side(&self, side: &Side, above: Option<&Cells>, palette: Palette) -> String {
        match (side, above) {
            (Side::Absent, _) => "not surveyed".to_owned(),
            (Side::Beside(Cells(texts)), Some(Cells(same))) => {
                let mut changed = texts.clone();
                for (text, _) in changed.iter_mut().zip(same).filter(|(text, same)| text == same) {
                    *text = SAME.to_owned();
                }
                self.painted(&changed, palette)
            }
            (Side::Cells(Cells(texts)) | Side::Beside(Cells(texts)), _) => self.painted(texts, palette),
        }
    }

    fn padded(&self, texts: &[String; CELLS]) -> String {
        let padded = texts.iter().zip(self.cells).map(|(text, width)| format!("{text:width$}"));
        padded.collect::<Vec<_>>().join("  ")
    }

    /// Padded first: what paints has no width on a terminal.
    fn painted(&self, texts: &[String; CELLS], palette: Palette) -> String {
        let last = texts.len() - 1;
        let cells = texts.iter().zip(self.cells).enumerate().map(|(at, (text, width))| {
            let padded = if at == last { text.clone() } else { format!("{text:width$}") };
            match text.as_str() {
                NONE | SAME => palette.dim(&padded),
                "complete" | "error_event" => padded,
                _ if NAMES[at] == "ending" => palette.warn(&padded),
                _ => padded,
            }
        });
        cells.collect::<Vec<_>>().join("  ")
    }

    fn laid(&self, fault: &str, lane: &str, label: &str, cells: &str) -> String {
        let Self { fault: fault_width, lane: lane_width, label: label_width, .. } = *self;
        match label_width {
            0 => format!("  {fault:fault_width$}  {lane:lane_width$}  {cells}"),
            _ => format!("  {fault:fault_width$}  {lane:lane_width$}  {label:label_width$}  {cells}"),
        }
    }
}

/// What names cells that all sides have.
const ALIKE: &str = "=";

/// What a cell shows that is the same as the one above it.
const SAME: &str = "\"";
