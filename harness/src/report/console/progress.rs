//! What is shown while a run is under way: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::judge::verdict::Verdict;
use crate::report::console::printable::one_line;
use crate::run::outcome::{CaseReport, Outcome};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A bar that is redrawn, for terminals.
    Bar,
    /// Lines, for logs.
    Lines,
    /// Nothing.
    Silent,
}

impl Mode {
    /// The mode for standard error.
    pub fn of_stderr(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Silent,
            (false, true) => Self::Bar,
            (false, false) => Self::Lines,
        }
    }
}

/// The progress of one run, on standard error; may be told of cases from several threads.
#[derive(Debug)]
pub struct Progress {
    mode: Mode,
    total: usize,
    bar: ProgressBar,
    tally: Mutex<Tally>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    ended: usize,
    failed: usize,
    unclear: usize,
}

impl Progress {
    /// Begins with so many cases ahead.
    pub fn new(mode: Mode, total: usize) -> Self {
        let bar = match mode {
            Mode::Bar => ProgressBar::new(total as u64),
            Mode::Lines | Mode::Silent => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} · {elapsed} · {wide_msg}") {
            bar.set_style(style);
        }
        Self { mode, total, bar, tally: Mutex::new(Tally::default()) }
    }

    /// So many cases begin now; the gateway is up.
    pub fn began(&self, cases: usize) {
        self.note(&format!("the gateway is up; {cases} cases begin"));
    }

    /// Says something beside the progress.
    pub fn note(&self, text: &str) {
        let line = one_line(text);
        match self.mode {
            Mode::Silent => {}
            Mode::Bar => self.bar.println(line),
            // A closed standard error must not end a run.
            Mode::Lines => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    /// A case ended.
    pub fn ended(&self, case: &CaseReport) {
        let (tally, line) = {
            let mut tally = self.tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            tally.count(case);
            (*tally, line(case))
        };
        match self.mode {
            Mode::Silent => {}
            Mode::Bar => {
                self.bar.set_message(tally.to_string());
                self.bar.inc(1);
                if let Some(line) = line {
                    self.bar.println(line);
                }
            }
            Mode::Lines => {
                let step = (self.total / 10).max(1);
                let mut lines: Vec<String> = line.into_iter().collect();
                if tally.ended % step == 0 || tally.ended == self.total {
                    lines.push(format!("{}/{} cases · {tally}", tally.ended, self.total));
                }
                // A closed standard error must not end a run.
                let _ = lines.iter().try_for_each(|line| writeln!(std::io::stderr(), "{line}"));
            }
        }
    }

    /// Takes the bar away; the report follows.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Tally {
    fn count(&mut self, case: &CaseReport) {
        self.ended += 1;
        match &case.outcome {
            Outcome::Judged(judgement) => match judgement.verdict {
                Verdict::Pass => {}
                Verdict::Fail(_) => self.failed += 1,
                Verdict::Inconclusive(_) => self.unclear += 1,
            },
            Outcome::NotApplicable(_) => {}
            Outcome::Unready(_) | Outcome::Error(_) => self.unclear += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed, {} could not be told", self.failed, self.unclear)
    }
}

/// What deserves a line at once: a failure, or a fault of the harness.
fn line(case: &CaseReport) -> Option<String> {
    match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Fail(findings) => {
                let checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
                Some(format!("✗ {}  {}", case.id, checks.join(", ")))
            }
            _ => None,
        },
        Outcome::Error(why) => Some(format!("! {}  harness error: {why}", case.id)),
        _ => None,
    }
    .map(|line| one_line(&line))
}
