//! `doctor`: what a plain request to the target did, step by step, and what to do where one failed.

use clap::Args;

use crate::cli::check::costs;
use crate::cli::mock::MockArgs;
use crate::cli::{SpecsArgs, say, usage};
use crate::judge;
use crate::observe::Observed;
use crate::report::console::style::{Palette, labelled};
use crate::run::preflight::diagnosis::{self, Upstream};
use crate::run::request::resolved::Options;
use crate::run::request::resolved::Plan;
use crate::run::request::{self, Request};
use crate::run::stage::machine::Machine;
use crate::run::stage::setup::{self, SetupError};
use crate::spec::target::UpstreamLink;

/// Arguments of `doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Where the specs come from.
    #[command(flatten)]
    pub specs: SpecsArgs,
    /// The target: a file, or the name of a shipped target.
    #[arg(long, value_name = "FILE")]
    pub target: String,
    /// Where the mock upstream runs.
    #[command(flatten)]
    pub mock: MockArgs,
    /// Allow a target that is not on loopback.
    #[arg(long)]
    pub allow_remote: bool,
}

/// Tries the target and prints what came of it.
///
/// # Errors
/// A usage, spec or target error.
pub fn run(args: &DoctorArgs, palette: Palette) -> anyhow::Result<u8> {
    let wanted =
        Request { target: Some(args.target.clone()), specs: args.specs.specs.clone(), ..Request::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut probes = Vec::new();
    let mut gaps = String::new();
    for (plan, options) in request::resolve(&wanted).map_err(usage)? {
        gaps.push_str(&costs(&plan.contract, &plan.cases, palette));
        let options = Options {
            mock: args.mock.at()?,
            mock_listen: args.mock.mock_listen,
            allow_remote: args.allow_remote,
            ..options
        };
        probes.extend(runtime.block_on(examined(plan, options))?);
    }
    say(&format!("{gaps}\n{}", render(&probes, palette)))?;
    Ok(code(&probes))
}

/// Starts or attaches the gateway, sends a plain request through each instance, and one that the mock fails.
async fn examined(plan: Plan, options: Options) -> anyhow::Result<Vec<Probe>> {
    let begun = "the gateway and the mock can be started".to_owned();
    let stage = match setup::stage(&Machine::new(options.jobs), &plan, options).await {
        Ok(stage) => stage,
        Err(SetupError::Target(why)) => anyhow::bail!(why),
        Err(SetupError::Start(why)) => {
            return Ok(vec![Probe { tried: begun, came: Came::Fails { seen: why, remedy: String::new() } }]);
        }
    };
    let mut probes = Vec::new();
    for running in &stage.configurations {
        for (index, instance) in running.instances.iter().enumerate() {
            let whose =
                format!("{}, instance {} at {}", running.name, index + 1, instance.gateway.base_url());
            let plain = diagnosis::plain(&stage, running, instance, Upstream::Healthy).await;
            let explained = match plain {
                Ok(plain) => {
                    let explained = diagnosis::explain(&stage, instance, &plain).await;
                    explained.map(|trouble| (trouble, seen(&plain)))
                }
                Err(why) => Err(why),
            };
            let came = match explained {
                Ok((None, seen)) => Came::Works(seen),
                Ok((Some(trouble), seen)) => Came::Fails { seen, remedy: trouble },
                Err(why) => Came::Fails { seen: why, remedy: String::new() },
            };
            let reached = matches!(came, Came::Works(_));
            let tried = match stage.target.upstream {
                UpstreamLink::None => {
                    format!("{whose}: the gateway answers (nobody can point it at the mock)")
                }
                UpstreamLink::Mock { .. } => format!("{whose}: a plain request is served through the mock"),
            };
            probes.push(Probe { tried, came });
            let came = match (reached, &stage.target.upstream) {
                (false, _) | (_, UpstreamLink::None) => Came::Skipped,
                (true, UpstreamLink::Mock { .. }) => {
                    match diagnosis::plain(&stage, running, instance, Upstream::Failing).await {
                        Err(why) => Came::Fails { seen: why, remedy: String::new() },
                        Ok(failed) if judge::foreign(&failed, &[]).is_some() => {
                            Came::Fails { seen: seen(&failed), remedy: FOREIGN.to_owned() }
                        }
                        Ok(failed) => Came::Works(seen(&failed)),
                    }
                }
            };
            probes.push(Probe { tried: format!("{whose}: when the mock fails, nobody else answers"), came });
        }
    }
    setup::strike(stage).await;
    Ok(probes)
}

const FOREIGN: &str = "the answer did not come from the mock: take the fallback provider out of the gateway's configuration, so that \
                       no test is charged";

/// What an exchange did, at both ends.
fn seen(observed: &Observed) -> String {
    let exchange = &observed.exchange;
    let answer = match &exchange.head {
        Some(head) => format!("{} after {} ms", head.status, exchange.elapsed.as_millis()),
        None => format!("no answer within {} ms", exchange.elapsed.as_millis()),
    };
    let attempts: Vec<String> = observed
        .attempts
        .iter()
        .map(|attempt| {
            let status = attempt.played.as_ref().and_then(|played| played.status);
            let played = status.map_or("nothing".to_owned(), |status| status.to_string());
            format!("{} {} at `{}`, answered {played}", attempt.method, attempt.target, attempt.provider)
        })
        .collect();
    match attempts.as_slice() {
        [] => format!("{answer}; no request reached the mock"),
        _ => format!("{answer}; the mock saw {}", attempts.join(", then ")),
    }
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What was tried, such as `the gateway answers at http://127.0.0.1:8080`.
    pub tried: String,
    /// What came of it.
    pub came: Came,
}

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It works, with what was seen.
    Works(String),
    /// It does not: what was seen instead, and the remedy.
    Fails {
        /// What was seen.
        seen: String,
        /// What to do.
        remedy: String,
    },
    /// It was not tried, since something before it failed.
    Skipped,
}

/// The probes in order, each with its answer; ends with what to do next.
pub fn render(probes: &[Probe], palette: Palette) -> String {
    let mut out = String::new();
    for probe in probes {
        let (mark, rows) = match &probe.came {
            Came::Works(seen) => (palette.good("✓"), vec![("saw", seen)]),
            Came::Fails { seen, remedy } => (palette.bad("✗"), vec![("saw", seen), ("remedy", remedy)]),
            Came::Skipped => (palette.dim("–"), Vec::new()),
        };
        out.push_str(&format!("{mark} {}\n", probe.tried));
        for (label, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
            out.push_str(&labelled(4, label, text, palette));
        }
    }
    out.push_str(match code(probes) {
        0 => {
            "\nready: `gateway-conformance run --target FILE` will reach the gateway and the mock behind it\n"
        }
        _ => "\nnot ready: what failed first is the cause to look for\n",
    });
    out
}

/// 0 where something works and nothing fails, else 3: nothing could be told of the gateway yet.
pub fn code(probes: &[Probe]) -> u8 {
    let failed = probes.iter().any(|probe| matches!(probe.came, Came::Fails { .. }));
    let works = probes.iter().any(|probe| matches!(probe.came, Came::Works(_)));
    if works && !failed { 0 } else { 3 }
}
