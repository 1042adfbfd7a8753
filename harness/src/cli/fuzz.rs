//! `fuzz` and `replay`: generated requests against a gateway, and what was found once more.

use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::sync::watch;

use crate::arrange::credentials::mask::Mask;
use crate::cli::mock::MockArgs;
use crate::cli::run::LevelArg;
use crate::cli::{Format, SpecsArgs, complain, say, usage};
use crate::fuzz::engine::{self, Bounds, Outcome, Progress};
use crate::fuzz::regression::Regression;
use crate::report::fuzz as report;
use crate::run::request::resolved::{Options, Plan};
use crate::run::request::{self, Request};
use crate::run::stage::setup::SetupError;
use crate::spec::contract::Level;
use crate::spec::language::duration;

/// Arguments of `fuzz`.
#[derive(Clone, Debug, Args)]
pub struct FuzzArgs {
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
    /// How long; with --cases, whichever is over first. A minute where neither is given.
    #[arg(long, value_name = "60s", value_parser = length)]
    pub time: Option<Duration>,
    /// How many cases.
    #[arg(long, value_name = "N")]
    pub cases: Option<u64>,
    /// The seed: the same one makes the same cases in the same order.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Requests under way at once.
    #[arg(long, value_name = "N", default_value = "8")]
    pub jobs: NonZeroUsize,
    /// Store what is found in this folder, `specs/CONTRACT/regressions` where none is named; it is asked first the next time.
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "")]
    pub store: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The weakest level that decides the exit code.
    #[arg(long, value_enum, default_value_t)]
    pub level: LevelArg,
    /// A flaw of the built-in gateway, or several of them.
    #[arg(long, value_name = "MUTANT")]
    pub mutant: Option<String>,
    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Which gateway, and how it is reached.
#[derive(Clone, Debug, Args)]
pub struct GatewayArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// The contract to hold the gateway to; the target's own where none is named.
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,
    /// The gateway: a file, or the name of a shipped target; the built-in gateway where none is named.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
    /// Where the mock upstream runs.
    #[command(flatten)]
    pub mock: MockArgs,
    /// Allow a target that is not on loopback; its upstream may cost money.
    #[arg(long)]
    pub allow_remote: bool,
    /// Stop after so many requests to the gateway.
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
}

/// Arguments of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The stored findings.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Fuzzes.
///
/// # Errors
/// A usage, spec or target error, or a finding that cannot be stored.
pub fn run(args: &FuzzArgs) -> anyhow::Result<u8> {
    let (plan, options) = resolved(&args.gateway)?;
    let options = Options { seed: args.seed, jobs: args.jobs.get(), mutant: args.mutant.clone(), ..options };
    let folder = args.store.as_ref().map(|folder| store(folder, &plan.contract.name));
    let mut regressions = Regression::of_plan(&plan).map_err(anyhow::Error::msg)?;
    if let Some(folder) = &folder {
        let stored = Regression::read_all(folder).map_err(anyhow::Error::msg)?;
        regressions.retain(|known| stored.iter().all(|stored| stored.name() != known.name()));
        regressions.extend(stored);
    }
    let time = args.time.or_else(|| args.cases.is_none().then_some(Duration::from_secs(60)));
    let bounds = Bounds { time, cases: args.cases, regressions, spread: false };
    let replay = format!("gateway-conformance replay{}", again(&args.gateway));
    let Some(outcome) = campaign(&plan, options, bounds, args.quiet)? else { return Ok(3) };
    if let Some(folder) = &folder {
        // The credential is not among what is stored; what else could be one, nobody knows here.
        let mask = Mask::new(std::iter::empty::<&str>());
        for found in outcome.found.iter().filter(|found| !found.case.stored) {
            Regression::of(&outcome, found).write(folder, &mask).map_err(anyhow::Error::msg)?;
        }
    }
    match args.format {
        Format::Text => say(&report::console(&outcome, folder.as_deref(), &replay))?,
        Format::Json => say(&format!("{:#}\n", report::data(&outcome)))?,
    }
    Ok(report::code(&outcome, Level::from(args.level)))
}

