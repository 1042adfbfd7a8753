//! A survey as a table for people, and two of them side by side.

mod cells;
mod comparison;
mod layout;

use mock_upstream::fault::{Group, Lane};

use crate::report::case_list;
use crate::report::console::many;
use crate::report::console::printable::one_line;
use crate::report::console::style::{Palette, WIDTH, labelled, wrapped};
use crate::report::survey::cells::{Cells, Unit};
use crate::report::survey::layout::{Line, Table};
use crate::survey::document::{NotPlayed, Survey};
use crate::survey::row::Row;

pub use comparison::compare;

/// The table of a survey. Nothing in it differs between two surveys of a gateway that does the same twice: lengths of time are
/// in wide steps of the gateway's own limit, and no moment is told.
pub fn table(survey: &Survey, palette: Palette) -> String {
    let unit = Unit::of(survey);
    let mut table = Table::new(several_operations(&survey.rows));
    for row in &survey.rows {
        table.enter(row, Line::of(row, vec![Cells::of(row, unit)], notes(row)));
    }
    let mut out = head(survey, unit, palette);
    out.push_str(&table.render(&[""], palette));
    out.push_str(&not_played(&survey.not_played, palette));
    out.push_str(&legend(unit, palette));
    out.push_str(&conclusion(survey, palette));
    out
}

fn head(survey: &Survey, unit: Unit, palette: Palette) -> String {
    let limits =
        survey.target.limits.iter().map(|limit| format!("{} {}", limit.name, cells::length(limit.ms)));
    let limits: Vec<String> = limits.collect();
    let waits = match limits.as_slice() {
        [] => format!("the target declares no limit, so times are multiples of {unit}"),
        _ => format!("how long it waits: {}", limits.join(", ")),
    };
    format!("{}   {}\n\n", palette.bold(&named(survey)), palette.dim(&one_line(&waits)))
}

/// The gateway's name and version.
fn named(survey: &Survey) -> String {
    let version = survey.target.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    one_line(&format!("{}{version}", survey.target.name))
}

/// What has to be said of a row beside its cells.
fn notes(row: &Row) -> Vec<String> {
    let note = row.note.as_ref().map(|note| match row.delivered {
        true => note.clone(),
        false => format!("not delivered: {note}"),
    });
    note.into_iter().collect()
}

fn several_operations(rows: &[Row]) -> bool {
    rows.iter().any(|row| row.operation != rows[0].operation)
}

fn not_played(all: &[NotPlayed], palette: Palette) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for one in all {
        let what = format!("{}[{}]", one.fault, lane(one.lane));
        match reasons.iter_mut().find(|(why, _)| *why == one.why) {
            Some((_, whats)) => whats.push(what),
            None => reasons.push((&one.why, vec![what])),
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", palette.bold("Not played"));
    for (why, whats) in reasons {
        let whats: Vec<&str> = whats.iter().map(String::as_str).collect();
        out.push_str(&labelled(2, &many(whats.len(), "row"), why, palette));
        out.push_str(&labelled(2, "", &case_list(&whats).join(", "), palette));
    }
    out.push('\n');
    out
}

fn legend(unit: Unit, palette: Palette) -> String {
    let cells = "A name without cells of its own has those above it. both: plain and streaming alike. –: none. ?: cannot be counted.";
    let endings = "ending: complete · error_event (told within the stream) · unmarked (framed to its end, end mark missing) · empty (no \
                   event) · cut (closed within) · reset · malformed (not HTTP) · open (the client gave up waiting) · capped (the \
                   client had enough) · none (no answer)";
    let times = format!(
        "attempts: requests that reached the upstream; gap: the shortest time from one to the next; took: until the answer had \
         ended. Both as multiples of {unit}: `<1×` is under it, `1×+` from there to seven times as long; `at once` is under an eighth."
    );
    let lines = [cells, endings, &times].map(|line| wrapped(line, WIDTH));
    lines.iter().flatten().map(|line| format!("{}\n", palette.dim(line))).collect()
}

fn conclusion(survey: &Survey, palette: Palette) -> String {
    let undelivered = survey.rows.iter().filter(|row| !row.delivered).count();
    let noted = survey.rows.iter().filter(|row| row.delivered && row.note.is_some()).count();
    let mut faults: Vec<&str> = survey.rows.iter().map(|row| row.fault.as_str()).collect();
    faults.dedup();
    let counts = format!(
        "{} of {}; {undelivered} not delivered, {noted} with a note, {} not played",
        many(survey.rows.len(), "row"),
        many(faults.len(), "fault"),
        survey.not_played.len()
    );
    let stopped =
        survey.stopped.as_ref().map(|why| format!("; stopped: {}", one_line(why))).unwrap_or_default();
    let line = format!("{counts}{stopped}");
    let line = if survey.whole { palette.good(&line) } else { palette.warn(&format!("incomplete: {line}")) };
    format!("\n{line}\n")
}

/// A lane in one word.
fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Plain => "plain",
        Lane::Stream => "stream",
    }
}

/// The heading of a group by its letter.
fn heading(letter: &str) -> String {
    let known = Group::ALL.into_iter().find(|group| format!("{group:?}") == letter);
    known.map_or_else(|| one_line(letter), |group| format!("{letter}. {}", group.says()))
}
