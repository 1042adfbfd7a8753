//! A shared credential that ran into the gateway's own rate limit.

use crate::judge::question::matcher::{Fit, fits};
use crate::judge::scene::evidence::{Evidence, Role};
use crate::judge::scene::part::Part;
use crate::judge::scene::reference::Referee;
use crate::judge::scene::{Here, Scene};
use crate::spec::case::{Case, Step, Times};
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::path::{Corner, Field};

/// The status of a limiter.
const LIMITED: u16 = 429;

/// The first step in which a 429 came that no upstream played, no expectation allows, and no attempt caused: a gateway
/// that asked the upstream and then says 429 is its own finding.
pub(super) fn spent(scene: &Scene<'_>) -> Option<String> {
    scene.exchanges.iter().enumerate().find_map(|(i, evidence)| {
        let Role::Step(number) = evidence.role else { return None };
        let step = scene.case.steps.get(number)?;
        let here = Here(vec![i]);
        let own = evidence.status() == Some(LIMITED) && unasked(evidence);
        (own && credential(scene.case, step) == "valid" && !expects(scene, &here, step)).then(|| {
            format!(
                "{} got a 429 that nothing in the case asks for: the shared credential ran into the gateway's own rate \
                 limit; bind a pool or a pace",
                evidence.label
            )
        })
    })
}

fn unasked(evidence: &Evidence<'_>) -> bool {
    evidence.observed.attempts.is_empty()
}

/// The role of the credential that the step sends; one that repeats another sends that one's.
fn credential<'c>(case: &'c Case, step: &'c Step) -> &'c str {
    match (&step.send.credential, &step.send.again) {
        (Some(role), _) => role,
        (None, Some(again)) => {
            let named = |s: &&Step| {
                s.name.as_ref().is_some_and(|name| name.value == again.value) && s.send.again.is_none()
            };
            let first = case.steps.iter().find(named);
            first.and_then(|first| first.send.credential.as_ref()).map_or("valid", |role| role)
        }
        (None, None) => "valid",
    }
}

/// Whether something of the step is written for a 429.
fn expects(scene: &Scene<'_>, here: &Here, step: &Step) -> bool {
    let until = match &step.times {
        Times::Until { fits, .. } => names_it(scene, here, fits),
        Times::Count(_) => false,
    };
    until || names_it(scene, here, &step.expect) || names_it(scene, here, &step.should)
}

fn names_it(scene: &Scene<'_>, here: &Here, asked: &Expectations) -> bool {
    let referee = Referee { scene, here };
    let limited = Part::counted(usize::from(LIMITED));
    asked.0.iter().any(|expectation| match &expectation.kind {
        Expect::Path(path, matcher) if path.corner == Corner::Got && path.field == Field::Status => {
            fits(matcher, &limited, &referee) != Fit::Broken
        }
        Expect::Error(rows) => rows.iter().any(|name| {
            let row = scene.contract.errors.iter().find(|row| *row.name == name.value);
            row.is_some_and(|row| fits(&row.status, &limited, &referee) == Fit::Held)
        }),
        Expect::OneOf(sets) => sets.iter().any(|set| names_it(scene, here, set)),
        Expect::Tally(tallies) => tallies.iter().any(|tally| names_it(scene, here, &tally.of)),
        _ => false,
    })
}
