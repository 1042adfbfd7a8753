//! A contract that extends another: whatever the other says and it does not say otherwise.

use std::path::Path;

use super::Files;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::node::{Node, NodeKind, Source};
use crate::spec::read::place::At;
use crate::spec::read::word::suggestion;

/// The key that names the other.
const EXTENDS: &str = "extends";
/// Maps whose entries are inherited one by one.
const BY_ENTRY: [&str; 7] = ["protocols", "claims", "readings", "errors", "faults", "requests", "memory"];
/// The map whose maps are.
const NAMES: &str = "names";
/// The list that goes on where the other's ends.
const RULES: &str = "rules";

/// The files of a contract and of those that it extends, its own first.
pub(super) fn chain<'f>(files: &'f Files, name: &str, problems: &mut Diagnostics) -> Vec<&'f Source> {
    let mut chain: Vec<&Source> = Vec::new();
    let mut next = name.to_owned();
    while let Some(source) = files.get(&format!("{next}/contract.yaml")) {
        chain.push(source);
        // What is wrong with the file is told where it is read whole.
        let Ok(root) = source.parse(&mut Diagnostics::default()) else { break };
        let Some(base) = root.get(EXTENDS).filter(|base| base.text().is_some()) else { break };
        next = base.text().unwrap_or_default().to_owned();
        let wrong = match files.get(&format!("{next}/contract.yaml")) {
            None => Some((format!("there is no contract `{next}`"), suggestion(&next, files.contracts()))),
            Some(known) if chain.iter().any(|source| source.name == known.name) => {
                Some((format!("`{next}` extends this contract itself"), None))
            }
            Some(_) => None,
        };
        if let Some((title, help)) = wrong {
            problems.push(Diagnostic::error(base.place.clone(), title).help(help));
            break;
        }
    }
    chain
}

/// The contract as if it were written in one file; `None` where one of the files cannot be read.
pub(super) fn whole(chain: &[&Source], problems: &mut Diagnostics) -> Option<Node> {
    let mut roots = Vec::new();
    for source in chain {
        match source.parse(problems) {
            Ok(root) => roots.push(root),
            Err(problem) => {
                problems.push(*problem);
                return None;
            }
        }
    }
    let mut whole = roots.pop()?;
    while let Some(root) = roots.pop() {
        whole = over(whole, root);
    }
    Some(whole)
}

/// The files of cases: the contract's own, and the others' topics that it has none of.
pub(super) fn topics<'f>(files: &'f Files, chain: &[&'f Source]) -> Vec<&'f Source> {
    let mut topics: Vec<&Source> = Vec::new();
    for source in chain {
        let Some((folder, _)) = source.name.rsplit_once('/') else { continue };
        for file in files.cases(folder) {
            if !topics.iter().any(|known| topic(known) == topic(file)) {
                topics.push(file);
            }
        }
    }
    topics
}

fn topic(source: &Source) -> Option<&str> {
    Path::new(&*source.name).file_name().and_then(|name| name.to_str())
}

fn over(base: Node, own: Node) -> Node {
    let (NodeKind::Map(mut entries), NodeKind::Map(more)) = (base.kind, own.kind.clone()) else { return own };
    entries.retain(|(key, _)| key.value != EXTENDS);
    for (key, value) in more {
        let known = entries.iter().position(|(name, _)| name.value == key.value);
        let known = known.map(|at| entries.remove(at).1);
        let value = match (known, key.as_str()) {
            (Some(known), NAMES) => each(known, value, &|known, value| each(known, value, &|_, value| value)),
            (Some(known), word) if BY_ENTRY.contains(&word) => each(known, value, &|_, value| value),
            (Some(known), RULES) => followed(known, value),
            (_, _) => value,
        };
        entries.push((key, value));
    }
    Node { place: own.place, kind: NodeKind::Map(entries) }
}

/// Entry by entry; one that is nothing takes the other's away.
fn each(base: Node, own: Node, both: &dyn Fn(Node, Node) -> Node) -> Node {
    let (NodeKind::Map(mut entries), NodeKind::Map(more)) = (base.kind, own.kind.clone()) else { return own };
    for (key, value) in more {
        match entries.iter().position(|(name, _)| name.value == key.value) {
            Some(at) if value.kind == NodeKind::Null => drop::<(At<String>, Node)>(entries.remove(at)),
            Some(at) => {
                let (_, known) = entries.remove(at);
                entries.insert(at, (key, both(known, value)));
            }
            None => entries.push((key, value)),
        }
    }
    Node { place: own.place, kind: NodeKind::Map(entries) }
}

fn followed(base: Node, own: Node) -> Node {
    match (base.kind, own.kind.clone()) {
        (NodeKind::List(mut items), NodeKind::List(more)) => {
            items.extend(more);
            Node { place: own.place, kind: NodeKind::List(items) }
        }
        _ => own,
    }
}
