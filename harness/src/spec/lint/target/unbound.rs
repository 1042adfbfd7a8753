//! What a target leaves unbound, and what that costs.

use std::collections::BTreeSet;
use std::fmt;

use crate::spec::case::{Case, Times};
use crate::spec::contract::Contract;
use crate::spec::language::path::Field;
use crate::spec::language::value::Reference;
use crate::spec::library::Loaded;
use crate::spec::lint::walk::{self, Item};
use crate::spec::target::Target;

/// The kinds of names that a target binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameKind {
    /// A credential.
    Credential,
    /// A model.
    Model,
    /// A state.
    State,
    /// A value.
    Value,
    /// A limit without a documented length.
    Limit,
    /// A provider behind some configuration.
    Provider,
}

/// A name that a target neither binds nor lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// Its kind.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// Claims that no case is left to check.
    pub lost: Vec<String>,
    /// Claims that lose some of their cases.
    pub weakened: Vec<String>,
}

/// The names that the contract's cases use and the target neither binds nor lacks, and the claims that each costs.
pub fn unbound(target: &Target, loaded: &Loaded) -> Vec<Unbound> {
    let contract = &loaded.contract;
    let used: Vec<BTreeSet<(NameKind, &str)>> =
        loaded.cases.iter().map(|case| uses(case, contract)).collect();
    let all: BTreeSet<(NameKind, &str)> = used.iter().flatten().copied().collect();
    let lacking = |name: &str| target.lacks.iter().any(|(known, _)| known.value == name);
    let missing =
        all.into_iter().filter(|(kind, name)| !lacking(name) && !binds(target, contract, *kind, name));
    missing
        .map(|(kind, name)| {
            let hit = |index: usize| used[index].contains(&(kind, name));
            let claims = |wanted: bool| -> BTreeSet<&str> {
                let cases = loaded.cases.iter().enumerate().filter(|(index, _)| hit(*index) == wanted);
                cases.flat_map(|(_, case)| &case.claims).map(|claim| claim.as_str()).collect()
            };
            let (touched, spared) = (claims(true), claims(false));
            let part = |whole: bool| {
                let claims = touched.iter().filter(|claim| spared.contains(**claim) != whole);
                claims.map(|claim| (*claim).to_owned()).collect()
            };
            Unbound { kind, name: name.to_owned(), lost: part(true), weakened: part(false) }
        })
        .collect()
}

/// The names that a case uses: its sends, what its examples refer to, its states, limits and providers.
pub fn uses<'a>(case: &'a Case, contract: &'a Contract) -> BTreeSet<(NameKind, &'a str)> {
    let mut used: BTreeSet<(NameKind, &str)> =
        case.given.iter().map(|state| (NameKind::State, state.as_str())).collect();
    for step in &case.steps {
        let send = &step.send;
        match &send.credential {
            Some(credential) if credential.value == "none" => {}
            Some(credential) => drop(used.insert((NameKind::Credential, credential))),
            None if send.again.is_some() => {}
            None => drop(used.insert((NameKind::Credential, "valid"))),
        }
        used.extend(send.model.iter().map(|model| (NameKind::Model, model.as_str())));
        let shape = send
            .operation
            .as_ref()
            .and_then(|name| contract.requests.iter().find(|request| request.operation.value == name.value));
        let example = shape.and_then(|shape| shape.example.as_ref()).filter(|_| send.raw.is_none());
        for reference in example.iter().flat_map(|example| example.references()) {
            if !(matches!(reference, Reference::Model(_)) && send.model.is_some()) {
                used.extend(name_of(reference));
            }
        }
        if let Times::Count(count) = &step.times {
            used.extend(count.references().filter_map(name_of));
        }
    }
    walk::of_case(case, &mut |item| match item {
        Item::Limit(limit) => drop(used.insert((NameKind::Limit, limit))),
        Item::Reference(reference, _) => used.extend(name_of(reference)),
        Item::Asked(path, _, _) | Item::Path(path, _) => {
            if let Field::BodyBound(name) = &path.field {
                used.insert((NameKind::Value, name));
            }
        }
        _ => {}
    });
    let providers =
        case.needs.iter().find(|(need, _)| need == "providers").and_then(|(_, count)| count.as_u64());
    let providers = usize::try_from(providers.unwrap_or(0)).unwrap_or(usize::MAX);
    used.extend(
        contract.names.providers.iter().take(providers).map(|name| (NameKind::Provider, name.as_str())),
    );
    used
}

fn name_of(reference: &Reference) -> Option<(NameKind, &str)> {
    match reference {
        Reference::Model(name) => Some((NameKind::Model, name)),
        Reference::Credential(name) => Some((NameKind::Credential, name)),
        Reference::Bound(name) => Some((NameKind::Value, name)),
        Reference::Limit(name) => Some((NameKind::Limit, name)),
        _ => None,
    }
}

fn binds(target: &Target, contract: &Contract, kind: NameKind, name: &str) -> bool {
    match kind {
        NameKind::Credential => target.credentials.iter().any(|(known, _)| known.value == name),
        NameKind::Model => target.models.iter().any(|(known, _)| known.value == name),
        NameKind::State => target.states.iter().any(|(known, _)| known.value == name),
        NameKind::Value => target.values.iter().any(|(known, _)| known.value == name),
        NameKind::Limit => {
            let documented = contract
                .names
                .limits
                .iter()
                .any(|limit| limit.name.value == name && limit.documented.is_some());
            let mut declared = target.configurations.iter().flat_map(|configuration| &configuration.limits);
            documented || declared.any(|(known, _)| known.value == name)
        }
        NameKind::Provider => {
            let mut providers =
                target.configurations.iter().flat_map(|configuration| &configuration.providers);
            providers.any(|known| known.value == name)
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credential => "credential",
            Self::Model => "model",
            Self::State => "state",
            Self::Value => "value",
            Self::Limit => "limit",
            Self::Provider => "provider",
        })
    }
}
