//! One case under way on its instance: its scenario on the mock, its names, its sends.

use std::time::{Duration, Instant};

use mock_upstream::control::mock::{Claim, Scenario};

use crate::arrange::Setting;
use crate::arrange::credentials::{Hold, Loan};
use crate::arrange::hooks;
use crate::arrange::names::CaseNames;
use crate::arrange::names::prompt::Words;
use crate::arrange::names::secret::Secret;
use crate::observe::{Imposed, Observation, ObservedStep};
use crate::plan::case::PlannedCase;
use crate::run::case::Trouble;
use crate::run::case::plain;
use crate::run::case::send::Sent;
use crate::run::stage::{Instance, Running, Stage};
use crate::spec::contract::Contract;
use crate::spec::language::value::Names;
use crate::wire::exchange::Exchange;

/// A case under way.
pub(in crate::run) struct Conduct<'r> {
    pub(in crate::run) stage: &'r Stage,
    pub(in crate::run) running: &'r Running,
    pub(in crate::run) instance: &'r Instance,
    pub(in crate::run) planned: &'r PlannedCase,
    pub(in crate::run) names: CaseNames<'r>,
    pub(in crate::run) words: Words,
    pub(in crate::run) scenario: Scenario,
    pub(in crate::run) sends: u32,
    /// Requests by the step that sent them, for `again`.
    pub(in crate::run) sent: Vec<(String, Sent)>,
    /// Steps as far as they were observed, for references.
    pub(in crate::run) steps: Vec<ObservedStep>,
    /// What the step under way has sent one after the other, and what came back.
    pub(in crate::run) so_far: Vec<(Sent, Exchange)>,
    /// The marker's number of every exchange, in the order observed.
    pub(in crate::run) numbers: Vec<u32>,
    pub(in crate::run) imposed: Vec<Imposed>,
    whole: bool,
    entered: Vec<&'r str>,
    pub(in crate::run) claims: Vec<Claim>,
    begun: Instant,
    lent: Vec<(String, Loan)>,
}

impl<'r> Conduct<'r> {
    /// Opens the case's scenario. `whole` says that nobody else uses the instance.
    ///
    /// # Errors
    /// When the mock cannot be asked.
    pub(in crate::run) async fn open(
        stage: &'r Stage,
        running: &'r Running,
        instance: &'r Instance,
        planned: &'r PlannedCase,
        whole: bool,
    ) -> Result<Self, Trouble> {
        let mut words = Words::of(stage.options.seed, &planned.id);
        let own = Words::of(words.number(), &planned.id);
        let names = CaseNames::new(&stage.target, &stage.models, &running.limits, &instance.names, own);
        Ok(Self {
            stage,
            running,
            instance,
            planned,
            names,
            scenario: stage.upstream.open(&planned.id).await?,
            words,
            sends: 0,
            sent: Vec::new(),
            steps: Vec::new(),
            so_far: Vec::new(),
            numbers: Vec::new(),
            imposed: Vec::new(),
            whole,
            entered: Vec::new(),
            claims: Vec::new(),
            begun: Instant::now(),
            lent: Vec::new(),
        })
    }

    /// What the case's references name.
    pub(in crate::run) fn names(&self) -> &dyn Names {
        &self.names
    }

    /// Runs the case up to its last step. The instance is left in whatever state the case entered: call
    /// [`leave`](Self::leave) whatever came of this.
    ///
    /// # Errors
    /// When something the case needs is missing or a hook fails.
    pub(in crate::run) async fn observe(&mut self) -> Result<Observation, Trouble> {
        if self.whole {
            self.reset().await?;
        }
        let control = plain::control(self).await?;
        let served = control.as_ref().is_none_or(plain::reached_the_mock);
        if served {
            for state in &self.planned.case.given {
                self.enter(&state.value).await?;
            }
            for step in &self.planned.case.steps {
                let observed = self.step(step).await?;
                self.steps.push(observed);
            }
        }
        Ok(Observation {
            control,
            steps: std::mem::take(&mut self.steps),
            liveness: None,
            secrets: Vec::new(),
            limits: self.running.limits.clone(),
            host_delay: Duration::ZERO,
            clock_error: self.stage.upstream.mock.clock_error(),
            doubts: Vec::new(),
            imposed: std::mem::take(&mut self.imposed),
        })
    }

