//! A mock that is embedded in this process or runs in another: one type for both, with the embedded one's names.
//!
//! What differs: everything waits for an answer and can fail; a remote scenario ends within a minute when its process is
//! gone; and dropping a remote claim or imposition ends it a moment later, which `release` and `lift` wait for.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{
    Client, Code, Error, IMPOSABLE, Problem, RemoteClaim, RemoteImposition, RemoteProvider, RemoteScenario,
};
use crate::dialect::Identity;
use crate::journal::{Clock, Entry};
use crate::scenario::{self, Closed, ScenarioSpec, Unreached};
use crate::script::Script;
use crate::server::{self, MockUpstream, ProviderOptions, Stray};

/// A mock, wherever it runs; clones are the same one.
#[derive(Debug, Clone)]
pub enum Mock {
    /// In this process.
    Embedded(MockUpstream),
    /// In another.
    Remote(Client),
}

/// A scenario, wherever its mock runs; clones are the same one.
#[derive(Debug, Clone)]
pub enum Scenario {
    /// In this process.
    Embedded(scenario::Scenario),
    /// In another.
    Remote(RemoteScenario),
}

/// A provider, wherever its mock runs; clones are the same one.
#[derive(Debug, Clone)]
pub enum Provider {
    /// In this process.
    Embedded(server::Provider),
    /// In another.
    Remote(RemoteProvider),
}

/// A provider that is held until this is released or dropped.
#[derive(Debug)]
#[must_use = "the claim ends when it is dropped"]
pub enum Claim {
    /// In this process.
    Embedded(scenario::Claim),
    /// In another.
    Remote(RemoteClaim),
}

/// A fault in force at a provider until this is lifted or dropped.
#[derive(Debug)]
#[must_use = "the fault is lifted when this is dropped"]
pub enum Imposition {
    /// In this process.
    Embedded(server::Refusal),
    /// In another.
    Remote(RemoteImposition),
}

impl Mock {
    /// Opens a scenario.
    ///
    /// # Errors
    /// A remote mock cannot be asked, or has too many.
    pub async fn open(&self, spec: ScenarioSpec) -> Result<Scenario, Error> {
        match self {
            Self::Embedded(mock) => Ok(Scenario::Embedded(mock.open(spec))),
            Self::Remote(client) => client.open(spec).await.map(Scenario::Remote),
        }
    }

    /// Starts another provider.
    ///
    /// # Errors
    /// It cannot listen, its name is taken, or a remote mock cannot be asked.
    pub async fn add_provider(&self, options: ProviderOptions) -> Result<Provider, Error> {
        match self {
            Self::Embedded(mock) => Ok(Provider::Embedded(mock.add_provider(options).await?)),
            Self::Remote(client) => client.add_provider(options).await.map(Provider::Remote),
        }
    }

    /// Every provider, by name.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn providers(&self) -> Result<Vec<Provider>, Error> {
        match self {
            Self::Embedded(mock) => Ok(mock.providers().into_iter().map(Provider::Embedded).collect()),
            Self::Remote(client) => Ok(client.providers().await?.into_iter().map(Provider::Remote).collect()),
        }
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn provider(&self, name: &str) -> Result<Option<Provider>, Error> {
        match self {
            Self::Embedded(mock) => Ok(mock.provider(name).map(Provider::Embedded)),
            Self::Remote(client) => Ok(client.provider(name).await?.map(Provider::Remote)),
        }
    }

    /// Takes a provider exclusively: until the claim ends, what arrives there unmarked belongs to this send.
    ///
    /// # Errors
    /// There is no such provider, somebody holds it, the scenario is another mock's, or a remote mock cannot be asked.
    pub async fn claim(&self, provider: &str, scenario: &Scenario, send: u32) -> Result<Claim, Error> {
        match (self, scenario) {
            (Self::Embedded(mock), Scenario::Embedded(scenario)) => {
                Ok(Claim::Embedded(mock.claim(provider, scenario, send)?))
            }
            (Self::Remote(client), Scenario::Remote(scenario)) => {
                client.claim(provider, scenario, send).await.map(Claim::Remote)
            }
            _ => Err(Error::Foreign),
        }
    }

