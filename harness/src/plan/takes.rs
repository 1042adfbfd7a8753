//! What a case takes of the gateway, derived from what it does (specs/README.md, isolation).

use mock_upstream::fault::{Catalogue, Family, Fault};

use crate::plan::case::Takes;
use crate::plan::memory;
use crate::spec::case::{Case, Play, Send, Turn};
use crate::spec::contract::{CellOf, Contract};
use crate::spec::language::expect::{Expect, Expectations};
use crate::spec::language::value::{Reference, Value, ValueKind};
use crate::spec::target::{Configuration, Target};

/// Derives what the case takes; conflicting cases never overlap.
pub fn derive(case: &Case, contract: &Contract, target: &Target, catalogue: &Catalogue) -> Takes {
    let configuration = configuration(case, target);
    let mut takes = Takes {
        configuration: configuration.map_or(String::new(), |c| c.name.value.clone()),
        ..Takes::default()
    };
    if let Some(state) = case.given.first() {
        takes.instance = Some(format!("enters the state `{state}`"));
    }
    for step in &case.steps {
        let metered = |role: &&str| {
            contract.names.credentials.iter().any(|known| *known.name == **role && known.metered)
        };
        for role in roles(&step.send).filter(metered) {
            if !takes.credentials.iter().any(|(name, _)| name == role) {
                takes.credentials.push((role.to_owned(), "metered: each use changes the next".to_owned()));
            }
            if configuration.is_some_and(|configuration| configuration.reset.is_some()) {
                takes
                    .instance
                    .get_or_insert_with(|| format!("uses up the credential `{role}`, so needs a reset"));
            }
        }
        if !carries_marker(&step.send, case, contract) {
            take_providers(&mut takes, configuration, "sends what cannot carry the marker");
        }
        if step.together || counts(&step.expect) || counts(&step.should) {
            takes.timing.get_or_insert_with(|| "sends together, counts or orders".to_owned());
        }
    }
    let plays = |what: fn(&Fault) -> bool| {
        turns(case).any(|turn| match &turn.play {
            Play::Fault { name, .. } => named(name, catalogue).is_none_or(what),
            _ => false,
        })
    };
    if plays(|fault| fault.strikes.needs_provider()) {
        take_providers(&mut takes, configuration, "plays a fault before a marker can be read");
    }
    if plays(|fault| fault.returns_unmarked) {
        let why = "plays a fault that can bring the request back without its marker";
        take_providers(&mut takes, configuration, why);
    }
    let floods = turns(case).any(|turn| match &turn.play {
        Play::Fault { name, .. } => {
            named(name, catalogue).is_some_and(|fault| fault.family == Family::Oversized)
        }
        _ => false,
    });
    if floods {
        takes
            .instance
            .get_or_insert_with(|| "plays so much that whoever is served beside it would wait".to_owned());
    }
    for cell in memory::written(case, contract, configuration) {
        let why = format!("writes what the gateway remembers: `{}`", cell.name);
        match cell.of {
            CellOf::Instance => drop(takes.instance.get_or_insert(why)),
            CellOf::Provider => take_providers(&mut takes, configuration, &why),
            CellOf::Credential => {
                take_credentials(&mut takes, case, &why);
                if configuration.is_some_and(|configuration| configuration.reset.is_some()) {
                    takes.instance.get_or_insert_with(|| format!("{why}, so needs a reset"));
                }
            }
        }
        takes.heals.extend(cell.heals.iter().map(|limit| limit.value.clone()));
    }
    takes
}

/// Every key that the case presents.
fn take_credentials(takes: &mut Takes, case: &Case, why: &str) {
    let all = case.steps.iter().filter(|step| step.send.again.is_none()).flat_map(|step| roles(&step.send));
    for role in all.filter(|role| *role != "none") {
        if !takes.credentials.iter().any(|(name, _)| name == role) {
            takes.credentials.push((role.to_owned(), why.to_owned()));
        }
    }
}

/// The roles of the credentials that a send uses.
pub fn roles(send: &Send) -> impl Iterator<Item = &str> {
    let presented = send.credential.as_ref().map_or("valid", |credential| credential.as_str());
    let written = send.values().flat_map(Value::references).filter_map(|reference| match reference {
        Reference::Credential(role) => Some(role.as_str()),
        _ => None,
    });
    std::iter::once(presented).chain(written)
}

/// The configuration of the target that has what the case needs; the first where it needs nothing.
pub fn configuration<'t>(case: &Case, target: &'t Target) -> Option<&'t Configuration> {
    target.configurations.iter().find(|configuration| {
        case.needs.iter().all(|(need, wanted)| match need.as_str() {
            "providers" => {
                wanted.as_u64().is_some_and(|wanted| configuration.providers.len() as u64 >= wanted)
            }
            "order" => {
                wanted.as_str().is_some_and(|order| (order == "declared") == configuration.declared_order)
            }
            "tls" => wanted.as_bool() == Some(configuration.tls),
            _ => configuration.has.iter().any(|(name, value)| name == need && value == wanted),
        })
    })
}

