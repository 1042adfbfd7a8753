//! One step of a case: its script, its wait, its sends, alone or together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use mock_upstream::fault::Catalogue;
use mock_upstream::script::{FaultPlay, Play, Script};
use mock_upstream::server::Imposed;

use crate::act::ExchangeEvent;
use crate::arrange::script;
use crate::judge;
use crate::observe::{self, Observation, ObservedStep, join};
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::run::case::send::Sent;
use crate::spec::case::{After, Hold, Step, Times, Upstream};
use crate::spec::language::value::Missing;
use crate::wire::exchange::Exchange;

impl<'r> Conduct<'r> {
    /// Does one step and observes it.
    pub(in crate::run) async fn step(&mut self, step: &'r Step) -> Result<ObservedStep, Trouble> {
        self.wait(step).await?;
        let imposed = self.play(step).await?;
        self.claim_providers(self.sends)?;
        let exchanges = match &step.times {
            Times::Count(count) => {
                let count = self.count(count)?;
                if step.together {
                    self.together(step, count).await?
                } else {
                    self.one_by_one(step, count).await?
                }
            }
            Times::Until { fits, at_most } => self.until(step, fits, *at_most).await?,
        };
        self.settle().await;
        self.claims.clear();
        for (provider, imposed) in imposed {
            self.imposed.push(lift(provider, imposed).await);
        }
        self.numbers.extend(exchanges.iter().map(|(sent, _)| sent.number));
        let exchanges = exchanges.into_iter().map(|(sent, exchange)| self.joined(&sent, exchange)).collect();
        Ok(ObservedStep { name: step.name.as_ref().map(|name| name.value.clone()), exchanges })
    }

    async fn wait(&self, step: &Step) -> Result<(), Trouble> {
        let length = match &step.after {
            None => return Ok(()),
            Some(After::Duration(length)) => *length,
            Some(After::Limit(limit)) => self.limit(limit)?,
            Some(After::Seconds(seconds)) => {
                let seconds = seconds.resolve(&self.references()).map_err(unready)?;
                let seconds = seconds.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
                let seconds = seconds
                    .ok_or_else(|| Trouble::Unready("what to wait for is no number of seconds".to_owned()))?;
                Duration::from_secs_f64(seconds)
            }
        };
        tokio::time::sleep(length).await;
        Ok(())
    }

    /// Puts the step's script on the mock. Faults that strike before a marker can be read hold at their providers until
    /// they are lifted.
    async fn play(&mut self, step: &'r Step) -> Result<Vec<(String, Imposed)>, Trouble> {
        let answer = self.words.prompt("answer");
        let written: Option<&Upstream> = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        let mut imposed = Vec::new();
        let Some(upstream) = written else {
            self.scripted(None, script::healthy(&answer))?;
            return Ok(imposed);
        };
        for (role, turns) in &upstream.scripts {
            let role = role.as_ref().map(|role| role.value.as_str());
            let script =
                script::compile(turns, &self.references(), &self.running.limits, &answer).map_err(unready)?;
            match before_the_request(&script) {
                Some(fault) => {
                    // What it lets through is served.
                    self.scripted(role, script::healthy(&answer))?;
                    imposed.push(self.impose(role, fault).await?);
                }
                None => self.scripted(role, script)?,
            }
        }
        Ok(imposed)
    }

    fn scripted(&self, role: Option<&str>, script: Script) -> Result<(), Trouble> {
        let provider = role.map(|role| self.provider(role)).transpose()?;
        let scripted = self.scenario.script(provider.as_deref(), script);
        scripted.map_err(|error| Trouble::Harness(error.to_string()))
    }

