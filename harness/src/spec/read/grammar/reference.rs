//! The reference of all keys, as Markdown for `specs/README.md`.

use std::fmt::Write as _;

use super::check::expected;
use super::{Kind, Record, Shape};

/// One table a map, in the order in which the maps are met.
pub fn tables(kind: Kind) -> String {
    let mut records = Vec::new();
    collect(kind.shape(), &mut records);
    let mut text = String::new();
    for record in records.into_iter().filter(|record| !record.fields.is_empty()) {
        let title = record.what.trim_start_matches("a ").trim_start_matches("an ").trim_start_matches("the ");
        let _ = writeln!(text, "**{title}**\n\n| key | value | |\n|---|---|---|");
        for field in record.fields {
            let required = if field.required { " (required)" } else { "" };
            let value = expected(field.shape).replace('|', "\\|");
            let doc = field.doc.replace('|', "\\|");
            let _ = writeln!(text, "| `{}`{required} | {value} | {doc} |", field.key);
        }
        if let Some((what, shape)) = record.others {
            let _ = writeln!(text, "| any other: {what} | {} | |", expected(shape));
        }
        if !record.exactly_one.is_empty() {
            let keys: Vec<String> = record.exactly_one.iter().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(text, "\nExactly one of {} is there.", keys.join(", "));
        }
        text.push('\n');
    }
    text
}

/// Every key of a kind of file.
pub fn keys(kind: Kind) -> Vec<&'static str> {
    let mut records = Vec::new();
    collect(kind.shape(), &mut records);
    records.iter().flat_map(|record| record.keys()).collect()
}

fn collect(shape: &Shape, found: &mut Vec<&'static Record>) {
    match shape {
        Shape::OrReference(inner)
        | Shape::ListOf(inner)
        | Shape::OneOrMore(inner)
        | Shape::MapOf(inner)
        | Shape::Named(_, inner) => {
            let is_known_matcher = matches!(shape, Shape::Named("matcher", _))
                && found.iter().any(|record| record.what == "a matcher");
            let holds_itself = matches!(inner, Shape::Named("matcher", _)) && is_list(shape);
            if !is_known_matcher && !holds_itself {
                collect(inner, found);
            }
        }
        Shape::OneOf(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
        Shape::Record(record) if !found.iter().any(|known| std::ptr::eq(*known, *record)) => {
            found.push(record);
            for field in record.fields {
                collect(field.shape, found);
            }
            if let Some((_, shape)) = record.others {
                collect(shape, found);
            }
        }
        _ => {}
    }
}

fn is_list(shape: &Shape) -> bool {
    matches!(shape, Shape::ListOf(_))
}
