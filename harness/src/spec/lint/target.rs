//! A target held against its contract.

mod unbound;

use crate::spec::contract::Contract;
use crate::spec::decode::contract::route_of;
use crate::spec::language::value::{Reference, Value, ValueKind};
use crate::spec::lint::Vocabulary;
use crate::spec::lint::names::one;
use crate::spec::lint::walk::{self, Item};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::At;
use crate::spec::target::{Binding, Configuration, GatewaySource, HeaderValue, Target, UpstreamLink};

pub use unbound::{NameKind, Unbound, unbound, uses};

/// Reports bindings of names that the contract does not have, and configurations that cannot work.
pub(crate) fn lint(target: &Target, contract: &Contract, words: &Vocabulary, problems: &mut Diagnostics) {
    let names = &contract.names;
    let operations = || names.operations.iter().map(|operation| operation.name.as_str());
    let credentials = || names.credentials.iter().map(|credential| credential.name.as_str());
    let values = || names.values.iter().map(|(name, _)| name.as_str());
    target.operations.iter().for_each(|(name, _)| one("operation", name, operations(), problems));
    for (protocol, dialect) in &target.dialects {
        one("protocol", protocol, contract.protocols.iter().map(|known| known.name.as_str()), problems);
        words.dialect(dialect, problems);
    }
    target.credentials.iter().for_each(|(name, _)| one("credential", name, credentials(), problems));
    target.clients.iter().for_each(|(name, _)| one("client", name, texts(&names.clients), problems));
    made_of(target, problems);
    target.models.iter().for_each(|(name, _)| one("model", name, texts(&names.models), problems));
    target.states.iter().for_each(|(name, _)| one("state", name, texts(&names.states), problems));
    for (name, value) in &target.values {
        one("value", name, values(), problems);
        if let Some((_, kind)) = names.values.iter().find(|(known, _)| known.value == name.value) {
            kind_of(name, kind, value, problems);
        }
    }
    let any = || {
        let limits = names.limits.iter().map(|limit| limit.name.as_str());
        let roles = texts(&names.models).chain(texts(&names.states)).chain(texts(&names.providers));
        let roles = roles.chain(texts(&names.clients));
        operations().chain(credentials()).chain(values()).chain(limits).chain(roles)
    };
    for (name, _) in &target.lacks {
        one("name", name, any(), problems);
        if bound(target, name) {
            let title = format!("`{name}` is bound, and lacking at the same time");
            problems.push(Diagnostic::error(name.place.clone(), title));
        }
    }
    for route in &target.ambient {
        if let Err(problem) = route_of(route) {
            problems.push(Diagnostic::error(route.place.clone(), problem.what).help(problem.help));
        }
    }
    if target.configurations.is_empty() {
        problems.push(Diagnostic::error(target.name.place.clone(), "the target has no configuration"));
    }
    target.configurations.iter().for_each(|configuration| configured(configuration, contract, problems));
    named_in_headers(target, contract, problems);
    link(target, contract, problems);
}

/// A header names providers and nothing else: it is the same in every request.
fn named_in_headers(target: &Target, contract: &Contract, problems: &mut Diagnostics) {
    let named = target.headers.iter().filter_map(|(_, value)| match value {
        HeaderValue::Named(value) => Some(value),
        HeaderValue::Bound(_) => None,
    });
    for value in named {
        walk::value(value, &mut |item| match item {
            Item::Reference(Reference::Provider { name, .. }, place) => {
                let name = At::new(name.clone(), place.clone());
                one("provider", &name, texts(&contract.names.providers), problems);
            }
            Item::Reference(_, place) => {
                let title = "a header of every request may name `$(provider.NAME.…)` alone";
                problems.push(Diagnostic::error(place.clone(), title));
            }
            _ => {}
        });
    }
}

/// Credentials are made of others that are bound, and not of each other.
fn made_of(target: &Target, problems: &mut Diagnostics) {
    for (name, pool) in &target.credentials {
        for role in pool.members.iter().filter_map(made_from) {
            let bound = target.credentials.iter().filter(|(known, _)| known.value != name.value);
            one("other credential", role, bound.map(|(known, _)| known.as_str()), problems);
            let other = target.credentials.iter().find(|(known, _)| known.value == role.value);
            if other.is_some_and(|(_, other)| {
                other.members.first().is_some_and(|first| made_from(first).is_some())
            }) {
                let title = format!("`{role}` is itself made of another credential");
                problems.push(Diagnostic::error(role.place.clone(), title));
            }
        }
    }
}

fn made_from(binding: &Binding) -> Option<&At<String>> {
    match binding {
        Binding::From { role, .. } => Some(role),
        _ => None,
    }
}

