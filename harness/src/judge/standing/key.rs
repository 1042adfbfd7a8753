//! The standing key rule: no key of the upstream ever shows at the client. Other secrets are judged where a claim says so.

use crate::judge::ledger::{Authority, Ledger};
use crate::judge::question::leak::{of, showing, showings, surfaces};
use crate::judge::scene::Scene;
use crate::judge::scene::evidence::Evidence;
use crate::judge::scene::secret::{Haystack, Needle};
use crate::spec::contract::Level;
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::path::Corner;
use crate::spec::read::place::Place;

/// The kind of secret that is a key.
const KEY: &str = "key";

pub(super) fn ask(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    let (keys, others): (Vec<&Needle>, Vec<&Needle>) = scene.seeker.needles().partition(|n| n.kind == KEY);
    let judged = asks_for_secrets(scene);
    for evidence in &scene.exchanges {
        if !keys.is_empty() {
            let authority =
                Authority { level: Level::Must, claims: Vec::new(), reading: None, unproven: None };
            let place = Place::generated("the standing key rule");
            ledger.enter(
                &authority,
                &evidence.label,
                of(KEY, &showings(evidence, Corner::Got, &keys), &place),
            );
        }
        if !ledger.records() {
            continue;
        }
        if !judged {
            for needle in &others {
                for place in showings(evidence, Corner::Got, &[needle]) {
                    ledger.record(format!("{}: secret.{}", evidence.label, needle.kind), &place);
                }
            }
        }
        for place in echoes(scene, evidence) {
            ledger.record(format!("{}: credential", evidence.label), &place);
        }
    }
}

/// Where the client's own key comes back to it.
fn echoes(scene: &Scene<'_>, evidence: &Evidence<'_>) -> Vec<String> {
    let mut shown = Vec::new();
    let surfaces = surfaces(evidence, Corner::Got);
    let needles = showing(&surfaces, scene.seeker.credentials());
    if needles.is_empty() {
        return shown;
    }
    for (place, bytes) in surfaces {
        let haystack = Haystack::new(&bytes);
        let forms = needles.iter().filter_map(|needle| needle.shows(&haystack));
        shown.extend(forms.map(|form| format!("echoed in {place}, {form}")));
    }
    shown
}

/// Whether some expectation of the case or some rule seeks secrets, so that they are judged there.
fn asks_for_secrets(scene: &Scene<'_>) -> bool {
    let seeks = |asked: &Expectations| asked.0.iter().any(|e| matches!(e.kind, Expect::Secret(Corner::Got)));
    scene.case.steps.iter().any(|step| seeks(&step.expect) || seeks(&step.should))
        || scene.contract.rules.iter().any(|rule| seeks(&rule.expect) || seeks(&rule.should))
}
