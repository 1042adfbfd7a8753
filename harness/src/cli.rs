//! The command line: a thin shell in which each command turns its arguments into text and an exit code.

pub mod check;
pub mod doctor;
pub mod explain;
pub mod faults;
pub mod fuzz;
pub mod init;
pub mod judge;
pub mod list;
pub mod mock;
pub mod run;
pub mod specs;
pub mod survey;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::report::console::style::Palette;
use crate::run::request::{self, RequestError};
use crate::spec::library::Library;
use crate::spec::read::diagnostic::Diagnostics;

/// Parses the process's arguments, does what they ask, and gives the exit code: 2 for usage, spec and target errors,
/// else what the command says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error, cli.no_color);
            ExitCode::from(2)
        }
    }
}

/// Proves that an LLM gateway keeps its documented error contract.
#[derive(Debug, Parser)]
#[command(name = "gateway-conformance", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Never write colours (also: NO_COLOR).
    #[arg(long, global = true)]
    pub no_color: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the cases of a contract against a gateway and report.
    Run(run::RunArgs),
    /// Report every problem of every spec file, with file, line and a caret.
    Check(check::CheckArgs),
    /// List the cases that a run would have.
    List(list::ListArgs),
    /// Explain a case or a claim.
    Explain(explain::ExplainArgs),
    /// List what the mock upstream can do to a gateway.
    Faults(faults::FaultsArgs),
    /// Write a commented target file for your gateway.
    Init(init::InitArgs),
    /// Judge an answer that was captured before, without a gateway.
    Judge(judge::JudgeArgs),
    /// Tell what a plain request to a target does, and why it does not reach the mock.
    Doctor(doctor::DoctorArgs),
    /// Tell what a gateway does for each upstream failure, without a verdict.
    Survey(survey::SurveyArgs),
    /// Send generated requests, and failures of the upstream, until something is wrong with an answer.
    Fuzz(fuzz::FuzzArgs),
    /// Ask again what `fuzz` found and stored.
    Replay(fuzz::ReplayArgs),
    /// Work with the spec files that are built in.
    #[command(subcommand)]
    Specs(specs::SpecsCommand),
}

fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    let palette = Palette::of_stdout(cli.no_color);
    match &cli.command {
        Command::Run(args) => run::run(args, palette),
        Command::Check(args) => check::run(args, palette),
        Command::List(args) => list::run(args),
        Command::Explain(args) => explain::run(args, palette),
        Command::Judge(args) => judge::run(args, palette),
        Command::Doctor(args) => doctor::run(args, palette),
        Command::Survey(args) => survey::run(args, palette),
        Command::Fuzz(args) => fuzz::run(args),
        Command::Replay(args) => fuzz::replay(args),
        Command::Faults(args) => faults::run(args),
        Command::Init(args) => init::run(args),
        Command::Specs(command) => specs::run(command),
    }
}

/// Where the specs come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecsArgs {
    /// Read the specs of this folder beside the shipped ones; a contract there replaces a shipped one of its name.
    #[arg(long, value_name = "DIR")]
    pub specs: Option<PathBuf>,
}

impl SpecsArgs {
    /// The library that the arguments name.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn library(&self) -> anyhow::Result<Library> {
        request::library(self.specs.as_deref()).map_err(usage)
    }
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Writes to standard output; a reader that has left (`| head`) is no error.
///
/// # Errors
/// Any other failure to write.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// An error of specs keeps its places, so that it can be shown in colour.
pub(crate) fn usage(error: RequestError) -> anyhow::Error {
    match error {
        RequestError::Specs(problems) => problems.into(),
        RequestError::Usage(why) => anyhow::Error::msg(why),
    }
}

pub(crate) fn complain(error: &anyhow::Error, no_color: bool) {
    let text = match error.downcast_ref::<Diagnostics>() {
        Some(problems) => problems.render(Palette::of_stderr(no_color).has_colour()),
        None => format!("error: {error:#}"),
    };
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
