//! Goes through everything that a case or a contract asks and plays.

use crate::spec::case::{After, Case, Hold, Play, Step, Then, Times, Upstream};
use crate::spec::contract::Contract;
use crate::spec::language::expect::{Conditions, Expect, Expectations};
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::moment::Moment;
use crate::spec::language::path::Path;
use crate::spec::language::value::{Part, Reference, Value, ValueKind};
use crate::spec::read::place::{At, Place};

/// Something met on the way.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// A path that is asked, and the matcher it has to fit.
    Asked(&'a Path, &'a Matcher, &'a Place),
    /// A path that is compared or recorded.
    Path(&'a Path, &'a Place),
    /// A reference in a value.
    Reference(&'a Reference, &'a Place),
    /// A matcher outside any path: of a field of the error, a header or a tally.
    Matcher(&'a Matcher),
    /// The status of a row.
    Status(&'a Matcher),
    /// A row of `errors`.
    Row(&'a At<String>),
    /// A moment.
    Moment(&'a Moment, &'a Place),
    /// A limit.
    Limit(&'a At<String>),
}

/// What is done with an item.
pub(super) type Visit<'v, 'a> = &'v mut dyn FnMut(Item<'a>);

/// Everything of a contract.
pub(super) fn of_contract<'a>(contract: &'a Contract, visit: Visit<'_, 'a>) {
    for row in &contract.errors {
        visit(Item::Status(&row.status));
        matcher(&row.status, visit);
        for (_, asked) in row.fields.iter().chain(&row.headers) {
            visit(Item::Matcher(asked));
            matcher(asked, visit);
        }
    }
    for row in contract.closed.iter().flat_map(|closed| &closed.rows) {
        visit(Item::Status(&row.status));
        matcher(&row.status, visit);
        for (_, asked) in &row.fields {
            visit(Item::Matcher(asked));
            matcher(asked, visit);
        }
        conditions(&row.when, visit);
    }
    for rule in &contract.rules {
        conditions(&rule.when, visit);
        expectations(&rule.expect, visit);
        expectations(&rule.should, visit);
    }
    for rule in &contract.faults {
        expectations(&rule.expect, visit);
        expectations(&rule.should, visit);
        rule.record.iter().for_each(|path| visit(Item::Path(path, &rule.family.place)));
    }
    contract
        .requests
        .iter()
        .filter_map(|request| request.example.as_ref())
        .for_each(|example| value(example, visit));
    let rejects = contract.requests.iter().filter_map(|request| request.rejects.as_ref());
    let rows = rejects.flat_map(|rejects| rejects.by.iter().flat_map(|(_, rejection)| &rejection.rows));
    rows.for_each(|row| visit(Item::Row(row)));
}

/// Everything of a case.
pub(super) fn of_case<'a>(case: &'a Case, visit: Visit<'_, 'a>) {
    case.upstream.iter().for_each(|script| upstream(script, visit));
    for step in &case.steps {
        sent(step, visit);
        step.upstream.iter().for_each(|script| upstream(script, visit));
        asked(step, visit);
    }
}

/// What a step sends and waits for.
pub(super) fn sent<'a>(step: &'a Step, visit: Visit<'_, 'a>) {
    let send = &step.send;
    send.raw_line.iter().chain(&send.raw).for_each(|written| value(written, visit));
    send.headers.iter().chain(&send.set).for_each(|(_, written)| value(written, visit));
    send.patch.iter().for_each(|written| value(written, visit));
    if let Times::Count(count) = &step.times {
        value(count, visit);
    }
    match &step.after {
        Some(After::Limit(limit)) => visit(Item::Limit(limit)),
        Some(After::Seconds(seconds)) => value(seconds, visit),
        Some(After::Duration(_)) | None => {}
    }
}

/// What a step asks.
pub(super) fn asked<'a>(step: &'a Step, visit: Visit<'_, 'a>) {
    if let Times::Until { fits, .. } = &step.times {
        expectations(fits, visit);
    }
    expectations(&step.expect, visit);
    expectations(&step.should, visit);
    step.record.iter().for_each(|path| visit(Item::Path(path, &step.place)));
}