/// Generated cases behind a run, some of every phase, and what was found before; `folder` is the report's, where there is one.
///
/// # Errors
/// A target error, a regression that cannot be read, or a report that cannot be written.
pub(in crate::cli) fn slice(
    plan: &Plan,
    options: Options,
    cases: u64,
    level: Level,
    folder: Option<&Path>,
) -> anyhow::Result<u8> {
    if cases == 0 || !engine::suits(plan) {
        return Ok(0);
    }
    let options = Options { jobs: options.jobs.min(SLICE_JOBS), ..options };
    let regressions = Regression::of_plan(plan).map_err(anyhow::Error::msg)?;
    let bounds = Bounds { time: Some(SLICE_TIME), cases: Some(cases), regressions, spread: true };
    let Some(outcome) = campaign(plan, options, bounds, true)? else { return Ok(3) };
    say(&format!("\n{}", report::beside(&outcome)))?;
    if let Some(folder) = folder {
        let path = folder.join("fuzz.json");
        std::fs::write(&path, format!("{:#}\n", report::data(&outcome)))
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(report::code(&outcome, level))
}

/// Requests of a slice that are under way at once.
const SLICE_JOBS: usize = 8;
/// A gateway that takes longer over a slice is sent only its beginning.
const SLICE_TIME: Duration = Duration::from_secs(20);

/// Asks stored findings again.
///
/// # Errors
/// A usage, spec or target error, or a file that cannot be read.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<u8> {
    let mut regressions = Vec::new();
    for file in &args.files {
        regressions.push(Regression::read(file).map_err(anyhow::Error::msg)?);
    }
    let mut gateway = args.gateway.clone();
    if gateway.target.is_none() && gateway.contract.is_none() {
        gateway.contract = regressions.first().map(|first| first.contract.clone());
    }
    let (plan, options) = resolved(&gateway)?;
    let options = Options { jobs: 1, ..options };
    let bounds = Bounds { time: Some(Duration::ZERO), cases: Some(0), regressions, spread: false };
    let Some(outcome) = campaign(&plan, options, bounds, true)? else { return Ok(3) };
    say(&report::console(&outcome, None, ""))?;
    Ok(report::code(&outcome, Level::Should))
}

fn resolved(args: &GatewayArgs) -> anyhow::Result<(Plan, Options)> {
    let wanted = Request {
        contract: args.contract.clone(),
        target: args.target.clone(),
        specs: args.specs.specs.clone(),
        ..Request::default()
    };
    let plans = request::resolve(&wanted).map_err(usage)?;
    anyhow::ensure!(plans.len() == 1, "name one contract, or a target");
    let (plan, suited) =
        plans.into_iter().next().ok_or_else(|| anyhow::anyhow!("there is nothing to fuzz"))?;
    let options = Options {
        mock: args.mock.at()?,
        mock_listen: args.mock.mock_listen,
        allow_remote: args.allow_remote,
        max_requests: args.max_requests.unwrap_or(u64::MAX),
        ..suited
    };
    Ok((plan, options))
}

fn campaign(plan: &Plan, options: Options, bounds: Bounds, quiet: bool) -> anyhow::Result<Option<Outcome>> {
    let (stop, stopped) = watch::channel(false);
    let teller = Teller::new(quiet);
    interrupted(stop);
    let outcome = engine::campaign(plan, options, bounds, &stopped, &|progress| teller.tell(&progress));
    teller.finish();
    match outcome {
        Ok(outcome) => Ok(Some(outcome)),
        Err(SetupError::Start(why)) => {
            complain(&anyhow::anyhow!("nothing was fuzzed: {why}"), false);
            Ok(None)
        }
        Err(SetupError::Target(why)) => anyhow::bail!(why),
    }
}

/// Ctrl-C ends a campaign with what there is. The thread that waits for it ends with the process.
fn interrupted(stop: watch::Sender<bool>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            stop.send_replace(true);
        }
        // Without its sender the campaign could not be asked any more.
        std::mem::forget(stop);
    });
}

/// The folder that findings are stored in: where none is named, beside the contract's cases, which is where they belong once
/// they are there to stay.
fn store(folder: &Path, contract: &str) -> PathBuf {
    match folder.as_os_str().is_empty() {
        true => Path::new("specs").join(contract).join("regressions"),
        false => folder.to_owned(),
    }
}

fn again(args: &GatewayArgs) -> String {
    let flags = [
        ("--specs", args.specs.specs.as_ref().map(|dir| dir.display().to_string())),
        ("--contract", args.contract.clone()),
        ("--target", args.target.clone()),
    ];
    let given = flags.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", value?)));
    given.collect()
}

fn length(written: &str) -> Result<Duration, String> {
    duration::parse(written).map_err(|why| why.to_string())
}

/// Progress on standard error: one line that is written over on a terminal, a line now and then elsewhere.
struct Teller {
    quiet: bool,
    terminal: bool,
    last: std::sync::Mutex<Duration>,
}

impl Teller {
    fn new(quiet: bool) -> Self {
        Self { quiet, terminal: std::io::stderr().is_terminal(), last: std::sync::Mutex::default() }
    }

    fn tell(&self, progress: &Progress) {
        if self.quiet {
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let every = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
        if progress.elapsed < *last + every {
            return;
        }
        *last = progress.elapsed;
        let line = report::line(progress);
        // A closed standard error must not end a campaign.
        let _ = match self.terminal {
            true => write!(std::io::stderr(), "\r\x1b[2K{line}"),
            false => writeln!(std::io::stderr(), "{line}"),
        };
    }

    fn finish(&self) {
        if self.terminal && !self.quiet {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}
