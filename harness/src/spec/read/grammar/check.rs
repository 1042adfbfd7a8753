//! Holds a tree against the grammar, and goes on after each problem.

use super::{Field, Kind, Record, Shape, cases};
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::{At, Place};
use crate::spec::read::word::suggestion;

/// Reports every structural problem of a file.
pub fn check(kind: Kind, root: &Node, problems: &mut Diagnostics) {
    Check { axes: kind == Kind::Cases, problems }.shape(kind.shape(), root, &Owner::file(root, kind));
}

/// Reports every structural problem of a case whose product was taken.
pub fn check_case(root: &Node, problems: &mut Diagnostics) {
    let owner = Owner::member(&cases::CASE_SHAPE, root, &Owner::file(root, Kind::Cases));
    Check { axes: false, problems }.shape(&cases::CASE_SHAPE, root, &owner);
}

struct Check<'a> {
    /// Whether `$(for.…)` may stand for anything.
    axes: bool,
    problems: &'a mut Diagnostics,
}

/// What a value belongs to, in words, and where a missing part of it is reported.
struct Owner<'a> {
    place: &'a Place,
    name: String,
}

impl<'a> Owner<'a> {
    fn file(root: &'a Node, kind: Kind) -> Self {
        let name = match kind {
            Kind::Contract => "the contract",
            Kind::Cases => "the file of cases",
            Kind::Target => "the target",
        };
        Self { place: &root.place, name: name.to_owned() }
    }

    fn key(key: &'a At<String>) -> Self {
        Self { place: &key.place, name: format!("`{}`", key.value) }
    }

    /// A member of a list is named by what it is.
    fn member(shape: &Shape, item: &'a Node, list: &Self) -> Self {
        match shape {
            Shape::Record(record) => Self { place: &item.place, name: record.what.to_owned() },
            _ => Self { place: &item.place, name: list.name.clone() },
        }
    }
}

impl Check<'_> {
    fn shape(&mut self, shape: &Shape, node: &Node, owner: &Owner<'_>) {
        if self.axes && node.text().is_some_and(|text| text.contains("$(for.")) {
            return;
        }
        if !accepts(shape, node) {
            self.wrong(shape, node, owner);
            return;
        }
        match shape {
            Shape::ListOf(member) | Shape::OneOrMore(member) => {
                node.items()
                    .iter()
                    .for_each(|item| self.shape(member, item, &Owner::member(member, item, owner)));
            }
            Shape::MapOf(member) => {
                for (key, value) in node.entries() {
                    self.shape(member, value, &Owner::key(key));
                }
            }
            Shape::Record(record) => self.record(record, node, owner),
            Shape::OneOf(shapes) => {
                if let Some(fitting) = shapes.iter().find(|shape| accepts(shape, node)) {
                    self.shape(fitting, node, owner);
                }
            }
            Shape::Named(_, inner) => self.shape(inner, node, owner),
            Shape::OrReference(inner) if !is_reference(node) => self.shape(inner, node, owner),
            _ => {}
        }
    }

    fn wrong(&mut self, shape: &Shape, node: &Node, owner: &Owner<'_>) {
        let found = match &node.kind {
            NodeKind::Text(text) if text.chars().count() <= 30 => format!("`{text}`"),
            NodeKind::Number(number) => format!("`{number}`"),
            NodeKind::Bool(value) => format!("`{value}`"),
            _ => node.what().to_owned(),
        };
        let problem = Diagnostic::error(node.place.clone(), format!("{} cannot be {found}", owner.name))
            .label(format!("expected {}", expected(shape)));
        let help = match node.text() {
            Some(text) => suggestion(text, words(shape)),
            None => None,
        };
        self.problems.push(problem.help(help));
    }

    fn record(&mut self, record: &Record, node: &Node, owner: &Owner<'_>) {
        for (key, value) in node.entries() {
            let owner = Owner::key(key);
            match (record.fields.iter().find(|field| field.key == key.value), record.others) {
                (Some(field), _) => self.shape(field.shape, value, &owner),
                (None, Some((_, shape))) => self.shape(shape, value, &owner),
                (None, None) => {
                    let title = format!("`{}` is no key of {}", key.value, record.what);
                    let help = suggestion(key, record.keys());
                    self.problems.push(Diagnostic::error(key.place.clone(), title).help(help));
                }
            }
        }
        let has = |key: &str| node.get(key).is_some();
        for Field { key, doc, .. } in record.fields.iter().filter(|field| field.required && !has(field.key)) {
            let title = format!("{} lacks `{key}`", owner.name);
            self.problems.push(
                Diagnostic::error(owner.place.clone(), title)
                    .label(format!("{} needs `{key}`", record.what))
                    .help(format!("`{key}`: {doc}")),
            );
        }
        self.choice(record, node, owner);
        for (key, other) in record.beside {
            if let Some((key, _)) =
                node.entries().iter().find(|(name, _)| name.value == *key).filter(|_| !has(other))
            {
                let title = format!("`{}` makes sense only beside `{other}`", key.value);
                self.problems.push(Diagnostic::error(key.place.clone(), title));
            }
        }
    }

    fn choice(&mut self, record: &Record, node: &Node, owner: &Owner<'_>) {
        let mut chosen = node.entries().iter().filter(|(key, _)| record.exactly_one.contains(&key.as_str()));
        let first = chosen.next();
        for (key, _) in chosen {
            let title =
                format!("`{}` is one too many: {} has one of {}", key.value, record.what, listed(record));
            self.problems.push(Diagnostic::error(key.place.clone(), title));
        }
        if first.is_none() && !record.exactly_one.is_empty() {
            let title = format!("{} needs one of {}", record.what, listed(record));
            let place = if node.entries().is_empty() { &node.place } else { owner.place };
            let place = if node.place.line > place.line { &node.place } else { place };
            self.problems.push(Diagnostic::error(place.clone(), title));
        }
    }
}

