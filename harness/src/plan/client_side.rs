//! What a client alone can see: all that is left to ask where nobody can put the mock behind the gateway, or where only an
//! answer is at hand.

use crate::plan::takes;
use crate::spec::case::{Case, Step};
use crate::spec::contract::{Contract, Rule};
use crate::spec::language::expect::{Conditions, Expect, Expectation, Expectations};
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::moment::MomentKind;
use crate::spec::language::path::{Corner, Field, Path};
use crate::spec::language::value::ValueKind;

/// The contract without the rules that look at the upstream: with nothing to see there, they would hold of everybody.
pub fn contract(contract: &Contract) -> Contract {
    let mut contract = contract.clone();
    contract.rules.retain(|rule| !rule_looks_upstream(rule));
    contract
}

/// The contract without the rules that need more than one answer without its time.
pub fn of_an_answer(whole: &Contract) -> Contract {
    let mut seen = contract(whole);
    seen.rules.retain(|rule| {
        let Conditions(when) = &rule.when;
        let asked = rule.expect.0.iter().chain(&rule.should.0);
        !when.iter().any(|(path, _)| path.field == Field::Elapsed) && !asked.into_iter().any(takes_time)
    });
    seen
}

fn takes_time(expectation: &Expectation) -> bool {
    match &expectation.kind {
        Expect::Took(_) => true,
        Expect::Path(path, _) => path.field == Field::Elapsed,
        Expect::OneOf(sets) => sets.iter().any(|set| set.0.iter().any(takes_time)),
        _ => false,
    }
}

/// What of a case a client can see, and whether that is all of it. `None` where the upstream has to play, or would be
/// asked in earnest: a request that nothing refuses costs money.
pub fn case(case: &Case) -> Option<(Case, bool)> {
    if takes::turns(case).next().is_some() {
        return None;
    }
    let mut seen = case.clone();
    let mut whole = true;
    for step in &mut seen.steps {
        for expectations in [&mut step.expect, &mut step.should] {
            let before = expectations.0.len();
            expectations.0.retain(|expectation| !looks_upstream(expectation));
            whole &= before == expectations.0.len();
        }
        if !is_refused(step) {
            return None;
        }
    }
    Some((seen, whole))
}

/// Whether the step expects a failure, so that a gateway that is right asks nobody.
fn is_refused(step: &Step) -> bool {
    let asked = || step.expect.0.iter().chain(&step.should.0);
    asked().any(fails) && !asked().any(succeeds)
}

fn fails(expectation: &Expectation) -> bool {
    match &expectation.kind {
        Expect::Error(rows) => rows.iter().all(|row| **row != "ok"),
        Expect::Path(path, matcher) if is_status(path) => {
            status(matcher).is_some_and(|status| status >= 400.0)
        }
        Expect::OneOf(sets) => sets.iter().all(|set| set.0.iter().any(fails)),
        _ => false,
    }
}

fn succeeds(expectation: &Expectation) -> bool {
    match &expectation.kind {
        Expect::Error(rows) => rows.iter().any(|row| **row == "ok"),
        Expect::Path(path, matcher) if is_status(path) => {
            status(matcher).is_some_and(|status| status < 400.0)
        }
        Expect::OneOf(sets) => sets.iter().any(|set| set.0.iter().any(succeeds)),
        _ => false,
    }
}

fn is_status(path: &Path) -> bool {
    path.corner == Corner::Got && path.field == Field::Status
}

/// The one status, or the lowest, that fits.
fn status(matcher: &Matcher) -> Option<f64> {
    let number = |kind: &ValueKind| match kind {
        ValueKind::Literal(literal) => literal.as_f64(),
        _ => None,
    };
    match &matcher.kind {
        MatcherKind::Equals(value) | MatcherKind::Min(value) => number(&value.kind),
        MatcherKind::AllOf(matchers) => matchers.iter().find_map(status),
        MatcherKind::AnyOf(matchers) => matchers.iter().filter_map(status).reduce(f64::min),
        _ => None,
    }
}

fn rule_looks_upstream(rule: &Rule) -> bool {
    let Conditions(when) = &rule.when;
    when.iter().any(|(path, _)| is_beyond(path))
        || rule.expect.0.iter().chain(&rule.should.0).any(looks_upstream)
}

/// Whether an expectation is about what only the upstream's side shows.
pub fn looks_upstream(expectation: &Expectation) -> bool {
    let any = |expectations: &Expectations| expectations.0.iter().any(looks_upstream);
    match &expectation.kind {
        Expect::Path(path, _) => is_beyond(path),
        Expect::Same(paths) | Expect::Distinct(paths) => paths.iter().any(is_beyond),
        Expect::Order(moments) => moments
            .iter()
            .any(|moment| matches!(moment.kind, MomentKind::Received(_) | MomentKind::Played(_))),
        Expect::GrowingGaps => true,
        Expect::OneOf(sets) => sets.iter().any(any),
        Expect::Tally(tallies) => tallies.iter().any(|tally| any(&tally.of)),
        Expect::Error(_) | Expect::Took(_) | Expect::Secret(_) => false,
    }
}

fn is_beyond(path: &Path) -> bool {
    matches!(path.corner, Corner::Received | Corner::Played)
}
