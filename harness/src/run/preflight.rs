//! Is this gateway what the target says, and is nobody paid by accident? Asked before the cases and watched while they run.

pub mod diagnosis;

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::judge;
use crate::run::outcome::{CaseReport, Outcome};
use crate::run::stage::guard;
use crate::run::stage::{Instance, Running, Stage};
use crate::spec::target::UpstreamLink;

/// Sends a plain request, then one that the mock fails, and explains what went wrong.
///
/// # Errors
/// In words: unreachable, a wrong key, a misconfigured upstream URL, or an answer that the mock did not give.
pub async fn check(stage: &Stage) -> Result<(), String> {
    // One after the other, so that a gateway which asks somebody else is found out by its first instance; the built-in one
    // knows nobody else.
    let at_once = if stage.is_builtin() { AT_ONCE } else { 1 };
    let (mut asked, mut known) = (Vec::new(), BTreeSet::new());
    for running in &stage.configurations {
        // A gateway that several configurations name is asked once.
        let new = running.instances.iter().filter(|instance| known.insert(instance.gateway.base_url()));
        asked.extend(new.map(|instance| instance_answers(stage, running, instance)));
    }
    let mut asked = asked.into_iter();
    loop {
        let some: Vec<_> = asked.by_ref().take(at_once).collect();
        if some.is_empty() {
            return Ok(());
        }
        try_join_all(some).await?;
    }
}

async fn instance_answers(stage: &Stage, running: &Running, instance: &Instance) -> Result<(), String> {
    let plain = diagnosis::plain(stage, running, instance, diagnosis::Upstream::Healthy).await?;
    if let Some(trouble) = diagnosis::explain(stage, instance, &plain).await? {
        return Err(trouble);
    }
    if matches!(stage.target.upstream, UpstreamLink::None) {
        return Ok(());
    }
    let failed = diagnosis::plain(stage, running, instance, diagnosis::Upstream::Failing).await?;
    judge::foreign(&failed, &[]).map_or(Ok(()), |said| Err(guard::foreign(&said)))
}

/// Watches the cases as they end.
#[derive(Default)]
pub(in crate::run) struct Watchdog {
    unserved: usize,
}

impl Watchdog {
    /// Looks at a case that ended; tells why the run has to stop, if it has to.
    pub(in crate::run) fn look(&mut self, report: &CaseReport) -> Option<String> {
        let Outcome::Judged(_) = &report.outcome else { return None };
        self.unserved = if report.served { 0 } else { self.unserved + 1 };
        // A gateway that is gone makes every later case inconclusive for the same reason; saying so once is enough.
        (self.unserved >= MOST_UNSERVED).then(|| {
            format!(
                "the gateway has not served a plain request in {MOST_UNSERVED} cases in a row; the last: {}",
                report.id
            )
        })
    }
}

/// Cases in a row whose control failed that end a run.
const MOST_UNSERVED: usize = 12;

/// Instances of the built-in gateway that are asked at once.
const AT_ONCE: usize = 16;
