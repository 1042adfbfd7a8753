//! A provider of a remote mock, and what is held there.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Error;
use super::call::{Line, path};
use super::lease::{Lease, TTL_MS, delete_later};
use crate::control::{ClaimView, Dropped, Impose, ImpositionView, ProviderView};
use crate::dialect::Identity;

/// A provider; clones are the same one.
#[derive(Debug, Clone)]
pub struct RemoteProvider {
    line: Arc<Line>,
    view: Arc<ProviderView>,
    _lease: Option<Arc<Lease>>,
}

impl RemoteProvider {
    pub(super) fn found(line: &Arc<Line>, view: ProviderView) -> Self {
        Self { line: Arc::clone(line), view: Arc::new(view), _lease: None }
    }

    pub(super) fn added(line: &Arc<Line>, view: ProviderView) -> Self {
        let lease = Lease::of(line, &path(&["providers", &view.name]));
        Self { _lease: Some(Arc::new(lease)), ..Self::found(line, view) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.view.name
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.view.addr
    }

    /// Under which URL it is to be called, without a path.
    pub fn url(&self) -> String {
        self.view.url.clone()
    }

    /// What distinguishes it.
    pub fn identity(&self) -> &Identity {
        &self.view.identity
    }

    /// How many connections are open.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn connections(&self) -> Result<usize, Error> {
        let view: ProviderView = self.line.get(&self.path(&[])).await?;
        Ok(view.connections)
    }

    /// Closes the connections on which no exchange is under way; how many that were.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn drop_idle_connections(&self) -> Result<usize, Error> {
        let dropped: Dropped = self.line.post(&self.path(&["idle-drops"]), &serde_json::Map::new()).await?;
        Ok(dropped.closed)
    }

    /// Puts a fault in force that strikes before any request, until the imposition is lifted or dropped.
    ///
    /// # Errors
    /// There is no such fault, or another one is in force.
    pub async fn impose(&self, fault: &str) -> Result<RemoteImposition, Error> {
        let wanted = Impose { fault: fault.to_owned(), ttl_ms: TTL_MS };
        let view: ImpositionView = self.line.post(&self.path(&["impositions"]), &wanted).await?;
        let path = self.path(&["impositions", &view.id]);
        let lease = Lease::of(&self.line, &path);
        Ok(RemoteImposition { line: Arc::clone(&self.line), path: Some(path), _lease: lease })
    }

    /// Stops the provider; only one that a client added.
    ///
    /// # Errors
    /// It was there from the start, or the mock cannot be asked.
    pub async fn remove(self) -> Result<(), Error> {
        self.line.delete(&self.path(&[])).await
    }

    fn path(&self, below: &[&str]) -> String {
        let segments: Vec<&str> =
            ["providers", self.name()].into_iter().chain(below.iter().copied()).collect();
        path(&segments)
    }
}

/// A fault in force at a provider. Dropping it lifts it too, but later, and cannot tell whether that worked.
#[derive(Debug)]
#[must_use = "the fault is lifted when this is dropped"]
pub struct RemoteImposition {
    line: Arc<Line>,
    path: Option<String>,
    _lease: Lease,
}

impl RemoteImposition {
    /// Lifts the fault.
    ///
    /// # Errors
    /// The mock cannot be asked, or cannot listen again.
    pub async fn lift(mut self) -> Result<(), Error> {
        match self.path.take() {
            Some(path) => self.line.delete(&path).await,
            None => Ok(()),
        }
    }
}

impl Drop for RemoteImposition {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            delete_later(&self.line, &path);
        }
    }
}

/// A provider that is held. Dropping it lets the provider go too, but later.
#[derive(Debug)]
#[must_use = "the claim ends when it is dropped"]
pub struct RemoteClaim {
    line: Arc<Line>,
    provider: String,
    path: Option<String>,
}

impl RemoteClaim {
    pub(super) fn new(line: &Arc<Line>, view: ClaimView) -> Self {
        let path = path(&["claims", &view.id]);
        Self { line: Arc::clone(line), provider: view.provider, path: Some(path) }
    }

    /// The provider that is held.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Lets the provider go.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn release(mut self) -> Result<(), Error> {
        match self.path.take() {
            Some(path) => self.line.delete(&path).await,
            None => Ok(()),
        }
    }
}

impl Drop for RemoteClaim {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            delete_later(&self.line, &path);
        }
    }
}
