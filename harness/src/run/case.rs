//! Drives one case: lease, reset, control, enter, steps, leave, linger, reset, liveness, judge.

mod conduct;
mod moments;
pub(in crate::run) mod plain;
mod references;
pub(in crate::run) mod send;
mod step;
mod via;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::runtime::RuntimeFlavor;

use crate::judge;
use crate::judge::verdict::{Judgement, Verdict};
use crate::observe::redact::Redactor;
use crate::observe::{Observation, Observed};
use crate::plan::case::{PlannedCase, Readiness};
use crate::plan::waits;
use crate::run::case::conduct::Conduct;
use crate::run::onlooker::Sight;
use crate::run::outcome::{CaseReport, Outcome};
use crate::run::stage::lease::{Lease, Want};
use crate::run::stage::{Running, Stage, upstream};

/// Why a case could not be brought to an observation.
pub(in crate::run) enum Trouble {
    /// Something it needs is missing or does not work: what, and the remedy.
    Unready(String),
    /// The harness failed.
    Harness(String),
    /// The mock is gone, and with it whatever the run could still prove.
    Lost(String),
    /// The run stops.
    Stopped,
}

impl Trouble {
    pub(in crate::run) fn in_words(self) -> String {
        match self {
            Self::Unready(why) | Self::Harness(why) | Self::Lost(why) => why,
            Self::Stopped => "the run was stopped".to_owned(),
        }
    }
}

impl From<mock_upstream::control::Error> for Trouble {
    fn from(error: mock_upstream::control::Error) -> Self {
        use mock_upstream::control::Error;

        let why = upstream::in_words(&error);
        match error {
            Error::Unreachable { .. } | Error::Unreadable { .. } => Self::Lost(why),
            _ => Self::Harness(why),
        }
    }
}

/// Runs one planned case to its report; `None` when the run stopped before it had one. Whatever happens inside, panics
/// included, becomes an outcome, and a state that was entered is left.
pub(in crate::run) async fn drive(stage: &Stage, planned: &PlannedCase) -> Option<CaseReport> {
    match &planned.ready {
        Readiness::Lacks(name, reason) => {
            return Some(report(stage, planned, Outcome::NotApplicable(format!("{name}: {reason}"))));
        }
        Readiness::Unbound(remedy) => return Some(report(stage, planned, Outcome::Unready(remedy.clone()))),
        Readiness::Ready => {}
    }
    let Some(running) =
        stage.configurations.iter().find(|running| running.name == planned.takes.configuration)
    else {
        let why = format!("the configuration `{}` was not started", planned.takes.configuration);
        return Some(report(stage, planned, Outcome::Error(why)));
    };
    let mut lease = tokio::select! {
        biased;
        () = stage.until_stopped() => return None,
        lease = running.pool.lease(&planned.id, want(planned)) => lease,
    };
    // The instance first, then its pace, then the machine: one order, so that nobody waits for what waits for him.
    let _place = match &running.pace {
        None => None,
        Some(pace) => tokio::select! {
            biased;
            () = stage.until_stopped() => return None,
            place = pace.place() => Some(place),
        },
    };
    // Another gateway is pressed no harder than was asked for, whatever its cases wait for.
    let waits = match running.is_builtin() {
        true => waits::waits(&planned.case, &running.limits),
        false => Duration::ZERO,
    };
    let _busy = tokio::select! {
        biased;
        () = stage.until_stopped() => return None,
        busy = stage.machine.busy(planned.takes.timing.is_some(), waits) => busy,
    };
    tokio::select! {
        biased;
        () = stage.until_stopped() => return None,
        () = stage.machine.host.calm() => {}
    }
    let begun = Instant::now();
    let mut report = on_instance(stage, running, planned, &mut lease).await?;
    report.duration = begun.elapsed();
    report.beside = lease.beside.clone();
    Some(report)
}

/// Whether the case shares its instance.
pub(in crate::run) fn want(planned: &PlannedCase) -> Want {
    let takes = &planned.takes;
    if takes.instance.is_some() || !takes.providers.is_empty() { Want::Whole } else { Want::Shared }
}

async fn on_instance(
    stage: &Stage,
    running: &Running,
    planned: &PlannedCase,
    lease: &mut Lease,
) -> Option<CaseReport> {
    let instance = &running.instances[lease.instance];
    if let Some(why) = instance.poison.get() {
        return Some(report(stage, planned, Outcome::Unready(why.clone())));
    }
    let opened = Conduct::open(stage, running, instance, planned, want(planned) == Want::Whole).await;
    let mut conduct = match opened {
        Ok(conduct) => conduct,
        Err(trouble) => return troubled(stage, planned, trouble),
    };
    let observed = tokio::select! {
        biased;
        () = stage.until_stopped() => Err(Trouble::Stopped),
        observed = AssertUnwindSafe(tokio::time::timeout(budget(running), conduct.observe())).catch_unwind() => match observed {
            Ok(Ok(observed)) => observed,
            Ok(Err(_)) => Err(Trouble::Harness(format!("the case had not ended after {} s", budget(running).as_secs()))),
            Err(panic) => Err(Trouble::Harness(format!("panicked: {}", panic_text(&*panic)))),
        },
    };
    let left = conduct.leave().await;
    if instance.poison.get().is_some() {
        lease.retire();
    }
    let judged = match observed {
        Ok(mut observation) => {
            observation.doubts.extend(left.err());
            tokio::select! {
                biased;
                () = stage.until_stopped() => Err(Trouble::Stopped),
                judged = AssertUnwindSafe(concluded(stage, planned, &mut conduct, observation)).catch_unwind() => {
                    judged.unwrap_or_else(|panic| {
                        Err(Trouble::Harness(format!("panicked: {}", panic_text(&*panic))))
                    })
                }
            }
        }
        Err(trouble) => Err(trouble),
    };
    conduct.close().await;
    match judged {
        // What was found out after the stop may rest on answers that ended it.
        Ok(report) => stage.stopped().is_none().then_some(report),
        Err(trouble) => troubled(stage, planned, trouble),
    }
}

