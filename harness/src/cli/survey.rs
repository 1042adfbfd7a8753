//! `survey`: what a gateway does for each upstream failure, as a table or as JSON; and two surveys side by side.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use mock_upstream::fault::Catalogue;

use crate::baseline::atomic;
use crate::cli::mock::MockArgs;
use crate::cli::run::watched;
use crate::cli::{Format, SpecsArgs, complain, say, usage};
use crate::report::console::style::Palette;
use crate::report::survey as report;
use crate::run::request::resolved::{MockAt, Options, Plan};
use crate::run::request::{self, Request};
use crate::run::stage::setup::SetupError;
use crate::spec::target::UpstreamLink;
use crate::survey::choice::Choice;
use crate::survey::conduct;
use crate::survey::document::Survey;
use crate::survey::plan::{self, Manner, SurveyPlan};

/// Arguments of `survey`.
#[derive(Clone, Debug, Args)]
pub struct SurveyArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// The gateway: a file, or the name of a shipped target; the built-in gateway where none is named.
    #[arg(long, value_name = "FILE")]
    pub target: Option<String>,
    /// The contract whose operations and keys are used; the target's own where none is named.
    #[arg(long, value_name = "NAME")]
    pub contract: Option<String>,
    /// Play only faults of this group, a letter; may be given several times.
    #[arg(long, value_name = "LETTER")]
    pub group: Vec<String>,
    /// Play only faults of this family; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub family: Vec<String>,
    /// Play only faults whose id fits, `*` for any text; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub fault: Vec<String>,
    /// Use this operation of the contract, instead of the first that reaches the upstream; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub operation: Vec<String>,
    /// How long the client waits for one answer, in seconds; faults that last longer are not played.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub deadline: Option<Duration>,
    /// Give each row a gateway to itself, for one that a single answer can keep busy: rows then do not disturb each other.
    #[arg(long)]
    pub apart: bool,
    /// Start so many instances of a gateway that is launched; as many as the target says where nothing is told.
    #[arg(long, value_name = "N")]
    pub instances: Option<NonZeroUsize>,
    /// The most rows at once (16 unless told otherwise).
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Decides prompts and markers.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// How the survey is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the survey into this file too, as JSON.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Survey nothing, but lay two files of `--output` side by side: the rows that differ.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["target", "contract", "output"])]
    pub compare: Option<Vec<PathBuf>>,
    /// With --compare: the rows that are the same, too.
    #[arg(long, requires = "compare")]
    pub all: bool,
    /// Where the mock upstream runs.
    #[command(flatten)]
    pub mock: MockArgs,
    /// Allow a target that is not on loopback; its upstream may cost money.
    #[arg(long)]
    pub allow_remote: bool,
    /// Stop after so many requests to the gateway.
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u64>,
    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Surveys, or compares.
///
/// # Errors
/// A usage, spec or target error, or a file that cannot be read or written.
pub fn run(args: &SurveyArgs, palette: Palette) -> anyhow::Result<u8> {
    if let Some([first, second]) = args.compare.as_deref() {
        let (first, second) = (Survey::read(first)?, Survey::read(second)?);
        say(&report::compare(&first, &second, args.all, palette))?;
        return Ok(0);
    }
    let wanted = Request {
        contract: args.contract.clone(),
        target: args.target.clone(),
        specs: args.specs.specs.clone(),
        ..Request::default()
    };
    // Without a target, the first contract that the built-in gateway keeps.
    let (plan, options) =
        request::resolve(&wanted).map_err(usage)?.into_iter().next().context("there is nothing to survey")?;
    let planned = planned(args, &plan)?;
    if planned.plan.cases.is_empty() {
        let why: Vec<&str> = planned.not_played.iter().map(|one| one.why.as_str()).collect();
        complain(
            &anyhow::anyhow!("nothing that is asked for can be played: {}", distinct(why).join("; ")),
            false,
        );
        return Ok(3);
    }
    let survey = match surveyed(args, planned, args.mock.at()?, options) {
        Ok(survey) => survey,
        Err(SetupError::Start(why)) => {
            complain(&anyhow::anyhow!("nothing was surveyed: {why}"), false);
            return Ok(3);
        }
        Err(SetupError::Target(why)) => anyhow::bail!(why),
    };
    tell(args, &survey, palette)?;
    Ok(if survey.whole { 0 } else { 3 })
}

fn planned(args: &SurveyArgs, plan: &Plan) -> anyhow::Result<SurveyPlan> {
    if matches!(plan.target.upstream, UpstreamLink::None) {
        anyhow::bail!("a survey needs the mock behind the gateway, and the target says `upstream: none`");
    }
    let choice = Choice {
        groups: args.group.clone(),
        families: args.family.clone(),
        faults: args.fault.clone(),
        operations: args.operation.clone(),
    };
    let manner = Manner { deadline: args.deadline, apart: args.apart, instances: args.instances };
    Ok(plan::of(plan, Catalogue::shipped(), &choice, manner)?)
}

fn surveyed(
    args: &SurveyArgs,
    planned: SurveyPlan,
    at: MockAt,
    suited: Options,
) -> Result<Survey, SetupError> {
    let options = Options {
        seed: args.seed.unwrap_or(suited.seed),
        jobs: args.jobs.map_or(JOBS, NonZeroUsize::get),
        mock: at,
        mock_listen: args.mock.mock_listen,
        allow_remote: args.allow_remote,
        max_requests: args.max_requests.unwrap_or(suited.max_requests),
        ..suited
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SetupError::Start(error.to_string()))?;
    runtime.block_on(async {
        let cases = planned.plan.cases.len();
        watched(cases, args.quiet, &HashMap::new(), async |stop, told| {
            conduct::survey(planned, options, stop, told).await
        })
        .await
    })
}

/// Fewer than a run has at once: what is looked for is what the gateway does when it is not pressed.
const JOBS: usize = 16;

fn tell(args: &SurveyArgs, survey: &Survey, palette: Palette) -> anyhow::Result<()> {
    if let Some(file) = &args.output {
        written(file, survey)?;
    }
    match args.format {
        Format::Text => say(&report::table(survey, palette)),
        Format::Json => say(&survey.to_json()),
    }
}

fn written(file: &Path, survey: &Survey) -> anyhow::Result<()> {
    atomic::write(file, survey.to_json().as_bytes())
        .with_context(|| format!("failed to write the survey to {}", file.display()))
}

fn distinct(mut all: Vec<&str>) -> Vec<&str> {
    all.sort_unstable();
    all.dedup();
    all
}

fn seconds(written: &str) -> Result<Duration, String> {
    let seconds: f64 = written.parse().map_err(|_| "write a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(length) if !length.is_zero() => Ok(length),
        _ => Err("write a number of seconds above 0".to_owned()),
    }
}
