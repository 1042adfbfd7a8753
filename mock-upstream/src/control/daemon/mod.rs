//! The server of the control API.

mod answer;
mod door;
mod holds;
mod journals;
mod ledger;
mod lives;
mod providers;
mod routes;
mod scenarios;
mod serve;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Token;
use crate::script::Script;
use crate::server::MockUpstream;
use ledger::Ledger;

pub use routes::ROUTES;

/// What a control API is started with.
#[derive(Debug, Clone)]
pub struct ControlOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may use it.
    pub guard: Guard,
    /// How much of a request is read.
    pub limits: Limits,
    /// Under which URL a provider is to be called, by its name, where that is not the address at which it listens.
    pub advertised: HashMap<String, String>,
    /// What answers requests that no scenario claims.
    pub standing: Vec<Standing>,
}

impl ControlOptions {
    /// An API on a free port of 127.0.0.1.
    pub fn guarded(guard: Guard) -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        Self { listen, guard, limits: Limits::default(), advertised: HashMap::new(), standing: Vec::new() }
    }
}

/// How much of a request the control API reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// The time within which a body has to come.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 8 << 20, body_time: Duration::from_secs(10) }
    }
}

/// Who may use a control API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Whoever presents this bearer token.
    Token(Token),
    /// Every process of this host; not pages in its browsers.
    Loopback,
}

/// A script that answers what arrives at a provider unmarked, until the end of the mock.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The provider.
    pub provider: String,
    /// The script.
    pub script: Script,
}

/// A control API that runs; it stops when this is dropped. The mock lives at least as long.
#[derive(Debug)]
pub struct Control {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

impl Control {
    /// Starts the control API of this mock on the current tokio runtime.
    ///
    /// # Errors
    /// It cannot listen, a standing script cannot be played or names no provider, or everybody on a network could use it.
    pub async fn start(mock: MockUpstream, options: ControlOptions) -> io::Result<Self> {
        let ControlOptions { listen, guard, limits, advertised, standing } = options;
        if guard == Guard::Loopback && !listen.ip().is_loopback() {
            let why = format!("a control API at {listen} needs a token: it is not on loopback");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let ledger = Ledger::new(mock, advertised, standing)?;
        let stop = watch::Sender::new(false);
        let serving = tokio::spawn(serve::serve(
            listener,
            routes::router(&ledger, guard, limits),
            ledger,
            stop.subscribe(),
        ));
        Ok(Self { addr, stop, serving: Some(serving) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://` and the address.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Ends it: requests under way get a moment to finish.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            // It fails only when it was cancelled, which is an end too.
            let _ = serving.await;
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
