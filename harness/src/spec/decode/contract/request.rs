//! The requests of a contract: what is valid, and what becomes of what is not.

use crate::spec::contract::{Defect, Level, Rejection, Rejects, RequestShape, Validation};
use crate::spec::decode::{Decoder, entries, optional_at, texts};
use crate::spec::language::pointer;
use crate::spec::read::node::Node;
use crate::spec::read::place::At;

impl Decoder<'_> {
    pub(super) fn request(&mut self, operation: &At<String>, node: &Node) -> RequestShape {
        let rewrites = texts(node.get("rewrites"));
        for written in &rewrites {
            self.report(&written.place, pointer::check(written));
        }
        RequestShape {
            operation: operation.clone(),
            example: node.get("example").map(|example| self.value(example)),
            schema: node.get("schema").map(|schema| self.schema(schema)),
            rejects: node.get("rejects").map(rejects),
            negate: entries(node.get("negate"))
                .iter()
                .map(|(glob, level)| (glob.clone(), negation(level)))
                .collect(),
            validation: match node.get("validation").and_then(Node::text) {
                Some("passthrough") => Validation::Passthrough,
                Some("either") => Validation::Either,
                _ => Validation::Local,
            },
            rewrites: rewrites.into_iter().map(|written| written.value).collect(),
        }
    }
}

fn rejects(node: &Node) -> Rejects {
    let by = Defect::ALL.iter().filter_map(|defect| Some((*defect, rejection(node.get(defect.word())?))));
    Rejects { claims: texts(node.get("claims")), by: by.collect() }
}

fn rejection(node: &Node) -> Rejection {
    let rows = node.get("any_of").unwrap_or(node);
    Rejection {
        rows: texts(Some(rows)),
        claims: texts(node.get("claims")),
        reading: optional_at(node.get("reading")),
    }
}

fn negation(node: &Node) -> Option<Level> {
    match node.text() {
        Some("never") => None,
        Some("must") => Some(Level::Must),
        Some("should") => Some(Level::Should),
        _ => Some(Level::May),
    }
}
