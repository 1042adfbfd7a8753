//! Kinds of requests that belong to nobody, and for how long they do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Registry;
use crate::script::Request;

/// A kind of request that belongs to nobody, such as a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ambient {
    /// The method, exactly.
    pub method: String,
    /// The whole path, without query.
    pub path: String,
}

impl Ambient {
    fn is(&self, request: &Request) -> bool {
        self.method == request.method && self.path == request.path()
    }
}

/// While this lives, the kind is ambient at its provider.
#[derive(Debug)]
#[must_use = "the kind is ambient only until this is dropped"]
pub struct Declared {
    registry: Arc<Registry>,
    number: u64,
}

impl Drop for Declared {
    fn drop(&mut self) {
        self.registry.kinds().declared.retain(|(number, ..)| *number != self.number);
    }
}

/// What is ambient now.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// At every provider, from the start.
    everywhere: Vec<Ambient>,
    /// At one, with the number of who declared it.
    declared: Vec<(u64, String, Ambient)>,
    latest: u64,
}

impl Kinds {
    pub(super) fn everywhere(kinds: Vec<Ambient>) -> Self {
        Self { everywhere: kinds, ..Self::default() }
    }

    pub(super) fn cover(&self, provider: &str, request: &Request) -> bool {
        let here = self.declared.iter().filter(|(_, at, _)| at == provider).map(|(.., kind)| kind);
        self.everywhere.iter().chain(here).any(|kind| kind.is(request))
    }
}

impl Registry {
    /// Makes a kind ambient at a provider until what is returned is dropped; several may declare the same.
    pub(crate) fn declare(self: &Arc<Self>, provider: &str, kind: Ambient) -> Declared {
        let mut kinds = self.kinds();
        kinds.latest += 1;
        let number = kinds.latest;
        kinds.declared.push((number, provider.to_owned(), kind));
        Declared { registry: Arc::clone(self), number }
    }
}
