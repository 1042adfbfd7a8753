//! One isolated script cursor and journal: what a case of the harness owns at the mock.

mod ambient;
mod claim;
pub mod marker;
mod rank;
mod registry;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::journal::{Entry, Journal, JournalCaps};
use crate::script::{Cursor, Drawn, Request, Script, ScriptError};

use rank::Asked;

pub use ambient::{Ambient, Declared};
pub use claim::{Claim, ClaimError};
pub use marker::{Marker, Markers};
pub use rank::{by_arrival, is_by_arrival};
pub use registry::MarkError;
pub(crate) use registry::{Owner, Registry};

/// What a scenario is opened with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioSpec {
    /// A name for people; it need not be unique.
    pub name: String,
    /// How much its journal keeps.
    pub journal: JournalCaps,
}

impl ScenarioSpec {
    /// A scenario of this name with the usual caps.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), journal: JournalCaps::default() }
    }
}

/// A handle; clones are the same scenario. It lives until `close`, whatever handles are dropped.
#[derive(Debug, Clone)]
pub struct Scenario {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) journal: Arc<Journal>,
    registry: Arc<Registry>,
    scripts: Mutex<Scripts>,
    sends: Mutex<BTreeSet<u32>>,
    marks: Mutex<Vec<Marker>>,
    gates: watch::Sender<HashSet<String>>,
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Scripts {
    /// By send, or none for every send; then by provider, of which there are few.
    cursors: BTreeMap<Option<u32>, Vec<(Option<String>, Cursor)>>,
    unreached: Vec<Unreached>,
    asked: Asked,
}

/// What a script answers for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// The send, or any.
    pub send: Option<u32>,
    /// The provider, or the word of [`by_arrival`], or whichever is asked.
    pub provider: Option<String>,
}

/// A turn that was neither spare nor reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unreached {
    /// The script.
    pub scope: Scope,
    /// The turn, counted from 0.
    pub turn: usize,
}

/// What is left of a scenario.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Closed {
    /// The entries in the order of arrival; those of exchanges under way are still open.
    pub journal: Vec<Entry>,
    /// Entries that were not kept.
    pub dropped: u64,
    /// Turns that had to be reached and were not.
    pub unreached: Vec<Unreached>,
}

