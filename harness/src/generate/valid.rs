//! Valid bodies of every shape that a schema describes, brought to hold a place of one's choice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{SBoxedStrategy, Union};
use serde_json::Value;

use super::json::Json;
use super::object::{Field, Objects};
use super::schema::{Schema, Step, count, is_required, properties, types};
use super::text;

/// Makes strategies for one schema; parts that hold no place of one's choice are made once.
#[derive(Debug)]
pub struct Maker {
    schema: Arc<Schema>,
    /// By the address of the node, which the schema keeps, and the depth.
    made: Mutex<HashMap<(usize, usize), SBoxedStrategy<Json>>>,
}

impl Maker {
    /// A maker for a schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self { schema, made: Mutex::default() }
    }

    /// Valid bodies that hold the place at the end of `force`. Optional fields shrink away, alternatives to the first,
    /// lists to their least length.
    pub fn strategy(&self, force: &[Step]) -> SBoxedStrategy<Json> {
        self.of(self.schema.root(), force, 0)
    }

    fn of(&self, node: &Value, force: &[Step], depth: usize) -> SBoxedStrategy<Json> {
        if !force.is_empty() {
            return self.made(node, force, depth);
        }
        let key = (std::ptr::from_ref(node) as usize, depth);
        let known = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let made = self.made(node, force, depth);
            self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
            made
        })
    }

    fn made(&self, node: &Value, force: &[Step], depth: usize) -> SBoxedStrategy<Json> {
        let node = self.schema.node(node);
        if let Some(constant) = node.get("const") {
            return Just(Json::from(constant)).sboxed();
        }
        if let Some(options) = node.get("enum").and_then(Value::as_array) {
            return select(options.iter().map(Json::from).collect::<Vec<_>>()).sboxed();
        }
        let branches = self.schema.branches(node);
        if !branches.is_empty() {
            if let Some((Step::Branch(index), rest)) = force.split_first() {
                return branches.get(*index).map_or_else(nothing, |branch| self.of(branch, rest, depth));
            }
            let usable = if depth > DEEPEST { &branches[..1] } else { branches };
            return match usable {
                [only] => self.of(only, force, depth),
                usable => Union::new(usable.iter().map(|branch| self.of(branch, force, depth))).sboxed(),
            };
        }
        match force.first() {
            Some(Step::Key(_) | Step::Extra) => return self.object(node, force, depth),
            Some(Step::Item) => return self.list(node, force, depth),
            _ => {}
        }
        let kinds = types(node);
        // Null is one way of leaving a field out, and not worth half of all cases.
        let weighted =
            kinds.iter().map(|kind| (if *kind == "null" { 1 } else { 9 }, self.kind(node, kind, depth)));
        match kinds.as_slice() {
            [] => anything(),
            [only] => self.kind(node, only, depth),
            _ => Union::new_weighted(weighted.collect()).sboxed(),
        }
    }

    fn kind(&self, node: &Value, kind: &str, depth: usize) -> SBoxedStrategy<Json> {
        match kind {
            "object" if node.get("properties").is_none() && node.get("additionalProperties").is_none() => {
                small_objects()
            }
            "object" => self.object(node, &[], depth),
            "array" => self.list(node, &[], depth),
            "string" => text::strategy(node).prop_map(Json::Text).sboxed(),
            "integer" => integers(node),
            "number" => numbers(node),
            "boolean" => any::<bool>().prop_map(Json::Bool).sboxed(),
            _ => nothing(),
        }
    }

    fn object(&self, node: &Value, force: &[Step], depth: usize) -> SBoxedStrategy<Json> {
        let mut fields: Vec<Field> = Vec::new();
        let present = if depth == 0 { SELDOM } else { OFTEN };
        for (key, property) in properties(node).into_iter().flatten() {
            let forced = matches!(force.first(), Some(Step::Key(known)) if known == key);
            let required = forced || is_required(node, key);
            if !required && depth > DEEPEST {
                continue;
            }
            let rest = if forced { &force[1..] } else { &[] };
            let value = match self.schema.pinned(key).filter(|_| depth == 0) {
                Some(pinned) => Just(pinned.clone()).sboxed(),
                None => self.of(property, rest, depth + 1),
            };
            fields.push(Field { key: key.clone(), value, often: (!required).then_some(present) });
        }
        if let Some(extra) = node.get("additionalProperties").filter(|extra| extra.is_object()) {
            let forced = matches!(force.first(), Some(Step::Extra));
            let rest = if forced { &force[1..] } else { &[] };
            let (key, value) = (self.schema.extra_key(node), self.of(extra, rest, depth + 1));
            fields.push(Field { key, value, often: (!forced).then_some(OFTEN) });
        }
        Objects(fields).sboxed()
    }

    fn list(&self, node: &Value, force: &[Step], depth: usize) -> SBoxedStrategy<Json> {
        let item = node.get("items").unwrap_or(&Value::Null);
        let least = count(node, "minItems").unwrap_or(0);
        let more = if depth > DEEPEST { 0 } else { LONGEST };
        let most = count(node, "maxItems").unwrap_or(usize::MAX).min(least + more);
        let healthy = self.of(item, &[], depth + 1);
        if let Some(Step::Item) = force.first() {
            let first = self.of(item, &force[1..], depth + 1);
            let beside = least.max(1).min(most.saturating_sub(1).max(least.saturating_sub(1)));
            let others = proptest::collection::vec(healthy, beside..=most.saturating_sub(1).max(beside));
            return (first, others)
                .prop_map(|(first, others)| Json::List(std::iter::once(first).chain(others).collect()))
                .sboxed();
        }
        proptest::collection::vec(healthy, least..=most).prop_map(Json::List).sboxed()
    }
}

