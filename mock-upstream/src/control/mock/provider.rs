//! A provider, wherever its mock runs, and what is held there.

use std::net::SocketAddr;

use crate::control::{Error, RemoteAmbience, RemoteClaim, RemoteImposition, RemoteProvider};
use crate::dialect::{Dialect, Identity};
use crate::scenario::Ambient;
use crate::script::FaultPlay;
use crate::server::Lifted;
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

/// A kind of request that is ambient at a provider until this is dropped.
#[derive(Debug)]
#[must_use = "the kind is ambient only until this is dropped"]
pub enum Ambience {
    /// In this process.
    Embedded(scenario::Declared),
    /// In another.
    Remote(RemoteAmbience),
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

    /// The same for TLS: the first byte of a connection decides.
    pub fn https_url(&self) -> String {
        match self {
            Self::Embedded(provider) => provider.https_url(),
            Self::Remote(provider) => provider.https_url(),
        }
    }

    /// The certificate of the authority that certifies it, PEM.
    pub fn ca_pem(&self) -> String {
        match self {
            Self::Embedded(provider) => provider.ca_pem(),
            Self::Remote(provider) => provider.ca_pem(),
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

    /// Makes a kind of request ambient here: until what is returned is dropped, it gets a healthy reply and belongs to
    /// nobody.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn declare_ambient(&self, kind: Ambient) -> Result<Ambience, Error> {
        match self {
            Self::Embedded(provider) => Ok(Ambience::Embedded(provider.declare_ambient(kind))),
            Self::Remote(provider) => provider.declare_ambient(kind).await.map(Ambience::Remote),
        }
    }

    /// Whether it was there from the start of a remote mock, which never ends it.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Embedded(_) => false,
            Self::Remote(provider) => provider.is_permanent(),
        }
    }

    /// How it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Embedded(provider) => provider.dialect(),
            Self::Remote(provider) => provider.dialect(),
        }
    }

    /// Puts a fault in force that strikes before a marker can be read, until the imposition is lifted or dropped.
    ///
    /// # Errors
    /// There is no such fault, another one is in force, or a remote mock cannot be asked.
    pub async fn impose(&self, play: &FaultPlay) -> Result<Imposition, Error> {
        match self {
            Self::Embedded(provider) => {
                let imposed = provider.impose(play).await;
                Ok(Imposition::Embedded(imposed.map_err(|error| Error::Refused(error.into()))?))
            }
            Self::Remote(provider) => provider.impose(play).await.map(Imposition::Remote),
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

impl Ambience {
    /// Makes the kind ambient no more.
    ///
    /// # Errors
    /// A remote mock cannot be asked.
    pub async fn withdraw(self) -> Result<(), Error> {
        match self {
            Self::Embedded(declared) => {
                drop(declared);
                Ok(())
            }
            Self::Remote(ambience) => ambience.withdraw().await,
        }
    }
}

impl Imposition {
    /// The fault's id.
    pub fn fault(&self) -> &str {
        match self {
            Self::Embedded(imposed) => imposed.fault(),
            Self::Remote(imposition) => imposition.fault(),
        }
    }

    /// What it has done so far.
    ///
    /// # Errors
    /// A remote mock cannot be asked, or has lifted it.
    pub async fn so_far(&self) -> Result<Lifted, Error> {
        either!(self.so_far())
    }

    /// Lifts the fault, and tells what it has done.
    ///
    /// # Errors
    /// The provider cannot listen again, or a remote mock cannot be asked.
    pub async fn lift(self) -> Result<Lifted, Error> {
        match self {
            Self::Embedded(imposed) => Ok(imposed.lift().await?),
            Self::Remote(imposition) => imposition.lift().await,
        }
    }
}
