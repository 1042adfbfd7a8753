//! The moments of a step at which its script's gates open.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mock_upstream::control::Error;
use mock_upstream::control::mock::Scenario;
use tokio::sync::Notify;

use crate::act::ExchangeEvent;
use crate::run::case::send::Sent;
use crate::spec::language::moment::{Moment, MomentKind};

/// Names the roles of the providers of one send's attempts, told in the order of arrival.
type Roles<'r> = &'r (dyn Fn() -> Box<dyn FnMut(&str) -> String + 'r> + Sync);

/// What has come of the sends that are under way together, and what is waited for.
pub(in crate::run) struct Moments<'r> {
    awaited: Vec<Moment>,
    /// The marker's number of each, and whether it was answered.
    sends: Vec<(u32, AtomicBool)>,
    /// The most events that a client has.
    events: AtomicUsize,
    news: Notify,
    /// Entries of the scenario's journal that were there before.
    before: AtomicUsize,
    roles: Roles<'r>,
}

impl<'r> Moments<'r> {
    pub(in crate::run) fn of(sends: &[Sent], awaited: Vec<Moment>, roles: Roles<'r>) -> Self {
        let sends = sends.iter().map(|sent| (sent.number, AtomicBool::default())).collect();
        let (events, before) = (AtomicUsize::default(), AtomicUsize::default());
        Self { awaited, sends, events, news: Notify::new(), before, roles }
    }

    /// Shuts the gates, which an earlier step may have opened.
    pub(in crate::run) async fn shut(&self, scenario: &Scenario) -> Result<(), Error> {
        if !self.awaited.is_empty() {
            self.before.store(scenario.journal().await?.len(), Ordering::Release);
        }
        for moment in &self.awaited {
            scenario.shut_gate(&moment.to_string()).await?;
        }
        Ok(())
    }

    /// Notes what the client saw.
    pub(in crate::run) fn saw(&self, event: &ExchangeEvent) {
        if let ExchangeEvent::Events(count) = event {
            self.events.fetch_max(*count, Ordering::AcqRel);
            self.news.notify_one();
        }
    }

    /// Notes that a send was answered.
    pub(in crate::run) fn answered(&self, at: usize) {
        if let Some((_, answered)) = self.sends.get(at) {
            answered.store(true, Ordering::Release);
            self.news.notify_one();
        }
    }

    /// Opens each gate when its moment has come. Ends only when the mock cannot be asked.
    pub(in crate::run) async fn open_gates(&self, scenario: &Scenario) -> Error {
        match self.opening(scenario).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn opening(&self, scenario: &Scenario) -> Result<std::convert::Infallible, Error> {
        let mut left: Vec<&Moment> = self.awaited.iter().collect();
        let mut arrivals = 0;
        loop {
            let mut waiting = Vec::new();
            for moment in left {
                match self.has_come(moment, scenario).await? {
                    true => scenario.open_gate(&moment.to_string()).await?,
                    false => waiting.push(moment),
                }
            }
            left = waiting;
            let by_arrivals = left.iter().any(|moment| !matches!(moment.kind, MomentKind::Event(_)));
            tokio::select! {
                seen = scenario.changed(arrivals), if by_arrivals => arrivals = seen?,
                () = self.news.notified() => {}
            }
        }
    }

    async fn has_come(&self, moment: &Moment, scenario: &Scenario) -> Result<bool, Error> {
        match &moment.kind {
            MomentKind::Settled => self.have_settled(scenario).await,
            MomentKind::Event(number) => Ok(self.events.load(Ordering::Acquire) >= *number),
            MomentKind::Received(attempts) => {
                let wanted = attempts.number.unwrap_or(1);
                Ok(self.received(attempts.provider.as_deref(), scenario).await? >= wanted)
            }
            // No script can wait for these.
            MomentKind::Sent | MomentKind::Played(_) | MomentKind::Head | MomentKind::End => Ok(false),
        }
    }

    async fn have_settled(&self, scenario: &Scenario) -> Result<bool, Error> {
        let arrived = scenario.arrived_sends().await?;
        let settled = |(number, answered): &(u32, AtomicBool)| {
            arrived.contains(number) || answered.load(Ordering::Acquire)
        };
        Ok(self.sends.iter().all(settled))
    }

    /// How many attempts of these sends have arrived at a provider, or at any.
    async fn received(&self, provider: Option<&str>, scenario: &Scenario) -> Result<usize, Error> {
        let journal = scenario.journal().await?;
        let journal = journal.get(self.before.load(Ordering::Acquire)..).unwrap_or_default();
        let mut count = 0;
        for (number, _) in &self.sends {
            let mut role = (self.roles)();
            let own = journal.iter().filter(|entry| entry.send == Some(*number));
            let roles = own.map(|entry| role(&entry.provider));
            count += roles.filter(|role| provider.is_none_or(|wanted| wanted == role)).count();
        }
        Ok(count)
    }
}