fn nothing() -> SBoxedStrategy<Json> {
    Just(Json::Null).sboxed()
}

/// Whole numbers, their bounds more often than others.
fn integers(node: &Value) -> SBoxedStrategy<Json> {
    let bound = |keyword: &str| node.get(keyword).and_then(Value::as_i64);
    let (low, high) = match (bound("minimum"), bound("maximum")) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low.saturating_add(UNBOUNDED)),
        (None, Some(high)) => (high.saturating_sub(UNBOUNDED), high),
        (None, None) => (-UNBOUNDED, UNBOUNDED),
    };
    let small = (low.max(-8)..=high.min(64).max(low.max(-8))).prop_map(|number| number);
    prop_oneof![5 => small, 3 => low..=high, 1 => Just(low), 1 => Just(high)]
        .prop_map(|number| Json::Number(number.to_string()))
        .sboxed()
}

/// Numbers with up to three digits behind the point.
fn numbers(node: &Value) -> SBoxedStrategy<Json> {
    let bound = |keyword: &str, or: f64| node.get(keyword).and_then(Value::as_f64).unwrap_or(or);
    let (low, high) = (bound("minimum", -1000.0), bound("maximum", 1000.0));
    #[expect(clippy::cast_possible_truncation, reason = "bounds of request fields are small")]
    let (low, high) = ((low * 1000.0).ceil() as i64, (high * 1000.0).floor() as i64);
    prop_oneof![6 => low..=high, 1 => Just(low), 1 => Just(high)]
        .prop_map(|thousandths| Json::Number(thousandths_as_written(thousandths)))
        .sboxed()
}

fn thousandths_as_written(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, rest) = (number.abs() / 1000, number.abs() % 1000);
    match rest {
        0 => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

/// An object about which nothing is said.
fn small_objects() -> SBoxedStrategy<Json> {
    proptest::collection::vec((select(KEYS), anything()), 0..3)
        .prop_map(|entries| {
            let mut object = Json::Object(Vec::new());
            for (key, value) in entries {
                object.set(&[super::json::Spot::Key(key.to_owned())], value);
            }
            object
        })
        .sboxed()
}

fn anything() -> SBoxedStrategy<Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-100_i64..100).prop_map(|number| Json::Number(number.to_string())),
        select(KEYS).prop_map(Json::text),
        Just(Json::List(Vec::new())),
        Just(Json::Object(Vec::new())),
    ]
    .sboxed()
}

/// Keys of objects about which nothing is said.
const KEYS: &[&str] = &["type", "properties", "description", "a", "key with spaces", "ключ"];
/// How often an optional field of the whole body is there.
const SELDOM: f64 = 0.12;
/// How often an optional field deeper inside is there.
const OFTEN: f64 = 0.3;
/// Deeper than this only what is required is made.
const DEEPEST: usize = 6;
/// So many members more than it has to have.
const LONGEST: usize = 3;
/// How far a number without a bound goes.
const UNBOUNDED: i64 = 4096;