    /// Leaves every state the case entered and resets what it used up; runs whatever happened before.
    ///
    /// # Errors
    /// In words, when a hook fails: the instance cannot be trusted any more.
    pub(in crate::run) async fn leave(&mut self) -> Result<(), String> {
        let mut failed = Vec::new();
        while let Some(state) = self.entered.pop() {
            if let Some((_, bound)) = self.stage.target.states.iter().find(|(name, _)| **name == *state)
                && let Err(error) = self.call(&bound.leave).await
            {
                failed.push(format!("the state `{state}` could not be left: {error}"));
            }
        }
        self.heal().await;
        if self.whole {
            // What the gateway still does for this case has to arrive before the next one begins.
            tokio::time::sleep(LINGER).await;
            // The time being over is an answer too: a gateway that never lets go is left alone.
            let _ = tokio::time::timeout(self.running.patience(), self.scenario.idle()).await;
            failed.extend(self.reset().await.err().map(Trouble::in_words));
        }
        // A mock that is gone is no fault of the instance, and is found out by whoever asks it next.
        let _ = self.release_providers().await;
        if failed.is_empty() {
            return Ok(());
        }
        let why = failed.join("; ");
        let poison = format!(
            "the gateway is in an unknown state since the case {}: {why}; restart it",
            self.planned.id
        );
        self.instance.poison.get_or_init(|| poison);
        Err(why)
    }

    /// Takes liveness, the final journal, the secrets and the doubts into the observation.
    ///
    /// # Errors
    /// When the mock cannot be asked.
    pub(in crate::run) async fn after(&mut self, observation: &mut Observation) -> Result<(), Trouble> {
        match plain::liveness(self).await {
            Ok(liveness) => observation.liveness = liveness,
            Err(lost @ Trouble::Lost(_)) => return Err(lost),
            Err(trouble) => observation.doubts.push(trouble.in_words()),
        }
        self.rejoin(observation).await?;
        observation.secrets = self.secrets();
        observation.host_delay = self.stage.machine.host.worst_since(self.begun);
        observation.doubts.extend(self.doubts().await?);
        Ok(())
    }

    /// Whether this machine was so late, or the gateway so slow at what is plain, that it may have met its own limit for that reason
    /// alone: in words.
    pub(in crate::run) fn too_late(&self, observation: &Observation) -> Option<String> {
        let slow = || self.running.pace.as_ref()?.too_slow(self.begun, self.hesitated(observation));
        self.host_too_late(observation.host_delay).or_else(slow)
    }

    /// How long a request of the case took to arrive upstream, at most. Where it leaves beside others, or counts on its key, a gateway may
    /// hold it back on purpose.
    fn hesitated(&self, observation: &Observation) -> Option<Duration> {
        let takes = &self.planned.takes;
        if takes.timing.is_some() || !takes.credentials.is_empty() {
            return None;
        }
        let exchanges = observation.steps.iter().flat_map(|step| &step.exchanges);
        exchanges.filter_map(|exchange| exchange.attempts.iter().map(|attempt| attempt.arrived).min()).max()
    }

    fn host_too_late(&self, delay: Duration) -> Option<String> {
        let shortest = self.running.limits.iter().map(|(_, length)| *length).min()?;
        (delay * 2 > shortest).then(|| {
            format!(
                "this machine was late by {} ms while the case ran, too much to judge a gateway whose limit is {} ms: run it again \
                 with fewer --jobs, or when the machine is less busy",
                delay.as_millis(),
                shortest.as_millis()
            )
        })
    }

    /// Ends the scenario; what still arrives for it is recorded as late.
    pub(in crate::run) async fn close(&mut self) {
        // Everything was read before; what cannot be ended now, the mock ends by itself.
        let _ = self.release_providers().await;
        let _ = self.scenario.close().await;
    }

    /// The gateway's base URL.
    pub(in crate::run) fn base_url(&self) -> &str {
        self.instance.gateway.base_url()
    }

    /// The key a role presents, the same member for the whole case; waits until its ordinary rate allows another request.
    pub(in crate::run) async fn key(&mut self, role: &str) -> Result<String, Trouble> {
        if !self.lent.iter().any(|(lent, _)| lent == role) {
            let metered = self.planned.takes.credentials.iter().any(|(name, _)| name == role);
            // A built-in gateway that nobody else uses has meters of its own.
            let alone = self.whole && self.running.is_builtin();
            let hold = if metered && !alone { Hold::Exclusive } else { Hold::Shared };
            let loan = self.stage.credentials.lend(role, hold).await;
            let loan = loan.map_err(|error| Trouble::Unready(error.to_string()))?;
            // One that was made for this case is known only now.
            self.stage.mask.hide(loan.text());
            self.lent.push((role.to_owned(), loan));
        }
        let Some((_, loan)) = self.lent.iter().find(|(lent, _)| lent == role) else {
            return Err(Trouble::Harness(format!("the credential `{role}` was lent and is gone")));
        };
        loan.pace().await;
        Ok(loan.text().to_owned())
    }

