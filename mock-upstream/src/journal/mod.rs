//! What happened, bounded: entries beyond the cap are counted, never silently lost.

mod entry;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use entry::{Aftermath, Carrier, Clock, Ended, Entry, Moment, Played, Standing};

/// How much a journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalCaps {
    /// Entries.
    pub entries: usize,
    /// Bytes of heads and bodies, of requests and replies, in all entries together.
    pub bytes: usize,
}

impl Default for JournalCaps {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 64 << 20 }
    }
}

/// The entries of one scenario, or of what belongs to none.
#[derive(Debug)]
pub struct Journal {
    caps: JournalCaps,
    kept: Mutex<Kept>,
    /// Told only while somebody listens, and brought up to date when somebody begins to.
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: Vec<Slot>,
    bytes: usize,
    dropped: u64,
    sealed: bool,
    /// Entries that were cleared away: places count on over them.
    cleared: usize,
    progress: Progress,
}

impl Kept {
    /// The place behind the latest entry.
    fn end(&self) -> usize {
        self.cleared + self.entries.len()
    }
}

/// An entry with a lock of its own: who notes something in it keeps nobody else waiting.
type Slot = Arc<Mutex<Entry>>;

/// A part of a journal.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The entries in the order of arrival.
    pub entries: Vec<Entry>,
    /// The place at which the next page begins.
    pub next: usize,
    /// The place behind the latest entry: when `next` has reached it, there is no more for now.
    pub end: usize,
    /// How many entries were not kept because the caps were reached.
    pub dropped: u64,
}

/// How far a journal has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Requests that have arrived, those not kept included.
    pub arrivals: u64,
    /// Exchanges that have not ended.
    pub under_way: u64,
    /// Exchanges that have.
    pub ended: u64,
}

impl Journal {
    /// An empty journal.
    pub fn new(caps: JournalCaps) -> Arc<Self> {
        Arc::new(Self { caps, kept: Mutex::default(), progress: watch::Sender::default() })
    }

    /// The entries so far, in the order of arrival.
    pub fn entries(&self) -> Vec<Entry> {
        let slots = self.kept().entries.clone();
        read(&slots)
    }

    /// The place behind the latest entry.
    pub fn end(&self) -> usize {
        self.kept().end()
    }

    /// As many of the entries as `most` and `bytes` of bodies allow, but at least one, from this place in the order of
    /// arrival on.
    pub fn page(&self, since: usize, most: usize, bytes: usize) -> Page {
        let kept = self.kept();
        let since = since.max(kept.cleared);
        let slots: Vec<Slot> = kept.entries.iter().skip(since - kept.cleared).take(most).cloned().collect();
        let (end, dropped) = (kept.end(), kept.dropped);
        // Whoever changes an entry may take his time: meanwhile others arrive.
        drop(kept);
        let mut page: Vec<Entry> = Vec::new();
        let mut size = 0;
        for slot in &slots {
            let entry = lock(slot);
            size += entry.request.body.len() + entry.played.body.len();
            if size > bytes && !page.is_empty() {
                break;
            }
            page.push(entry.clone());
        }
        let next = since + page.len();
        Page { entries: page, next, end, dropped }
    }

    /// Forgets every entry; exchanges under way are still counted, and noted nowhere.
    pub fn clear(&self) {
        let mut kept = self.kept();
        let (sealed, progress) = (kept.sealed, kept.progress);
        *kept = Kept { sealed, progress, cleared: kept.end(), ..Kept::default() };
    }

    /// How many entries were not kept because the caps were reached.
    pub fn dropped(&self) -> u64 {
        self.kept().dropped
    }

    /// How far it has come.
    pub fn reached(&self) -> Progress {
        self.kept().progress
    }

    /// How far it has come; the receiver is told of each arrival and of each end.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        let kept = self.kept();
        self.progress.send_replace(kept.progress);
        self.progress.subscribe()
    }

    /// Notes an arrival in a journal that is never sealed.
    pub(crate) fn record(self: &Arc<Self>, entry: Entry) -> Record {
        self.note_arrival(&mut self.kept(), entry)
    }

    /// Takes no more entries from now on; the entries so far and how many were not kept.
    pub(crate) fn seal(&self) -> (Vec<Entry>, u64) {
        let (slots, dropped) = {
            let mut kept = self.kept();
            kept.sealed = true;
            (kept.entries.clone(), kept.dropped)
        };
        (read(&slots), dropped)
    }

    /// Notes an arrival. The exchange is under way until the record is dropped.
    ///
    /// # Errors
    /// The entry itself when the journal takes no more.
    pub(crate) fn open(self: &Arc<Self>, entry: Entry) -> Result<Record, Box<Entry>> {
        let mut kept = self.kept();
        if kept.sealed { Err(Box::new(entry)) } else { Ok(self.note_arrival(&mut kept, entry)) }
    }

    fn note_arrival(self: &Arc<Self>, kept: &mut Kept, entry: Entry) -> Record {
        let size = size_of_entry(&entry);
        let fits = kept.entries.len() < self.caps.entries && kept.bytes + size <= self.caps.bytes;
        let entry = Arc::new(Mutex::new(entry));
        let place = fits.then(|| kept.end());
        if fits {
            kept.bytes += size;
            kept.entries.push(Arc::clone(&entry));
        } else {
            kept.dropped += 1;
        }
        kept.progress.arrivals += 1;
        kept.progress.under_way += 1;
        self.tell(kept);
        Record { journal: Arc::clone(self), entry, place }
    }

    fn tell(&self, kept: &Kept) {
        if self.progress.receiver_count() > 0 {
            self.progress.send_replace(kept.progress);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(slots: &[Slot]) -> Vec<Entry> {
    slots.iter().map(|slot| lock(slot).clone()).collect()
}

fn lock(slot: &Mutex<Entry>) -> MutexGuard<'_, Entry> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The entry of an exchange that is under way.
#[derive(Debug)]
pub(crate) struct Record {
    journal: Arc<Journal>,
    entry: Slot,
    /// Where it was kept, if it was.
    place: Option<usize>,
}

impl Record {
    /// Changes the entry.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Entry) -> T) -> T {
        change(&mut lock(&self.entry))
    }

    /// The entry, to be changed once the exchange is over.
    pub(crate) fn epilogue(&self) -> Epilogue {
        Epilogue(Arc::clone(&self.entry))
    }

    /// Sets what the reply is meant to be; its body counts against the caps of the journal.
    pub(crate) fn plays(&self, mut played: Played) {
        let mut kept = self.journal.kept();
        // What was cleared away since counts no more.
        if self.place.is_some_and(|place| place >= kept.cleared) {
            let left = self.journal.caps.bytes.saturating_sub(kept.bytes);
            if played.body.len() > left {
                played.body = Bytes::copy_from_slice(&played.body[..left]);
            }
            kept.bytes += played.body.len();
        }
        drop(kept);
        self.change(|entry| entry.played = played);
    }
}

/// The entry of an exchange that is over.
#[derive(Debug)]
pub(crate) struct Epilogue(Slot);

impl Epilogue {
    /// Changes the entry.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Entry)) {
        change(&mut lock(&self.0));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let mut kept = self.journal.kept();
        kept.progress.under_way -= 1;
        kept.progress.ended += 1;
        self.journal.tell(&kept);
    }
}

fn size_of_entry(entry: &Entry) -> usize {
    let headers: usize = entry.request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    size_of::<Entry>() + entry.request.target.len() + headers + entry.request.body.len()
}

#[cfg(test)]
mod tests;
