//! A provider, wherever its mock runs, and what is held there.

use std::net::SocketAddr;

use crate::control::{Error, RemoteClaim, RemoteImposition, RemoteProvider};
use crate::dialect::Identity;
use crate::script::FaultPlay;
use crate::{scenario, server};

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
    Embedded(server::Imposed),
    /// In another.
    Remote(RemoteImposition),
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

    /// Puts a fault in force that strikes before a marker can be read, until the imposition is lifted or dropped.
    ///
    /// # Errors
    /// There is no such fault, another one is in force, or a remote mock cannot be asked.
    pub async fn impose(&self, fault: &str) -> Result<Imposition, Error> {
        match self {
            Self::Embedded(provider) => {
                let imposed = provider.impose(&FaultPlay::of(fault)).await;
                Ok(Imposition::Embedded(imposed.map_err(|error| Error::Refused(error.into()))?))
            }
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
            Self::Embedded(imposed) => {
                imposed.lift().await?;
                Ok(())
            }
            Self::Remote(imposition) => imposition.lift().await,
        }
    }
}