impl Scenario {
    pub(crate) fn open(spec: ScenarioSpec, id: u64, registry: Arc<Registry>) -> Self {
        let inner = Inner {
            id,
            name: spec.name,
            journal: Journal::new(spec.journal),
            registry,
            scripts: Mutex::default(),
            sends: Mutex::default(),
            marks: Mutex::default(),
            gates: watch::Sender::default(),
            closed: watch::Sender::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The name that it was opened with.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Makes requests that carry this word belong to the scenario, as its send of this number. A request that carries
    /// the words of several sends belongs to the highest.
    ///
    /// # Errors
    /// A word that is not shaped like a marker, one that another scenario has, or a closed scenario.
    pub fn mark(&self, word: &str, send: u32) -> Result<(), MarkError> {
        self.inner.registry.mark(&self.inner, word, send)
    }

    /// Sets what answers every send at this provider, or at whichever is asked. A script replaces the one of the same
    /// scope and begins at its first turn. Without any script the provider is healthy. In place of a provider's name,
    /// [`by_arrival`] stands for whichever a send asks as its first, second, …: setting such a script begins that anew.
    ///
    /// # Errors
    /// A script that cannot be played.
    pub fn script(&self, provider: Option<&str>, script: Script) -> Result<(), ScriptError> {
        self.set(Scope { send: None, provider: provider.map(str::to_owned) }, script)
    }

    /// The same, and takes every other script of the scenario away.
    ///
    /// # Errors
    /// A script that cannot be played; then nothing is taken away.
    pub fn script_alone(&self, provider: Option<&str>, script: Script) -> Result<(), ScriptError> {
        script.check()?;
        self.inner.scripts().clear();
        self.script(provider, script)
    }

    /// Sets what answers this send; it comes before scripts that answer every send.
    ///
    /// # Errors
    /// A script that cannot be played.
    pub fn script_for_send(
        &self,
        send: u32,
        provider: Option<&str>,
        script: Script,
    ) -> Result<(), ScriptError> {
        self.set(Scope { send: Some(send), provider: provider.map(str::to_owned) }, script)
    }

    fn set(&self, scope: Scope, script: Script) -> Result<(), ScriptError> {
        let cursor = Cursor::new(script, Instant::now())?;
        let mut scripts = self.inner.scripts();
        if scope.provider.as_deref().is_some_and(is_by_arrival) {
            scripts.asked.forget();
        }
        let of_send = scripts.cursors.entry(scope.send).or_default();
        match of_send.iter_mut().find(|(provider, _)| *provider == scope.provider) {
            Some((_, present)) => {
                let replaced = std::mem::replace(present, cursor);
                scripts.unreached.extend(unreached(&scope, &replaced));
            }
            None => of_send.push((scope.provider, cursor)),
        }
        Ok(())
    }

    /// Lets everything go on that waits, or will wait, for this gate.
    pub fn open_gate(&self, name: &str) {
        self.inner.gates.send_modify(|open| {
            open.insert(name.to_owned());
        });
    }

    /// Makes later holds wait for this gate again.
    pub fn shut_gate(&self, name: &str) {
        self.inner.gates.send_modify(|open| {
            open.remove(name);
        });
    }

    /// The entries so far, in the order of arrival.
    pub fn journal(&self) -> Vec<Entry> {
        self.inner.journal.entries()
    }

    /// How many entries were not kept because the journal's caps were reached.
    pub fn dropped(&self) -> u64 {
        self.inner.journal.dropped()
    }

    /// How many requests have arrived.
    pub fn arrivals(&self) -> u64 {
        self.inner.journal.reached().arrivals
    }

    /// The sends of which a request has arrived.
    pub fn arrived_sends(&self) -> BTreeSet<u32> {
        self.inner.sends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until more than `seen` requests have arrived, and tells how many. Never returns when no more arrive.
    pub async fn changed(&self, seen: u64) -> u64 {
        let mut progress = self.inner.journal.progress();
        let reached = progress.wait_for(|progress| progress.arrivals > seen).await;
        reached.map_or(seen, |progress| progress.arrivals)
    }

    /// Waits until no exchange is under way; returns at once when no request has arrived, so that a caller who expects
    /// one waits for `changed` first.
    pub async fn idle(&self) {
        let mut progress = self.inner.journal.progress();
        // The sender lives as long as this handle, so that the wait cannot fail.
        let _ = progress.wait_for(|progress| progress.under_way == 0).await;
    }

    /// The turns that had to be reached and have not been, those of replaced scripts included.
    pub fn unreached(&self) -> Vec<Unreached> {
        let scripts = self.inner.scripts();
        let of_send = |(send, of_send): (&Option<u32>, &Vec<(Option<String>, Cursor)>)| {
            let scope = |provider: &Option<String>| Scope { send: *send, provider: provider.clone() };
            of_send
                .iter()
                .flat_map(|(provider, cursor)| unreached(&scope(provider), cursor))
                .collect::<Vec<_>>()
        };
        let present = scripts.cursors.iter().flat_map(of_send);
        let mut all: Vec<Unreached> = scripts.unreached.iter().cloned().chain(present).collect();
        all.sort();
        all
    }

    /// Ends the scenario: exchanges under way are cut off, and what arrives from now on with its markers is late.
    pub fn close(&self) -> Closed {
        self.inner.registry.bury(&self.inner);
        let (journal, dropped) = self.inner.journal.seal();
        let closed = Closed { journal, dropped, unreached: self.unreached() };
        self.inner.closed.send_replace(true);
        closed
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    /// What answers the request: the turn, or `Err` with the reason why there is none.
    pub(crate) fn draw(&self, provider: &str, send: u32, request: &Request) -> Result<Option<Drawn>, String> {
        let mut scripts = self.scripts();
        let ranked = by_arrival(scripts.asked.rank(send, provider));
        let providers = [Some(provider), Some(ranked.as_str()), None];
        let scopes =
            [Some(send), None].into_iter().flat_map(|send| providers.map(|provider| (send, provider)));
        for (send, provider) in scopes {
            let mut of_send = scripts.cursors.get_mut(&send).into_iter().flatten();
            if let Some((_, cursor)) = of_send.find(|(known, _)| known.as_deref() == provider) {
                let unanswered =
                    || format!("the script of scenario `{}` has no turn for this request", self.name);
                return cursor.draw(request, Instant::now()).map(Some).ok_or_else(unanswered);
            }
        }
        Ok(None)
    }

    pub(crate) fn note_send(&self, send: u32) {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner).insert(send);
    }

    fn note_mark(&self, marker: Marker) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).push(marker);
    }

    fn take_marks(&self) -> Vec<Marker> {
        std::mem::take(&mut self.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    pub(crate) async fn gate(&self, name: &str) {
        let mut gates = self.gates.subscribe();
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = gates.wait_for(|open| open.contains(name)).await;
    }

    pub(crate) async fn closing(&self) {
        let mut closed = self.closed.subscribe();
        // As above.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    fn scripts(&self) -> MutexGuard<'_, Scripts> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scripts {
    fn clear(&mut self) {
        for (send, of_send) in std::mem::take(&mut self.cursors) {
            for (provider, cursor) in of_send {
                self.unreached.extend(unreached(&Scope { send, provider }, &cursor));
            }
        }
        self.asked.forget();
    }
}

fn unreached(scope: &Scope, cursor: &Cursor) -> Vec<Unreached> {
    cursor.unreached().into_iter().map(|turn| Unreached { scope: scope.clone(), turn }).collect()
}
