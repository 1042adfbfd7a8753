//! One provider: a listener, its connections, and the way to take both away.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{Core, connection};
use crate::dialect::{Dialect, Identity};

const BACKLOG: i32 = 1024;
/// After a failed accept, mostly for want of file descriptors, connections get time to end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A provider of the mock; clones are the same one.
#[derive(Debug, Clone)]
pub struct Provider {
    core: Arc<Core>,
    place: Arc<Place>,
}

/// What the connections of a provider share.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) identity: Identity,
    pub(super) dialect: Dialect,
    pub(super) serial: AtomicU64,
    /// How often its idle connections were told to close.
    pub(super) orders: AtomicU64,
    addr: SocketAddr,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Provider {
    pub(super) fn new(
        core: Arc<Core>,
        listener: TcpListener,
        name: String,
        identity: Identity,
        dialect: Dialect,
    ) -> io::Result<Self> {
        let place = Arc::new(Place::new(name, identity, dialect, listener.local_addr()?));
        let provider = Self { core, place };
        provider.listen(listener);
        Ok(provider)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.place.addr
    }

    /// `http://` and the address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.place.addr)
    }

    /// What distinguishes it.
    pub fn identity(&self) -> &Identity {
        &self.place.identity
    }

    /// How it speaks.
    pub fn dialect(&self) -> Dialect {
        self.place.dialect
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.core.roster.count(&self.place)
    }

    /// Closes the connections on which no exchange is under way, and waits until they are closed; how many that were.
    /// The others are closed once their exchange has ended.
    pub async fn drop_idle_connections(&self) -> usize {
        self.core.roster.drop_idle(&self.place).await
    }

    /// Makes connecting fail: idle connections are closed, then the listener. The port stays taken, so that nobody else
    /// can listen there, and that it really refuses is tried once.
    ///
    /// # Errors
    /// The provider refuses already, the port was lost, or connecting still succeeds.
    pub async fn refuse(&self) -> io::Result<Refusal> {
        self.drop_idle_connections().await;
        let accepting = self.place.accepting().take().ok_or(io::ErrorKind::ResourceBusy)?;
        accepting.abort();
        // An aborted task ends with an error; what matters is that its listener is gone.
        let _ = accepting.await;
        let reserved = match reserve(self.place.addr) {
            Ok(socket) => socket,
            Err(error) => {
                self.listen(listen(bind(self.place.addr)?)?);
                return Err(error);
            }
        };
        let refusal = Refusal { provider: self.clone(), reserved: Some(reserved) };
        self.drop_idle_connections().await;
        match TcpStream::connect(self.place.addr).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(refusal),
            Err(error) => Err(error),
            Ok(_) => Err(io::Error::other("somebody else listens on the port")),
        }
    }

    pub(super) async fn retire(&self) {
        let accepting = self.place.accepting().take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // An aborted task ends with an error; what matters is that its listener is gone.
            let _ = accepting.await;
        }
        self.drop_idle_connections().await;
    }

    fn listen(&self, listener: TcpListener) {
        let (core, place) = (Arc::clone(&self.core), Arc::clone(&self.place));
        let task = self.core.runtime.spawn(async move {
            let mut stop = core.stop.subscribe();
            tokio::select! {
                // An error means that the mock is gone.
                _ = stop.wait_for(|stop| *stop) => {}
                () = accept(&core, &place, &listener) => {}
            }
        });
        *self.place.accepting() = Some(task);
    }
}

/// While this lives, connecting to the provider is refused. Dropping it restores the provider too, but cannot tell
/// whether that worked.
#[derive(Debug)]
#[must_use = "the provider listens again when the refusal is dropped"]
pub struct Refusal {
    provider: Provider,
    reserved: Option<Socket>,
}

impl Refusal {
    /// Listens again on the same port.
    ///
    /// # Errors
    /// The system does not let it.
    pub async fn restore(mut self) -> io::Result<()> {
        self.listen_again()
    }

    fn listen_again(&mut self) -> io::Result<()> {
        let Some(socket) = self.reserved.take() else { return Ok(()) };
        let _context = self.provider.core.runtime.enter();
        self.provider.listen(listen(socket)?);
        Ok(())
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        // Nobody is left to be told; the next control request will tell.
        let _ = self.listen_again();
    }
}

impl Place {
    pub(super) fn new(name: String, identity: Identity, dialect: Dialect, addr: SocketAddr) -> Self {
        Self {
            name,
            identity,
            dialect,
            serial: AtomicU64::new(1),
            orders: AtomicU64::default(),
            addr,
            accepting: Mutex::default(),
        }
    }

    fn accepting(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.accepting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections for ever; a failure to accept one does not end it.
async fn accept(core: &Arc<Core>, place: &Arc<Place>, listener: &TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                core.roster.seat(place, |lease| {
                    let serve = connection::serve(Arc::clone(core), Arc::clone(place), stream, lease);
                    tokio::spawn(serve).abort_handle()
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Takes the port without listening: connecting is refused, and nobody else can listen there.
fn reserve(addr: SocketAddr) -> io::Result<Socket> {
    let socket = bind(addr)?;
    socket.set_reuse_address(false)?;
    Ok(socket)
}

/// Binds without listening.
pub(super) fn bind(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Connections that linger in the kernel would otherwise keep the port.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// Makes a bound socket listen; within a runtime.
pub(super) fn listen(socket: Socket) -> io::Result<TcpListener> {
    // A reserved port does not have it, and its old connections may linger.
    socket.set_reuse_address(true)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}