/// Fills in what follows from the contract: a configuration that names no providers has the first one.
pub(crate) fn complete(target: &mut Target, contract: &Contract) {
    for configuration in
        target.configurations.iter_mut().filter(|configuration| configuration.providers.is_empty())
    {
        configuration.providers.extend(contract.names.providers.first().cloned());
    }
}

fn texts(names: &[At<String>]) -> impl Iterator<Item = &str> {
    names.iter().map(|name| name.as_str())
}

fn bound(target: &Target, name: &str) -> bool {
    let credentials = target.credentials.iter().any(|(known, _)| known.value == name);
    let models = target.models.iter().any(|(known, _)| known.value == name);
    let states = target.states.iter().any(|(known, _)| known.value == name);
    let values = target.values.iter().any(|(known, _)| known.value == name);
    credentials || models || states || values
}

fn configured(configuration: &Configuration, contract: &Contract, problems: &mut Diagnostics) {
    let providers = || texts(&contract.names.providers);
    configuration.providers.iter().for_each(|provider| one("provider", provider, providers(), problems));
    let cells = || contract.memory.iter().map(|cell| cell.name.as_str());
    configuration.forgets.iter().for_each(|cell| one("memory cell", cell, cells(), problems));
    for (limit, _) in &configuration.limits {
        one("limit", limit, contract.names.limits.iter().map(|limit| limit.name.as_str()), problems);
    }
    let limits = || contract.names.limits.iter().map(|limit| limit.name.as_str());
    let mut expands = |value: &Value, launched: bool| {
        walk::value(value, &mut |item| {
            if let Item::Reference(reference, place) = item {
                match reference {
                    Reference::Provider { name, .. } => {
                        one("provider", &At::new(name.clone(), place.clone()), providers(), problems);
                    }
                    Reference::Limit(name) if launched => {
                        one("limit", &At::new(name.clone(), place.clone()), limits(), problems);
                    }
                    Reference::Port if launched => {}
                    _ => {
                        let title = format!("`{reference}` is not known to a target here");
                        problems.push(Diagnostic::error(place.clone(), title));
                    }
                }
            }
        });
    };
    match &configuration.gateway {
        GatewaySource::Launch(launch) => {
            let texts =
                launch.command.iter().chain(launch.env.iter().map(|(_, value)| value)).chain(&launch.url);
            texts.chain([&launch.ready.url]).for_each(|value| expands(value, true));
            if launch.command.is_empty() {
                problems.push(Diagnostic::error(
                    configuration.name.place.clone(),
                    "there is no command to launch",
                ));
            }
        }
        GatewaySource::Attach(url) => {
            expands(url, false);
            if matches!(&url.kind, ValueKind::Literal(text) if !text.as_str().is_some_and(is_base_url)) {
                let title = format!("`{url}` is no base URL");
                let help = "write `http://HOST:PORT`, with a path prefix where there is one".to_owned();
                problems.push(Diagnostic::error(url.place.clone(), title).help(help));
            }
            if configuration.instances > 1 {
                let title = "one attached gateway cannot run several times";
                problems.push(Diagnostic::error(configuration.name.place.clone(), title));
            }
        }
        GatewaySource::Builtin(_) => {}
    }
}

fn link(target: &Target, contract: &Contract, problems: &mut Diagnostics) {
    let UpstreamLink::Mock { listen, advertise, keys } = &target.upstream else { return };
    let roles = listen.iter().chain(advertise).map(|(role, _)| role).chain(keys.iter().map(|(role, _)| role));
    for role in roles {
        let written = At::new(role.clone(), target.name.place.clone());
        one("provider", &written, texts(&contract.names.providers), problems);
    }
    for (role, url) in advertise.iter().filter(|(_, url)| !is_base_url(url) && !url.contains("$(")) {
        let title = format!("`{url}`, advertised for `{role}`, is no base URL");
        problems.push(Diagnostic::error(target.name.place.clone(), title));
    }
}

fn is_base_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains([' ', '?', '#']))
}

fn kind_of(name: &At<String>, kind: &str, value: &Value, problems: &mut Diagnostics) {
    let fits = match (&value.kind, kind) {
        (ValueKind::Template(_) | ValueKind::Fill { .. }, _) => true,
        (ValueKind::List(_), kind) => kind == "list",
        (ValueKind::Map(_), kind) => kind == "object",
        (ValueKind::Literal(literal), "string") => literal.is_string(),
        (ValueKind::Literal(literal), "number") => literal.is_number(),
        (ValueKind::Literal(literal), "boolean") => literal.is_boolean(),
        (ValueKind::Literal(literal), "pointer") => {
            literal.as_str().is_some_and(|text| crate::spec::language::pointer::check(text).is_ok())
        }
        (ValueKind::Literal(_), _) => false,
    };
    if !fits {
        let title = format!("the value `{name}` has to be a {kind}");
        problems.push(Diagnostic::error(value.place.clone(), title));
    }
}
