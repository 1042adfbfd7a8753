//! One provider: a listener, its connections, and the way to take both away.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::impose::Active;
use super::{Core, connection};
use crate::dialect::{Dialect, Identity};
use crate::fault::Strikes;
use crate::journal::Clock;

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
    /// Counts the orders to drop idle connections.
    pub(super) drops: watch::Sender<u64>,
    addr: SocketAddr,
    connections: watch::Sender<HashMap<u64, Activity>>,
    accepting: Mutex<Option<Accepting>>,
    /// The fault that is imposed, if any.
    imposed: RwLock<Option<Arc<Active>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Idle,
    Busy,
}

impl Provider {
    pub(super) fn new(
        core: Arc<Core>,
        listener: TcpListener,
        name: String,
        identity: Identity,
        dialect: Dialect,
    ) -> io::Result<Self> {
        let place = Arc::new(Place {
            name,
            identity,
            dialect,
            serial: AtomicU64::new(1),
            drops: watch::Sender::default(),
            addr: listener.local_addr()?,
            connections: watch::Sender::default(),
            accepting: Mutex::default(),
            imposed: RwLock::default(),
        });
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

    /// What distinguishes it.
    pub fn identity(&self) -> &Identity {
        &self.place.identity
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.place.connections.borrow().len()
    }

    /// Closes the connections on which no exchange is under way, and waits until they are closed; how many that were.
    /// The others are closed once their exchange has ended.
    pub async fn drop_idle_connections(&self) -> usize {
        let idle: Vec<u64> = {
            let connections = self.place.connections.borrow();
            connections
                .iter()
                .filter(|(_, activity)| **activity == Activity::Idle)
                .map(|(id, _)| *id)
                .collect()
        };
        self.place.drops.send_modify(|drops| *drops += 1);
        let mut connections = self.place.connections.subscribe();
        let gone =
            |open: &HashMap<u64, Activity>| !idle.iter().any(|id| open.get(id) == Some(&Activity::Idle));
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = connections.wait_for(gone).await;
        idle.len()
    }

    pub(super) fn clock(&self) -> Clock {
        self.core.clock
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

    /// Lets it hold no longer, if it still does.
    pub(super) fn release(&self, fault: &Arc<Active>) {
        let mut imposed = self.place.imposed.write().unwrap_or_else(PoisonError::into_inner);
        imposed.take_if(|held| Arc::ptr_eq(held, fault));
    }

    /// The listener and the task that takes its connections, unless another fault has them.
    pub(super) fn take_accepting(&self) -> io::Result<Accepting> {
        self.place.accepting().take().ok_or_else(|| io::ErrorKind::ResourceBusy.into())
    }

    /// Takes connections from this listener.
    pub(super) fn accept_from(&self, listener: Arc<TcpListener>) {
        let (core, place) = (Arc::clone(&self.core), Arc::clone(&self.place));
        let source = Arc::clone(&listener);
        let task = self.core.runtime.spawn(async move {
            let mut stop = core.stop.subscribe();
            tokio::select! {
                // An error means that the mock is gone.
                _ = stop.wait_for(|stop| *stop) => {}
                () = accept(&core, &place, &source) => {}
            }
        });
        *self.place.accepting() = Some(Accepting { task, listener });
    }
}

/// A listener and the task that takes its connections.
#[derive(Debug)]
pub(super) struct Accepting {
    pub(super) task: JoinHandle<()>,
    pub(super) listener: Arc<TcpListener>,
}

/// The entry of a connection in its provider's list, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lease {
    place: Arc<Place>,
    id: u64,
}

impl Lease {
    fn new(place: &Arc<Place>, id: u64) -> Self {
        place.connections.send_modify(|open| {
            open.insert(id, Activity::Idle);
        });
        Self { place: Arc::clone(place), id }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn idle(&self) {
        self.set(Activity::Idle);
    }

    pub(super) fn busy(&self) {
        self.set(Activity::Busy);
    }

    fn set(&self, activity: Activity) {
        self.place.connections.send_modify(|open| {
            open.insert(self.id, activity);
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.place.connections.send_modify(|open| {
            open.remove(&self.id);
        });
    }
}

impl Place {
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
                // Before the lease is known: an order to drop it must not come between.
                let drops = place.drops.subscribe();
                let lease = Lease::new(place, core.next_connection());
                // Asked for after the receiver was made: either the fault is seen here, or the order to drop
                // that follows it is seen there.
                let struck = place.imposed(Strikes::Connect).and_then(|active| {
                    lease.busy();
                    active.meets(lease.id())
                });
                let serve =
                    connection::serve(Arc::clone(core), Arc::clone(place), stream, lease, struck, drops);
                let mut stop = core.stop.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = stop.wait_for(|stop| *stop) => {}
                        () = serve => {}
                    }
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
