//! The cases that come first, each once: linear in labels, never a product.

use serde_json::Value;

use super::recipe::variants;
use super::{Lane, Phase, Recipe, Render};
use crate::generate::bytes::MALFORMATIONS;
use crate::generate::http::oddnesses;
use crate::generate::json::Json;
use crate::generate::label::Label;
use crate::generate::odd::ODDITIES;
use crate::generate::schema::{Schema, count, properties, types};
use crate::spec::contract::Defect;

/// All of them: labels, then pairs, then bytes.
pub(super) fn recipes(lanes: &[Lane], upstream: bool) -> Vec<Recipe> {
    let mut all = Vec::new();
    for (index, lane) in lanes.iter().enumerate() {
        labels(lanes, index, lane, &mut all);
    }
    for (index, lane) in lanes.iter().enumerate() {
        pairs(lanes, index, lane, &mut all);
    }
    let odd = oddnesses();
    for index in 0..lanes.len() {
        all.extend((0..MALFORMATIONS.len()).map(|at| Recipe::malformed(index, at, false)));
        all.extend((0..ODDITIES.len()).map(|at| Recipe::odd(index, at, false)));
        all.extend(odd.iter().enumerate().map(|(at, oddness)| Recipe::dressed(index, at, oddness, false)));
    }
    if upstream {
        all.extend((0..lanes.len()).map(Recipe::upstream));
    }
    all
}

fn labels(lanes: &[Lane], index: usize, lane: &Lane, all: &mut Vec<Recipe>) {
    all.push(Recipe::valid(index, false));
    all.extend((0..lane.breaches.len()).map(|breach| Recipe::breach(lanes, index, breach, false)));
    for (detail, value) in [
        ("list", Json::List(vec![Json::text(crate::generate::schema::MARKER)])),
        ("empty-list", Json::List(Vec::new())),
        ("text", Json::text(crate::generate::schema::MARKER)),
        ("number", Json::Number("42".to_owned())),
        ("true", Json::Bool(true)),
        ("null", Json::Null),
    ] {
        let label = Label::of("not_object", detail, Some(Defect::NotObject));
        all.push(Recipe { label, render: Render::Instead(value), ..Recipe::valid(index, false) });
    }
    let unknown = Label::of("unknown_field", "", Some(Defect::UnknownField));
    let render = Render::Set("unheard_of".to_owned(), Json::text("of"));
    all.push(Recipe { label: unknown, render, ..Recipe::valid(index, false) });
    for (key, detail, value) in boundaries(&lane.schema) {
        let label = Label { place: format!("/{key}"), ..Label::of("boundary", detail, None) };
        all.push(Recipe { label, render: Render::Set(key, value), ..Recipe::valid(index, false) });
    }
}

/// Valid values at the very bounds of top-level fields.
fn boundaries(schema: &Schema) -> Vec<(String, &'static str, Json)> {
    let mut found = Vec::new();
    for (key, property) in properties(schema.root()).into_iter().flatten() {
        if schema.pinned(key).is_some() {
            continue;
        }
        let node = schema.node(property);
        for keyword in ["minimum", "maximum"] {
            if let Some(bound) = node.get(keyword) {
                found.push((key.clone(), keyword, Json::Number(bound.to_string())));
            }
        }
        if let Some(most) = count(node, "maxLength").filter(|_| types(node).contains(&"string")) {
            found.push((key.clone(), "maxLength", Json::text("a".repeat(most))));
            found.push((key.clone(), "maxLength-wide", Json::text("é".repeat(most))));
        }
        for option in node.get("enum").and_then(Value::as_array).into_iter().flatten() {
            found.push((key.clone(), "enum", Json::from(option)));
        }
        if types(node).contains(&"null") {
            found.push((key.clone(), "null", Json::Null));
        }
    }
    found
}

/// Each variant of a valid body, and of one body of each kind of defect.
fn pairs(lanes: &[Lane], index: usize, lane: &Lane, all: &mut Vec<Recipe>) {
    let variants = variants(lane);
    all.extend(variants.iter().map(|variant| Recipe::pair(index, *variant, false)));
    for defect in [Defect::Missing, Defect::WrongType, Defect::OutOfRange, Defect::Empty] {
        let first = lane.breaches.iter().position(|(breach, _)| breach.label.defect == Some(defect));
        for (variant, breach) in variants.iter().filter_map(|variant| Some((*variant, first?))) {
            let recipe = Recipe::breach(lanes, index, breach, false);
            all.push(Recipe { phase: Phase::Pairs, render: Render::BreachPair(breach, variant), ..recipe });
        }
    }
    for variant in variants.iter().filter(|variant| !variant.rewrites()) {
        let recipe = Recipe::malformed(index, 0, false);
        all.push(Recipe { phase: Phase::Pairs, render: Render::MalformedPair(0, *variant), ..recipe });
    }
}
