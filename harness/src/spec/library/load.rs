//! Reads the files of a library.

use std::path::Path;

use super::{Library, Loaded, extends, mask};
use crate::spec::case::Case;
use crate::spec::decode::{Decoder, product};
use crate::spec::library::Files;
use crate::spec::lint::{self, Vocabulary};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::grammar::{self, Kind};
use crate::spec::read::node::{Node, NodeKind, Source};
use crate::spec::read::place::Place;
use crate::spec::read::word::suggestion;
use crate::spec::target::Target;

/// A contract and its cases, or every problem of their files where an error is among them.
pub(super) fn contract(files: &Files, words: &Vocabulary, name: &str) -> Result<Loaded, Diagnostics> {
    let (loaded, problems) = read(files, words, name);
    match loaded {
        Some(loaded) if !problems.has_errors() => Ok(loaded),
        _ => Err(problems),
    }
}

/// A target from a file or from the library.
pub(super) fn target(library: &Library, path_or_name: &str) -> Result<Target, Diagnostics> {
    match read_target(library, &target_source(library, path_or_name)?) {
        (Some(target), problems) if !problems.has_errors() => Ok(target),
        (_, problems) => Err(problems),
    }
}

/// Every problem of a target and its contract.
pub(super) fn check_target(library: &Library, path_or_name: &str) -> Diagnostics {
    match target_source(library, path_or_name) {
        Ok(source) => read_target(library, &source).1,
        Err(problems) => problems,
    }
}

fn target_source(library: &Library, path_or_name: &str) -> Result<Source, Diagnostics> {
    match library.files().get(&format!("targets/{path_or_name}.yaml")) {
        Some(source) if !Path::new(path_or_name).is_file() => Ok(source.clone()),
        _ => match std::fs::read_to_string(path_or_name) {
            Ok(text) => Ok(Source::new(path_or_name, &text)),
            Err(error) => Err(Diagnostics(vec![no_target(library, path_or_name, &error)])),
        },
    }
}

/// Every problem of every file.
pub(super) fn check(library: &Library) -> Diagnostics {
    let mut problems = Diagnostics::default();
    for name in library.contracts() {
        problems.extend(read(library.files(), &library.words, name).1);
    }
    for name in library.files().targets() {
        if let Some(source) = library.files().get(&format!("targets/{name}.yaml")) {
            problems.extend(read_target(library, source).1);
        }
    }
    problems
}

fn no_target(library: &Library, written: &str, error: &std::io::Error) -> Diagnostic {
    let title = format!("no target `{written}`: {error}");
    Diagnostic::error(Place::generated("--target"), title).help(
        suggestion(written, library.files().targets())
            .map(|help| format!("{help} (a shipped target, or a path)")),
    )
}

fn read(files: &Files, words: &Vocabulary, name: &str) -> (Option<Loaded>, Diagnostics) {
    let mut problems = Diagnostics::default();
    if files.get(&format!("{name}/contract.yaml")).is_none() {
        return (None, problems);
    }
    let chain = extends::chain(files, name, &mut problems);
    let root = extends::whole(&chain, &mut problems);
    if let Some(root) = &root {
        grammar::check(Kind::Contract, root, &mut problems);
    }
    let contract = root.map(|root| {
        let contract = decoded(files, &chain, &mut problems, |decoder| decoder.contract(&root));
        lint::contract(name, &contract, words, &mut problems);
        contract
    });
    chain.iter().for_each(|source| problems.attach(source));
    let mut cases = Vec::new();
    let topics = extends::topics(files, &chain);
    for source in &topics {
        if let Some(root) = parsed(source, Kind::Cases, &mut problems) {
            cases.extend(read_cases(files, &chain, source, &root, &mut problems));
        }
        problems.attach(source);
    }
    let Some(contract) = contract else { return (None, problems) };
    lint::cases(&contract, &cases, words, &mut problems);
    if !problems.has_errors() {
        lint::coverage(&contract, &cases, &mut problems);
    }
    for source in chain.iter().chain(&topics) {
        problems.attach(source);
    }
    problems.sort();
    (Some(Loaded { contract, cases }), problems)
}

fn read_cases(
    files: &Files,
    chain: &[&Source],
    source: &Source,
    root: &Node,
    problems: &mut Diagnostics,
) -> Vec<Case> {
    let topic = Path::new(&*source.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut members = Vec::new();
    let NodeKind::List(nodes) = &root.kind else { return Vec::new() };
    for node in nodes {
        let Some(name) = node.get("case").and_then(Node::text) else { continue };
        for member in product::members(node, problems) {
            grammar::check_case(&member.tree, problems);
            members.push((format!("{topic}::{name}{}", member.label), member.tree));
        }
    }
    decoded(files, chain, problems, |decoder| {
        members.into_iter().map(|(id, tree)| decoder.case(id, &tree)).collect()
    })
}

fn read_target(library: &Library, source: &Source) -> (Option<Target>, Diagnostics) {
    let mut problems = Diagnostics::default();
    let root = parsed(source, Kind::Target, &mut problems);
    let target = root.as_ref().map(|root| {
        let mut target = decoded(library.files(), &[source], &mut problems, |decoder| decoder.target(root));
        match contract_of(library, &target) {
            Ok(loaded) => {
                lint::target::lint(&target, &loaded.contract, &library.words, &mut problems);
                lint::target::complete(&mut target, &loaded.contract);
            }
            Err(others) => problems.extend(others),
        }
        target
    });
    mask::attach(source, root.as_ref(), &mut problems);
    problems.sort();
    (target, problems)
}

fn contract_of<'l>(library: &'l Library, target: &Target) -> Result<&'l Loaded, Diagnostics> {
    if library.contracts().any(|name| name == target.contract.value) {
        return library.contract(&target.contract);
    }
    Err(Diagnostics(vec![library.unknown_contract(&target.contract, &target.contract.place)]))
}

fn parsed(source: &Source, kind: Kind, problems: &mut Diagnostics) -> Option<Node> {
    match source.parse(problems) {
        Ok(root) => {
            grammar::check(kind, &root, problems);
            Some(root)
        }
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

fn decoded<T>(
    files: &Files,
    beside: &[&Source],
    problems: &mut Diagnostics,
    read: impl FnOnce(&mut Decoder<'_>) -> T,
) -> T {
    let folders: Vec<&str> =
        beside.iter().map(|source| source.name.rsplit_once('/').map_or("", |(folder, _)| folder)).collect();
    // Schemas of requests that several contracts share lie in a folder beside those of the contracts.
    let found = |name: &str| match name.strip_prefix("../") {
        Some(shared) => files.get(shared),
        None => folders.iter().find_map(|folder| files.get(&format!("{folder}/{name}"))),
    };
    let referenced = |name: &str| match found(name) {
        Some(file) => Ok(file.text.to_string()),
        None => Err(format!("there is no file `{name}` beside this one")),
    };
    let mut decoder = Decoder::new(&referenced);
    let value = read(&mut decoder);
    problems.extend(decoder.diagnostics);
    value
}
