//! A scenario, wherever its mock runs.

use std::collections::BTreeSet;

use crate::control::{Error, RemoteScenario};
use crate::journal::Entry;
use crate::scenario::{self, Closed, Unreached};
use crate::script::Script;

/// A scenario, wherever its mock runs; clones are the same one.
#[derive(Debug, Clone)]
pub enum Scenario {
    /// In this process.
    Embedded(scenario::Scenario),
    /// In another.
    Remote(RemoteScenario),
}

impl Scenario {
    /// The name that it was opened with.
    pub fn name(&self) -> &str {
        match self {
            Self::Embedded(scenario) => scenario.name(),
            Self::Remote(scenario) => scenario.name(),
        }
    }

    /// Makes requests that carry this word belong to the scenario, as its send of this number.
    ///
    /// # Errors
    /// A word that is not shaped like a marker, one that another scenario has, a scenario that has ended, or a remote
    /// mock that cannot be asked.
    pub async fn mark(&self, word: &str, send: u32) -> Result<(), Error> {
        match self {
            Self::Embedded(scenario) => Ok(scenario.mark(word, send)?),
            Self::Remote(scenario) => scenario.mark(word, send).await,
        }
    }

    /// Sets what answers every send at this provider, or at whichever is asked.
    ///
    /// # Errors
    /// A script that cannot be played, or a remote mock that cannot be asked.
    pub async fn script(&self, provider: Option<&str>, script: Script) -> Result<(), Error> {
        match self {
            Self::Embedded(scenario) => Ok(scenario.script(provider, script)?),
            Self::Remote(scenario) => scenario.script(provider, script).await,
        }
    }

    /// The same, and takes every other script of the scenario away.
    ///
    /// # Errors
    /// A script that cannot be played, or a remote mock that cannot be asked.
    pub async fn script_alone(&self, provider: Option<&str>, script: Script) -> Result<(), Error> {
        match self {
            Self::Embedded(scenario) => Ok(scenario.script_alone(provider, script)?),
            Self::Remote(scenario) => scenario.script_alone(provider, script).await,
        }
    }

    /// Sets what answers this send; it comes before scripts that answer every send.
    ///
    /// # Errors
    /// A script that cannot be played, or a remote mock that cannot be asked.
    pub async fn script_for_send(
        &self,
        send: u32,
        provider: Option<&str>,
        script: Script,
    ) -> Result<(), Error> {
        match self {
            Self::Embedded(scenario) => Ok(scenario.script_for_send(send, provider, script)?),
            Self::Remote(scenario) => scenario.script_for_send(send, provider, script).await,
        }
    }

    /// Lets everything go on that waits, or will wait, for this gate.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn open_gate(&self, name: &str) -> Result<(), Error> {
        either!(self.open_gate(name))
    }

    /// Makes later holds wait for this gate again.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn shut_gate(&self, name: &str) -> Result<(), Error> {
        either!(self.shut_gate(name))
    }

    /// The entries so far, in the order of arrival.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn journal(&self) -> Result<Vec<Entry>, Error> {
        either!(self.journal())
    }

    /// How many entries were not kept because the journal's caps were reached.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn dropped(&self) -> Result<u64, Error> {
        either!(self.dropped())
    }

    /// How many requests have arrived.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn arrivals(&self) -> Result<u64, Error> {
        either!(self.arrivals())
    }

    /// The sends of which a request has arrived.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn arrived_sends(&self) -> Result<BTreeSet<u32>, Error> {
        either!(self.arrived_sends())
    }

    /// Waits until more than `seen` requests have arrived, and tells how many. Never returns when no more arrive.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn changed(&self, seen: u64) -> Result<u64, Error> {
        match self {
            Self::Embedded(scenario) => Ok(scenario.changed(seen).await),
            Self::Remote(scenario) => scenario.changed(seen).await,
        }
    }

    /// Waits until no exchange is under way; returns at once when no request has arrived.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn idle(&self) -> Result<(), Error> {
        match self {
            Self::Embedded(scenario) => {
                scenario.idle().await;
                Ok(())
            }
            Self::Remote(scenario) => scenario.idle().await,
        }
    }

    /// The turns that had to be reached and have not been, those of replaced scripts included.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn unreached(&self) -> Result<Vec<Unreached>, Error> {
        either!(self.unreached())
    }

    /// Ends the scenario: exchanges under way are cut off, and what arrives from now on with its markers is late.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn close(&self) -> Result<Closed, Error> {
        either!(self.close())
    }
}
