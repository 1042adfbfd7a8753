//! How each claim stands, and for what was not exercised, why and what would help.

use crate::judge::verdict::Verdict;
use crate::report::console::heading;
use crate::report::console::many;
use crate::report::console::printable::one_line;
use crate::report::console::style::{Palette, WIDTH, labelled, wrapped};
use crate::report::finding::counted;
use crate::run::outcome::{CaseReport, ClaimReport, Outcome, RunReport, Standing};
use crate::spec::contract::Level;

pub(super) fn section(report: &RunReport, palette: Palette) -> String {
    let mut out = heading("Claims", "", palette);
    let id_width = report.claims.iter().map(|claim| claim.id.chars().count()).max().unwrap_or(0);
    let asked = |claim: &&ClaimReport| claim.standing != Standing::Unselected;
    for claim in report.claims.iter().filter(asked) {
        out.push_str(&line(claim, id_width, palette));
        match &claim.standing {
            Standing::NotExercised(why) => {
                out.push_str(&labelled(6, "why", why, palette));
                out.push_str(&waiting(claim, &report.cases, palette));
            }
            Standing::Waived(why) => out.push_str(&labelled(6, "why", why, palette)),
            Standing::Verified(_) | Standing::Violated(_) | Standing::Weak(_) | Standing::Unselected => {}
        }
    }
    let left_out = report.claims.len() - report.claims.iter().filter(asked).count();
    if left_out > 0 {
        let many = many(left_out, "claim");
        out.push_str(&format!(
            "  {} {many} not asked for: this run has no case about them\n",
            palette.dim("·")
        ));
    }
    out
}

fn line(claim: &ClaimReport, id_width: usize, palette: Palette) -> String {
    const STANDING: usize = 26;
    let (mark, standing) = match &claim.standing {
        Standing::Verified(cases) => (palette.good("✓"), format!("verified by {}", many(*cases, "case"))),
        Standing::Violated(cases) => (palette.bad("✗"), format!("violated in {}", many(*cases, "case"))),
        Standing::Weak(cases) => (palette.warn("!"), format!("should broken in {}", many(*cases, "case"))),
        Standing::NotExercised(_) => (palette.warn("?"), "not exercised".into()),
        Standing::Waived(_) => (palette.dim("–"), "not exercised, waived".into()),
        Standing::Unselected => (palette.dim("·"), "not asked for".into()),
    };
    let level = match claim.level {
        Level::Must => "",
        Level::Should => "(should) ",
        Level::May => "(may) ",
    };
    let column = 4 + id_width + 2 + STANDING + 1;
    let text = wrapped(&one_line(&format!("{level}{}", claim.says)), WIDTH - column);
    let says = text.join(&format!("\n{:column$}", ""));
    format!("  {mark} {:id_width$}  {standing:STANDING$} {says}\n", claim.id)
}

/// The cases that would have exercised the claim, by what kept them from it.
fn waiting(claim: &ClaimReport, cases: &[CaseReport], palette: Palette) -> String {
    const SHOWN: usize = 3;
    let reasons: Vec<&str> =
        cases.iter().filter(|case| case.claims.contains(&claim.id)).filter_map(hindrance).collect();
    let counted = counted(
        reasons.into_iter().filter(|why| Standing::NotExercised((*why).to_owned()) != claim.standing),
    );
    let mut out = String::new();
    for (why, count) in counted.iter().take(SHOWN) {
        out.push_str(&labelled(6, &many(*count, "case"), why, palette));
    }
    if counted.len() > SHOWN {
        out.push_str(&labelled(
            6,
            "",
            &format!("… and {}", many(counted.len() - SHOWN, "other reason")),
            palette,
        ));
    }
    out.push_str(&labelled(6, "remedy", &format!("see `gateway-conformance explain {}`", claim.id), palette));
    out
}

fn hindrance(case: &CaseReport) -> Option<&str> {
    match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Inconclusive(why) => Some(why),
            Verdict::Pass | Verdict::Fail(_) => None,
        },
        Outcome::NotApplicable(why) | Outcome::Unready(why) | Outcome::Error(why) => Some(why),
    }
}
