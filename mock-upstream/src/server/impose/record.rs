//! What an imposed fault has done, connection by connection.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rustls::ServerConfig;
use serde::Serialize;
use tokio::sync::watch;

use crate::fault::{Bindings, Fault, Strikes};
use crate::journal::{Clock, Ended, Moment};
use crate::script::readable;

/// Connections whose record is kept.
const MOST_KEPT: usize = 1000;
/// Bytes of the peer that a record keeps.
const MOST_READ: usize = 1 << 14;

/// What became of one connection under an imposed fault.
#[derive(Debug, Clone, Serialize)]
pub struct Struck {
    /// The connection, unique in the life of the mock.
    pub connection: u64,
    /// When the fault met it.
    pub met: Moment,
    /// When the fault struck; `None` when the peer left before, or what it sent gave no occasion.
    pub struck: Option<Moment>,
    /// What the peer had sent until then; the first 16 KiB.
    #[serde(serialize_with = "readable")]
    pub read: Bytes,
    /// Bytes that were written to it, handshakes left out.
    pub written: u64,
    /// How the connection ended; `Open` while it lasts, and when it was handed on to be served.
    pub ended: Ended,
    /// When.
    pub ended_at: Option<Moment>,
    /// What else is known of it: why the fault did not strike, or what the peer said of it.
    pub remark: Option<String>,
}

/// An imposed fault.
#[derive(Debug)]
pub(in crate::server) struct Active {
    pub(in crate::server) fault: &'static Fault,
    pub(in crate::server) bindings: Bindings,
    /// What its handshakes are done with.
    pub(in crate::server) tls: Arc<ServerConfig>,
    clock: Clock,
    log: Mutex<Log>,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct Log {
    kept: Vec<Struck>,
    struck: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    lifted: bool,
    under_way: usize,
}

impl Active {
    pub(super) fn new(
        fault: &'static Fault,
        bindings: Bindings,
        tls: Arc<ServerConfig>,
        clock: Clock,
    ) -> Self {
        let (log, progress) = (Mutex::default(), watch::Sender::default());
        Self { fault, bindings, tls, clock, log, progress }
    }

    /// Whether it strikes at this point of an exchange.
    pub(in crate::server) fn strikes(&self, at: Strikes) -> bool {
        self.fault.strikes == at
    }

    /// Opens the record of a connection that the fault meets; `None` once it is lifted.
    pub(in crate::server) fn meets(self: &Arc<Self>, connection: u64) -> Option<Meeting> {
        let held = self.progress.send_if_modified(|progress| {
            progress.under_way += usize::from(!progress.lifted);
            !progress.lifted
        });
        held.then(|| self.meeting(connection))
    }

    fn meeting(self: &Arc<Self>, connection: u64) -> Meeting {
        let met = self.clock.now();
        let (struck, ended_at, remark) = (None, None, None);
        let (read, written, ended) = (Bytes::new(), 0, Ended::Open);
        let record = Struck { connection, met, struck, read, written, ended, ended_at, remark };
        let mut log = self.log();
        let at = (log.kept.len() < MOST_KEPT).then(|| {
            log.kept.push(record);
            log.kept.len() - 1
        });
        drop(log);
        Meeting { active: Arc::clone(self), at, struck: AtomicBool::new(false) }
    }

    /// Counts a strike that was seen without a connection coming to be.
    pub(super) fn seen(&self) {
        self.log().struck += 1;
    }

    pub(super) fn struck(&self) -> u64 {
        self.log().struck
    }

    pub(super) fn connections(&self) -> Vec<Struck> {
        self.log().kept.clone()
    }

    pub(super) fn lift(&self) {
        self.progress.send_modify(|progress| progress.lifted = true);
    }

    /// Waits until no connection is under the fault any more.
    pub(super) async fn all_over(&self) {
        // The sender lives as long as `self`, so that the wait cannot fail.
        let _ = self.progress.subscribe().wait_for(|progress| progress.under_way == 0).await;
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection under the fault, until this is dropped.
#[derive(Debug)]
pub(in crate::server) struct Meeting {
    active: Arc<Active>,
    at: Option<usize>,
    struck: AtomicBool,
}

impl Meeting {
    /// The fault.
    pub(in crate::server) fn active(&self) -> &Active {
        &self.active
    }

    /// Notes that the fault strikes now, after the peer had sent this; it strikes a connection once.
    pub(in crate::server) fn strikes(&self, read: &[u8]) {
        if self.struck.swap(true, Relaxed) {
            return;
        }
        let now = self.active.clock.now();
        let mut log = self.active.log();
        log.struck += 1;
        if let Some(record) = self.at.and_then(|at| log.kept.get_mut(at)) {
            record.struck = Some(now);
            record.read = Bytes::copy_from_slice(&read[..read.len().min(MOST_READ)]);
        }
    }

    /// Notes what else is known.
    pub(in crate::server) fn note(&self, change: impl FnOnce(&mut Struck)) {
        let mut log = self.active.log();
        if let Some(record) = self.at.and_then(|at| log.kept.get_mut(at)) {
            change(record);
        }
    }

    /// Notes how the connection ended.
    pub(in crate::server) fn ended(&self, how: Ended) {
        let now = self.active.clock.now();
        self.note(|record| {
            record.ended = how;
            record.ended_at = Some(now);
        });
    }

    /// Waits until the fault is lifted.
    pub(in crate::server) async fn lifted(&self) {
        // The sender lives as long as the fault, so that the wait cannot fail.
        let _ = self.active.progress.subscribe().wait_for(|progress| progress.lifted).await;
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        self.active.progress.send_modify(|progress| progress.under_way -= 1);
    }
}
