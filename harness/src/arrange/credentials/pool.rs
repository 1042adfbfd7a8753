//! Members of credential pools, lent to cases.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::mangle::mangled;
use super::pace::Pace;
use super::{BindingError, bound};
use crate::spec::read::place::At;
use crate::spec::target::{Binding, Pool};

/// Every credential that the target binds.
#[derive(Clone, Debug)]
pub struct Credentials {
    shelves: Arc<[Shelf]>,
    returned: Arc<Notify>,
}

/// How a case holds a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Together with others that share.
    Shared,
    /// Alone.
    Exclusive,
}

/// A member on loan; it goes back when dropped.
#[derive(Debug)]
pub struct Loan {
    of: LoanOf,
}

#[derive(Debug)]
enum LoanOf {
    Shelf {
        credentials: Credentials,
        shelf: usize,
        member: usize,
        hold: Hold,
    },
    /// Made for one case, and for no other.
    Made(Member),
}

/// Why there is nothing to lend, now or ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LendError {
    /// The target does not bind the name.
    #[error("the target binds no credential `{0}`")]
    Unbound(String),
    /// No member has a text.
    #[error("the credential `{role}` cannot be used: {why}")]
    Unreadable {
        /// The name.
        role: String,
        /// What is wrong with its first member.
        why: String,
    },
    /// Every member of a `fresh` pool has served its case.
    #[error("each of the {members} members of `{role}` has served its one case: bind more of them")]
    Spent {
        /// The name.
        role: String,
        /// How many there were.
        members: usize,
    },
}

#[derive(Debug)]
struct Shelf {
    role: String,
    fresh: bool,
    unreadable: Vec<String>,
    members: Vec<Member>,
    lent: Mutex<Vec<Lent>>,
    /// Makes a member for each case that asks.
    makes: Option<Maker>,
}

#[derive(Clone, Debug)]
struct Maker {
    binding: Binding,
    base_dir: PathBuf,
    pace: Option<(u32, Duration)>,
}

struct Member {
    text: String,
    pace: Option<Pace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lent {
    To(usize),
    Alone,
    Spent,
}

impl Credentials {
    /// Reads every binding; what cannot be read is told by [`Self::problems`], and by lending where nothing else is left.
    pub fn read(pools: &[(At<String>, Pool)], base_dir: &Path) -> Self {
        let shelves = pools.iter().map(|(role, pool)| Shelf::read(role, pool, pools, base_dir)).collect();
        Self { shelves, returned: Arc::new(Notify::new()) }
    }

    /// Bindings that gave no text: the name and why.
    pub fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shelves
            .iter()
            .flat_map(|shelf| shelf.unreadable.iter().map(|why| (shelf.role.as_str(), why.as_str())))
    }

    /// Every text, for a mask.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.shelves.iter().flat_map(|shelf| shelf.members.iter().map(|member| member.text.as_str()))
    }

    /// Lends a member, waiting until one is free. Members of a `fresh` pool are held alone, whatever is asked.
    ///
    /// # Errors
    /// Nothing of that name will ever be free.
    pub async fn lend(&self, role: &str, hold: Hold) -> Result<Loan, LendError> {
        if let Some(maker) =
            self.shelves.iter().find(|shelf| shelf.role == role).and_then(|shelf| shelf.makes.clone())
        {
            // The program takes its time, which nobody else waits for.
            let made = tokio::task::spawn_blocking(move || maker.make()).await;
            let unreadable = |why: String| LendError::Unreadable { role: role.to_owned(), why };
            let made = made.map_err(|error| unreadable(error.to_string()))?.map_err(unreadable)?;
            return Ok(Loan { of: LoanOf::Made(made) });
        }
        loop {
            let returned = self.returned.notified();
            tokio::pin!(returned);
            // Enrolled before looking, so that a return in between is not missed.
            returned.as_mut().enable();
            if let Some(loan) = self.try_lend(role, hold)? {
                return Ok(loan);
            }
            returned.await;
        }
    }

    /// Lends the member that the fewest hold; `None` when all are taken at the moment.
    ///
    /// # Errors
    /// Nothing of that name will ever be free.
    pub fn try_lend(&self, role: &str, hold: Hold) -> Result<Option<Loan>, LendError> {
        let (index, shelf) = self
            .shelves
            .iter()
            .enumerate()
            .find(|(_, shelf)| shelf.role == role)
            .ok_or_else(|| LendError::Unbound(role.to_owned()))?;
        let hold = if shelf.fresh { Hold::Exclusive } else { hold };
        let Some(member) = shelf.take(hold)? else { return Ok(None) };
        Ok(Some(Loan { of: LoanOf::Shelf { credentials: self.clone(), shelf: index, member, hold } }))
    }
}

