//! What a case takes of the gateway, derived from what it does (specs/README.md, isolation).

use mock_upstream::fault::Catalogue;

use crate::plan::case::Takes;
use crate::spec::case::{Case, Play, Send, Turn};
use crate::spec::contract::Contract;
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
        let role = step.send.credential.as_ref().map_or("valid", |credential| credential.as_str());
        if contract.names.credentials.iter().any(|credential| *credential.name == role && credential.metered)
        {
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
            takes.timing.get_or_insert_with(|| "sends together or counts".to_owned());
        }
    }
    let before_the_request = turns(case).any(|turn| match &turn.play {
        Play::Fault { name, .. } => needs_provider(name, catalogue),
        _ => false,
    });
    if before_the_request {
        take_providers(&mut takes, configuration, "plays a fault before a marker can be read");
    }
    takes
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
            _ => configuration.has.iter().any(|(name, value)| name == need && value == wanted),
        })
    })
}

/// Every turn that the case can play.
pub fn turns(case: &Case) -> impl Iterator<Item = &Turn> {
    let scripts = case.upstream.iter().chain(case.steps.iter().filter_map(|step| step.upstream.as_ref()));
    scripts.flat_map(|upstream| &upstream.scripts).flat_map(|(_, turns)| turns)
}

fn needs_provider(name: &Value, catalogue: &Catalogue) -> bool {
    match &name.kind {
        ValueKind::Literal(serde_json::Value::String(id)) => {
            catalogue.get(id).is_some_and(|fault| fault.strikes.needs_provider())
        }
        _ => true,
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

fn counts(expectations: &Expectations) -> bool {
    expectations.0.iter().any(|expectation| matches!(expectation.kind, Expect::Tally(_)))
}
