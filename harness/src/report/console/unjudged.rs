//! What the verdict does not rest on: undocumented failures, what could not be told, what does not apply, own errors.

use crate::judge::verdict::Verdict;
use crate::report::case_list;
use crate::report::console::style::{Palette, labelled};
use crate::report::console::{heading, many};
use crate::run::outcome::{CaseReport, Outcome, RunReport};

pub(super) fn section(report: &RunReport, palette: Palette) -> String {
    let undocumented = gathered(report, |case| match &case.outcome {
        Outcome::Judged(judgement) => judgement.undocumented.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    });
    let untold = gathered(report, |case| match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Inconclusive(why) => vec![why.as_str()],
            Verdict::Pass | Verdict::Fail(_) => Vec::new(),
        },
        Outcome::Unready(why) => vec![why.as_str()],
        Outcome::NotApplicable(_) | Outcome::Error(_) => Vec::new(),
    });
    let lacking = gathered(report, |case| match &case.outcome {
        Outcome::NotApplicable(why) => vec![why.as_str()],
        _ => Vec::new(),
    });
    let errors = gathered(report, |case| match &case.outcome {
        Outcome::Error(why) => vec![why.as_str()],
        _ => Vec::new(),
    });
    let parts = [
        part(
            "Undocumented failures",
            "the page does not speak of these; neither passed nor failed",
            &undocumented,
            palette,
        ),
        part("Could not be told", "inconclusive, with the remedy", &untold, palette),
        part("Not applicable", "the target lacks what these need", &lacking, palette),
        part("Harness errors", "never the gateway's doing", &errors, palette),
    ];
    let shown: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    shown.join("\n")
}

/// Each reason with the cases that have it.
type Gathered<'a> = Vec<(&'a str, Vec<&'a str>)>;

fn gathered<'a>(report: &'a RunReport, reasons: impl Fn(&'a CaseReport) -> Vec<&'a str>) -> Gathered<'a> {
    let mut gathered: Gathered<'a> = Vec::new();
    for case in &report.cases {
        for why in reasons(case) {
            match gathered.iter_mut().find(|(known, _)| *known == why) {
                Some((_, cases)) if cases.contains(&case.id.as_str()) => {}
                Some((_, cases)) => cases.push(&case.id),
                None => gathered.push((why, vec![&case.id])),
            }
        }
    }
    gathered
}

fn part(title: &str, remark: &str, gathered: &Gathered<'_>, palette: Palette) -> String {
    if gathered.is_empty() {
        return String::new();
    }
    let mut out = heading(title, remark, palette);
    for (why, cases) in gathered {
        out.push_str(&labelled(2, &many(cases.len(), "case"), why, palette));
        for line in case_list(cases) {
            out.push_str(&labelled(2, "", &line, palette));
        }
    }
    out
}
