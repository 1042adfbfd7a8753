//! The command line: each command turns its arguments into text and an exit code.

mod faults;
mod flags;
mod place;
mod script_file;
mod selftest;
mod serve;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Parses the process's arguments and does what they ask; 2 is the exit code of wrong arguments and files.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Faults(args) => faults::run(args),
        Command::Selftest(args) => selftest::run(args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // There is nowhere left to say that standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// A scripted LLM provider that plays every failure an upstream can cause.
#[derive(Debug, Parser)]
#[command(name = "mock-upstream", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run providers, and the API by which they are controlled, until interrupted.
    Serve(serve::ServeArgs),
    /// List the catalogue of faults.
    Faults(faults::FaultsArgs),
    /// Prove on the wire that every fault is what it says.
    Selftest(selftest::SelftestArgs),
}

/// How something is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Writes to standard output; a reader that has left (`| head`) is no error.
fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
