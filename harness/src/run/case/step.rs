//! One step of a case: its script, its wait, its sends, alone or together.

use std::time::Duration;

use futures_util::future::join_all;
use mock_upstream::control::Error;
use mock_upstream::control::mock::Imposition;
use mock_upstream::fault::Catalogue;
use mock_upstream::scenario::by_arrival;
use mock_upstream::script::{FaultPlay, Play, Script};

use crate::arrange::script;
use crate::judge;
use crate::observe::{self, Observation, ObservedStep, join};
use crate::plan::case::Origin;
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::run::case::moments::Moments;
use crate::run::case::send::{self, Sent};
use crate::spec::case::{After, Hold, Step, Times, Turn, Upstream};
use crate::spec::language::moment::Moment;
use crate::spec::language::value::Missing;
use crate::wire::exchange::Exchange;

/// The longest that a gateway can make a case wait: twice the longest wait that a page documents.
const LONGEST_WAIT: Duration = Duration::from_secs(240);

impl<'r> Conduct<'r> {
    /// Does one step and observes it.
    pub(in crate::run) async fn step(&mut self, step: &'r Step) -> Result<ObservedStep, Trouble> {
        self.wait(step).await?;
        let imposed = self.play(step).await?;
        self.claim_providers(self.sends).await?;
        let exchanges = match &step.times {
            Times::Count(count) if step.send.via.is_some() => {
                let mut done = Vec::new();
                for _ in 0..self.count(count)? {
                    done.extend(self.via(step).await?);
                }
                done
            }
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
        self.settle().await?;
        self.release_providers().await?;
        let mut lifted = Vec::new();
        for (provider, imposed) in imposed {
            lifted.push(lift(provider, imposed).await?);
        }
        let upstream = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        self.imposed.extend(struck(upstream, lifted));
        self.numbers.extend(exchanges.iter().map(|(sent, _)| sent.number));
        let mut observed = Vec::new();
        for (sent, exchange) in exchanges {
            observed.push(self.joined(&sent, exchange).await?);
        }
        Ok(ObservedStep { name: step.name.as_ref().map(|name| name.value.clone()), exchanges: observed })
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
                if seconds > LONGEST_WAIT.as_secs_f64() {
                    let longest = LONGEST_WAIT.as_secs();
                    return Err(Trouble::Unready(format!(
                        "the gateway says to wait {seconds} s, and no case waits longer than {longest} s"
                    )));
                }
                Duration::from_secs_f64(seconds)
            }
        };
        tokio::time::sleep(length).await;
        Ok(())
    }

    /// Puts the step's script on the mock. Faults that strike before a marker can be read hold at their providers until
    /// they are lifted.
    async fn play(&mut self, step: &'r Step) -> Result<Vec<(String, Imposition)>, Trouble> {
        let answer = self.words.prompt("answer");
        let written: Option<&Upstream> = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        let mut imposed = Vec::new();
        // Whatever an earlier step had there is over.
        self.scenario.script_alone(None, script::healthy(&answer)).await?;
        let Some(upstream) = written else { return Ok(imposed) };
        for (role, turns) in &upstream.scripts {
            let role = role.as_ref().map(|role| role.value.as_str());
            let (limits, late) = (&self.running.limits, self.stage.machine.host.worst());
            let script =
                script::compile(turns, &self.references(), limits, late, &answer).map_err(unready)?;
            match before_the_request(&script) {
                Some(fault) => {
                    // What it lets through is served.
                    self.scripted(role, script::healthy(&answer)).await?;
                    imposed.extend(self.impose(role, fault).await?);
                }
                None => self.scripted(role, script).await?,
            }
        }
        Ok(imposed)
    }

    async fn scripted(&self, role: Option<&str>, script: Script) -> Result<(), Trouble> {
        let provider = role.map(|role| self.provider(role)).transpose()?;
        Ok(self.scenario.script(provider.as_deref(), script).await?)
    }

    /// Puts a fault on the provider of this role, or on every one of them.
    async fn impose(
        &self,
        role: Option<&str>,
        fault: &FaultPlay,
    ) -> Result<Vec<(String, Imposition)>, Trouble> {
        if role.is_some() && self.running.binds_by_arrival() {
            return Err(Trouble::Unready(format!(
                "`{}` strikes before it is known which provider is asked first: it needs `order: declared`",
                fault.name
            )));
        }
        let mut imposed = Vec::new();
        for seat in self.instance.seats.iter().filter(|seat| role.is_none_or(|role| seat.role == role)) {
            imposed.push((seat.role.clone(), seat.provider.impose(fault).await?));
        }
        if imposed.is_empty() {
            let why = format!("there is no provider on which `{}` could be imposed", fault.name);
            return Err(Trouble::Unready(why));
        }
        Ok(imposed)
    }

    async fn one_by_one(&mut self, step: &Step, count: usize) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        self.so_far.clear();
        for _ in 0..count {
            let done = self.send_one(step).await?;
            self.so_far.push(done);
        }
        Ok(std::mem::take(&mut self.so_far))
    }

    async fn until(
        &mut self,
        step: &Step,
        fits: &crate::spec::language::expect::Expectations,
        at_most: u32,
    ) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        self.so_far.clear();
        for _ in 0..at_most {
            let (sent, exchange) = self.send_one(step).await?;
            let observed = self.joined(&sent, exchange.clone()).await?;
            self.so_far.push((sent, exchange));
            let mut steps = self.steps.clone();
            steps.push(ObservedStep { name: None, exchanges: vec![observed] });
            let so_far = self.observation_of(steps);
            if judge::fits(fits, &self.planned.case, self.contract(), &so_far, &self.names) {
                break;
            }
        }
        Ok(std::mem::take(&mut self.so_far))
    }

    async fn send_one(&mut self, step: &Step) -> Result<(Sent, Exchange), Trouble> {
        let sent = self.prepare(&step.send).await?;
        self.claim_providers(sent.number).await?;
        self.remember(step, &sent);
        let exchange = self.watched(step, std::slice::from_ref(&sent)).await?.pop();
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
        let exchanges = self.watched(step, &sends).await?;
        Ok(sends.into_iter().zip(exchanges).collect())
    }

    /// Sends all at once and opens the script's gates as their moments come.
    async fn watched(&self, step: &Step, sends: &[Sent]) -> Result<Vec<Exchange>, Trouble> {
        let deadline = self.deadline(step);
        let roles = || Box::new(self.running.roles(self.instance)) as Box<dyn FnMut(&str) -> String>;
        let moments = Moments::of(sends, self.awaited(step), &roles);
        moments.shut(&self.scenario).await?;
        let acts = join_all(sends.iter().enumerate().map(|(at, sent)| {
            let moments = &moments;
            async move {
                let event = |event| moments.saw(&event);
                let exchange = self.exchange(sent, deadline, &event).await;
                moments.answered(at);
                exchange
            }
        }));
        tokio::select! {
            exchanges = acts => exchanges.into_iter().collect(),
            error = moments.open_gates(&self.scenario) => Err(error.into()),
        }
    }

    /// Waits for the upstream to be done with what the step sent.
    pub(in crate::run) async fn settle(&self) -> Result<(), Trouble> {
        send::settled(&self.scenario).await
    }

    /// The moments that the step's script waits for.
    fn awaited(&self, step: &Step) -> Vec<Moment> {
        let upstream = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        let turns = upstream.iter().flat_map(|upstream| &upstream.scripts).flat_map(|(_, turns)| turns);
        let mut awaited: Vec<Moment> = Vec::new();
        for hold in turns.flat_map(Turn::waits) {
            if let Hold::Until { moment, .. } = hold
                && !awaited.contains(&moment.value)
            {
                awaited.push(moment.value.clone());
            }
        }
        awaited
    }

    /// A client must outlast the gateway, and whatever the upstream waits itself. Where limits are minutes, of what goes on for
    /// ever it has seen enough a little later than the longest of them.
    pub(in crate::run) fn deadline(&self, step: &Step) -> Duration {
        let limit = self.running.longest_limit();
        if self.stage.real_time && self.is_endless() {
            return limit + limit / 8 + Duration::from_secs(4);
        }
        let upstream = step.upstream.as_ref().or(self.planned.case.upstream.as_ref());
        let turns = upstream.iter().flat_map(|upstream| &upstream.scripts).flat_map(|(_, turns)| turns);
        let holds = turns.flat_map(Turn::waits).map(|hold| match hold {
            Hold::For(length) => *length,
            Hold::Until { at_most, .. } => *at_most,
            Hold::Limit { .. } => limit * 2,
        });
        self.running.patience() + holds.sum::<Duration>()
    }

    /// Whether the case is one of the sweep in which the upstream goes on for ever.
    fn is_endless(&self) -> bool {
        let Origin::Sweep(fault) = &self.planned.origin else { return false };
        let fault = Catalogue::shipped().get(fault);
        fault.is_some_and(|fault| fault.lanes().iter().any(|lane| fault.goes_on_for_ever(*lane)))
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
        let at = self.instance.seats.iter().position(|seat| seat.role == role);
        let at = at.ok_or_else(|| Trouble::Unready(format!("no provider plays the role `{role}`")))?;
        Ok(match self.running.binds_by_arrival() {
            true => by_arrival(at + 1),
            false => self.instance.seats[at].provider.name().to_owned(),
        })
    }

    pub(in crate::run) fn remember(&mut self, step: &Step, sent: &Sent) {
        if let Some(name) = &step.name {
            self.sent.push((name.value.clone(), sent.clone()));
        }
    }

    /// Takes the final journal into every exchange that was joined earlier.
    pub(in crate::run) async fn rejoin(&self, observation: &mut Observation) -> Result<(), Trouble> {
        let journal = self.scenario.journal().await?;
        let exchanges: Vec<_> = observation.steps.iter_mut().flat_map(|step| &mut step.exchanges).collect();
        let starts: Vec<_> = exchanges.iter().map(|exchange| exchange.exchange.started).collect();
        for (at, exchange) in exchanges.into_iter().enumerate() {
            let Some(number) = self.numbers.get(at) else { continue };
            let later = self.numbers.iter().zip(&starts).skip(at + 1);
            let until = later.filter(|(other, _)| *other == number).map(|(_, start)| *start).next();
            let own = self.stage.own(*number, until);
            exchange.attempts =
                join::attempts(&exchange.exchange, &journal, &own, self.running.roles(self.instance));
        }
        Ok(())
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

/// What is to be proven of the faults that held during a step: one that held at every provider need not have been met at each.
fn struck(upstream: Option<&Upstream>, lifted: Vec<observe::Imposed>) -> Vec<observe::Imposed> {
    let met: Vec<observe::Imposed> = lifted.iter().filter(|one| one.unproven.is_none()).cloned().collect();
    let named = upstream.is_some_and(|upstream| upstream.scripts.iter().any(|(role, _)| role.is_some()));
    if named || met.is_empty() { lifted } else { met }
}

/// Lifts a fault and says whether it is known to have struck.
async fn lift(provider: String, imposed: Imposition) -> Result<observe::Imposed, Trouble> {
    let fault = imposed.fault().to_owned();
    let unproven = match imposed.lift().await {
        Ok(lifted) if lifted.struck > 0 => None,
        Ok(lifted) if lifted.connections.is_empty() => Some("nobody connected while it held".to_owned()),
        Ok(lifted) => {
            let remarks = lifted.connections.iter().find_map(|connection| connection.remark.clone());
            Some(remarks.unwrap_or_else(|| "it struck none of the connections made while it held".to_owned()))
        }
        Err(Error::Provider(error)) => Some(format!("the provider does not listen again: {error}")),
        Err(error) => return Err(error.into()),
    };
    Ok(observe::Imposed { provider, fault, unproven })
}

fn unready(missing: Missing) -> Trouble {
    Trouble::Unready(missing.to_string())
}
