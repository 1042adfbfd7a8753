//! Several contracts in one run: a line each, for a terminal and for a page.

use crate::report::console::many;
use crate::report::console::printable::one_line;
use crate::report::console::style::Palette;
use crate::report::markdown::cell;
use crate::report::{Counts, exit};
use crate::run::outcome::{RunReport, Standing};
use crate::spec::contract::Level;

/// What a contract came to, as cells.
struct Line {
    name: String,
    standing: String,
    claims: String,
    cases: String,
    readings: usize,
    code: u8,
}

impl Line {
    fn of(run: &RunReport, level: Level) -> Self {
        let verified = run.claims.iter().filter(|claim| matches!(claim.standing, Standing::Verified(_)));
        let Counts { pass, fail, inconclusive, not_applicable, error } = Counts::of(run);
        let counted = [
            (pass, "pass"),
            (fail, "fail"),
            (inconclusive, "inconclusive"),
            (not_applicable, "not applicable"),
            (error, "error"),
        ];
        let counted = counted.iter().filter(|(count, word)| *count > 0 || *word == "pass");
        let counted: Vec<String> = counted.map(|(count, word)| format!("{count} {word}")).collect();
        Self {
            name: run.contract.0.clone(),
            standing: exit::word(&run.standing).to_owned(),
            claims: format!("{} of {}", verified.count(), run.claims.len()),
            cases: counted.join(", "),
            readings: run.readings.len(),
            code: exit::code(run, level),
        }
    }
}

/// The lines for a terminal; `code` is the exit code of them all.
pub fn console(runs: &[RunReport], level: Level, code: u8, palette: Palette) -> String {
    let lines: Vec<Line> = runs.iter().map(|run| Line::of(run, level)).collect();
    let width = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).chars().count()).max().unwrap_or(0);
    let (name, standing, claims) =
        (width(|line| &line.name), width(|line| &line.standing), width(|line| &line.claims));
    let mut out = format!("{}\n", palette.bold(&many(runs.len(), "contract")));
    for line in &lines {
        let text = format!(
            "{:name$}  {:standing$}  claims verified {:>claims$}  cases {}",
            line.name, line.standing, line.claims, line.cases
        );
        let text = one_line(&text);
        let (mark, text) = match line.code {
            0 => (palette.good("✓"), text.to_string()),
            1 => (palette.bad("✗"), palette.bad(&text)),
            _ => (palette.warn("?"), palette.warn(&text)),
        };
        out.push_str(&format!("  {mark} {text}\n"));
    }
    out.push_str(&format!("  {}\n", palette.dim(&totals(runs))));
    out.push_str(&palette.dim(&format!("exit {code}: {}\n", exit::meaning(code))));
    out
}

/// The same as a page; each contract has its own in a folder of its name.
pub fn markdown(runs: &[RunReport], level: Level, code: u8) -> String {
    let mut out = format!(
        "# {}\n\nexit {code}: {}\n\n| contract | standing | claims verified | cases | readings |\n|---|---|---|---|---|\n",
        many(runs.len(), "contract"),
        exit::meaning(code)
    );
    for line in runs.iter().map(|run| Line::of(run, level)) {
        let Line { name, standing, claims, cases, readings, .. } = line;
        let name = cell(&name);
        out.push_str(&format!(
            "| [{name}]({name}/summary.md) | {standing} | {claims} | {cases} | {readings} |\n"
        ));
    }
    out.push_str(&format!("\n{}\n", totals(runs)));
    out
}

fn totals(runs: &[RunReport]) -> String {
    let claims: usize = runs.iter().map(|run| run.claims.len()).sum();
    let cases: usize = runs.iter().map(|run| run.cases.len()).sum();
    let readings: usize = runs.iter().map(|run| run.readings.len()).sum();
    // They ran side by side, so that the longest is what passed on the wall.
    let longest = runs.iter().map(|run| run.duration.as_secs_f64()).fold(0.0, f64::max);
    let times = match runs.iter().all(|run| run.real_time) {
        true => "documented times",
        false => "limits as the targets declare",
    };
    format!(
        "{}, {}, {} in {longest:.0} s; {times}",
        many(claims, "claim"),
        many(readings, "reading"),
        many(cases, "case")
    )
}
