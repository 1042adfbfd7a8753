//! Whether a case can run against a target: what it needs is bound, lacking with a reason, or missing.

use crate::plan::case::{Readiness, Takes};
use crate::plan::{client_side, memory, takes};
use crate::spec::case::{After, Case, Hold, Play, Send, Then, Times};
use crate::spec::contract::Contract;
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::path::{Field, Path};
use crate::spec::language::value::{Reference, Value};
use crate::spec::target::{Target, UpstreamLink};

/// Tells whether the case can run.
pub fn of(case: &Case, contract: &Contract, target: &Target, takes: &Takes) -> Readiness {
    if takes::configuration(case, target).is_none() {
        let needs: Vec<String> = case.needs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        return Readiness::Unbound(format!("no configuration of the target has {}", needs.join(", ")));
    }
    if matches!(target.upstream, UpstreamLink::None) && client_side::case(case).is_none() {
        let reason = "the target says `upstream: none`: nobody can point this gateway at the mock, and a request that nothing refuses would cost money";
        return Readiness::Lacks("upstream".to_owned(), reason.to_owned());
    }
    let names = names(case, contract, takes);
    for name in &names {
        if let Some((lacking, reason)) = target.lacks.iter().find(|(lacking, _)| lacking.value == name.name) {
            return Readiness::Lacks(lacking.value.clone(), reason.clone());
        }
    }
    match names.iter().find(|name| !bound(name, contract, target, takes)) {
        None => kept(case, contract, target, takes).map_or(Readiness::Ready, Readiness::Unbound),
        Some(name) => Readiness::Unbound(format!(
            "the target does not bind the {} `{}`: bind it under `{}`, or say under `lacks` why the gateway has none",
            name.kind, name.name, name.section
        )),
    }
}

/// What the case would leave in the gateway's memory for ever, with the remedy.
fn kept(case: &Case, contract: &Contract, target: &Target, takes: &Takes) -> Option<String> {
    let configuration = target.configurations.iter().find(|known| known.name.value == takes.configuration)?;
    let lasting =
        memory::written(case, contract, Some(configuration)).into_iter().find(|cell| cell.heals.is_none());
    let lasting = lasting.filter(|_| configuration.reset.is_none())?;
    Some(format!(
        "the case writes what the gateway remembers (`{}`), and nothing takes it back: give the configuration `{}` a `reset`",
        lasting.name, configuration.name
    ))
}

struct Name {
    kind: &'static str,
    section: &'static str,
    name: String,
}

fn names(case: &Case, contract: &Contract, takes: &Takes) -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |kind, section, name: &str| names.push(Name { kind, section, name: name.to_owned() });
    for state in &case.given {
        add("state", "states", state);
    }
    for step in &case.steps {
        match &step.send.credential {
            None => add("credential", "credentials", "valid"),
            Some(role) if **role == "none" => {}
            Some(role) => add("credential", "credentials", role),
        }
        if let Some(operation) = &step.send.operation {
            add("operation", "operations", operation);
        }
        if let Some(model) = &step.send.model {
            add("model", "models", model);
        }
        if let Some(client) = &step.send.via {
            add("client", "clients", client);
        }
        for value in pointers(&step.expect).chain(pointers(&step.should)) {
            add("value", "values", &value);
        }
        for limit in limits(&step.expect).chain(limits(&step.should)) {
            add("limit", "configurations: limits", &limit);
        }
        if let Some(After::Limit(limit)) = &step.after {
            add("limit", "configurations: limits", limit);
        }
    }
    for turn in takes::turns(case) {
        for hold in turn.waits() {
            if let Hold::Limit { limit, .. } = hold {
                add("limit", "configurations: limits", limit);
            }
        }
    }
    for limit in &takes.heals {
        add("limit", "configurations: limits", limit);
    }
    for value in values(case, contract) {
        for reference in value.references() {
            match reference {
                Reference::Model(name) => add("model", "models", name),
                Reference::Credential(name) => add("credential", "credentials", name),
                Reference::Bound(name) => add("value", "values", name),
                Reference::Limit(name) => add("limit", "configurations: limits", name),
                _ => {}
            }
        }
    }
    names
}

