//! Which scenario a request belongs to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ambient::Kinds;
use super::{Ambient, Claim, ClaimError, Inner, Marker, marker};
use crate::journal::{Carrier, Journal, JournalCaps, Standing};
use crate::script::Request;

/// Words of closed scenarios that are remembered.
const TOMBSTONES: usize = 200_000;

#[derive(Debug)]
pub(crate) struct Registry {
    kinds: Mutex<Kinds>,
    words: Mutex<Words>,
    claims: Mutex<HashMap<String, (Arc<Inner>, u32)>>,
    /// What was ambient, late, or nobody's.
    pub(crate) ambient_journal: Arc<Journal>,
    pub(crate) late: Arc<Journal>,
    pub(crate) unclaimed: Arc<Journal>,
}

#[derive(Debug, Default)]
struct Words {
    known: HashMap<Marker, Grave>,
    buried: VecDeque<Marker>,
}

#[derive(Debug, Clone)]
enum Grave {
    Alive(Arc<Inner>, u32),
    Closed(Arc<str>, u32),
}

/// The scenarios that the markers of a request name.
#[derive(Debug, Default)]
struct Named {
    alive: Vec<(Arc<Inner>, u32, Carrier)>,
    closed: Option<(Arc<str>, u32)>,
}

/// Whom a request belongs to.
#[derive(Debug)]
pub(crate) enum Owner {
    Scenario { scenario: Arc<Inner>, send: u32, standing: Standing },
    Late { scenario: Arc<str>, send: u32 },
    Ambient,
    Nobody { conflicting: bool },
}

impl Registry {
    pub(crate) fn new(ambient: Vec<Ambient>, caps: JournalCaps) -> Arc<Self> {
        Arc::new(Self {
            kinds: Mutex::new(Kinds::everywhere(ambient)),
            words: Mutex::default(),
            claims: Mutex::default(),
            ambient_journal: Journal::new(caps),
            late: Journal::new(caps),
            unclaimed: Journal::new(caps),
        })
    }

    pub(super) fn mark(&self, scenario: &Arc<Inner>, word: &str, send: u32) -> Result<(), MarkError> {
        let marker = Marker::parse(word).ok_or_else(|| MarkError::NotAMarker(word.to_owned()))?;
        let mut words = self.words();
        if scenario.is_closed() {
            return Err(MarkError::Closed(scenario.name.clone()));
        }
        match words.known.get(&marker) {
            Some(Grave::Alive(owner, _)) if owner.id == scenario.id => {}
            Some(_) => return Err(MarkError::Taken(word.to_owned())),
            None => {}
        }
        if words.known.insert(marker, Grave::Alive(Arc::clone(scenario), send)).is_none() {
            scenario.note_mark(marker);
        }
        Ok(())
    }

    /// Turns the words of a scenario into tombstones; the oldest of these are forgotten beyond the cap.
    pub(super) fn bury(&self, scenario: &Arc<Inner>) {
        let name: Arc<str> = scenario.name.as_str().into();
        let mut words = self.words();
        let Words { known, buried } = &mut *words;
        for marker in scenario.take_marks() {
            if let Some(grave) = known.get_mut(&marker)
                && let Grave::Alive(_, send) = grave
            {
                *grave = Grave::Closed(Arc::clone(&name), *send);
                buried.push_back(marker);
            }
        }
        while buried.len() > TOMBSTONES {
            if let Some(oldest) = buried.pop_front() {
                known.remove(&oldest);
            }
        }
    }

    pub(crate) fn claim(
        self: &Arc<Self>,
        provider: &str,
        scenario: &Arc<Inner>,
        send: u32,
    ) -> Result<Claim, ClaimError> {
        let mut claims = self.claims();
        if let Some((holder, _)) = claims.get(provider) {
            return Err(ClaimError::Held { provider: provider.to_owned(), holder: holder.name.clone() });
        }
        claims.insert(provider.to_owned(), (Arc::clone(scenario), send));
        Ok(Claim::new(Arc::clone(self), provider.to_owned()))
    }

    pub(super) fn release(&self, provider: &str) {
        self.claims().remove(provider);
    }

    /// Whom the request belongs to. A marker comes first; then what is ambient, since it belongs to nobody even while
    /// a scenario holds the provider; then the holder.
    pub(crate) fn owner(&self, provider: &str, request: &Request) -> Owner {
        let found = marker::find(request);
        let Named { alive, closed } = self.named(found);
        let mut alive = alive.into_iter();
        if let Some((scenario, mut send, carrier)) = alive.next() {
            for (other, other_send, _) in alive {
                if other.id != scenario.id {
                    return Owner::Nobody { conflicting: true };
                }
                send = send.max(other_send);
            }
            return Owner::Scenario { scenario, send, standing: Standing::Marked(carrier) };
        }
        if let Some((scenario, send)) = closed {
            return Owner::Late { scenario, send };
        }
        if self.kinds().cover(provider, request) {
            return Owner::Ambient;
        }
        match self.claims().get(provider) {
            Some((holder, send)) if holder.is_closed() => {
                Owner::Late { scenario: holder.name.as_str().into(), send: *send }
            }
            Some((holder, send)) => {
                Owner::Scenario { scenario: Arc::clone(holder), send: *send, standing: Standing::Claimed }
            }
            None => Owner::Nobody { conflicting: false },
        }
    }

    fn named(&self, found: Vec<(Carrier, Marker)>) -> Named {
        let mut named = Named::default();
        if found.is_empty() {
            return named;
        }
        let words = self.words();
        for (carrier, marker) in found {
            match words.known.get(&marker) {
                Some(Grave::Alive(scenario, send)) => {
                    named.alive.push((Arc::clone(scenario), *send, carrier))
                }
                Some(Grave::Closed(scenario, send)) => named.closed = Some((Arc::clone(scenario), *send)),
                None => {}
            }
        }
        named
    }

    pub(super) fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claims(&self) -> MutexGuard<'_, HashMap<String, (Arc<Inner>, u32)>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a word cannot mark a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// Not shaped like a marker.
    #[error("`{0}` is not a marker: sixteen lower-case letters beginning with `{prefix}`", prefix = marker::PREFIX)]
    NotAMarker(String),
    /// Another scenario has, or had, it.
    #[error("the marker `{0}` is taken")]
    Taken(String),
    /// The scenario is closed.
    #[error("scenario `{0}` is closed")]
    Closed(String),
}
