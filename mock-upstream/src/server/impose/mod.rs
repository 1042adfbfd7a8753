//! Faults that strike before a marker can have been read: they are imposed on a provider, and lifted again.

mod approach;
mod http2;
mod queue;
mod record;
mod shake;
mod strike;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use socket2::Socket;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::Provider;
use super::provider::{bind, listen, reserve};
use crate::fault::{BindError, Catalogue, ConnectionOp, Op, Strikes};
use crate::journal::Clock;
use crate::script::FaultPlay;

/// Time for a peer to see that its idle connections have ended.
const NOTICE: Duration = Duration::from_millis(60);

pub(super) use approach::{Approach, approach};
pub use record::Struck;
pub(super) use record::{Active, Meeting};
pub(super) use strike::strike;

/// Why a fault was not imposed.
#[derive(Debug, thiserror::Error)]
pub enum ImposeError {
    /// Another one holds there.
    #[error("the fault `{0}` is imposed on the provider already")]
    Held(String),
    /// It strikes when a request has been read, so that a turn of a script plays it.
    #[error("the fault `{0}` is played by a turn, not imposed on a provider")]
    PlayedByTurn(String),
    /// There is no such fault, or not with these parameters.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system did not do what the fault needs, or does otherwise than it says.
    #[error("the fault cannot be imposed: {0}")]
    System(#[from] io::Error),
}

/// While this lives, a fault holds at a provider. Dropping it lifts the fault too, but cannot tell whether that worked.
#[derive(Debug)]
#[must_use = "the fault is lifted when this is dropped"]
pub struct Imposed {
    provider: Provider,
    active: Arc<Active>,
    held: Held,
}

/// What is withheld from the provider's listener.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    /// Its port, on which nobody listens.
    Port(Socket),
    /// The taking of connections; some may fill its queue.
    Listener { listener: Arc<TcpListener>, fillers: Vec<TcpStream> },
}

/// What a fault did while it was imposed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lifted {
    /// How often it struck.
    pub struck: u64,
    /// The connections that it met, in the order of their acceptance; the first thousand. None for a fault that
    /// lets no connection come to be.
    pub connections: Vec<Struck>,
}

impl Lifted {
    /// The same with its moments on this clock: for what was read back from another process.
    #[must_use]
    pub fn placed_on(mut self, clock: &Clock) -> Self {
        for met in &mut self.connections {
            met.met = clock.at(met.met.since_start);
            for moment in [&mut met.struck, &mut met.ended_at] {
                *moment = moment.map(|moment| clock.at(moment.since_start));
            }
        }
        self
    }
}

impl Provider {
    /// Imposes a fault that strikes before a marker can have been read. Where it strikes new connections, the idle ones
    /// are closed first, and others once their exchange has ended. That connecting fails, where it is to, is tried.
    ///
    /// # Errors
    /// The fault is unknown or of another kind, another one is imposed, or the system does not let it be.
    pub async fn impose(&self, play: &FaultPlay) -> Result<Imposed, ImposeError> {
        let fault = Catalogue::shipped().get(&play.name);
        let fault = fault.ok_or_else(|| BindError::NoSuchFault(play.name.clone()))?;
        if !fault.strikes.needs_provider() {
            return Err(ImposeError::PlayedByTurn(fault.id.clone()));
        }
        let bindings = fault.bind(&play.params)?;
        let program = fault.imposed();
        let tls = self.authority().for_program(program)?;
        let active = Arc::new(Active::new(fault, bindings, tls, self.clock()));
        self.hold(&active).map_err(ImposeError::Held)?;
        // From here on, an early return lifts what was done so far.
        let mut imposed = Imposed { provider: self.clone(), active, held: Held::Nothing };
        match program {
            [Op::Connection(ConnectionOp::Refused)] => imposed.refuse().await?,
            [Op::Connection(ConnectionOp::Unanswered)] => imposed.leave_unanswered().await?,
            _ => {}
        }
        if fault.strikes == Strikes::Connect && self.drop_idle_connections().await > 0 {
            // The peer has the FIN; a pool that has not looked yet would hand the dead connection out once more.
            sleep(NOTICE).await;
        }
        Ok(imposed)
    }
}

impl Imposed {
    /// The fault's id.
    pub fn fault(&self) -> &str {
        &self.active.fault.id
    }

    /// How often the fault has struck: on so many connections, or once where connecting was seen to fail.
    pub fn struck(&self) -> u64 {
        self.active.struck()
    }

    /// The connections that it has met so far, in the order of their acceptance; the first thousand.
    pub fn connections(&self) -> Vec<Struck> {
        self.active.connections()
    }

    /// What it has done so far.
    pub fn so_far(&self) -> Lifted {
        Lifted { struck: self.struck(), connections: self.connections() }
    }

    /// Lifts the fault, ends the connections that it holds, and closes those that it let be served once they are idle.
    ///
    /// # Errors
    /// The system does not let the provider listen again.
    pub async fn lift(mut self) -> io::Result<Lifted> {
        self.release()?;
        self.active.all_over().await;
        self.provider.drop_idle_connections().await;
        Ok(self.so_far())
    }

    /// Closes the listener. The port stays taken, so that nobody else can listen there.
    async fn refuse(&mut self) -> io::Result<()> {
        self.provider.drop_idle_connections().await;
        self.stop_accepting().await?;
        let addr = self.provider.addr();
        // The listener has to be gone before the port can be taken again.
        self.held = Held::Nothing;
        match reserve(addr) {
            Ok(socket) => self.held = Held::Port(socket),
            Err(error) => {
                self.provider.listen_on(bind(addr)?)?;
                return Err(error);
            }
        }
        match TcpStream::connect(addr).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => self.active.seen(),
            Err(error) => return Err(error),
            Ok(_) => return Err(io::Error::other("somebody else listens on the port")),
        }
        Ok(())
    }

    /// Takes no more connections and fills the queue of those that wait.
    async fn leave_unanswered(&mut self) -> io::Result<()> {
        self.stop_accepting().await?;
        if let Held::Listener { listener, fillers } = &mut self.held {
            queue::fill(listener, fillers).await?;
        }
        self.active.seen();
        Ok(())
    }

    /// Has the listener stand still; being dropped meanwhile does not lose it.
    async fn stop_accepting(&mut self) -> io::Result<()> {
        let (listener, task) = self.provider.take_accepting()?;
        self.held = Held::Listener { listener, fillers: Vec::new() };
        task.abort();
        // An aborted task ends with an error; what matters is that it has let go of the listener.
        let _ = task.await;
        Ok(())
    }

    /// Does nothing the second time.
    fn release(&mut self) -> io::Result<()> {
        self.provider.release(&self.active);
        self.active.lift();
        match std::mem::take(&mut self.held) {
            Held::Nothing => Ok(()),
            Held::Port(socket) => self.provider.listen_on(socket),
            Held::Listener { listener, fillers } => {
                drop(fillers);
                let widened = queue::widen(&listener);
                self.provider.accept_from(listener);
                widened
            }
        }
    }
}

impl Drop for Imposed {
    fn drop(&mut self) {
        // Nobody is left to be told; the next request will tell.
        let _ = self.release();
    }
}

impl Provider {
    /// Listens on a port that was kept.
    fn listen_on(&self, socket: Socket) -> io::Result<()> {
        let _context = self.runtime().enter();
        self.accept_from(Arc::new(listen(socket)?));
        Ok(())
    }
}
