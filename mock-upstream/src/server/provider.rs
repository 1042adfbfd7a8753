//! One provider: a listener, its connections, and the way to take both away.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::impose::Active;
use super::tls::Authority;
use super::{Core, connection};
use crate::dialect::{Dialect, Identity};
use crate::fault::Strikes;
use crate::journal::Clock;
use crate::scenario::{Ambient, Declared};

pub(super) const BACKLOG: i32 = 1024;
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
    accepting: Mutex<Option<Accepting>>,
    /// The fault that is imposed, if any.
    imposed: RwLock<Option<Arc<Active>>>,
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
        provider.accept_from(Arc::new(listener));
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

    /// `https://` and the same address: the first byte of a connection decides between HTTP and TLS.
    pub fn https_url(&self) -> String {
        format!("https://{}", self.place.addr)
    }

    /// The certificate of the authority that certifies every provider of the mock.
    pub fn ca_pem(&self) -> String {
        self.core.authority.pem()
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

    pub(super) fn clock(&self) -> Clock {
        self.core.clock
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.core.authority
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.core.runtime
    }

    /// Lets a fault hold here, unless another one does; then its id comes back.
    pub(super) fn hold(&self, fault: &Arc<Active>) -> Result<(), String> {
        let mut imposed = self.place.imposed.write().unwrap_or_else(PoisonError::into_inner);
        match &*imposed {
            Some(other) => Err(other.fault.id.clone()),
            None => {
                *imposed = Some(Arc::clone(fault));
                Ok(())
            }
        }
    }

    /// Makes a kind of request ambient here: until what is returned is dropped, it gets a healthy reply and belongs to
    /// nobody. Several may declare the same.
    pub fn declare_ambient(&self, kind: Ambient) -> Declared {
        self.core.registry.declare(self.name(), kind)
    }

    /// Lets it hold no longer, if it still does.
    pub(super) fn release(&self, fault: &Arc<Active>) {
        let mut imposed = self.place.imposed.write().unwrap_or_else(PoisonError::into_inner);
        imposed.take_if(|held| Arc::ptr_eq(held, fault));
    }

    /// The listener and the task that takes its connections, unless they are gone.
    pub(super) fn take_accepting(&self) -> io::Result<(Arc<TcpListener>, JoinHandle<()>)> {
        let taken = self.place.accepting().take();
        let taken = taken.and_then(|Accepting { task, listener }| Some((listener.upgrade()?, task)));
        taken.ok_or_else(|| io::Error::other("the provider does not listen"))
    }

    pub(super) async fn retire(&self) {
        let accepting = self.place.accepting().take();
        if let Some(Accepting { task, .. }) = accepting {
            task.abort();
            // An aborted task ends with an error; what matters is that its listener is gone.
            let _ = task.await;
        }
        self.drop_idle_connections().await;
    }

    /// Takes connections from this listener.
    pub(super) fn accept_from(&self, listener: Arc<TcpListener>) {
        let (core, place) = (Arc::clone(&self.core), Arc::clone(&self.place));
        let held = Arc::downgrade(&listener);
        let task = self.core.runtime.spawn(async move {
            let mut stop = core.stop.subscribe();
            tokio::select! {
                // An error means that the mock is gone.
                _ = stop.wait_for(|stop| *stop) => {}
                () = accept(&core, &place, &listener) => {}
            }
        });
        *self.place.accepting() = Some(Accepting { task, listener: held });
    }
}

/// A listener and the task that takes its connections; it is closed when that task ends.
#[derive(Debug)]
struct Accepting {
    task: JoinHandle<()>,
    listener: Weak<TcpListener>,
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
            imposed: RwLock::default(),
        }
    }

    /// The imposed fault, if it strikes at this point.
    pub(super) fn imposed(&self, at: Strikes) -> Option<Arc<Active>> {
        let imposed = self.imposed.read().unwrap_or_else(PoisonError::into_inner);
        imposed.as_ref().filter(|active| active.strikes(at)).cloned()
    }

    fn accepting(&self) -> MutexGuard<'_, Option<Accepting>> {
        self.accepting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections for ever; a failure to accept one does not end it.
async fn accept(core: &Arc<Core>, place: &Arc<Place>, listener: &TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                core.roster.seat(place, |lease| {
                    // Asked for once the connection has its place: either the fault is seen here, or the order to
                    // close that follows it is seen there. A connection that has that order is not struck.
                    let active = place.imposed(Strikes::Connect).filter(|_| lease.busy());
                    let struck = active.and_then(|active| active.meets(lease.id()));
                    let serve = connection::serve(Arc::clone(core), Arc::clone(place), stream, lease, struck);
                    tokio::spawn(serve).abort_handle()
                });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Takes the port without listening: connecting is refused, and nobody else can listen there.
pub(super) fn reserve(addr: SocketAddr) -> io::Result<Socket> {
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