impl Loan {
    /// The credential.
    pub fn text(&self) -> &str {
        &self.member().text
    }

    /// Waits until a request with this credential keeps its ordinary rate, together with all others that use it.
    pub async fn pace(&self) {
        if let Some(pace) = &self.member().pace {
            pace.turn().await;
        }
    }

    fn member(&self) -> &Member {
        match &self.of {
            LoanOf::Shelf { credentials, shelf, member, .. } => &credentials.shelves[*shelf].members[*member],
            LoanOf::Made(member) => member,
        }
    }
}

impl Maker {
    fn make(&self) -> Result<Member, String> {
        let text = bound(&self.binding, &self.base_dir).map_err(|error| error.to_string())?;
        Ok(Member { text, pace: self.pace.map(|(most, stretch)| Pace::new(most, stretch)) })
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let LoanOf::Shelf { credentials, shelf, member, hold } = &self.of {
            credentials.shelves[*shelf].give_back(*member, *hold);
            credentials.returned.notify_waiters();
        }
    }
}

impl Shelf {
    fn read(role: &At<String>, pool: &Pool, all: &[(At<String>, Pool)], base_dir: &Path) -> Self {
        let makes = match pool.members.as_slice() {
            [binding @ Binding::Command(_)] if pool.fresh => {
                Some(Maker { binding: binding.clone(), base_dir: base_dir.to_owned(), pace: pool.pace })
            }
            _ => None,
        };
        let mut shelf = Self {
            role: role.value.clone(),
            fresh: pool.fresh,
            unreadable: Vec::new(),
            members: Vec::new(),
            lent: Mutex::default(),
            makes,
        };
        for binding in pool.members.iter().filter(|_| shelf.makes.is_none()) {
            match text_of(binding, all, base_dir) {
                Ok(text) => {
                    let pace = pool.pace.map(|(most, stretch)| Pace::new(most, stretch));
                    shelf.members.push(Member { text, pace });
                }
                Err(error) => shelf.unreadable.push(error.to_string()),
            }
        }
        shelf.lent = Mutex::new(vec![Lent::To(0); shelf.members.len()]);
        shelf
    }

    fn take(&self, hold: Hold) -> Result<Option<usize>, LendError> {
        if self.members.is_empty() {
            let why = self.unreadable.first().cloned().unwrap_or_else(|| "it has no members".to_owned());
            return Err(LendError::Unreadable { role: self.role.clone(), why });
        }
        let mut lent = self.lent();
        if lent.iter().all(|lent| *lent == Lent::Spent) {
            return Err(LendError::Spent { role: self.role.clone(), members: lent.len() });
        }
        let free = lent.iter().enumerate().filter_map(|(member, lent)| match (*lent, hold) {
            (Lent::To(holders), Hold::Shared) => Some((holders, member)),
            (Lent::To(0), Hold::Exclusive) => Some((0, member)),
            _ => None,
        });
        let Some((holders, member)) = free.min() else { return Ok(None) };
        lent[member] = match hold {
            Hold::Shared => Lent::To(holders + 1),
            Hold::Exclusive => Lent::Alone,
        };
        Ok(Some(member))
    }

    fn give_back(&self, member: usize, hold: Hold) {
        let mut lent = self.lent();
        lent[member] = match (lent[member], hold) {
            (Lent::To(holders), Hold::Shared) => Lent::To(holders.saturating_sub(1)),
            _ if self.fresh => Lent::Spent,
            _ => Lent::To(0),
        };
    }

    fn lent(&self) -> MutexGuard<'_, Vec<Lent>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a member; one that is made of another credential is that one's first text, changed.
fn text_of(binding: &Binding, all: &[(At<String>, Pool)], base_dir: &Path) -> Result<String, BindingError> {
    let Binding::From { role, mangle } = binding else { return bound(binding, base_dir) };
    let wrong = |why: &str| BindingError::From { role: role.value.clone(), why: why.to_owned() };
    let other = all.iter().find(|(known, _)| known.value == role.value);
    let first =
        other.and_then(|(_, pool)| pool.members.first()).ok_or_else(|| wrong("which is not bound"))?;
    mangled(&bound(first, base_dir)?, *mangle).map_err(wrong)
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").finish_non_exhaustive()
    }
}
