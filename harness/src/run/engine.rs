//! A whole run: sets the stage, checks it, drives the cases at once, adds up what came of them.

mod scout;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::plan::case::{PlannedCase, Readiness};
use crate::plan::waits;
use crate::run::case;
use crate::run::engine::scout::Scouts;
use crate::run::outcome::{CaseReport, LimitInForce, Outcome, RunReport, Standing};
use crate::run::preflight;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::Stage;
use crate::run::stage::machine::Machine;
use crate::run::stage::setup::{self, SetupError};
use crate::run::stage::upstream;
use crate::run::standing;
use crate::spec::target::UpstreamLink;

/// What a run tells while it is under way.
#[derive(Clone, Debug)]
pub enum Event {
    /// The gateway is up and answered a plain request through the mock; so many cases will run.
    Started(usize),
    /// A case ended.
    Ended(Box<CaseReport>),
    /// The run stops before its end, and why.
    Stopping(String),
}

/// Runs a plan on a machine of its own. `events` is told of progress; `stop` turning true ends the run early with what there is.
///
/// # Errors
/// When the gateway cannot be started, or is not what the target says: nothing was judged then.
pub async fn certify(
    plan: Plan,
    options: Options,
    stop: watch::Receiver<bool>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<RunReport, SetupError> {
    let machine = Machine::new(options.jobs);
    certify_beside(&machine, plan, options, stop, events).await
}

/// Runs a plan like [`certify`], beside others on the same machine.
///
/// # Errors
/// As there.
pub async fn certify_beside(
    machine: &Arc<Machine>,
    plan: Plan,
    options: Options,
    mut stop: watch::Receiver<bool>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<RunReport, SetupError> {
    let begun = Instant::now();
    let seed = options.seed;
    let set = tokio::select! {
        set = setup::stage(machine, &plan, options) => Some(set?),
        () = asked(&mut stop) => None,
    };
    let Some(stage) = set else {
        // What was started so far ended with the wait for it.
        events(Event::Stopping(INTERRUPTED.to_owned()));
        let stopped = Some(INTERRUPTED.to_owned());
        return Ok(finish(plan, HashMap::new(), stopped, Vec::new(), Duration::ZERO, begun.elapsed(), seed));
    };
    let stage = Arc::new(stage);
    let mut reports: HashMap<String, CaseReport> = HashMap::new();
    let work = async {
        let checked = tokio::select! {
            biased;
            () = stage.until_stopped() => Ok(()),
            checked = preflight::check(&stage) => checked,
        };
        if let Err(why) = checked {
            stage.stop(why);
        }
        match stage.stopped() {
            Some(why) => events(Event::Stopping(why)),
            None => {
                events(Event::Started(plan.cases.len()));
                drive_all(&stage, &plan, &mut reports, events).await;
            }
        }
    };
    let interrupt = async {
        asked(&mut stop).await;
        stage.stop(INTERRUPTED.to_owned());
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => {}
        () = interrupt => {}
    }
    late_arrivals(&stage, &mut reports).await;
    let host_delay = stage.machine.host.worst();
    let limits = limits(&stage);
    let stopped_by = stage.stopped();
    if let Some(stage) = Arc::into_inner(stage) {
        setup::strike(stage).await;
    }
    Ok(finish(plan, reports, stopped_by, limits, host_delay, begun.elapsed(), seed))
}

/// Drives every case at once, until all have ended or the run is stopped.
async fn drive_all(
    stage: &Arc<Stage>,
    plan: &Plan,
    reports: &mut HashMap<String, CaseReport>,
    events: &(dyn Fn(Event) + Send + Sync),
) {
    let (ended, mut endings) = mpsc::unbounded_channel::<CaseReport>();
    let mut tasks = JoinSet::new();
    let cases = by_length(stage, &plan.cases);
    let scouts = Arc::new(if stage.is_builtin() { Scouts::none() } else { Scouts::among(&cases) });
    for planned in cases {
        let (stage, scouts, ended) = (stage.clone(), scouts.clone(), ended.clone());
        tasks.spawn(async move {
            let leave = tokio::select! {
                biased;
                () = stage.until_stopped() => return,
                leave = scouts.turn(&planned.id) => leave,
            };
            if let Some(report) = case::drive(&stage, &planned).await {
                // The receiver is gone only when winding down took too long.
                let _ = ended.send(report);
            }
            drop(leave);
        });
    }
    drop(ended);
    let mut watchdog = preflight::Watchdog::default();
    let mut winding_down = None;
    loop {
        let stopping = async {
            match winding_down {
                None => stage.until_stopped().await,
                Some(until) => tokio::time::sleep_until(until).await,
            }
        };
        tokio::select! {
            report = endings.recv() => {
                let Some(report) = report else { break };
                if let Some(why) = watchdog.look(&report) {
                    stage.stop(why);
                }
                events(Event::Ended(Box::new(report.clone())));
                reports.insert(report.id.clone(), report);
            }
            // Cases under way leave the states they entered before they end, so they are waited for.
            () = stopping => match winding_down {
                None => {
                    winding_down = Some(tokio::time::Instant::now() + WIND_DOWN);
                    events(Event::Stopping(stage.stopped().unwrap_or_default()));
                }
                Some(_) => break,
            }
        }
    }
    tasks.shutdown().await;
}

/// Longest first, so that a long wait begins early; the order of the plan otherwise.
fn by_length(stage: &Stage, cases: &[PlannedCase]) -> Vec<Arc<PlannedCase>> {
    let mut cases: Vec<Arc<PlannedCase>> = cases.iter().cloned().map(Arc::new).collect();
    cases.sort_by_cached_key(|case| {
        let running = stage.configurations.iter().find(|running| running.name == case.takes.configuration);
        let waits = running.map_or(Duration::ZERO, |running| waits::waits(&case.case, &running.limits));
        (case.ready != Readiness::Ready, Reverse(waits))
    });
    cases
}

async fn asked(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can ask for a stop any more.
        std::future::pending::<()>().await;
    }
}

/// A request that arrived after its case was closed spoils that case's proof that there were no more.
async fn late_arrivals(stage: &Stage, reports: &mut HashMap<String, CaseReport>) {
    let late = match stage.upstream.late().await {
        Ok(late) => late,
        Err(error) => return stage.stop(upstream::in_words(&error)),
    };
    if late.dropped > 0 {
        return stage.stop(format!(
            "the mock had no room to note {} requests that came after their cases: start it anew, or reset it when no run uses it",
            late.dropped
        ));
    }
    for entry in late.entries {
        let case = entry.scenario.as_deref().and_then(|scenario| stage.upstream.case(scenario));
        if let Some(report) = case.and_then(|case| reports.get_mut(case)) {
            case::doubt(report, "a request of this case reached the upstream after the case had ended");
        }
    }
}

/// The limits of every configuration that ran, one entry for each length that one has.
fn limits(stage: &Stage) -> Vec<LimitInForce> {
    let documented = |name: &str| {
        let limit = stage.contract.names.limits.iter().find(|limit| limit.name.value == name);
        limit.and_then(|limit| limit.documented)
    };
    let mut limits: Vec<LimitInForce> = Vec::new();
    for running in &stage.configurations {
        for (name, length) in &running.limits {
            match limits.iter_mut().find(|limit| limit.name == *name && limit.length == *length) {
                Some(known) => known.configurations.push(running.name.clone()),
                None => limits.push(LimitInForce {
                    name: name.clone(),
                    length: *length,
                    documented: documented(name),
                    configurations: vec![running.name.clone()],
                }),
            }
        }
    }
    for limit in limits.iter_mut().filter(|limit| limit.configurations.len() == stage.configurations.len()) {
        limit.configurations.clear();
    }
    limits
}

fn finish(
    plan: Plan,
    mut reports: HashMap<String, CaseReport>,
    stopped: Option<String>,
    limits: Vec<LimitInForce>,
    host_delay: Duration,
    duration: Duration,
    seed: u64,
) -> RunReport {
    let why = stopped.clone().unwrap_or_else(|| "the run ended before it".to_owned());
    let cases: Vec<CaseReport> = plan
        .cases
        .iter()
        .map(|planned| {
            reports.remove(&planned.id).unwrap_or_else(|| {
                CaseReport::of(planned, Outcome::Unready(format!("not run: {why}")), String::new())
            })
        })
        .collect();
    let claims = standing::claims(&plan.contract, &plan.cases, &cases, plan.partial);
    let asked = |claim: &str| {
        let known = claims.iter().find(|known| known.id == claim);
        known.is_none_or(|known| known.standing != Standing::Unselected)
    };
    let in_force =
        plan.contract.readings.iter().filter(|reading| reading.claims.iter().any(|claim| asked(claim)));
    let readings = in_force.map(|reading| {
        let claims = reading.claims.iter().map(|claim| claim.value.clone()).collect();
        (reading.id.value.clone(), claims, reading.says.clone())
    });
    let readings = readings.collect();
    RunReport {
        contract: (plan.contract.name.value.clone(), plan.contract.title.clone()),
        target: (plan.target.name.value.clone(), plan.target.version.clone()),
        limits,
        mocked: !matches!(plan.target.upstream, UpstreamLink::None),
        real_time: plan.real_time,
        specs_digest: plan.specs_digest,
        seed,
        standing: standing::run(&claims, &cases, stopped.as_deref()),
        cases,
        claims,
        readings,
        stopped,
        duration,
        host_delay,
    }
}

/// Why a run ends that was asked to.
const INTERRUPTED: &str = "interrupted";

/// How long cases under way may take to leave the states they entered once the run stops: a few hooks, each at its deadline.
const WIND_DOWN: Duration = Duration::from_secs(35);
