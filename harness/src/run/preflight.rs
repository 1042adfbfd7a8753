//! Is this gateway what the target says, and is nobody paid by accident? Asked before the cases and watched while they run.

pub mod diagnosis;

use crate::judge;
use crate::run::outcome::{CaseReport, Outcome};
use crate::run::stage::Stage;
use crate::run::stage::guard;
use crate::spec::target::UpstreamLink;

/// Sends a plain request, then one that the mock fails, and explains what went wrong.
///
/// # Errors
/// In words: unreachable, a wrong key, a misconfigured upstream URL, or an answer that the mock did not give.
pub(in crate::run) async fn check(stage: &Stage) -> Result<(), String> {
    for running in &stage.configurations {
        for instance in &running.instances {
            let plain = diagnosis::plain(stage, running, instance, diagnosis::Upstream::Healthy).await?;
            if let Some(trouble) = diagnosis::explain(stage, instance, &plain).await? {
                return Err(trouble);
            }
            if matches!(stage.target.upstream, UpstreamLink::None) {
                continue;
            }
            let failed = diagnosis::plain(stage, running, instance, diagnosis::Upstream::Failing).await?;
            if judge::is_foreign(&failed) {
                return Err(guard::FOREIGN.to_owned());
            }
        }
    }
    Ok(())
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
