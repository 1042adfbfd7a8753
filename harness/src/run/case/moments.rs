//! The moments of a step at which the script's gates open: `settled`, when each send has arrived upstream or been answered,
//! and `got.event.1`, when the client has the first event.

use std::sync::atomic::{AtomicBool, Ordering};

use mock_upstream::control::Error;
use mock_upstream::control::mock::Scenario;
use tokio::sync::Notify;

use crate::act::ExchangeEvent;
use crate::run::case::send::Sent;

const SETTLED: &str = "settled";
const FIRST_EVENT: &str = "got.event.1";

/// What has come of the sends that are under way together.
pub(in crate::run) struct Moments {
    /// The marker's number of each, and whether it was answered.
    sends: Vec<(u32, AtomicBool)>,
    event: AtomicBool,
    news: Notify,
}

impl Moments {
    pub(in crate::run) fn of(sends: &[Sent]) -> Self {
        let sends = sends.iter().map(|sent| (sent.number, AtomicBool::default())).collect();
        Self { sends, event: AtomicBool::default(), news: Notify::new() }
    }

    /// Shuts the gates, which an earlier step may have opened.
    pub(in crate::run) async fn shut(&self, scenario: &Scenario) -> Result<(), Error> {
        scenario.shut_gate(SETTLED).await?;
        scenario.shut_gate(FIRST_EVENT).await
    }

    /// Notes what the client saw.
    pub(in crate::run) fn saw(&self, event: &ExchangeEvent) {
        if matches!(event, ExchangeEvent::Events(1)) {
            self.event.store(true, Ordering::Release);
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
        let (mut settled, mut event, mut arrivals) = (false, false, 0);
        loop {
            if !event && self.event.load(Ordering::Acquire) {
                scenario.open_gate(FIRST_EVENT).await?;
                event = true;
            }
            if !settled && self.have_settled(scenario).await? {
                scenario.open_gate(SETTLED).await?;
                settled = true;
            }
            tokio::select! {
                seen = scenario.changed(arrivals), if !settled => arrivals = seen?,
                () = self.news.notified() => {}
            }
        }
    }

    async fn have_settled(&self, scenario: &Scenario) -> Result<bool, Error> {
        let arrived = scenario.arrived_sends().await?;
        let settled = |(number, answered): &(u32, AtomicBool)| {
            arrived.contains(number) || answered.load(Ordering::Acquire)
        };
        Ok(self.sends.iter().all(settled))
    }
}
