//! Whether what a case is about really happened: a pass needs all of it.

use crate::judge::scene::Scene;

mod allowance;
pub(in crate::judge) mod foreign;
mod turns;
mod upright;

/// What is missing for a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::judge) struct Proof {
    /// Why the answers to the case's own questions are worth nothing: the first reason, with a remedy.
    pub(in crate::judge) spoilt: Option<String>,
    /// That the gateway no longer serves after the case, which spoils a pass but no finding.
    pub(in crate::judge) dead: Option<String>,
    /// Whether what reached the upstream is known although the case is spoilt: only a reply to it went wrong.
    pub(in crate::judge) counted: bool,
}

/// Looks for what is missing, the cause before its consequences.
pub(in crate::judge) fn of(scene: &Scene<'_>) -> Proof {
    let unattended = scene
        .observation
        .doubts
        .first()
        .map(|doubt| scene.plain(doubt))
        .or_else(|| upright::control(scene))
        .or_else(|| upright::unconnected(scene))
        .or_else(|| allowance::spent(scene))
        .or_else(|| turns::spared(scene))
        .or_else(|| turns::unsent(scene));
    let undelivered = turns::undelivered(scene);
    let counted = unattended.is_none() && undelivered.is_some();
    let spoilt = unattended.or(undelivered).or_else(|| turns::unreached(scene));
    Proof { spoilt, dead: upright::liveness(scene), counted }
}
