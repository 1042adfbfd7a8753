//! Diagnostics of a target as they may be shown: keys written into the file are blotted out.

use std::ops::Range;
use std::sync::Arc;

use crate::spec::read::diagnostic::Diagnostics;
use crate::spec::read::node::{Node, NodeKind, Source};

/// Maps of a target whose texts may be keys.
const SECRET: [&str; 4] = ["credentials", "headers", "env", "key"];
/// Keys of a binding whose texts are no keys.
const PLAIN: [&str; 7] = ["env", "file", "at", "from", "mangle", "pace", "fresh"];

/// Gives the target's diagnostics their text with each literal that may be a key replaced by asterisks. Where the file
/// could not be read, nobody knows where its keys are, so that no text is given.
pub(super) fn attach(source: &Source, root: Option<&Node>, problems: &mut Diagnostics) {
    let Some(root) = root else { return };
    let mut secret = Vec::new();
    collect(root, false, &mut secret);
    secret.retain(|range| !source.text[range.clone()].contains("$("));
    let mut bytes = source.text.as_bytes().to_vec();
    for range in &secret {
        bytes[range.clone()].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    for problem in problems.0.iter_mut().filter(|problem| problem.place.file == source.name) {
        if let Some(range) = secret.iter().find(|range| range.contains(&problem.place.start)) {
            let written = source.text[range.clone()].trim();
            problem.title = problem.title.replace(written, "***");
            problem.help = problem.help.take().map(|help| help.replace(written, "***"));
        }
    }
    problems.attach(&Source { name: Arc::clone(&source.name), text: text.into() });
}

fn collect(node: &Node, secret: bool, found: &mut Vec<Range<usize>>) {
    match &node.kind {
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                let nested = matches!(value.kind, NodeKind::Map(_) | NodeKind::List(_));
                let plain = !nested && PLAIN.contains(&key.as_str());
                collect(value, !plain && (secret || SECRET.contains(&key.as_str())), found);
            }
        }
        NodeKind::List(items) => items.iter().for_each(|item| collect(item, secret, found)),
        _ if secret => found.push(node.place.start..node.place.end),
        _ => {}
    }
}
