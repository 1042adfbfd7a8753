//! `judge`: one captured answer, offline.

use std::path::{Path, PathBuf};

use anyhow::Context;
use bytes::Bytes;
use clap::Args;

use crate::act::captured::{self, NoAnswer};
use crate::cli::run::LevelArg;
use crate::cli::{SpecsArgs, say};
use crate::report::console::style::Palette;
use crate::report::{console, exit};
use crate::run::captured::{Captured, judge};
use crate::run::request;
use crate::spec::contract::{Contract, Level, Operation};
use crate::spec::library::Loaded;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::Place;
use crate::spec::read::word::suggestion;
use crate::wire::exchange::Request;
use crate::wire::header::MediaType;

/// Arguments of `judge`.
#[derive(Clone, Debug, Args)]
pub struct JudgeArgs {
    /// The answer: status line, headers, a blank line, the body, as `curl -i` prints them; `-` reads standard input.
    pub answer: PathBuf,
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// The contract to hold it to.
    #[arg(long, value_name = "NAME")]
    pub contract: String,
    /// The row of the contract's `errors` that it is to be; without one only what holds of every answer is asked.
    #[arg(long, value_name = "ROW")]
    pub error: Option<String>,
    /// The operation that it answers; the contract's first where none is named.
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Whether a stream was asked for; told by the answer's media type where nothing is said.
    #[arg(long)]
    pub stream: Option<bool>,
    /// The weakest level that decides the exit code.
    #[arg(long, value_enum, default_value_t)]
    pub level: LevelArg,
}

/// Prints what came of it and gives the exit code, as `run` does.
///
/// # Errors
/// A usage or spec error, or a file that holds no answer.
pub fn run(args: &JudgeArgs, palette: Palette) -> anyhow::Result<u8> {
    let library = args.specs.library()?;
    let loaded = library.contract(&args.contract)?;
    let operation = operation(&loaded.contract, args.operation.as_deref())?;
    is_a_row(loaded, args.error.as_deref())?;
    let bytes = bytes(&args.answer)?;
    let (method, target) = operation.route.split_once(' ').unwrap_or(("POST", &operation.route));
    let request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
    };
    let exchange =
        captured::read(&bytes, request).map_err(|problem| pointed_at(&args.answer, &bytes, &problem))?;
    let media = exchange.head.as_ref().and_then(|head| MediaType::of(&head.headers));
    let is_stream = media.is_some_and(|media| media.essence == "text/event-stream");
    let captured = Captured {
        name: args.answer.display().to_string(),
        operation: operation.name.value.clone(),
        stream: args.stream.unwrap_or(is_stream),
        row: args.error.clone(),
        exchange,
    };
    let target = request::unbound(&loaded.contract, &captured.name);
    let replay = again(args);
    let report = judge(captured, loaded, &target, library.digest(), replay).map_err(anyhow::Error::msg)?;
    let level = Level::from(args.level);
    say(&console::render(&report, level, palette))?;
    Ok(exit::code(&report, level))
}

fn operation<'c>(contract: &'c Contract, asked: Option<&str>) -> anyhow::Result<&'c Operation> {
    let mut operations = contract.names.operations.iter();
    let Some(name) = asked else {
        return operations.next().context("the contract has no operation");
    };
    operations.find(|operation| operation.name.value == name).ok_or_else(|| {
        let known = contract.names.operations.iter().map(|operation| operation.name.as_str());
        unknown("operation", name, suggestion(name, known))
    })
}

fn is_a_row(loaded: &Loaded, asked: Option<&str>) -> anyhow::Result<()> {
    let rows = || loaded.contract.errors.iter().map(|row| row.name.as_str());
    match asked {
        Some(name) if !rows().any(|row| row == name) => Err(unknown("row", name, suggestion(name, rows()))),
        _ => Ok(()),
    }
}

fn unknown(kind: &str, name: &str, help: Option<String>) -> anyhow::Error {
    let help = help.map(|help| format!("; {help}")).unwrap_or_default();
    anyhow::anyhow!("the contract has no {kind} `{name}`{help}")
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)
            .context("failed to read standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

/// The problem with its line and a caret, like those of spec files.
fn pointed_at(path: &Path, bytes: &[u8], problem: &NoAnswer) -> Diagnostics {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let start: usize = text.split_inclusive('\n').take(problem.line - 1).map(str::len).sum();
    let end = start + text[start..].lines().next().map_or(0, str::len);
    let place = Place { file: path.display().to_string().into(), line: problem.line, column: 1, start, end };
    let mut diagnostic = Diagnostic::error(place, problem.what.clone());
    diagnostic.source = Some(text.into());
    Diagnostics(vec![diagnostic])
}

fn again(args: &JudgeArgs) -> String {
    let mut again = format!("gateway-conformance judge --contract {}", args.contract);
    for (flag, value) in [("--error", &args.error), ("--operation", &args.operation)] {
        if let Some(value) = value {
            again.push_str(&format!(" {flag} {value}"));
        }
    }
    format!("{again} {}", args.answer.display())
}
