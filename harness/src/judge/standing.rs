//! What is asked of every exchange of a case, whatever the case is about: they stand without the case's proof.

use crate::judge::ledger::Ledger;
use crate::judge::scene::Scene;

mod closed;
mod envelope;
mod key;
mod rule;
mod seen;

/// Asks rules, envelope, closed table and the key rule of control, steps and liveness.
pub(in crate::judge) fn ask(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    rule::ask(scene, ledger);
    envelope::ask(scene, ledger);
    closed::ask(scene, ledger);
    key::ask(scene, ledger);
    seen::record(scene, ledger);
}
