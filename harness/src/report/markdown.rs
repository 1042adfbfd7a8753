//! `summary.md`: the run on one page, for a pull request or a job summary.

use crate::report::console::limit_in_words;
use crate::report::console::printable::one_line;
use crate::report::finding::{Group, consequence, groups};
use crate::report::json::level_word;
use crate::report::{Counts, case_list, exit};
use crate::run::outcome::{ClaimReport, RunReport, Standing};
use crate::spec::contract::Level;

/// The page; `level` is the weakest that decides.
pub fn render(run: &RunReport, level: Level) -> String {
    let (contract, title) = &run.contract;
    let code = exit::code(run, level);
    let counts = Counts::of(run);
    let mut out = format!("# {} ({}) · {}\n\n", cell(title), cell(contract), cell(&run.target.0));
    out.push_str(&format!(
        "**{}** (exit {code}: {})\n\n",
        cell(&exit::sentence(&run.standing)),
        exit::meaning(code)
    ));
    if !run.mocked {
        out.push_str("Nobody can point this gateway at the mock: only what a client sees was asked.\n\n");
    }
    if let Some(why) = &run.stopped {
        out.push_str(&format!("Stopped: {}\n\n", cell(why)));
    }
    out.push_str("| pass | fail | inconclusive | not applicable | error |\n|---|---|---|---|---|\n");
    out.push_str(&format!(
        "| {} | {} | {} | {} | {} |\n\n",
        counts.pass, counts.fail, counts.inconclusive, counts.not_applicable, counts.error
    ));
    out.push_str("## Claims\n\n| claim | level | standing | says |\n|---|---|---|---|\n");
    for claim in &run.claims {
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            cell(&claim.id),
            level_word(claim.level),
            cell(&standing_of(claim)),
            cell(&claim.says)
        ));
    }
    if !run.limits.is_empty() {
        out.push_str("\n## Times\n\n");
        let whose = if run.real_time {
            "Documented times were asked for."
        } else {
            "Limits as the target declares them."
        };
        out.push_str(&format!("{whose}\n\n"));
    }
    for limit in &run.limits {
        out.push_str(&format!("- {}\n", cell(&limit_in_words(limit))));
    }
    if !run.readings.is_empty() {
        out.push_str("\n## Readings in force\n\n| reading | claims | in which sense |\n|---|---|---|\n");
    }
    for (id, claims, says) in &run.readings {
        out.push_str(&format!("| {} | {} | {} |\n", cell(id), cell(&claims.join(", ")), cell(says)));
    }
    for (level, heading) in [(Level::Must, "Findings"), (Level::Should, "Advice (should)")] {
        let groups = groups(run, level);
        if !groups.is_empty() {
            out.push_str(&format!("\n## {heading}\n\n"));
        }
        for group in &groups {
            out.push_str(&finding(group, run));
        }
    }
    out
}

fn standing_of(claim: &ClaimReport) -> String {
    match &claim.standing {
        Standing::Verified(cases) => format!("✓ verified ({cases})"),
        Standing::Violated(cases) => format!("✗ violated ({cases})"),
        Standing::Weak(cases) => format!("! should broken ({cases})"),
        Standing::NotExercised(why) => format!("? not exercised: {why}"),
        Standing::Waived(why) => format!("– waived: {why}"),
        Standing::Unselected => "not asked for in this run".to_owned(),
    }
}

fn finding(group: &Group<'_>, run: &RunReport) -> String {
    const CASES: usize = 8;
    let (case, first) = group.first();
    let mut out = format!("- **{}** `{}`", cell(&first.claims.join(", ")), code(&first.check));
    out.push_str(&format!(": expected `{}`, observed `{}`", code(&first.expected), code(&first.observed)));
    out.push_str(&format!(" · written at `{}`\n", first.written_at));
    if let Some(suffered) = consequence::of(first, &run.claims) {
        out.push_str(&format!("  - so what: {}\n", cell(&suffered)));
    }
    let cases = group.cases();
    for line in case_list(&cases).iter().take(CASES) {
        out.push_str(&format!("  - `{}`\n", code(line)));
    }
    if case_list(&cases).len() > CASES {
        out.push_str("  - … (report.json has all)\n");
    }
    out.push_str(&format!("  - replay: `{}`\n", code(&case.replay)));
    out
}

/// Text that cannot leave its cell or become markup.
pub(in crate::report) fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// Text inside a code span, clipped: a summary is read, not searched.
fn code(text: &str) -> String {
    const CHARS: usize = 300;
    let line = one_line(text).replace('`', "'");
    match line.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
