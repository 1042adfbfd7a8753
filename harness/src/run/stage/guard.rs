//! The gate that every request to the gateway goes through: the cap, the stop, and the eye for answers from elsewhere.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::act::{ExchangeOptions, Progress};
use crate::judge;
use crate::observe::Observed;
use crate::run::case::Trouble;
use crate::run::stage::{Instance, Stage};
use crate::wire::exchange::{Break, End, Exchange, Request};

impl Stage {
    /// Sends a request and records the answer.
    ///
    /// # Errors
    /// [`Trouble::Stopped`] when the run has stopped, or stops because it may send no more; nothing is sent then.
    pub(in crate::run) async fn send(
        &self,
        instance: &Instance,
        request: Request,
        deadline: Duration,
        progress: Option<Progress<'_>>,
    ) -> Result<Exchange, Trouble> {
        drop(self.suspicion.read().await);
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.options.max_requests {
            self.stop(format!(
                "the run has sent its most, {} requests (--max-requests)",
                self.options.max_requests
            ));
        }
        if self.stopped().is_some() {
            return Err(Trouble::Stopped);
        }
        let options = ExchangeOptions { deadline, ..ExchangeOptions::default() };
        let exchange = self.client.exchange(instance.gateway.base_url(), request, &options, progress).await;
        self.look_for_its_end(instance, &exchange).await;
        Ok(exchange)
    }

    /// Stops the run when the answer did not come from the mock, now or in one of the exchanges `given`.
    pub fn look_for_others(&self, observed: &Observed, given: &[&Observed]) {
        if let Some(said) = judge::foreign(observed, given) {
            self.stop(foreign(&said));
        }
    }

    /// Stops the run, for good; the first reason stays.
    pub fn stop(&self, why: String) {
        self.stopping.send_if_modified(|reason| {
            let first = reason.is_none();
            reason.get_or_insert_with(|| self.mask.text(&why));
            first
        });
    }

    /// Why the run was stopped, if it was.
    pub fn stopped(&self) -> Option<String> {
        self.stopping.borrow().clone()
    }

    /// Ends when the run is stopped.
    pub async fn until_stopped(&self) {
        // The sender lives as long as the stage.
        let _ = self.stopping.subscribe().wait_for(Option::is_some).await;
    }

    /// A gateway that has gone away makes every later case inconclusive for one reason; saying so once is enough.
    async fn look_for_its_end(&self, instance: &Instance, exchange: &Exchange) {
        if exchange.head.is_some() || exchange.end == End::Deadline {
            instance.refusals.store(0, Ordering::Relaxed);
            return;
        }
        let sent = self.requests.load(Ordering::Relaxed).min(self.options.max_requests);
        if let Some(end) = instance.gateway.ended().await {
            self.stop(format!("the gateway's process ended by itself within {sent} requests ({end})"));
        }
        if exchange.end == End::Broken(Break::Refused)
            && instance.refusals.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_REFUSALS
        {
            let url = instance.gateway.base_url();
            self.stop(format!(
                "the gateway is gone: after {sent} requests nothing listens at {url} any more"
            ));
        }
    }
}

/// What an answer from elsewhere means, and what it says.
pub fn foreign(said: &str) -> String {
    format!(
        "the gateway gave an answer that the mock did not give: it asks another provider when this one fails, or answers from a cache. \
         Take the fallback out of its configuration; no further request is sent, so that nobody is charged ({said})"
    )
}

/// Connections in a row that were refused.
const MOST_REFUSALS: usize = 3;
