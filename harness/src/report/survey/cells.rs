//! The cells of a row, in words that do not change between two runs of a gateway that does the same twice.

use std::{fmt, iter};

use serde_json::Value as Json;

use crate::report::console::printable::one_line;
use crate::survey::document::Survey;
use crate::survey::row::Row;
use crate::wire::header::{MediaType, RetryAfter};

/// Names of the cells, in order.
pub(super) const NAMES: [&str; CELLS] =
    ["status", "type", "code", "retry", "ending", "attempts", "gap", "took"];

/// How many cells a row has.
pub(super) const CELLS: usize = 8;

/// The length that times are told in: the gateway's longest limit, else a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit(u64);

/// What a row says, a text a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cells(pub(super) [String; CELLS]);

impl Unit {
    pub(super) fn of(survey: &Survey) -> Self {
        let longest = survey.target.limits.iter().map(|limit| limit.ms).max();
        Self(longest.filter(|ms| *ms > 0).unwrap_or(1000))
    }

    /// The step that a time falls into. Steps are wide, since gateways spread their retries by chance, and begin a little early:
    /// what waits for a limit never ends before it, but clocks differ.
    fn step(self, ms: u64) -> String {
        let begins = |step: u64| ms * 10 >= self.0 * step * 9;
        match iter::successors(Some(1), |step| Some(step * STEP)).take_while(|step| begins(*step)).last() {
            None => "<1×".to_owned(),
            Some(step) => format!("{step}×+"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&length(self.0))
    }
}

impl Cells {
    pub(super) fn of(row: &Row, unit: Unit) -> Self {
        let number = |number: Option<String>| number.unwrap_or_else(|| NONE.to_owned());
        let attempts = match (row.attempts, row.ending) {
            (Some(attempts), _) => attempts.to_string(),
            (None, Some(_)) => "?".to_owned(),
            (None, None) => NONE.to_owned(),
        };
        Self([
            number(row.status.map(|status| status.to_string())),
            kind(row),
            field(&row.code),
            number(row.retry_after.as_deref().map(retry_after)),
            number(row.ending.map(|ending| ending.to_string())),
            attempts,
            gap(row, unit),
            number(row.elapsed_ms.map(|ms| unit.step(ms))),
        ])
    }
}

/// The error's type; for a failure that is no JSON, what it is instead.
fn kind(row: &Row) -> String {
    let failed = row.status.is_some_and(|status| status >= 300);
    let media = row.content_type.as_deref().and_then(MediaType::parse);
    match (&row.kind, media) {
        (Json::Null, Some(media)) if failed && !media.essence.contains("json") => {
            shortened(&one_line(&format!("({})", media.essence)))
        }
        (Json::Null, None) if failed => "(no type)".to_owned(),
        (kind, _) => field(kind),
    }
}

fn field(value: &Json) -> String {
    match value {
        Json::Null => NONE.to_owned(),
        Json::String(text) if text.is_empty() => "\"\"".to_owned(),
        Json::String(text) => shortened(&one_line(text)),
        other => shortened(&one_line(&other.to_string())),
    }
}

/// What a gateway computes from a date differs by the second: from a minute on, the nearest five seconds are shown.
fn steady(seconds: u64) -> u64 {
    if seconds < 60 { seconds } else { (seconds + 2) / 5 * 5 }
}

fn retry_after(text: &str) -> String {
    match RetryAfter::parse(text) {
        RetryAfter::Seconds(seconds) => format!("{} s", steady(seconds)),
        // The moment differs from run to run.
        RetryAfter::Date(_) => "a date".to_owned(),
        RetryAfter::Other(text) => shortened(&one_line(&text)),
    }
}

/// The shortest gap: of gaps that grow, it is the one that chance moves least.
fn gap(row: &Row, unit: Unit) -> String {
    match row.attempt_gaps_ms.iter().min() {
        None => NONE.to_owned(),
        Some(ms) if *ms < unit.0 / 8 => "at once".to_owned(),
        Some(ms) => unit.step(*ms),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some(_) => text.chars().take(WIDEST - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// A length of time in words.
pub(super) fn length(ms: u64) -> String {
    match ms {
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        ms => format!("{ms} ms"),
    }
}

/// What an empty cell shows.
pub(super) const NONE: &str = "–";

/// How many times as long each step is as the one before: waits are mostly small round multiples of one another, so that few
/// of them lie at the edge of a step, on either side of which chance would put them.
const STEP: u64 = 7;

/// Columns of a cell.
const WIDEST: usize = 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_wide_and_begin_a_little_early() {
        let unit = Unit(2000);
        for (ms, step) in [
            (0, "<1×"),
            (1799, "<1×"),
            (1800, "1×+"),
            (2001, "1×+"),
            (12_599, "1×+"),
            (12_600, "7×+"),
            (88_199, "7×+"),
            (88_200, "49×+"),
        ] {
            assert_eq!(unit.step(ms), step, "{ms} ms");
        }
    }
}
