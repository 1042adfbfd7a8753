//! A scenario of a remote mock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::call::{Line, path};
use super::lease::Lease;
use super::{Error, all_pages, read_page};
use crate::control::{Code, JournalPage, MAX_WAIT_MS, ProgressView, ScenarioView, ScriptFor, SendOf};
use crate::journal::Clock;
use crate::journal::Entry;
use crate::scenario::{Closed, MarkError, Unreached};
use crate::script::Script;

/// A handle; clones are the same scenario.
#[derive(Debug, Clone)]
pub struct RemoteScenario {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    line: Arc<Line>,
    clock: Clock,
    id: String,
    name: String,
    _lease: Lease,
}

impl RemoteScenario {
    pub(super) fn new(line: &Arc<Line>, clock: Clock, view: ScenarioView) -> Self {
        let ScenarioView { id, name, .. } = view;
        let lease = Lease::of(line, &path(&["scenarios", &id]));
        Self { inner: Arc::new(Inner { line: Arc::clone(line), clock, id, name, _lease: lease }) }
    }

    /// Its id at the mock.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The name that it was opened with.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Makes requests that carry this word belong to the scenario, as its send of this number.
    ///
    /// # Errors
    /// A word that is not shaped like a marker, one that another scenario has, or a scenario that has ended.
    pub async fn mark(&self, word: &str, send: u32) -> Result<(), Error> {
        let marked = self.inner.line.put(&self.path(&["markers", word]), &SendOf { send }).await;
        marked.map_err(|error| match error.problem().map(|problem| problem.code) {
            Some(Code::MarkerMalformed) => MarkError::NotAMarker(word.to_owned()).into(),
            Some(Code::MarkerTaken) => MarkError::Taken(word.to_owned()).into(),
            Some(Code::ScenarioClosed | Code::ScenarioExpired) => {
                MarkError::Closed(self.inner.name.clone()).into()
            }
            _ => error,
        })
    }

    /// Sets what answers every send at this provider, or at whichever is asked.
    ///
    /// # Errors
    /// A script that cannot be played, or a provider that the mock does not have.
    pub async fn script(&self, provider: Option<&str>, script: Script) -> Result<(), Error> {
        self.put_script(ScriptFor { send: None, provider: provider.map(str::to_owned), alone: false, script })
            .await
    }

    /// The same, and takes every other script of the scenario away.
    ///
    /// # Errors
    /// A script that cannot be played, or a provider that the mock does not have.
    pub async fn script_alone(&self, provider: Option<&str>, script: Script) -> Result<(), Error> {
        self.put_script(ScriptFor { send: None, provider: provider.map(str::to_owned), alone: true, script })
            .await
    }

    /// Sets what answers this send; it comes before scripts that answer every send.
    ///
    /// # Errors
    /// A script that cannot be played, or a provider that the mock does not have.
    pub async fn script_for_send(
        &self,
        send: u32,
        provider: Option<&str>,
        script: Script,
    ) -> Result<(), Error> {
        self.put_script(ScriptFor {
            send: Some(send),
            provider: provider.map(str::to_owned),
            alone: false,
            script,
        })
        .await
    }

    async fn put_script(&self, wanted: ScriptFor) -> Result<(), Error> {
        // Here first, so that the error is the same as an embedded mock's.
        wanted.script.check()?;
        self.inner.line.put(&self.path(&["scripts"]), &wanted).await
    }

    /// Lets everything go on that waits, or will wait, for this gate.
    ///
    /// # Errors
    /// The mock cannot be asked, or the scenario has ended.
    pub async fn open_gate(&self, name: &str) -> Result<(), Error> {
        self.inner.line.put(&self.path(&["gates", name]), &serde_json::Map::new()).await
    }

    /// Makes later holds wait for this gate again.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn shut_gate(&self, name: &str) -> Result<(), Error> {
        self.inner.line.delete(&self.path(&["gates", name])).await
    }

    /// The entries so far, in the order of arrival.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn journal(&self) -> Result<Vec<Entry>, Error> {
        all_pages(&self.inner.line, &self.path(&["journal"]), self.inner.clock).await
    }

    /// A page of the journal from this place on, waited for so long when there is none yet; at most a minute.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn journal_since(&self, since: usize, wait: Duration) -> Result<JournalPage, Error> {
        read_page(&self.inner.line, &self.path(&["journal"]), self.inner.clock, since, wait).await
    }

    /// How far it has come.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn progress(&self) -> Result<ProgressView, Error> {
        self.inner.line.get(&self.path(&["progress"])).await
    }

    /// How many entries were not kept because the journal's caps were reached.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn dropped(&self) -> Result<u64, Error> {
        self.progress().await.map(|progress| progress.dropped)
    }

    /// How many requests have arrived.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn arrivals(&self) -> Result<u64, Error> {
        self.progress().await.map(|progress| progress.arrivals)
    }

    /// The sends of which a request has arrived.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn arrived_sends(&self) -> Result<BTreeSet<u32>, Error> {
        self.progress().await.map(|progress| progress.arrived_sends.into_iter().collect())
    }

    /// Waits until more than `seen` requests have arrived, and tells how many. Never returns when no more arrive.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn changed(&self, seen: u64) -> Result<u64, Error> {
        loop {
            let progress = self.watch(&format!("seen={seen}")).await?;
            if progress.arrivals > seen {
                return Ok(progress.arrivals);
            }
        }
    }

    /// Waits until no exchange is under way; returns at once when no request has arrived.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn idle(&self) -> Result<(), Error> {
        while self.watch("idle=true").await?.under_way > 0 {}
        Ok(())
    }

    async fn watch(&self, what: &str) -> Result<ProgressView, Error> {
        let path = format!("{}?{what}&wait_ms={MAX_WAIT_MS}", self.path(&["progress"]));
        self.inner.line.get_within(&path, Duration::from_millis(MAX_WAIT_MS)).await
    }

    /// The turns that had to be reached and have not been, those of replaced scripts included.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn unreached(&self) -> Result<Vec<Unreached>, Error> {
        self.inner.line.get::<ScenarioView>(&self.path(&[])).await.map(|view| view.unreached)
    }

    /// Ends the scenario and its claims: exchanges under way are cut off, and what arrives from now on with its markers
    /// is late.
    ///
    /// # Errors
    /// As for [`open_gate`](Self::open_gate).
    pub async fn close(&self) -> Result<Closed, Error> {
        let mut closed: Closed = self.inner.line.delete_for(&self.path(&[])).await?;
        let clock = self.inner.clock;
        closed.journal = closed.journal.into_iter().map(|entry| entry.placed_on(&clock)).collect();
        Ok(closed)
    }

    fn path(&self, below: &[&str]) -> String {
        let segments: Vec<&str> = ["scenarios", self.id()].into_iter().chain(below.iter().copied()).collect();
        path(&segments)
    }
}