/// What the upstream plays.
pub(super) fn upstream<'a>(upstream: &'a Upstream, visit: Visit<'_, 'a>) {
    for turn in upstream.scripts.iter().flat_map(|(_, turns)| turns) {
        for hold in turn.waits() {
            if let Hold::Limit { limit, .. } = hold {
                visit(Item::Limit(limit));
            }
        }
        match &turn.play {
            Play::Ok(patch) => value(patch, visit),
            Play::Status { status, reason, headers, body } => {
                [Some(status), reason.as_ref(), body.as_ref()]
                    .into_iter()
                    .flatten()
                    .for_each(|part| value(part, visit));
                headers.iter().for_each(|(_, header)| value(header, visit));
            }
            Play::Events { count, then, .. } => {
                value(count, visit);
                if let Then::ErrorEvent(body) = then {
                    value(body, visit);
                }
            }
            Play::Fault { name, params } => {
                value(name, visit);
                params.iter().for_each(|(_, param)| value(param, visit));
            }
        }
    }
}

/// Everything a set of expectations asks.
pub(super) fn expectations<'a>(asked: &'a Expectations, visit: Visit<'_, 'a>) {
    for question in &asked.0 {
        let place = &question.place;
        match &question.kind {
            Expect::Path(path, fits) => {
                visit(Item::Asked(path, fits, place));
                matcher(fits, visit);
            }
            Expect::Error(rows) => rows.iter().for_each(|row| visit(Item::Row(row))),
            Expect::Took(took) => visit(Item::Limit(&took.limit)),
            Expect::Secret(_) => {}
            Expect::Same(paths) | Expect::Distinct(paths) => {
                paths.iter().for_each(|path| visit(Item::Path(path, place)));
            }
            Expect::Tally(tallies) => {
                for tally in tallies {
                    expectations(&tally.of, visit);
                    visit(Item::Matcher(&tally.is));
                    matcher(&tally.is, visit);
                }
            }
            Expect::Order(moments) => moments.iter().for_each(|moment| visit(Item::Moment(moment, place))),
            Expect::GrowingGaps => {}
            Expect::OneOf(sets) => sets.iter().for_each(|set| expectations(set, visit)),
        }
    }
}

fn conditions<'a>(conditions: &'a Conditions, visit: Visit<'_, 'a>) {
    for (path, fits) in &conditions.0 {
        visit(Item::Asked(path, fits, &fits.place));
        matcher(fits, visit);
    }
}

/// The references in a matcher.
fn matcher<'a>(asked: &'a Matcher, visit: Visit<'_, 'a>) {
    match &asked.kind {
        MatcherKind::Equals(written)
        | MatcherKind::Min(written)
        | MatcherKind::Max(written)
        | MatcherKind::Contains(written) => value(written, visit),
        MatcherKind::AnyOf(several) | MatcherKind::AllOf(several) => {
            several.iter().for_each(|one| matcher(one, visit))
        }
        MatcherKind::Not(inner) => matcher(inner, visit),
        MatcherKind::Matches(_)
        | MatcherKind::Absent
        | MatcherKind::Present
        | MatcherKind::Once
        | MatcherKind::Schema(_) => {}
    }
}

/// The references in a value.
pub(super) fn value<'a>(written: &'a Value, visit: Visit<'_, 'a>) {
    match &written.kind {
        ValueKind::Literal(_) => {}
        ValueKind::Template(parts) => {
            for part in parts {
                if let Part::Reference(reference) = part {
                    visit(Item::Reference(reference, &written.place));
                }
            }
        }
        ValueKind::List(items) => items.iter().for_each(|item| value(item, visit)),
        ValueKind::Map(entries) => entries.iter().for_each(|(_, item)| value(item, visit)),
        ValueKind::Fill { unit, .. } => value(unit, visit),
    }
}
