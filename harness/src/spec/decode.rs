//! From the tree of a file to the types of the model.
//!
//! Structure is the grammar's business and was judged before: what has the wrong shape is passed over here, and what
//! the grammar cannot express (references, paths, patterns) is reported.

pub mod case;
pub mod contract;
pub mod language;
pub mod product;
pub mod target;

use std::collections::HashSet;

use crate::spec::language::path::Unreadable;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::{At, Place};

/// What decoding a file needs besides its tree, and gathers.
pub struct Decoder<'a> {
    /// The problems found.
    pub diagnostics: Diagnostics,
    /// Reads a file that `{$ref: …}` names, relative to the file at hand.
    files: &'a dyn Fn(&str) -> Result<String, String>,
    /// Patterns and schemas that were compiled already: a product repeats them, and compiling is what costs most.
    compiled: HashSet<String>,
    /// The names of the error's fields, once the protocols are read.
    fields: Vec<String>,
}

impl<'a> Decoder<'a> {
    /// A decoder that reads referenced files so.
    pub fn new(files: &'a dyn Fn(&str) -> Result<String, String>) -> Self {
        Self { diagnostics: Diagnostics::default(), files, compiled: HashSet::new(), fields: Vec::new() }
    }

    fn error(&mut self, place: &Place, problem: Unreadable) {
        self.diagnostics.push(Diagnostic::error(place.clone(), problem.what).help(problem.help));
    }

    /// The parsed value, or the problem on record.
    fn report<T>(&mut self, place: &Place, result: Result<T, Unreadable>) -> Option<T> {
        result.map_err(|problem| self.error(place, problem)).ok()
    }

    /// A JSON schema, written in place or named by `{$ref: file.json}`.
    fn schema(&mut self, node: &Node) -> serde_json::Value {
        let schema = self.written_schema(node);
        if self.compiled.insert(schema.to_string())
            && let Err(error) = jsonschema::meta::validate(&schema)
        {
            let title = format!("not a JSON Schema: `{}` is wrong", error.instance_path());
            self.diagnostics.push(Diagnostic::error(node.place.clone(), title));
        }
        schema
    }

    fn written_schema(&mut self, node: &Node) -> serde_json::Value {
        let written = node.to_json();
        let Some(file) = node.get("$ref").filter(|_| node.entries().len() == 1) else { return written };
        let Some(name) = file.text().filter(|name| !name.starts_with('#')) else { return written };
        let read = (self.files)(name).and_then(|text| {
            serde_json::from_str(&text).map_err(|error| format!("`{name}` is not JSON: {error}"))
        });
        read.unwrap_or_else(|why| {
            self.diagnostics.push(Diagnostic::error(file.place.clone(), why));
            serde_json::Value::Bool(true)
        })
    }
}

/// A text with its place; scalars that are no texts count as they are written.
fn at_text(node: &Node) -> At<String> {
    At::new(plain(node), node.place.clone())
}

fn plain(node: &Node) -> String {
    match &node.kind {
        NodeKind::Text(text) => text.clone(),
        // A wrong kind was reported, and names nothing.
        NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) => String::new(),
        _ => node.to_json().to_string(),
    }
}

fn text_of(node: Option<&Node>) -> String {
    node.map(plain).unwrap_or_default()
}

/// The text of a key, where it is there.
fn optional(node: Option<&Node>) -> Option<String> {
    node.map(plain)
}

fn optional_at(node: Option<&Node>) -> Option<At<String>> {
    node.map(at_text)
}

/// One or several texts.
fn texts(node: Option<&Node>) -> Vec<At<String>> {
    node.map(|node| node.items().iter().map(at_text).collect()).unwrap_or_default()
}

fn entries(node: Option<&Node>) -> &[(At<String>, Node)] {
    node.map(Node::entries).unwrap_or_default()
}

fn flag(node: Option<&Node>) -> bool {
    matches!(node, Some(Node { kind: NodeKind::Bool(true), .. }))
}

fn number(node: Option<&Node>) -> Option<u64> {
    match &node?.kind {
        NodeKind::Number(number) => number.as_u64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
