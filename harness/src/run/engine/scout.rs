//! Who goes first: of each kind of upstream failure one case, few at once, so that a gateway that covers some of them with
//! another provider is found out before it has been asked often.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mock_upstream::fault::Catalogue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::plan::case::{PlannedCase, Readiness};
use crate::plan::takes;
use crate::run::case::want;
use crate::run::stage::lease::Want;
use crate::spec::case::{Hold, Play, Then};
use crate::spec::language::value::{Value, ValueKind};

/// The order among the cases of a run that let the upstream fail.
pub(in crate::run) struct Scouts {
    roles: HashMap<String, Role>,
    slots: Arc<Semaphore>,
    left: Arc<watch::Sender<usize>>,
}

/// Leave to begin; a scout's is given back by dropping it.
pub(in crate::run) struct Leave {
    left: Option<Arc<watch::Sender<usize>>>,
    _slot: Option<OwnedSemaphorePermit>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Scout,
    Follower,
}

impl Scouts {
    /// Chooses the scouts among these cases: of each kind of failure the first that shares its instance.
    pub(in crate::run) fn among(cases: &[Arc<PlannedCase>]) -> Self {
        let mut kinds = BTreeSet::new();
        let mut roles = HashMap::new();
        // A case that needs an instance whole waits for those that share it, so nobody may wait for it.
        for case in cases.iter().filter(|case| case.ready == Readiness::Ready && want(case) == Want::Shared) {
            if let Some(kind) = kind(case) {
                // One that sends at once would be answered more than once before the first answer is seen.
                let scout = case.takes.timing.is_none() && kinds.insert(kind);
                roles.insert(case.id.clone(), if scout { Role::Scout } else { Role::Follower });
            }
        }
        Self {
            roles,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            left: Arc::new(watch::Sender::new(kinds.len())),
        }
    }

    /// Nobody goes first.
    pub(in crate::run) fn none() -> Self {
        Self {
            roles: HashMap::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            left: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Waits for a case's turn.
    pub(in crate::run) async fn turn(&self, case: &str) -> Leave {
        match self.roles.get(case) {
            None => Leave { left: None, _slot: None },
            Some(Role::Scout) => {
                let slot = self.slots.clone().acquire_owned().await;
                Leave { left: Some(self.left.clone()), _slot: slot.ok() }
            }
            Some(Role::Follower) => {
                // The sender lives as long as the scouts.
                let _ = self.left.subscribe().wait_for(|left| *left == 0).await;
                Leave { left: None, _slot: None }
            }
        }
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(left) = &self.left {
            left.send_modify(|left| *left = left.saturating_sub(1));
        }
    }
}

/// What fails upstream, as coarsely as a gateway's fallback is configured: a status, or a family of faults.
fn kind(planned: &PlannedCase) -> Option<String> {
    takes::turns(&planned.case).find_map(|turn| match &turn.play {
        // A healthy reply that comes too late is none to the gateway.
        Play::Ok(_) if turn.hold.iter().any(|hold| !matches!(hold, Hold::Until { .. })) => {
            Some("a wait".to_owned())
        }
        Play::Ok(_) => None,
        Play::Status { status, .. } => match number(status) {
            Some(0..400) => None,
            Some(status) => Some(format!("status {status}")),
            None => Some("a status".to_owned()),
        },
        Play::Events { then: Then::Finish, .. } => None,
        Play::Events { .. } => Some("a broken stream".to_owned()),
        Play::Fault { name, .. } => {
            let fault = text(name).and_then(|name| Catalogue::shipped().get(name));
            Some(fault.map_or("a fault".to_owned(), |fault| fault.family.to_string()))
        }
    })
}

fn number(value: &Value) -> Option<u64> {
    match &value.kind {
        ValueKind::Literal(literal) => literal.as_u64(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match &value.kind {
        ValueKind::Literal(literal) => literal.as_str(),
        _ => None,
    }
}

/// Scouts at once: few enough that no more than three answers from elsewhere come before the run has stopped.
const AT_ONCE: usize = 2;
