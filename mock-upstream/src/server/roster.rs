//! The connections of a mock: what each is doing, and how they are ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::provider::Place;

/// No exchange is under way.
const IDLE: u8 = 0;
/// One is.
const BUSY: u8 = 1;
/// The connection was idle when it was told to close.
const LEAVING: u8 = 2;
/// The mock has closed its side and waits for the peer to do the same.
const LINGERING: u8 = 3;

/// The connections that are open.
#[derive(Debug, Default)]
pub(super) struct Roster {
    seats: Mutex<Seats>,
    /// Told of each connection that is gone.
    gone: Notify,
}

#[derive(Debug, Default)]
struct Seats {
    latest: u64,
    open: HashMap<u64, Seat>,
    ended: bool,
}

#[derive(Debug)]
struct Seat {
    place: Arc<Place>,
    /// Written by the connection for each request; the roster looks at it only when it gives an order.
    activity: Arc<AtomicU8>,
    /// None until it has been started.
    task: Option<AbortHandle>,
}

impl Roster {
    /// Gives a connection its place on the roster, and starts its task with what holds that place.
    pub(super) fn seat(self: &Arc<Self>, place: &Arc<Place>, start: impl FnOnce(Lease) -> AbortHandle) {
        let Some(lease) = self.lease(place) else { return };
        let id = lease.id;
        // Not under the lock: a runtime that ends drops the task, and its lease, at once.
        let task = start(lease);
        let mut seats = self.seats();
        let ended = seats.ended;
        if let Some(seat) = seats.open.get_mut(&id) {
            if ended || seat.activity.load(SeqCst) == LEAVING {
                task.abort();
            }
            seat.task = Some(task);
        }
    }

    fn lease(self: &Arc<Self>, place: &Arc<Place>) -> Option<Lease> {
        let mut seats = self.seats();
        if seats.ended {
            return None;
        }
        seats.latest += 1;
        let id = seats.latest;
        let activity = Arc::new(AtomicU8::new(IDLE));
        seats.open.insert(id, Seat { place: Arc::clone(place), activity: Arc::clone(&activity), task: None });
        let born = place.orders.load(SeqCst);
        Some(Lease { roster: Arc::clone(self), place: Arc::clone(place), id, activity, born })
    }

    /// How many connections of this provider are open on the mock's side.
    pub(super) fn count(&self, place: &Arc<Place>) -> usize {
        let seats = self.seats();
        let open = seats.open.values().filter(|seat| Arc::ptr_eq(&seat.place, place));
        open.filter(|seat| seat.activity.load(SeqCst) != LINGERING).count()
    }

    /// Whether no connection of this provider that is older than this one is open on the mock's side.
    pub(super) fn is_alone(&self, place: &Arc<Place>, id: u64) -> bool {
        let seats = self.seats();
        let mut older =
            seats.open.iter().filter(|(other, seat)| **other < id && Arc::ptr_eq(&seat.place, place));
        older.all(|(_, seat)| seat.activity.load(SeqCst) == LINGERING)
    }

    /// Closes the provider's connections on which no exchange is under way, and waits until they are closed; how many
    /// that were. The others close once their exchange has ended.
    pub(super) async fn drop_idle(&self, place: &Arc<Place>) -> usize {
        let mut leaving = self.tell_idle(place);
        let told = leaving.len();
        loop {
            let gone = self.gone.notified();
            self.leave_out_gone(&mut leaving);
            if leaving.is_empty() {
                return told;
            }
            gone.await;
        }
    }

    /// Takes those off the end that are gone: each is looked at once, however many there are and however often one goes.
    fn leave_out_gone(&self, leaving: &mut Vec<u64>) {
        let seats = self.seats();
        while leaving.pop_if(|id| !seats.open.contains_key(id)).is_some() {}
    }

    fn tell_idle(&self, place: &Arc<Place>) -> Vec<u64> {
        let seats = self.seats();
        // First the order, then the look: who becomes idle behind the look has seen the order.
        place.orders.fetch_add(1, SeqCst);
        let own = seats.open.iter().filter(|(_, seat)| Arc::ptr_eq(&seat.place, place));
        let told = own.filter(|(_, seat)| {
            let idle = seat.activity.compare_exchange(IDLE, LEAVING, SeqCst, SeqCst).is_ok();
            if idle {
                seat.end();
            }
            idle
        });
        told.map(|(id, _)| *id).collect()
    }

    /// Ends every connection, and takes no more.
    pub(super) fn end(&self) {
        let mut seats = self.seats();
        seats.ended = true;
        for seat in seats.open.values() {
            seat.end();
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    fn end(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The place of a connection on the roster, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lease {
    roster: Arc<Roster>,
    place: Arc<Place>,
    id: u64,
    activity: Arc<AtomicU8>,
    born: u64,
}

impl Lease {
    /// The connection's number, unique in the life of the mock.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// No exchange is under way from now on; `false` when the connection is to close now.
    pub(super) fn idle(&self) -> bool {
        self.activity.store(IDLE, SeqCst);
        self.place.orders.load(SeqCst) == self.born
    }

    /// An exchange begins; `false` when the connection was told to close before that.
    pub(super) fn busy(&self) -> bool {
        self.activity.compare_exchange(IDLE, BUSY, SeqCst, SeqCst).is_ok()
    }

    /// For the provider the connection is closed from now on.
    pub(super) fn linger(&self) {
        self.activity.store(LINGERING, SeqCst);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.roster.seats().open.remove(&self.id);
        self.roster.gone.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
