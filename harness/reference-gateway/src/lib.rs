//! The gateway the harness proves itself on: one personality a contract, kept by real mechanisms, and its mutants.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! let gateway = reference_gateway::start(reference_gateway::Config::cogito("http://127.0.0.1:4711", "key")).await?;
//! println!("{}", gateway.url());
//! gateway.stop().await;
//! # Ok(())
//! # }
//! ```

mod account;
mod anthropic;
mod config;
mod door;
mod message;
mod mutant;
mod openai;
mod personality;
pub mod seed;
mod slip;
mod upstream;

pub use config::{Account, Config, Feature, Guardrails, Limits, Model, Personality, Rate, Upstream};
pub use mutant::{Kind, Mutant, mutant, mutants};
pub use slip::{Slip, slip, slips};

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use door::House;

/// Starts a gateway that serves in background tasks of the current runtime.
///
/// # Errors
/// When the address cannot be bound, no upstream is given, or the client for it cannot be set up.
pub async fn start(config: Config) -> std::io::Result<Gateway> {
    let listener = TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let (limits, admin_key) = (config.limits, config.admin_key.clone());
    let slips = config.slips.clone();
    let page = slip::Slipping::around(personality::open(config)?, slips);
    let house = Arc::new(House { page, limits, admin_key });
    let (stop, stopped) = watch::channel(());
    let serving = tokio::spawn(door::serve(listener, house, stopped));
    Ok(Gateway { addr, stop, serving })
}

/// A running gateway; dropping it closes its listener and its connections.
#[derive(Debug)]
pub struct Gateway {
    addr: SocketAddr,
    /// Dropped, it stops the gateway as well as told.
    stop: watch::Sender<()>,
    serving: JoinHandle<()>,
}

impl Gateway {
    /// The base URL, without `/v1` and without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes the listener and every connection, and returns when they are closed.
    pub async fn stop(self) {
        drop(self.stop);
        // It cannot fail but by a panic, and then nothing is left to close.
        let _ = self.serving.await;
    }
}
