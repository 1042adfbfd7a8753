//! The product that a `for` makes: one tree a combination, and its id.

use crate::spec::decode::plain;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::At;
use crate::spec::read::word::suggestion;

/// The most cases one `for` may make.
const MOST: usize = 2_000;

/// The key that names a map among an axis's values.
const NAME: &str = "as";

/// One combination.
pub struct Member {
    /// `[axis=value,…]`; nothing where there is no `for`.
    pub label: String,
    /// The tree in which no axis is named any more.
    pub tree: Node,
}

/// The axes of one combination and their values.
type Chosen<'a> = Vec<(&'a str, &'a Node)>;

/// Takes the product; axes vary as written, the last fastest.
pub fn members(case: &Node, problems: &mut Diagnostics) -> Vec<Member> {
    let axes: Vec<(&str, &[Node])> = case
        .get("for")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .map(|(axis, values)| (axis.value.as_str(), values.items()))
        .collect();
    let count = axes.iter().map(|(_, values)| values.len()).try_fold(1usize, usize::checked_mul);
    if count.is_none_or(|count| count > MOST) {
        let place = case.get("for").map_or_else(|| case.place.clone(), |node| node.place.clone());
        problems.push(Diagnostic::error(place, format!("this makes more than {MOST} cases")));
        return Vec::new();
    }
    let mut combinations: Vec<Chosen<'_>> = vec![Vec::new()];
    for (axis, values) in &axes {
        combinations = combinations
            .into_iter()
            .flat_map(|chosen| {
                values.iter().map(move |value| {
                    let mut chosen = chosen.clone();
                    chosen.push((*axis, value));
                    chosen
                })
            })
            .collect();
    }
    let mut made: Vec<Member> = Vec::new();
    for chosen in combinations {
        let first = label(&chosen);
        let mut label = first.clone();
        let mut again = 2;
        while made.iter().any(|member| member.label == label) {
            label = format!("{}~{again}]", first.trim_end_matches(']'));
            again += 1;
        }
        let mut own = Diagnostics::default();
        let tree = substituted(case, &chosen, &mut own);
        if own.is_empty() {
            made.push(Member { label, tree });
        }
        problems.extend(own);
    }
    axes_in_use(case, problems);
    made
}

/// Reports axes without a value, and those that are named nowhere, where no slip explains it.
fn axes_in_use(case: &Node, problems: &mut Diagnostics) {
    let slipped = problems.has_errors();
    for (axis, values) in case.get("for").map(Node::entries).unwrap_or_default() {
        if values.items().is_empty() {
            let title = format!("the axis `{}` has no value, so that there is no case", axis.value);
            problems.push(Diagnostic::error(axis.place.clone(), title));
        } else if !slipped && !names(case, &axis.value) {
            let title = format!("nothing uses the axis `{}`", axis.value);
            let help = format!("write `$(for.{})` where its value belongs", axis.value);
            problems.push(Diagnostic::warning(axis.place.clone(), title).help(help));
        }
    }
}

/// Whether an axis is named anywhere in the tree.
fn names(node: &Node, axis: &str) -> bool {
    let named = |text: &str| {
        text.split("$(for.")
            .skip(1)
            .any(|rest| rest.strip_prefix(axis).is_some_and(|rest| rest.starts_with([')', '.'])))
    };
    match &node.kind {
        NodeKind::Text(text) => named(text),
        NodeKind::List(items) => items.iter().any(|item| names(item, axis)),
        NodeKind::Map(entries) => entries.iter().any(|(key, value)| named(key) || names(value, axis)),
        _ => false,
    }
}

fn label(chosen: &Chosen<'_>) -> String {
    if chosen.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = chosen.iter().map(|(axis, value)| format!("{axis}={}", slug(value))).collect();
    format!("[{}]", parts.join(","))
}