    pub(in crate::run) fn contract(&self) -> &'r Contract {
        &self.stage.contract
    }

    fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.names.secrets();
        for seat in &self.instance.seats {
            secrets.push(Secret { kind: "key".to_owned(), text: seat.names.key.clone() });
            if let Some(host) = seat.names.field("host") {
                secrets.push(Secret { kind: "host".to_owned(), text: host });
            }
        }
        secrets
    }

    /// Waits until what the case wrote into the gateway's memory is as good as unwritten, where nothing resets it.
    async fn heal(&self) {
        let limits = self.running.limits.iter();
        let lasts =
            limits.filter(|(name, _)| self.planned.takes.heals.contains(name)).map(|(_, length)| *length);
        if let (None, Some(longest)) = (&self.running.written.reset, lasts.max()) {
            tokio::time::sleep(longest).await;
        }
    }

    async fn reset(&self) -> Result<(), Trouble> {
        match &self.running.written.reset {
            None => Ok(()),
            Some(call) => {
                self.call(call).await.map_err(|error| Trouble::Unready(format!("the reset failed: {error}")))
            }
        }
    }

    async fn enter(&mut self, state: &'r str) -> Result<(), Trouble> {
        let Some((_, bound)) = self.stage.target.states.iter().find(|(name, _)| **name == *state) else {
            return Err(Trouble::Unready(format!("the target does not bind the state `{state}`")));
        };
        self.entered.push(state);
        let entered = self.call(&bound.enter).await;
        entered
            .map_err(|error| Trouble::Unready(format!("the state `{state}` could not be entered: {error}")))
    }

    async fn call(&self, call: &crate::spec::target::HttpCall) -> Result<(), String> {
        let setting =
            Setting { names: &self.names, base_dir: &self.stage.options.base_dir, mask: &self.stage.mask };
        let performed =
            self.stage.admin.perform(self.instance.gateway.base_url(), call, &setting, hooks::DEADLINE).await;
        performed.map_err(|error| error.to_string())
    }

    /// What spoils the proof of this case beside its own exchanges.
    async fn doubts(&self) -> Result<Vec<String>, Trouble> {
        let strays = self.stage.upstream.unclaimed().await?;
        let mut doubts = not_kept(self.scenario.dropped().await?, strays.dropped);
        let own = |provider: &str| self.instance.seats.iter().any(|seat| seat.provider.name() == provider);
        let begun = self.begun.checked_sub(self.stage.upstream.mock.clock_error()).unwrap_or(self.begun);
        for entry in strays.entries {
            if own(&entry.provider) && entry.arrived.instant >= begun {
                doubts.push(format!(
                    "a request that carries no marker reached the upstream meanwhile ({} {}); declare it under `ambient` if the \
                     gateway makes it by itself",
                    entry.request.method, entry.request.target
                ));
            }
        }
        Ok(doubts)
    }
}

/// What is not known because journals were full: of the case's own requests, and of unmarked ones.
fn not_kept(own: u64, unmarked: u64) -> Vec<String> {
    let own = (own > 0).then(|| format!("the journal was full and dropped {own} requests"));
    let unmarked = (unmarked > 0).then(|| {
        format!(
            "{unmarked} unmarked requests reached the upstream meanwhile and were not kept, the journal of such requests being full"
        )
    });
    own.into_iter().chain(unmarked).collect()
}

/// Long enough for a request that was already on its way to arrive on one machine.
const LINGER: Duration = Duration::from_millis(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_not_kept_is_a_doubt_whosever_it_was() {
        assert!(not_kept(0, 0).is_empty());
        assert_eq!(not_kept(3, 0), ["the journal was full and dropped 3 requests"]);
        assert!(not_kept(0, 2)[0].starts_with("2 unmarked requests reached the upstream meanwhile"));
        assert_eq!(not_kept(1, 1).len(), 2);
    }
}
