//! `run`: runs the plans, shows progress, and says what came of them.

mod args;

use std::path::Path;

use anyhow::Context;
use tokio::sync::watch;

use crate::cli::{complain, say, usage};
use crate::report::console::progress::{Mode, Progress};
use crate::report::console::style::Palette;
use crate::report::stream::CaseLog;
use crate::report::{self, console, exit};
use crate::run::engine::{self, Event};
use crate::run::outcome::RunReport;
use crate::run::request;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::setup::SetupError;
use crate::spec::contract::Level;

pub use args::{LevelArg, RunArgs, Shard};

/// Runs what the arguments ask for, one contract after the other, and concludes.
///
/// # Errors
/// A usage, spec or target error, or a report that cannot be written.
pub fn run(args: &RunArgs, palette: Palette) -> anyhow::Result<u8> {
    let plans = request::resolve(&args.request()).map_err(usage)?;
    let contracts = plans.len();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut ended = Vec::new();
    for (plan, options) in plans {
        let folder = args.report_dir(&plan.contract.name, contracts);
        match runtime.block_on(certified(plan, args.options(options), folder.as_deref(), args.quiet)) {
            Ok(run) => ended.push(run),
            Err(Failure::Setup(SetupError::Start(why))) => {
                complain(&anyhow::anyhow!("nothing was run: {why}"), false);
                return Ok(3);
            }
            Err(Failure::Setup(SetupError::Target(why))) => anyhow::bail!(why),
            Err(Failure::Log(error)) => return Err(error),
        }
    }
    conclude(&ended, args, palette)
}

/// Why a run did not come about.
enum Failure {
    Setup(SetupError),
    Log(anyhow::Error),
}

/// One run with its progress and its log; Ctrl-C ends it early with what there is.
async fn certified(
    plan: Plan,
    options: Options,
    folder: Option<&Path>,
    quiet: bool,
) -> Result<RunReport, Failure> {
    let log = match folder {
        Some(folder) => Some(CaseLog::create(folder).map_err(|error| {
            Failure::Log(anyhow::anyhow!("failed to begin the case log in {}: {error}", folder.display()))
        })?),
        None => None,
    };
    let cases = plan.cases.len();
    let run = watched(cases, quiet, log.as_ref(), async |stopped, told| {
        engine::certify(plan, options, stopped, told).await
    });
    run.await.map_err(Failure::Setup)
}

/// Drives what `driven` returns with progress on standard error and into the log; Ctrl-C turns its receiver true.
pub(in crate::cli) async fn watched<T>(
    cases: usize,
    quiet: bool,
    log: Option<&CaseLog>,
    driven: impl AsyncFnOnce(watch::Receiver<bool>, &(dyn Fn(Event) + Send + Sync)) -> T,
) -> T {
    let (stop, stopped) = watch::channel(false);
    let interrupt = tokio::spawn(async move {
        // Without a handler for the signal the run ends as any process does.
        if asked_to_end().await.is_ok() {
            stop.send_replace(true);
        }
        // The sender has to outlive the wait of whoever still watches it.
        std::future::pending::<()>().await;
    });
    let progress = Progress::new(Mode::of_stderr(quiet), cases);
    let told = |event| match event {
        Event::Started(cases) => progress.began(cases),
        Event::Ended(case) => {
            progress.ended(&case);
            if let Some(Err(error)) = log.map(|log| log.append(&case)) {
                progress.note(&format!("the case log could not be written: {error}"));
            }
        }
        Event::Stopping(why) => progress.note(&format!("stopping: {why}")),
    };
    let driven = driven(stopped, &told).await;
    interrupt.abort();
    progress.finish();
    driven
}

/// Ctrl-C, or what a CI sends to a job that it cancels.
async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Prints each run, writes its files where `--report` asks for them, and gives the exit code. Several contracts get a
/// folder each below `--report`; a violation in any beats an incomplete other.
///
/// # Errors
/// A report that cannot be written, or no run at all.
pub fn conclude(ended: &[RunReport], args: &RunArgs, palette: Palette) -> anyhow::Result<u8> {
    anyhow::ensure!(!ended.is_empty(), "nothing was run");
    let level = Level::from(args.level);
    let mut codes = Vec::new();
    for (index, run) in ended.iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        say(&format!("{gap}{}", console::render(run, level, palette)))?;
        if let Some(dir) = args.report_dir(&run.contract.0, ended.len()) {
            report::write(&dir, run, level)
                .with_context(|| format!("failed to write the report into {}", dir.display()))?;
            say(&format!("report: {}\n", dir.display()))?;
        }
        codes.push(exit::code(run, level));
    }
    Ok(worst(&codes))
}

/// The exit code of several runs: 1 beats 3 beats 0.
pub fn worst(codes: &[u8]) -> u8 {
    [1, 3].into_iter().find(|code| codes.contains(code)).unwrap_or(0)
}