    async fn impose(&self, role: Option<&str>, fault: &FaultPlay) -> Result<(String, Imposed), Trouble> {
        let mut seats = self.instance.seats.iter();
        let seat = seats.find(|seat| role.is_none_or(|role| seat.role == role));
        let seat = seat.ok_or_else(|| {
            Trouble::Unready(format!("there is no provider on which `{}` could be imposed", fault.name))
        })?;
        let imposed = seat.provider.impose(fault).await;
        let imposed = imposed.map_err(|error| Trouble::Harness(error.to_string()))?;
        Ok((seat.role.clone(), imposed))
    }

    async fn one_by_one(&mut self, step: &Step, count: usize) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        let mut done = Vec::new();
        for _ in 0..count {
            done.push(self.send_one(step).await?);
        }
        Ok(done)
    }

    async fn until(
        &mut self,
        step: &Step,
        fits: &crate::spec::language::expect::Expectations,
        at_most: u32,
    ) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        let mut done = Vec::new();
        for _ in 0..at_most {
            let (sent, exchange) = self.send_one(step).await?;
            let observed = self.joined(&sent, exchange.clone());
            done.push((sent, exchange));
            let mut steps = self.steps.clone();
            steps.push(ObservedStep { name: None, exchanges: vec![observed] });
            let so_far = self.observation_of(steps);
            if judge::fits(fits, &self.planned.case, self.contract(), &so_far, &self.names) {
                break;
            }
        }
        Ok(done)
    }

    async fn send_one(&mut self, step: &Step) -> Result<(Sent, Exchange), Trouble> {
        let sent = self.prepare(&step.send).await?;
        self.claim_providers(sent.number)?;
        self.remember(step, &sent);
        let exchange = self.watched(std::slice::from_ref(&sent), self.deadline(step)).await?.pop();
        exchange
            .map(|exchange| (sent, exchange))
            .ok_or_else(|| Trouble::Harness("an exchange was lost".to_owned()))
    }

    async fn together(&mut self, step: &Step, count: usize) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        let mut sends = Vec::new();
        for _ in 0..count {
            sends.push(self.prepare(&step.send).await?);
        }
        if let Some(first) = sends.first() {
            self.remember(step, first);
        }
        let exchanges = self.watched(&sends, self.deadline(step)).await?;
        Ok(sends.into_iter().zip(exchanges).collect())
    }

    /// Sends all at once and opens the script's gates as their moments come: `settled` when each has arrived upstream or
    /// been answered, `got.event.1` when the client has the first event.
    async fn watched(&self, sends: &[Sent], deadline: Duration) -> Result<Vec<Exchange>, Trouble> {
        self.scenario.shut_gate("settled");
        self.scenario.shut_gate("got.event.1");
        let answered: Vec<AtomicUsize> = sends.iter().map(|_| AtomicUsize::new(0)).collect();
        let answered = &answered;
        let progress = tokio::sync::Notify::new();
        let acts = join_all(sends.iter().zip(answered).map(|(sent, done)| {
            let progress = &progress;
            async move {
                let moments = |event| {
                    if matches!(event, ExchangeEvent::Events(1)) {
                        self.scenario.open_gate("got.event.1");
                    }
                };
                let exchange = self.exchange(sent, deadline, &moments).await;
                done.store(1, Ordering::Release);
                progress.notify_one();
                exchange
            }
        }));
        let gate = async {
            let mut arrivals = 0;
            loop {
                let arrived = self.scenario.arrived_sends();
                let settled = sends
                    .iter()
                    .zip(answered)
                    .all(|(sent, done)| arrived.contains(&sent.number) || done.load(Ordering::Acquire) == 1);
                if settled {
                    self.scenario.open_gate("settled");
                    return;
                }
                tokio::select! {
                    seen = self.scenario.changed(arrivals) => arrivals = seen,
                    () = progress.notified() => {}
                }
            }
        };
        futures_util::future::join(acts, gate).await.0.into_iter().collect()
    }

    /// Waits for the upstream to be done with what the step sent; a gateway that never lets go of a connection is left alone.
    pub(in crate::run) async fn settle(&self) {
        let _ = tokio::time::timeout(SETTLE, self.scenario.idle()).await;
    }

    /// A client must outlast the gateway, and whatever the upstream waits itself.
    fn deadline(&self, step: &Step) -> Duration {
        let upstream = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        let turns = upstream.iter().flat_map(|upstream| &upstream.scripts).flat_map(|(_, turns)| turns);
        let holds = turns.flat_map(|turn| &turn.hold).map(|hold| match hold {
            Hold::For(length) => *length,
            Hold::Until { at_most, .. } => *at_most,
            Hold::Limit { .. } => self.running.longest_limit() * 2,
        });
        self.running.patience() + holds.sum::<Duration>()
    }

    fn count(&self, count: &crate::spec::language::value::Value) -> Result<usize, Trouble> {
        let count = count.resolve(&self.references()).map_err(unready)?;
        let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| Trouble::Unready("`times` is no number".to_owned()))
    }

    fn limit(&self, name: &str) -> Result<Duration, Trouble> {
        let limit = self.running.limits.iter().find(|(limit, _)| limit == name);
        limit
            .map(|(_, length)| *length)
            .ok_or_else(|| Trouble::Unready(format!("nothing declares the limit `{name}`")))
    }

    fn provider(&self, role: &str) -> Result<String, Trouble> {
        let seat = self.instance.seats.iter().find(|seat| seat.role == role);
        let seat = seat.ok_or_else(|| Trouble::Unready(format!("no provider plays the role `{role}`")))?;
        Ok(seat.provider.name().to_owned())
    }

    fn remember(&mut self, step: &Step, sent: &Sent) {
        if let Some(name) = &step.name {
            self.sent.push((name.value.clone(), sent.clone()));
        }
    }

    /// Takes the final journal into every exchange that was joined earlier.
    pub(in crate::run) fn rejoin(&self, observation: &mut Observation) {
        let journal = self.scenario.journal();
        let exchanges: Vec<_> = observation.steps.iter_mut().flat_map(|step| &mut step.exchanges).collect();
        let starts: Vec<_> = exchanges.iter().map(|exchange| exchange.exchange.started).collect();
        for (at, exchange) in exchanges.into_iter().enumerate() {
            let Some(number) = self.numbers.get(at) else { continue };
            let later = self.numbers.iter().zip(&starts).skip(at + 1);
            let until = later.filter(|(other, _)| *other == number).map(|(_, start)| *start).next();
            exchange.attempts =
                join::attempts(&exchange.exchange, &journal, *number, until, |name| self.instance.role(name));
        }
    }
}

