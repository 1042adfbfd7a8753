//! The arguments of `run`, and what they ask the engine for.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cli::SpecsArgs;
use crate::cli::mock::MockArgs;
use crate::plan::select::Selection;
use crate::run::request::Request;
use crate::run::request::resolved::{Options, Plan};
use crate::spec::contract::Level;

/// Arguments of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// The contract to hold the gateway to; the target's own, or all that the built-in gateway knows, where none is named.
    #[arg(long, value_name = "NAME|all")]
    pub contract: Option<String>,
    /// The gateway under test: a file, or the name of a shipped target; the built-in gateway where none is named.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
    /// A running gateway's base URL in place of a target file; its key is read from GATEWAY_KEY.
    #[arg(long, value_name = "URL", conflicts_with = "target", requires = "contract")]
    pub url: Option<String>,
    /// Run only cases whose id fits; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub case: Vec<String>,
    /// The weakest level that decides the exit code.
    #[arg(long, value_enum, default_value_t)]
    pub level: LevelArg,
    /// The most cases at once.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Run one part of the cases, such as 2/4.
    #[arg(long, value_name = "i/n")]
    pub shard: Option<Shard>,
    /// The seed of everything random; printed with each run.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Write report.json, junit.xml, summary.md, cases.jsonl and transcripts into this folder.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Where the mock upstream runs.
    #[command(flatten)]
    pub mock: MockArgs,
    /// Wait as long as the page says, a minute for a minute, instead of the shorter limits that a target declares.
    #[arg(long)]
    pub real_time: bool,
    /// Allow a target that is not on loopback; its upstream may cost money.
    #[arg(long)]
    pub allow_remote: bool,
    /// Stop after so many requests to the gateway.
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// Give the built-in gateway this one flaw, to see which claims and checks it breaks; `list --mutants` names them.
    #[arg(long, value_name = "NAME", requires = "contract")]
    pub mutant: Option<String>,
    /// Behind the cases, send so many generated ones, see `fuzz`; the seed decides which. Where it is not said, 200 a contract,
    /// unless only some cases are run or the gateway has a flaw; 0 sends none.
    #[arg(long, value_name = "N")]
    pub fuzz: Option<u64>,
    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
}

impl RunArgs {
    /// What is asked for.
    pub fn request(&self) -> Request {
        let key = std::env::var("GATEWAY_KEY").ok().filter(|key| !key.is_empty());
        Request {
            contract: self.contract.clone(),
            target: self.target.clone(),
            attach: self.url.clone().map(|url| (url, key)),
            specs: self.specs.specs.clone(),
            real_time: self.real_time,
            selection: Selection {
                globs: self.case.clone(),
                shard: self.shard.map(|shard| (shard.index, shard.count)),
            },
        }
    }

    /// How it is run, beginning with what suits the target.
    ///
    /// # Errors
    /// A token of the mock that cannot be read.
    pub fn options(&self, suited: Options) -> anyhow::Result<Options> {
        let mut replay = suited.replay.clone();
        let specs = ("--specs", self.specs.specs.as_ref().map(|dir| dir.display().to_string()));
        for (flag, value) in [specs].into_iter().chain(self.mock.again()) {
            if let Some(value) = value {
                replay.push_str(&format!(" {flag} {}", shell_word(&value)));
            }
        }
        if let Some(mutant) = &self.mutant {
            replay.push_str(&format!(" --mutant {}", shell_word(mutant)));
        }
        if self.allow_remote {
            replay.push_str(" --allow-remote");
        }
        Ok(Options {
            seed: self.seed.unwrap_or(suited.seed),
            mutant: self.mutant.clone(),
            jobs: self.jobs.map_or(suited.jobs, NonZeroUsize::get),
            mock: self.mock.at()?,
            mock_listen: self.mock.mock_listen.or(suited.mock_listen),
            allow_remote: self.allow_remote,
            max_requests: self.max_requests.unwrap_or(suited.max_requests),
            replay,
            ..suited
        })
    }

    /// How many generated cases follow those of a plan.
    pub fn generated(&self, plan: &Plan) -> u64 {
        let whole = !plan.partial && self.mutant.is_none();
        self.fuzz.unwrap_or(if whole { SLICE } else { 0 })
    }

    /// The folder for the report of one contract, where `--report` asks for one: its own below that where several
    /// contracts are run.
    pub fn report_dir(&self, contract: &str, contracts: usize) -> Option<PathBuf> {
        let dir = self.report.as_ref()?;
        Some(if contracts > 1 { dir.join(contract) } else { dir.clone() })
    }
}

/// Generated cases behind a run where nobody says how many: what a second or two is enough for.
const SLICE: u64 = 200;

/// A level on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// What the page says.
    #[default]
    Must,
    /// Also what the page implies.
    Should,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Must => Self::Must,
            LevelArg::Should => Self::Should,
        }
    }
}

/// One part of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, counted from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        let wrong = || format!("`{written}` is no shard: write i/n with 1 ≤ i ≤ n, such as 2/4");
        let (index, count) = written.split_once('/').ok_or_else(wrong)?;
        let (index, count) = (index.parse().map_err(|_| wrong())?, count.parse().map_err(|_| wrong())?);
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A word as a shell reads it back.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
