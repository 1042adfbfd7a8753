//! `run`: runs the plans, shows progress, and says what came of them.

mod args;

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use crate::cli::{complain, fuzz, say, usage};
use crate::report::console::progress::{Mode, Progress};
use crate::report::console::style::Palette;
use crate::report::stream::CaseLog;
use crate::report::{self, console, exit, overview};
use crate::run::engine::{self, Event};
use crate::run::outcome::RunReport;
use crate::run::request;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::machine::Machine;
use crate::run::stage::setup::SetupError;
use crate::spec::contract::Level;

pub use args::{LevelArg, RunArgs, Shard};

/// Runs what the arguments ask for, its contracts side by side, and concludes.
///
/// # Errors
/// A usage, spec or target error, or a report that cannot be written.
pub fn run(args: &RunArgs, palette: Palette) -> anyhow::Result<u8> {
    let plans = request::resolve(&args.request()).map_err(usage)?;
    let contracts = plans.len();
    let mut ahead = Vec::new();
    for (plan, suited) in plans {
        let log =
            args.report_dir(&plan.contract.name, contracts).map(|folder| begin_log(&folder)).transpose()?;
        ahead.push(Ahead { plan, options: args.options(suited)?, log });
    }
    let slices: Vec<_> = ahead.iter().map(|ahead| (ahead.plan.clone(), ahead.options.clone())).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut ended = Vec::new();
    let mut failed = Vec::new();
    for (contract, outcome) in runtime.block_on(side_by_side(ahead, args.quiet)) {
        match outcome {
            Ok(run) => ended.push(run),
            Err(error) => failed.push((contract, error)),
        }
    }
    let mut codes = Vec::new();
    if !ended.is_empty() {
        codes.push(conclude(&ended, contracts, args, palette)?);
    }
    for (contract, error) in failed {
        let whose = if contracts > 1 { format!("{contract}: ") } else { String::new() };
        codes.push(match error {
            SetupError::Start(why) => {
                complain(&anyhow::anyhow!("{whose}nothing was run: {why}"), false);
                3
            }
            SetupError::Target(why) => {
                complain(&anyhow::anyhow!("{whose}{why}"), false);
                2
            }
        });
    }
    // What stopped a run, such as a gateway that is not there or Ctrl-C, stops what would follow.
    let whole = |plan: &Plan| {
        ended.iter().any(|run| run.contract.0 == plan.contract.name.value && run.stopped.is_none())
    };
    for (plan, options) in slices.into_iter().filter(|(plan, _)| whole(plan)) {
        let folder = args.report_dir(&plan.contract.name, contracts);
        let cases = args.generated(&plan);
        codes.push(fuzz::slice(&plan, options, cases, Level::from(args.level), folder.as_deref())?);
    }
    Ok(worst(&codes))
}

/// One contract that is about to be run.
struct Ahead {
    plan: Plan,
    options: Options,
    log: Option<CaseLog>,
}

fn begin_log(folder: &Path) -> anyhow::Result<CaseLog> {
    CaseLog::create(folder).with_context(|| format!("failed to begin the case log in {}", folder.display()))
}

/// Runs them all on one machine, so that the waits of one are the waits of all; Ctrl-C ends them early with what there is.
async fn side_by_side(ahead: Vec<Ahead>, quiet: bool) -> Vec<(String, Result<RunReport, SetupError>)> {
    let cases = ahead.iter().map(|ahead| ahead.plan.cases.len()).sum();
    let jobs = ahead.iter().map(|ahead| ahead.options.jobs).max().unwrap_or(1);
    // Providers of several gateways cannot listen at one address.
    let alone = ahead.iter().any(|ahead| ahead.options.mock_listen.is_some());
    let mut logs = HashMap::new();
    let mut runs = Vec::new();
    for Ahead { plan, options, log } in ahead {
        let contract = plan.contract.name.value.clone();
        logs.extend(log.map(|log| (contract.clone(), log)));
        runs.push((contract, plan, options));
    }
    watched(cases, quiet, &logs, async |stopped, told| {
        let machine = Machine::new(jobs);
        let at_once = if alone { 1 } else { runs.len().max(1) };
        let runs = stream::iter(runs).map(async |(contract, plan, options)| {
            (contract, engine::certify_beside(&machine, plan, options, stopped.clone(), told).await)
        });
        runs.buffered(at_once).collect().await
    })
    .await
}

/// Drives what `driven` returns with progress on standard error and into the logs, one a contract; Ctrl-C turns its receiver
/// true.
pub(in crate::cli) async fn watched<T>(
    cases: usize,
    quiet: bool,
    logs: &HashMap<String, CaseLog>,
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
            let contract = case.id.split("::").next().unwrap_or_default();
            if let Some(Err(error)) = logs.get(contract).map(|log| log.append(&case)) {
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
/// folder each below `--report`, and a line each at the end; a violation in any beats an incomplete other.
///
/// # Errors
/// A report that cannot be written, or no run at all.
pub fn conclude(
    ended: &[RunReport],
    contracts: usize,
    args: &RunArgs,
    palette: Palette,
) -> anyhow::Result<u8> {
    anyhow::ensure!(!ended.is_empty(), "nothing was run");
    let level = Level::from(args.level);
    let mut codes = Vec::new();
    for (index, run) in ended.iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        say(&format!("{gap}{}", console::render(run, level, palette)))?;
        if let Some(dir) = args.report_dir(&run.contract.0, contracts) {
            report::write(&dir, run, level)
                .with_context(|| format!("failed to write the report into {}", dir.display()))?;
            say(&format!("report: {}\n", dir.display()))?;
        }
        codes.push(exit::code(run, level));
    }
    let code = worst(&codes);
    if ended.len() > 1 {
        say(&format!("\n{}", overview::console(ended, level, code, palette)))?;
    }
    if let Some(dir) = args.report.as_ref().filter(|_| contracts > 1) {
        let page = dir.join("summary.md");
        std::fs::write(&page, overview::markdown(ended, level, code))
            .with_context(|| format!("failed to write {}", page.display()))?;
        say(&format!("report: {}\n", dir.display()))?;
    }
    Ok(code)
}

/// The exit code of several runs: 1 beats 2 beats 3 beats 0.
pub fn worst(codes: &[u8]) -> u8 {
    [1, 2, 3].into_iter().find(|code| codes.contains(code)).unwrap_or(0)
}
