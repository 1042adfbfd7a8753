//! A request's JSON Schema, read for making requests: references resolved, branches in order, the target's names pinned.

use serde_json::{Map, Value};

use super::json::{Json, Spot};

/// Stands for the marker in every text that carries the caller's words; a marker has the same length.
pub const MARKER: &str = "zuqimarkerstands";

/// A request's schema and what the contract's example says of it.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Value,
    /// Top-level fields that name something of the target's, such as a model: valid bodies keep them.
    pins: Vec<(String, Json)>,
}

/// A step from a schema into one of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the property of this name.
    Key(String),
    /// Into the members of a list.
    Item,
    /// Into the values of properties that have no name in the schema.
    Extra,
    /// Into an alternative of `anyOf` or `oneOf`, by its index.
    Branch(usize),
}

impl Schema {
    /// The schema `root`; texts at the top of `example` that are not the prompt are names that the target binds.
    pub fn new(root: Value, example: &Json) -> Self {
        let mut pins = Vec::new();
        if let Json::Object(entries) = example {
            for (key, value) in entries {
                if matches!(value, Json::Text(text) if !text.contains(MARKER)) {
                    pins.push((key.clone(), value.clone()));
                }
            }
        }
        Self { root, pins }
    }

    /// The whole schema.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// What the target's name for a top-level field is.
    pub fn pinned(&self, key: &str) -> Option<&Json> {
        self.pins.iter().find(|(pinned, _)| pinned == key).map(|(_, value)| value)
    }

    /// The schema that a node stands for, its reference resolved.
    pub fn node<'s>(&'s self, node: &'s Value) -> &'s Value {
        let mut node = node;
        for _ in 0..MOST_REFERENCES {
            let target = node.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
            match target.and_then(|pointer| self.root.pointer(pointer)) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The alternatives of a node; none where it has no such keyword.
    pub fn branches<'s>(&self, node: &'s Value) -> &'s [Value] {
        let branches = node.get("anyOf").or_else(|| node.get("oneOf")).and_then(Value::as_array);
        branches.map_or(&[], Vec::as_slice)
    }

    /// The key under which a value stands that is named by no property.
    pub fn extra_key(&self, node: &Value) -> String {
        let names = node.get("propertyNames").map(|names| self.node(names));
        match names.and_then(|names| names.get("pattern")).and_then(Value::as_str) {
            Some(pattern) => super::text::sample(pattern),
            None => "note".to_owned(),
        }
    }

    /// Where the value of a path stands in an instance: the first member of a list, the extra key of an object.
    pub fn spots(&self, path: &[Step]) -> Vec<Spot> {
        let mut node = self.node(&self.root);
        let mut spots = Vec::new();
        for step in path {
            let next = match step {
                Step::Key(key) => {
                    spots.push(Spot::Key(key.clone()));
                    properties(node).and_then(|known| known.get(key))
                }
                Step::Item => {
                    spots.push(Spot::Index(0));
                    node.get("items")
                }
                Step::Extra => {
                    spots.push(Spot::Key(self.extra_key(node)));
                    node.get("additionalProperties")
                }
                Step::Branch(index) => self.branches(node).get(*index),
            };
            node = self.node(next.unwrap_or(&Value::Null));
        }
        spots
    }
}

/// The properties of a node.
pub fn properties(node: &Value) -> Option<&Map<String, Value>> {
    node.get("properties").and_then(Value::as_object)
}

/// Whether a property has to be there.
pub fn is_required(node: &Value, key: &str) -> bool {
    let required = node.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|known| known == key))
}

/// The types that a node names, or that its keywords are about; none where it takes anything.
pub fn types(node: &Value) -> Vec<&str> {
    match node.get("type") {
        Some(Value::String(only)) => vec![only],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ if node.get("properties").is_some() => vec!["object"],
        _ if node.get("items").is_some() => vec!["array"],
        _ => Vec::new(),
    }
}

/// A keyword's whole number.
pub fn count(node: &Value, keyword: &str) -> Option<usize> {
    node.get(keyword).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok())
}

/// References to references that are followed; a schema that has more points in a circle.
const MOST_REFERENCES: usize = 16;