/// A short form of a value for an id: letters, digits and a few signs; a map's own name where it has one.
fn slug(node: &Node) -> String {
    if let Some(name) = node.get(NAME) {
        return slug(name);
    }
    let long = match &node.kind {
        NodeKind::Map(entries) if entries.is_empty() => "none".to_owned(),
        NodeKind::Map(entries) => {
            let parts: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}-{}", slug(value))).collect();
            parts.join("+")
        }
        NodeKind::List(items) if items.is_empty() => "none".to_owned(),
        NodeKind::List(items) => items.iter().map(slug).collect::<Vec<_>>().join("+"),
        NodeKind::Null => "null".to_owned(),
        NodeKind::Text(text) if text.is_empty() => "empty".to_owned(),
        _ => plain(node),
    };
    let mut short = String::new();
    for c in long.chars() {
        let kept = c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
        if kept {
            short.push(c);
        } else if !short.ends_with('_') {
            short.push('_');
        }
    }
    let short = short.trim_matches('_');
    if short.is_empty() { "other".to_owned() } else { short.chars().take(48).collect() }
}

fn substituted(node: &Node, chosen: &Chosen<'_>, problems: &mut Diagnostics) -> Node {
    let kind = match &node.kind {
        NodeKind::Text(text) => return in_text(node, text, chosen, problems),
        NodeKind::List(items) => {
            NodeKind::List(items.iter().map(|item| substituted(item, chosen, problems)).collect())
        }
        NodeKind::Map(entries) => {
            let others = entries.iter().filter(|(key, _)| key.value != "for" || !is_product(node));
            let entry = |(key, value): &(At<String>, Node)| {
                let name = Node { place: key.place.clone(), kind: NodeKind::Text(key.value.clone()) };
                let name = plain(&in_text(&name, &key.value, chosen, problems));
                (At::new(name, key.place.clone()), substituted(value, chosen, problems))
            };
            NodeKind::Map(others.map(entry).collect())
        }
        other => other.clone(),
    };
    Node { place: node.place.clone(), kind }
}

/// Whether this map is a case, whose `for` is the product and not a hold's length.
fn is_product(node: &Node) -> bool {
    node.get("case").is_some()
}

fn in_text(node: &Node, text: &str, chosen: &Chosen<'_>, problems: &mut Diagnostics) -> Node {
    let mut built = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(for.") {
        let inside = &rest[at + "$(for.".len()..];
        let Some(end) = inside.find(')') else { break };
        let value = match part(&inside[..end], chosen) {
            Ok(value) => value,
            Err(help) => {
                let title = format!("`$(for.{})` names no axis of this case", &inside[..end]);
                problems.push(Diagnostic::error(node.place.clone(), title).help(help));
                return Node { place: node.place.clone(), kind: NodeKind::Null };
            }
        };
        let whole = at == 0 && end + 1 == inside.len() && built.is_empty();
        if whole {
            return Node { place: node.place.clone(), kind: unnamed(value) };
        }
        built.push_str(&rest[..at]);
        match &value.kind {
            NodeKind::List(_) | NodeKind::Map(_) => built.push_str(&value.to_json().to_string()),
            _ => built.push_str(&plain(value)),
        }
        rest = &inside[end + 1..];
    }
    built.push_str(rest);
    Node { place: node.place.clone(), kind: NodeKind::Text(built) }
}

/// The value without the name that it has in ids.
fn unnamed(value: &Node) -> NodeKind {
    match &value.kind {
        NodeKind::Map(entries) => {
            NodeKind::Map(entries.iter().filter(|(key, _)| key.value != NAME).cloned().collect())
        }
        kind => kind.clone(),
    }
}

/// The value of `axis` or of `axis.key`.
fn part<'a>(written: &str, chosen: &Chosen<'a>) -> Result<&'a Node, Option<String>> {
    let mut words = written.split('.');
    let axis = words.next().unwrap_or_default();
    let found = chosen.iter().find(|(name, _)| *name == axis).map(|(_, value)| *value);
    let mut value = found.ok_or_else(|| suggestion(axis, chosen.iter().map(|(name, _)| *name)))?;
    for key in words {
        let keys = value.entries().iter().map(|(name, _)| name.value.as_str());
        value = value.get(key).ok_or_else(|| suggestion(key, keys))?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