    /// Requests that belonged to nobody, in the order of arrival.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn unclaimed(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Unclaimed).await
    }

    /// Requests of closed scenarios, in the order of arrival.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn late(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Late).await
    }

    /// Ambient requests, in the order of arrival.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn ambient(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Ambient).await
    }

    async fn strays(&self, stray: Stray) -> Result<Vec<Entry>, Error> {
        match self {
            Self::Embedded(mock) => Ok(mock.strays(stray).entries()),
            Self::Remote(client) => client.strays(stray).await,
        }
    }

    /// The clock of every moment in the journals, on this process's scale.
    pub fn clock(&self) -> Clock {
        match self {
            Self::Embedded(mock) => mock.clock(),
            Self::Remote(client) => client.clock(),
        }
    }
}

/// Does the same to an embedded value, which answers at once, and to a remote one, which is waited for.
macro_rules! either {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match $self {
            Self::Embedded(near) => Ok(near.$method($($argument),*)),
            Self::Remote(far) => far.$method($($argument),*).await,
        }
    };
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

impl Provider {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Embedded(provider) => provider.name(),
            Self::Remote(provider) => provider.name(),
        }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        match self {
            Self::Embedded(provider) => provider.addr(),
            Self::Remote(provider) => provider.addr(),
        }
    }

    /// Under which URL it is to be called, without a path.
    pub fn url(&self) -> String {
        match self {
            Self::Embedded(provider) => provider.url(),
            Self::Remote(provider) => provider.url(),
        }
    }

    /// What distinguishes it.
    pub fn identity(&self) -> &Identity {
        match self {
            Self::Embedded(provider) => provider.identity(),
            Self::Remote(provider) => provider.identity(),
        }
    }

    /// How many connections are open.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn connections(&self) -> Result<usize, Error> {
        either!(self.connections())
    }

    /// Closes the connections on which no exchange is under way, and waits until they are closed; how many that were.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn drop_idle_connections(&self) -> Result<usize, Error> {
        match self {
            Self::Embedded(provider) => Ok(provider.drop_idle_connections().await),
            Self::Remote(provider) => provider.drop_idle_connections().await,
        }
    }

    /// Puts a fault in force that strikes before any request, until the imposition is lifted or dropped.
    ///
    /// # Errors
    /// There is no such fault, another one is in force, or a remote mock cannot be asked.
    pub async fn impose(&self, fault: &str) -> Result<Imposition, Error> {
        match self {
            Self::Embedded(_) if fault != IMPOSABLE => {
                let why = format!("`{fault}` is no fault that holds at connections before any request");
                Err(Error::Refused(Problem::new(Code::NotImposable, why)))
            }
            Self::Embedded(provider) => Ok(Imposition::Embedded(provider.refuse().await?)),
            Self::Remote(provider) => provider.impose(fault).await.map(Imposition::Remote),
        }
    }
}

impl Claim {
    /// The provider that is held.
    pub fn provider(&self) -> &str {
        match self {
            Self::Embedded(claim) => claim.provider(),
            Self::Remote(claim) => claim.provider(),
        }
    }

    /// Lets the provider go.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn release(self) -> Result<(), Error> {
        match self {
            Self::Embedded(claim) => {
                drop(claim);
                Ok(())
            }
            Self::Remote(claim) => claim.release().await,
        }
    }
}

impl Imposition {
    /// Lifts the fault.
    ///
    /// # Errors
    /// The provider cannot listen again, or a remote mock cannot be asked.
    pub async fn lift(self) -> Result<(), Error> {
        match self {
            Self::Embedded(refusal) => Ok(refusal.restore().await?),
            Self::Remote(imposition) => imposition.lift().await,
        }
    }
}
