//! What is wrong with an answer, and by what two of the same are known.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::generate::campaign::{Case, Phase};
use crate::judge::oracle::Seen;
use crate::judge::verdict::Finding;
use crate::spec::contract::Level;
use crate::wire::exchange::Request;

/// By what a finding is known: never by words or values that were generated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature {
    /// The operation.
    pub operation: String,
    /// The label.
    pub label: String,
    /// The check that failed.
    pub check: String,
    /// What was seen.
    pub seen: Seen,
}

impl Signature {
    /// What the failure of the upstream is called, where the label is one.
    pub fn trouble(&self) -> &str {
        let inner = self.label.strip_prefix("upstream(").and_then(|rest| rest.strip_suffix(')'));
        inner.unwrap_or(&self.label)
    }

    /// Whether another fails in the same way, whatever the label.
    pub fn is_like(&self, other: &Self) -> bool {
        self.operation == other.operation && self.check == other.check && self.seen == other.seen
    }
}

/// A finding that came back when it was asked again by itself.
#[derive(Clone, Debug)]
pub struct Found {
    /// By what it is known.
    pub signature: Signature,
    /// The judge's words.
    pub finding: Finding,
    /// The case it was first seen in.
    pub number: u64,
    /// Why that case was made.
    pub phase: Phase,
    /// How often it was seen.
    pub times: u64,
    /// The requests that show it, as simple as they could be made. The credential is among them: print only with the mask.
    pub requests: Vec<Request>,
    /// What the upstream played, where that matters, as a script.
    pub script: Option<serde_json::Value>,
    /// What came back at last.
    pub answer: Answered,
    /// The case as simple as it could be made.
    pub case: Case,
    /// How many requests it took to make it simple; none where it was simple to begin with.
    pub shrunk_by: Option<u32>,
}

/// An answer, for people.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// The status, where there was one.
    pub status: Option<u16>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: String,
    /// Requests that reached the upstream.
    pub attempts: usize,
    /// Whether it is the failure that the upstream answered at last, handed on under its status.
    pub handed_on: bool,
}

/// Something that looks wrong and is to be asked again by itself.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// By what it is known.
    pub signature: Signature,
    /// The judge's words.
    pub finding: Finding,
    /// The case.
    pub case: Case,
}

/// Everything seen so far, by signature.
#[derive(Debug, Default)]
pub struct Book {
    entries: Mutex<BTreeMap<Signature, Entry>>,
}

#[derive(Debug)]
enum Entry {
    /// Being looked into, seen so often.
    Open(u64),
    /// Came back.
    Found(Box<Found>),
    /// Did not come back when it was asked again, seen so often; and so often tried.
    Gone(u64, u32),
    /// One of many that fail alike, counted and not asked again.
    Alike(u64),
}

impl Book {
    /// Notes a suspect; whether it is to be looked into.
    pub fn note(&self, signature: &Signature) -> bool {
        let mut entries = self.entries();
        match entries.get_mut(signature) {
            None => {
                let kin = entries.iter().filter(|(known, entry)| {
                    known.is_like(signature) && matches!(entry, Entry::Found(_) | Entry::Open(_))
                });
                let enough = kin.count() >= MOST_ALIKE;
                entries.insert(signature.clone(), if enough { Entry::Alike(1) } else { Entry::Open(1) });
                !enough
            }
            Some(Entry::Alike(times)) => {
                *times += 1;
                false
            }
            Some(Entry::Open(times)) => {
                *times += 1;
                false
            }
            Some(Entry::Found(found)) => {
                found.times += 1;
                false
            }
            Some(entry @ Entry::Gone(..)) => {
                let Entry::Gone(times, tried) = *entry else { return false };
                let again = tried < MOST_TRIED;
                *entry = if again { Entry::Open(times + 1) } else { Entry::Gone(times + 1, tried) };
                again
            }
        }
    }

    /// Enters what came of looking into it.
    pub fn close(&self, signature: &Signature, found: Option<Found>) {
        let mut entries = self.entries();
        let (times, tried) = match entries.get(signature) {
            Some(Entry::Open(times)) => (*times, 0),
            Some(Entry::Gone(times, tried)) => (*times, *tried),
            Some(Entry::Found(_) | Entry::Alike(_)) | None => (1, 0),
        };
        let entry = match found {
            Some(found) => Entry::Found(Box::new(Found { times, ..found })),
            None => Entry::Gone(times, tried + 1),
        };
        entries.insert(signature.clone(), entry);
    }

    /// Everything that came back: what decides first, then in the order of the cases.
    pub fn found(&self) -> Vec<Found> {
        let mut found: Vec<Found> = self
            .entries()
            .values()
            .filter_map(|entry| match entry {
                Entry::Found(found) => Some((**found).clone()),
                _ => None,
            })
            .collect();
        found.sort_by_key(|found| {
            (std::cmp::Reverse(found.finding.level), found.number, found.signature.clone())
        });
        found
    }

    /// How many distinct findings there are so far: of level must, and below.
    pub fn counts(&self) -> (usize, usize) {
        let entries = self.entries();
        let of = |level: Level| {
            let fits = |entry: &&Entry| matches!(entry, Entry::Found(found) if found.finding.level == level);
            entries.values().filter(fits).count()
        };
        (of(Level::Must), of(Level::Should))
    }

    /// Signatures that fail like others that came back, and were not asked again.
    pub fn alike(&self) -> Vec<Signature> {
        let entries = self.entries();
        let alike = entries.iter().filter(|(_, entry)| matches!(entry, Entry::Alike(_)));
        alike.map(|(signature, _)| signature.clone()).collect()
    }

    /// Signatures that did not come back when they were asked again.
    pub fn unsteady(&self) -> Vec<(Signature, u64)> {
        let entries = self.entries();
        let gone = entries.iter().filter_map(|(signature, entry)| match entry {
            Entry::Gone(times, _) => Some((signature.clone(), *times)),
            _ => None,
        });
        gone.collect()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, BTreeMap<Signature, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Labels that fail alike are asked again one by one up to this number; one cause of so many is known well enough.
const MOST_ALIKE: usize = 32;
/// How often something that does not come back is looked into.
const MOST_TRIED: u32 = 1;
