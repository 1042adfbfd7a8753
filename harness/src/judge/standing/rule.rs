//! The contract's rules, asked of each exchange that their conditions fit.

use crate::judge::ledger::{Authority, Ledger};
use crate::judge::question::{answer, applies, is_about_all};
use crate::judge::scene::evidence::{Evidence, Role};
use crate::judge::scene::{Here, Scene};
use crate::spec::contract::{Level, Rule};
use crate::spec::language::expect::{Expect, Expectations};
use crate::wire::exchange::End;

pub(super) fn ask(scene: &Scene<'_>, ledger: &mut Ledger<'_>) {
    for rule in &scene.contract.rules {
        let fitting: Vec<usize> = scene
            .indices(|e| e.took_place() && !went_away(e))
            .into_iter()
            .filter(|&i| applies(scene, &Here(vec![i]), &rule.when))
            .collect();
        ask_of(scene, ledger, rule, &rule.expect, Level::Must, &fitting);
        ask_of(scene, ledger, rule, &rule.should, Level::Should, &fitting);
    }
}

/// A plain request within which the gateway went away: it spoils the proof, and is no failure that a page could describe.
fn went_away(evidence: &Evidence<'_>) -> bool {
    let plain = !matches!(evidence.role, Role::Step(_));
    plain && evidence.status().is_none() && matches!(evidence.observed.exchange.end, End::Broken(_))
}

fn ask_of(
    scene: &Scene<'_>,
    ledger: &mut Ledger<'_>,
    rule: &Rule,
    asked: &Expectations,
    stands: Level,
    fitting: &[usize],
) {
    if fitting.is_empty() || asked.0.is_empty() {
        return;
    }
    let authority = Authority::new(scene.contract, stands, &rule.claims).reading(rule.reading.as_ref());
    for expectation in &asked.0 {
        if is_about_all(expectation) {
            // A rule relates what there is; one exchange alone has nothing to be related to.
            let relates = matches!(expectation.kind, Expect::Same(_) | Expect::Distinct(_));
            if fitting.len() < if relates { 2 } else { 1 } {
                continue;
            }
            for answered in answer(scene, &Here(fitting.to_vec()), expectation) {
                ledger.enter(&authority, "the exchanges of the case", answered);
            }
            continue;
        }
        for &i in fitting {
            for answered in answer(scene, &Here(vec![i]), expectation) {
                ledger.enter(&authority, &scene.exchanges[i].label, answered);
            }
        }
    }
}