fn bound(name: &Name, contract: &Contract, target: &Target, takes: &Takes) -> bool {
    match name.kind {
        "operation" => {
            target.operations.iter().any(|(bound, _)| bound.value == name.name)
                || contract.names.operations.iter().any(|operation| operation.name.value == name.name)
        }
        "credential" => target.credentials.iter().any(|(bound, _)| bound.value == name.name),
        "client" => target.clients.iter().any(|(bound, _)| bound.value == name.name),
        "model" => target.models.iter().any(|(bound, _)| bound.value == name.name),
        "state" => target.states.iter().any(|(bound, _)| bound.value == name.name),
        "value" => target.values.iter().any(|(bound, _)| bound.value == name.name),
        _ => {
            let declared = target
                .configurations
                .iter()
                .filter(|configuration| configuration.name.value == takes.configuration)
                .any(|configuration| configuration.limits.iter().any(|(limit, _)| limit.value == name.name));
            declared
                || contract
                    .names
                    .limits
                    .iter()
                    .any(|limit| limit.name.value == name.name && limit.documented.is_some())
        }
    }
}

fn limits(expectations: &Expectations) -> impl Iterator<Item = String> + '_ {
    expectations.0.iter().flat_map(|expectation| match &expectation.kind {
        Expect::Took(took) => vec![took.limit.value.clone()],
        Expect::OneOf(sets) => sets.iter().flat_map(|set| limits(set).collect::<Vec<_>>()).collect(),
        _ => Vec::new(),
    })
}

/// Values of the target that name places in a body.
fn pointers(expectations: &Expectations) -> impl Iterator<Item = String> + '_ {
    let of = |path: &Path| match &path.field {
        Field::BodyBound(name) => vec![name.clone()],
        _ => Vec::new(),
    };
    expectations.0.iter().flat_map(move |expectation| match &expectation.kind {
        Expect::Path(path, _) => of(path),
        Expect::Same(paths) | Expect::Distinct(paths) => paths.iter().flat_map(of).collect(),
        Expect::OneOf(sets) => sets.iter().flat_map(|set| pointers(set).collect::<Vec<_>>()).collect(),
        Expect::Tally(tallies) => {
            tallies.iter().flat_map(|tally| pointers(&tally.of).collect::<Vec<_>>()).collect()
        }
        _ => Vec::new(),
    })
}

/// Every value whose references have to be bound before the case starts.
fn values<'c>(case: &'c Case, contract: &'c Contract) -> Vec<&'c Value> {
    let mut values: Vec<&Value> = Vec::new();
    for step in &case.steps {
        values.extend(step.send.values());
        values.extend(example(&step.send, contract));
        match &step.times {
            Times::Count(count) => values.push(count),
            Times::Until { fits, .. } => expected(fits, &mut values),
        }
        if let Some(After::Seconds(seconds)) = &step.after {
            values.push(seconds);
        }
        expected(&step.expect, &mut values);
        expected(&step.should, &mut values);
    }
    for turn in takes::turns(case) {
        match &turn.play {
            Play::Ok(patch) => values.push(patch),
            Play::Status { status, reason, headers, body } => {
                values.push(status);
                values.extend(reason);
                values.extend(headers.iter().map(|(_, value)| value));
                values.extend(body);
            }
            Play::Events { count, then, .. } => {
                values.push(count);
                if let Then::ErrorEvent(body) = then {
                    values.push(body);
                }
            }
            Play::Fault { name, params } => {
                values.push(name);
                values.extend(params.iter().map(|(_, value)| value));
            }
        }
    }
    values
}

/// The example is asked for unless the send replaces it or gives another model in its stead.
fn example<'c>(send: &Send, contract: &'c Contract) -> Option<&'c Value> {
    let operation = send.operation.as_ref().filter(|_| send.raw.is_none() && send.again.is_none())?;
    contract.requests.iter().find(|request| *request.operation == **operation)?.example.as_ref()
}

fn expected<'c>(expectations: &'c Expectations, values: &mut Vec<&'c Value>) {
    for expectation in &expectations.0 {
        match &expectation.kind {
            Expect::Path(_, matcher) => matched(matcher, values),
            Expect::Tally(tallies) => {
                for tally in tallies {
                    expected(&tally.of, values);
                    matched(&tally.is, values);
                }
            }
            Expect::OneOf(sets) => sets.iter().for_each(|set| expected(set, values)),
            Expect::Error(_)
            | Expect::Took(_)
            | Expect::Secret(_)
            | Expect::Same(_)
            | Expect::Order(_)
            | Expect::GrowingGaps
            | Expect::Distinct(_) => {}
        }
    }
}

fn matched<'c>(matcher: &'c Matcher, values: &mut Vec<&'c Value>) {
    match &matcher.kind {
        MatcherKind::Equals(value)
        | MatcherKind::Min(value)
        | MatcherKind::Max(value)
        | MatcherKind::Contains(value) => {
            values.push(value);
        }
        MatcherKind::AnyOf(matchers) | MatcherKind::AllOf(matchers) => {
            matchers.iter().for_each(|matcher| matched(matcher, values));
        }
        MatcherKind::Not(matcher) => matched(matcher, values),
        _ => {}
    }
}
