//! The console report.

use std::path::Path;

use super::run::{clean, everything};
use crate::report::console::style::Palette;
use crate::report::console::{case, render};
use crate::report::exit::code;
use crate::run::outcome::{RunReport, RunStanding};
use crate::spec::contract::Level;

pub(super) fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/reports"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn the_console_tells_everything() {
    let run = everything();
    let text = render(&run, Level::Must, Palette::plain());
    snapshots().bind(|| insta::assert_snapshot!("console-everything", text));
}

#[test]
fn a_clean_run_is_short() {
    let run = clean();
    let text = render(&run, Level::Must, Palette::plain());
    snapshots().bind(|| insta::assert_snapshot!("console-clean", text));
}

#[test]
fn colours_add_nothing_but_colours() {
    let run = everything();
    let plain = render(&run, Level::Must, Palette::plain());
    let coloured = render(&run, Level::Must, Palette::coloured());
    assert_ne!(plain, coloured);
    let mut stripped = coloured;
    for code in ["0", "1", "2", "32", "33", "31;1"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn nothing_that_the_gateway_sent_reaches_the_terminal_raw() {
    let run = everything();
    let text = render(&run, Level::Must, Palette::plain());
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']));
}

#[test]
fn a_cause_in_many_cases_is_told_once() {
    let run = everything();
    let text = render(&run, Level::Must, Palette::plain());
    assert_eq!(text.matches("EX-16 · got.error.code, closed.type").count(), 1);
    for status in [429, 500, 502, 503] {
        assert!(text.contains(&format!("[status={status},stream=true]")));
    }
}

#[test]
fn a_broken_should_decides_only_where_it_is_asked_to() {
    let standing_as = |standing| RunReport { standing, ..everything() };
    let weak = |standing| {
        let mut run = standing_as(standing);
        run.claims.retain(|claim| claim.id == "EX-06");
        run
    };
    let incomplete = || RunStanding::Incomplete("x".into());
    assert_eq!(code(&weak(RunStanding::Conforming(0)), Level::Must), 0);
    assert_eq!(code(&weak(RunStanding::Conforming(0)), Level::Should), 1);
    assert_eq!(code(&weak(incomplete()), Level::Should), 1);
    assert_eq!(code(&weak(incomplete()), Level::Must), 3);
    assert_eq!(code(&standing_as(RunStanding::Nonconforming(1)), Level::Must), 1);
}

#[test]
fn one_case_is_told_by_itself() {
    let run = everything();
    let hostile = run.cases.iter().find(|case| case.id.contains("retry-after")).unwrap();
    let text = case(hostile);
    assert!(text.contains("expected: ") && text.contains("so what: ") && text.contains("replay: "), "{text}");
    assert!(!text.contains('\u{1b}'));
    assert_eq!(case(&run.cases[0]), "");
}