/// The script's fault that strikes before a marker can be read.
fn before_the_request(script: &Script) -> Option<&FaultPlay> {
    script.turns.iter().find_map(|turn| match &turn.play {
        Play::Fault(fault) => {
            let known = Catalogue::shipped().get(&fault.name);
            known.filter(|known| known.strikes.needs_provider()).map(|_| fault)
        }
        _ => None,
    })
}

/// Lifts a fault and says whether it is known to have struck.
async fn lift(provider: String, imposed: Imposed) -> observe::Imposed {
    let fault = imposed.fault().to_owned();
    let unproven = match imposed.lift().await {
        Ok(lifted) if lifted.struck > 0 => None,
        Ok(lifted) if lifted.connections.is_empty() => Some("nobody connected while it held".to_owned()),
        Ok(lifted) => {
            let remarks = lifted.connections.iter().find_map(|connection| connection.remark.clone());
            Some(remarks.unwrap_or_else(|| "it struck none of the connections made while it held".to_owned()))
        }
        Err(error) => Some(format!("the provider does not listen again: {error}")),
    };
    observe::Imposed { provider, fault, unproven }
}

fn unready(missing: Missing) -> Trouble {
    Trouble::Unready(missing.to_string())
}

/// How long the upstream may still be busy with a step after the client has its answers.
const SETTLE: Duration = Duration::from_secs(1);
