//! The report that a person reads on a terminal: claims, findings in full, what could not be told, and the standing.

mod claims;
pub mod drift;
mod findings;
pub(crate) mod printable;
pub mod progress;
pub mod style;
mod unjudged;

use std::time::Duration;

use crate::report::console::printable::one_line;
use crate::report::console::style::{Palette, WIDTH, labelled, wrapped};
use crate::report::{Counts, exit, finding};
use crate::run::outcome::{CaseReport, LimitInForce, RunReport, Standing};
use crate::spec::contract::Level;

/// The whole report as text that ends with the standing and the exit code; `level` is the weakest that decides.
pub fn render(report: &RunReport, level: Level, palette: Palette) -> String {
    let sections = [
        head(report, palette),
        claims::section(report, palette),
        findings::section(report, Level::Must, palette),
        findings::section(report, Level::Should, palette),
        unjudged::section(report, palette),
        readings(report, palette),
        summary(report, level, palette),
    ];
    let shown: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    shown.join("\n")
}

/// The findings of one case, for whoever shows cases one by one; empty where there are none.
pub fn case(case: &CaseReport) -> String {
    printable::printable(&finding::in_words(case, &[])).into_owned()
}

fn head(report: &RunReport, palette: Palette) -> String {
    let (name, title) = &report.contract;
    let (target, version) = &report.target;
    let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let mut out = palette.bold(&one_line(&format!("{title} ({name}) · {target}{version}")));
    out.push_str(&palette.dim(&format!("   seed {}\n", report.seed)));
    if !report.mocked {
        out.push_str(&palette.warn("upstream: none; only what a client sees was asked\n"));
    }
    for limit in &report.limits {
        out.push_str(&palette.dim(&format!("{}\n", one_line(&limit_in_words(limit)))));
    }
    out
}

/// A limit, how long it was, and who says so.
pub(in crate::report) fn limit_in_words(limit: &LimitInForce) -> String {
    let LimitInForce { name, length, documented, configurations } = limit;
    let whose = match documented {
        Some(documented) if documented == length => "as documented".to_owned(),
        Some(documented) => format!("as the target declares; {} on the page", seconds(*documented)),
        None => "as the target declares; the page names no length".to_owned(),
    };
    let on = match configurations.as_slice() {
        [] => String::new(),
        some => format!(" (on {})", some.join(", ")),
    };
    format!("limit {name}: {}, {whose}{on}", seconds(*length))
}

fn readings(report: &RunReport, palette: Palette) -> String {
    if report.readings.is_empty() {
        return String::new();
    }
    let mut out = heading(
        "Readings in force",
        "places that the page leaves open, and the sense they were read in",
        palette,
    );
    for (id, claims, says) in &report.readings {
        out.push_str(&format!("  {id}  {}\n", palette.dim(&claims.join(", "))));
        for line in wrapped(says, WIDTH - 4) {
            out.push_str(&format!("    {}\n", printable::printable(&line)));
        }
    }
    out
}

fn summary(report: &RunReport, level: Level, palette: Palette) -> String {
    let counts = Counts::of(report);
    let mut out = heading("Summary", "", palette);
    let cases = format!(
        "{} in {}: {} pass, {} fail, {} inconclusive, {} not applicable, {} error",
        many(report.cases.len(), "case"),
        seconds(report.duration),
        counts.pass,
        counts.fail,
        counts.inconclusive,
        counts.not_applicable,
        counts.error,
    );
    out.push_str(&labelled(2, "cases", &cases, palette));
    out.push_str(&labelled(2, "claims", &claim_counts(report), palette));
    if let Some(why) = &report.stopped {
        out.push_str(&labelled(2, "stopped", why, palette));
    }
    let code = exit::code(report, level);
    let line = first_word_upper(&one_line(&exit::sentence(&report.standing)));
    let painted = match code {
        0 => palette.good(&line),
        1 => palette.bad(&line),
        _ => palette.warn(&line),
    };
    out.push_str(&format!(
        "\n{painted}   {}\n",
        palette.dim(&format!("exit {code}: {}", exit::meaning(code)))
    ));
    out
}

fn claim_counts(report: &RunReport) -> String {
    let count =
        |fits: fn(&Standing) -> bool| report.claims.iter().filter(|claim| fits(&claim.standing)).count();
    let parts = [
        (count(|standing| matches!(standing, Standing::Verified(_))), "verified"),
        (count(|standing| matches!(standing, Standing::Violated(_))), "violated"),
        (count(|standing| matches!(standing, Standing::Weak(_))), "broken in a should"),
        (count(|standing| matches!(standing, Standing::NotExercised(_))), "not exercised"),
        (count(|standing| matches!(standing, Standing::Waived(_))), "waived by the target"),
        (count(|standing| matches!(standing, Standing::Unselected)), "not asked for"),
    ];
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} in all: {}", report.claims.len(), shown.join(", "))
}

fn heading(title: &str, remark: &str, palette: Palette) -> String {
    match remark {
        "" => format!("{}\n", palette.bold(title)),
        _ => format!("{}  {}\n", palette.bold(title), palette.dim(remark)),
    }
}

pub(crate) fn many(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{:.1} s", millis as f64 / 1000.0),
    }
}

/// The standing's own word stands out, what follows it does not.
fn first_word_upper(text: &str) -> String {
    let end = text.find([' ', ':', ',']).unwrap_or(text.len());
    format!("{}{}", text[..end].to_uppercase(), &text[end..])
}