fn listed(record: &Record) -> String {
    let keys: Vec<String> = record.exactly_one.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

fn is_reference(node: &Node) -> bool {
    node.text().is_some_and(|text| text.contains("$("))
}

/// Whether a value is of this shape's kind; what is inside is asked later.
fn accepts(shape: &Shape, node: &Node) -> bool {
    let is_list = matches!(node.kind, NodeKind::List(_));
    let is_map = matches!(node.kind, NodeKind::Map(_));
    match shape {
        Shape::Anything => true,
        Shape::Scalar => !is_list && !is_map,
        Shape::Text | Shape::Form(_) => node.text().is_some(),
        Shape::Bool => matches!(node.kind, NodeKind::Bool(_)),
        Shape::Number => matches!(node.kind, NodeKind::Number(_)),
        Shape::Count(least, most) => match &node.kind {
            NodeKind::Number(number) => {
                number.as_u64().is_some_and(|number| (*least..=*most).contains(&number))
            }
            _ => false,
        },
        Shape::Word(words) => match &node.kind {
            NodeKind::Text(text) => words.contains(&text.as_str()),
            NodeKind::Bool(value) => words.contains(&value.to_string().as_str()),
            _ => false,
        },
        Shape::OrReference(inner) => is_reference(node) || accepts(inner, node),
        Shape::ListOf(_) => is_list,
        Shape::OneOrMore(member) => is_list || accepts(member, node),
        Shape::MapOf(_) | Shape::Record(_) => is_map,
        Shape::OneOf(shapes) => shapes.iter().any(|shape| accepts(shape, node)),
        Shape::Named(_, inner) => accepts(inner, node),
    }
}

/// What a shape asks for, in words.
pub(super) fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Anything => "any value".to_owned(),
        Shape::Scalar => "a text, a number or a boolean".to_owned(),
        Shape::Text => "a text".to_owned(),
        Shape::Form(form) => form.what.to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Count(least, most) => format!("a whole number from {least} to {most}"),
        Shape::Word([word]) => format!("`{word}`"),
        Shape::Word(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        }
        Shape::OrReference(inner) => format!("{}, or a reference", expected(inner)),
        Shape::ListOf(member) => format!("a list, each member {}", expected(member)),
        Shape::OneOrMore(member) => format!("{}, or a list of such", expected(member)),
        Shape::MapOf(member) => format!("a map, under each name {}", expected(member)),
        Shape::Record(record) => match record.fields.is_empty() {
            true if record.others.is_none() => record.what.to_owned(),
            _ => format!("{} (a map)", record.what),
        },
        Shape::OneOf(shapes) => shapes.iter().map(expected).collect::<Vec<_>>().join(", or "),
        Shape::Named("matcher", _) => "a matcher".to_owned(),
        Shape::Named(_, inner) => expected(inner),
    }
}

fn words(shape: &Shape) -> Vec<&'static str> {
    match shape {
        Shape::Word(words) => words.to_vec(),
        Shape::OneOf(shapes) => shapes.iter().flat_map(words).collect(),
        Shape::OneOrMore(inner) | Shape::OrReference(inner) | Shape::Named(_, inner) => words(inner),
        _ => Vec::new(),
    }
}