/// Every turn that the case can play.
pub fn turns(case: &Case) -> impl Iterator<Item = &Turn> {
    let scripts = case.upstream.iter().chain(case.steps.iter().filter_map(|step| step.upstream.as_ref()));
    scripts.flat_map(|upstream| &upstream.scripts).flat_map(|(_, turns)| turns)
}

/// The fault of this name, as far as that is known before the case runs.
fn named<'c>(name: &Value, catalogue: &'c Catalogue) -> Option<&'c Fault> {
    match &name.kind {
        ValueKind::Literal(serde_json::Value::String(id)) => catalogue.get(id),
        _ => None,
    }
}

fn take_providers(takes: &mut Takes, configuration: Option<&Configuration>, why: &str) {
    for provider in configuration.iter().flat_map(|configuration| &configuration.providers) {
        if !takes.providers.iter().any(|(name, _)| *name == provider.value) {
            takes.providers.push((provider.value.clone(), why.to_owned()));
        }
    }
}

/// Whether the request, patched as the step says, still holds the prompt and with it the marker.
pub fn carries_marker(send: &Send, case: &Case, contract: &Contract) -> bool {
    if let Some(again) = &send.again {
        let repeated =
            case.steps.iter().find(|step| step.name.as_ref().is_some_and(|name| **name == **again));
        return repeated.is_some_and(|step| carries_marker(&step.send, case, contract));
    }
    let headers = send.headers.iter().any(|(_, value)| holds_prompt(value));
    if let Some(raw) = &send.raw {
        return headers || holds_prompt(raw);
    }
    if let Some(line) = &send.raw_line {
        return headers || holds_prompt(line);
    }
    let example = send
        .operation
        .as_ref()
        .and_then(|operation| contract.requests.iter().find(|request| *request.operation == **operation))
        .and_then(|request| request.example.as_ref());
    let patched = send.set.iter().any(|(_, value)| holds_prompt(value));
    headers || patched || example.is_some_and(|example| prompt_survives(example, "", send))
}

fn prompt_survives(value: &Value, at: &str, send: &Send) -> bool {
    if send.drop.iter().any(|pointer| pointer == at) || send.set.iter().any(|(pointer, _)| pointer == at) {
        return false;
    }
    match &value.kind {
        ValueKind::List(members) => members
            .iter()
            .enumerate()
            .any(|(index, member)| prompt_survives(member, &format!("{at}/{index}"), send)),
        ValueKind::Map(entries) => {
            entries.iter().any(|(key, member)| prompt_survives(member, &format!("{at}/{key}"), send))
        }
        _ => holds_prompt(value),
    }
}

fn holds_prompt(value: &Value) -> bool {
    value.references().any(|reference| matches!(reference, Reference::Prompt))
}

/// Whether it is asked how many there were, in which order, or how long after one another.
fn counts(expectations: &Expectations) -> bool {
    expectations.0.iter().any(|expectation| match &expectation.kind {
        Expect::Tally(_) | Expect::Order(_) | Expect::GrowingGaps => true,
        Expect::OneOf(sets) => sets.iter().any(counts),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use mock_upstream::fault::Catalogue;

    use super::derive;
    use crate::plan::case::Takes;
    use crate::spec::case::Play;
    use crate::spec::language::value::{Value, ValueKind};
    use crate::spec::library::Library;

    /// What a case takes that plays this.
    fn taken(fault: &str) -> Takes {
        let library = Library::shipped();
        let (target, loaded) =
            (library.target("builtin-cogito").unwrap(), library.contract("cogito").unwrap());
        let scripted = loaded.cases.iter().find(|case| case.upstream.is_some()).unwrap();
        let mut case = scripted.clone();
        for (_, turns) in case.upstream.iter_mut().flat_map(|upstream| &mut upstream.scripts) {
            for turn in turns {
                let kind = ValueKind::Literal(fault.into());
                let name = Value { place: turn.place.clone(), kind };
                turn.play = Play::Fault { name, params: Vec::new() };
            }
        }
        derive(&case, &loaded.contract, &target, Catalogue::shipped())
    }

    #[test]
    fn what_strikes_before_a_marker_or_brings_the_request_back_without_it_takes_the_providers() {
        let providers = |fault| taken(fault).providers.into_iter().map(|(_, why)| why).collect::<Vec<_>>();
        assert_eq!(providers("rst_at_accept"), ["plays a fault before a marker can be read"]);
        assert_eq!(
            providers("redirect_in_a_circle"),
            ["plays a fault that can bring the request back without its marker"]
        );
        assert!(providers("redirect_elsewhere").is_empty());
    }

    #[test]
    fn what_is_more_than_a_gateway_should_keep_takes_the_instance() {
        assert!(taken("gzip_bomb").instance.is_some());
        assert!(taken("gzip_cut").instance.is_none());
    }
}
