//! Findings in full: expected, observed, promised where, written where, what clients suffer, how to see it again.

use crate::report::console::printable::one_line;
use crate::report::console::style::{Palette, command, labelled};
use crate::report::console::{heading, many};
use crate::report::finding::{Group, causes, consequence, distinct};
use crate::report::{case_list, curl};
use crate::run::outcome::RunReport;
use crate::spec::contract::Level;

pub(super) fn section(report: &RunReport, level: Level, palette: Palette) -> String {
    let causes = causes(report, level);
    if causes.is_empty() {
        return String::new();
    }
    let mut out = match level {
        Level::Must => heading("Findings", "the page says it; these decide", palette),
        Level::Should | Level::May => {
            heading("Advice", "the page implies it; decides only under --level should", palette)
        }
    };
    for (index, cause) in causes.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&finding(index + 1, cause, level, report, palette));
    }
    out
}

/// Checks of one cause under one heading: first each with what was expected and observed, then what they share.
fn finding(number: usize, cause: &[Group<'_>], level: Level, report: &RunReport, palette: Palette) -> String {
    let (case, first) = cause[0].first();
    let cases = cause[0].cases();
    let claims = match first.claims.is_empty() {
        true => "no claim".to_owned(),
        false => first.claims.join(", "),
    };
    let checks: Vec<&str> = cause.iter().map(|group| group.first().1.check.as_str()).collect();
    let title = one_line(&format!("{number}. {claims} · {}", checks.join(", ")));
    let title = match level {
        Level::Must => palette.bad(&format!("✗ {title}")),
        Level::Should | Level::May => palette.warn(&format!("! {title}")),
    };
    let mut out = format!("  {title}  {}\n", palette.dim(&many(cases.len(), "case")));
    let mut row = |label: &str, text: &str| out.push_str(&labelled(6, label, text, palette));
    for group in cause {
        if cause.len() > 1 {
            row("check", &group.first().1.check);
        }
        for (label, text) in contrast(group) {
            row(label, &text);
        }
    }
    row("exchange", &some(&union(cause, Group::exchanges), 4));
    for (index, promise) in promises(&first.claims, report).iter().enumerate() {
        row(if index == 0 { "promised" } else { "" }, promise);
    }
    let places: Vec<String> = union(cause, Group::written_at).iter().map(ToString::to_string).collect();
    row("written", &some(&places, 4));
    for reading in union(cause, |group| group.first().1.reading.as_deref().into_iter().collect()) {
        let says = report.readings.iter().find(|(id, ..)| id == reading).map(|(.., says)| says.as_str());
        row("reading", &format!("{reading}: {}", says.unwrap_or("not listed by the contract")));
    }
    let suffered =
        union(cause, |group| consequence::of(group.first().1, &report.claims).into_iter().collect());
    for (index, suffered) in suffered.iter().enumerate() {
        row(if index == 0 { "so what" } else { "" }, suffered);
    }
    for (index, line) in case_list(&cases).iter().enumerate() {
        row(if index == 0 { "cases" } else { "" }, line);
    }
    let beside = cause[0].beside();
    if !beside.is_empty() {
        row("beside", &some(&beside, 4));
    }
    if !case.replay.is_empty() {
        out.push_str(&command(6, "replay", &case.replay, palette));
    }
    if let Some(curl) = curl(case, &first.exchange).filter(|curl| *curl != case.replay) {
        out.push_str(&by_hand(curl, palette));
    }
    out
}

/// A command with a body of many lines' length is of more use in a file.
fn by_hand(curl: &str, palette: Palette) -> String {
    const BYTES: usize = 800;
    match curl.len() <= BYTES {
        true => command(6, "by hand", curl, palette),
        false => labelled(
            6,
            "by hand",
            "a long request: its curl command is in the transcript (--report DIR)",
            palette,
        ),
    }
}

fn union<'a, T: PartialEq>(cause: &[Group<'a>], of: impl Fn(&Group<'a>) -> Vec<T>) -> Vec<T> {
    distinct(cause.iter().flat_map(of))
}

/// What was expected and what was observed; in pairs where the cases expected different things.
fn contrast(group: &Group<'_>) -> Vec<(&'static str, String)> {
    const SHOWN: usize = 6;
    let pairs = group.pairs(SHOWN);
    let one_expectation = pairs.iter().all(|(expected, ..)| *expected == pairs[0].0);
    let mut rows = Vec::new();
    for (index, (expected, observed, count)) in pairs.iter().take(SHOWN).enumerate() {
        if index == 0 || !one_expectation {
            rows.push(("expected", clipped(expected)));
        }
        let label = if index == 0 || !one_expectation { "observed" } else { "" };
        let times = if *count < group.members.len() { format!("   ×{count}") } else { String::new() };
        rows.push((label, format!("{}{times}", clipped(observed))));
    }
    if pairs.len() > SHOWN {
        let more = many(pairs.len() - SHOWN, "other pair");
        rows.push(("", format!("… and {more} of expected and observed (report.json has all)")));
    }
    rows
}

/// A gateway's page of HTML is told by its beginning; the transcript has the rest.
fn clipped(text: &str) -> String {
    const CHARS: usize = 1200;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}… ({} more bytes in the transcript)", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}

/// What the cited claims say, and where.
fn promises(cited: &[String], report: &RunReport) -> Vec<String> {
    let known = |id: &String| report.claims.iter().find(|claim| claim.id == *id);
    cited
        .iter()
        .map(|id| match known(id) {
            Some(claim) => format!("{id}: {} ({})", claim.says, claim.page),
            None => format!("{id}: not a claim of this contract"),
        })
        .collect()
}

fn some(items: &[impl AsRef<str>], most: usize) -> String {
    let shown: Vec<&str> = items.iter().take(most).map(AsRef::as_ref).collect();
    match items.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