/// What comes of a case that was not brought to an observation.
fn troubled(stage: &Stage, planned: &PlannedCase, trouble: Trouble) -> Option<CaseReport> {
    let outcome = match trouble {
        Trouble::Lost(why) => {
            // Every other case would only find out the same.
            stage.stop(why.clone());
            return Some(report(stage, planned, Outcome::Error(why)));
        }
        Trouble::Unready(why) => Outcome::Unready(why),
        Trouble::Harness(why) => Outcome::Error(why),
        Trouble::Stopped => return None,
    };
    stage.stopped().is_none().then(|| report(stage, planned, outcome))
}

async fn concluded(
    stage: &Stage,
    planned: &PlannedCase,
    conduct: &mut Conduct<'_>,
    mut observation: Observation,
) -> Result<CaseReport, Trouble> {
    conduct.after(&mut observation).await?;
    Ok(aside(|| judged(stage, planned, conduct, &mut observation)))
}

/// Judging and redacting a large body takes a while in which this thread serves nobody: the gateway under test and the mock may
/// wait for it, and would be measured as slow.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn judged(
    stage: &Stage,
    planned: &PlannedCase,
    conduct: &Conduct<'_>,
    observation: &mut Observation,
) -> CaseReport {
    let judge = |observation: &Observation| {
        judge::judge(&planned.case, &stage.contract, observation, conduct.names())
    };
    let mut judgement = judge(observation);
    if matches!(judgement.verdict, Verdict::Fail(_))
        && let Some(doubt) = conduct.too_late(observation)
    {
        observation.doubts.push(doubt);
        judgement = judge(observation);
    }
    show(stage, planned, conduct, observation);
    let mut report = report(stage, planned, Outcome::Judged(Box::new(judgement)));
    report.served = observation.control.as_ref().is_none_or(plain::reached_the_mock);
    let acts = observation.steps.iter().flat_map(|step| &step.exchanges);
    report.upstream_attempts = acts.map(|exchange| exchange.attempts.len()).sum();
    let redactor = Redactor::masking(stage.mask.clone());
    for (name, observed) in named(observation) {
        report.transcript.push(redactor.transcript(&name, conduct.base_url(), observed));
        if name != CONTROL && name != LIVENESS {
            report.snapshot.push(redactor.snapshot(&name, observed, &stage.varying));
        }
    }
    report
}

fn show(stage: &Stage, planned: &PlannedCase, conduct: &Conduct<'_>, observation: &Observation) {
    if let Some(onlooker) = &stage.options.onlooker {
        let unproven = judge::unproven(&planned.case, &stage.contract, observation, conduct.names());
        onlooker.look(&Sight { planned, observation, unproven, mask: &stage.mask });
    }
}

/// Every exchange with the name a report gives it.
fn named(observation: &Observation) -> Vec<(String, &Observed)> {
    let mut named = Vec::new();
    named.extend(observation.control.as_ref().map(|control| (CONTROL.to_owned(), control)));
    for (at, step) in observation.steps.iter().enumerate() {
        let name = step.name.clone().unwrap_or_else(|| format!("step {}", at + 1));
        for (send, observed) in step.exchanges.iter().enumerate() {
            let one = step.exchanges.len() == 1;
            named.push((if one { name.clone() } else { format!("{name}, send {}", send + 1) }, observed));
        }
    }
    named.extend(observation.liveness.as_ref().map(|liveness| (LIVENESS.to_owned(), liveness)));
    named
}

const CONTROL: &str = "control";
const LIVENESS: &str = "liveness";

fn report(stage: &Stage, planned: &PlannedCase, outcome: Outcome) -> CaseReport {
    let replay = format!("{} --case '{}' --seed {}", stage.options.replay, planned.id, stage.options.seed);
    CaseReport::of(planned, outcome, replay)
}

/// Turns a judged case inconclusive when its proof was spoiled after it was judged; what was found stands.
pub(in crate::run) fn doubt(report: &mut CaseReport, why: &str) {
    if let Outcome::Judged(judgement) = &mut report.outcome
        && matches!(judgement.verdict, Verdict::Pass)
    {
        let judgement: &mut Judgement = judgement;
        judgement.verdict = Verdict::Inconclusive(why.to_owned());
    }
}

/// A bound on everything a case does, far beyond what its own deadlines allow: it only ends a hang of the harness.
fn budget(running: &Running) -> Duration {
    Duration::from_secs(300) + running.longest_limit() * 60
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
