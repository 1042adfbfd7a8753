//! References resolved while judging: paths here, everything else by the names that the target bound.

use serde_json::Value as Json;

use crate::judge::scene::part::parts;
use crate::judge::scene::{Here, Scene};
use crate::spec::language::path::Path;
use crate::spec::language::value::{Missing, Names, Reference};

/// The names as a question at a certain place of the case sees them.
pub(in crate::judge) struct Referee<'s, 'a> {
    pub(in crate::judge) scene: &'s Scene<'a>,
    pub(in crate::judge) here: &'s Here,
}

impl Names for Referee<'_, '_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match reference {
            Reference::Path(path) => self.one(path),
            other => self.scene.names.reference(other),
        }
    }
}

impl Referee<'_, '_> {
    /// A path that finds several parts stands for the last: of several attempts that is the one whose answer the gateway
    /// passed on, of several sends the latest.
    fn one(&self, path: &Path) -> Result<Json, Missing> {
        let parts = parts(self.scene, self.here, path)?;
        let last = parts.last().ok_or_else(|| Missing(format!("$({path}) names nothing")))?;
        if last.partly {
            return Err(Missing(format!("$({path}) is of a body of which only the beginning was kept")));
        }
        match &last.value {
            Some(value) => Ok(value.clone()),
            None if last.unreached => {
                Err(Missing(format!("$({path}) names a part of an attempt, and there was none")))
            }
            None => Err(Missing(format!("$({path}) is absent in {}", last.of))),
        }
    }
}
