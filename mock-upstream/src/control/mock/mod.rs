//! A mock that is embedded in this process or runs in another: one type for both, with the embedded one's names.
//!
//! What differs: everything waits for an answer and can fail; a remote scenario ends within a minute when its process is
//! gone; and dropping a remote claim or imposition ends it a moment later, which `release` and `lift` wait for.

/// Does the same to an embedded value, which answers at once, and to a remote one, which is waited for.
macro_rules! either {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {
        match $self {
            Self::Embedded(near) => Ok(near.$method($($argument),*)),
            Self::Remote(far) => far.$method($($argument),*).await,
        }
    };
}

mod provider;
mod scenario;

use super::{Client, Error};
use crate::journal::{Clock, Entry};
use crate::scenario::ScenarioSpec;
use crate::server::{MockUpstream, ProviderOptions, Stray};

pub use provider::{Claim, Imposition, Provider};
pub use scenario::Scenario;

/// A mock, wherever it runs; clones are the same one.
#[derive(Debug, Clone)]
pub enum Mock {
    /// In this process.
    Embedded(MockUpstream),
    /// In another.
    Remote(Client),
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
