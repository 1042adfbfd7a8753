//! What a value becomes once its references are known.

use std::fmt;

use serde_json::Value as Json;

use super::{Part, Reference, Value, ValueKind};

/// Answers references.
pub trait Names: Sync {
    /// What a reference stands for.
    ///
    /// # Errors
    /// It stands for nothing here, with the reason.
    fn reference(&self, reference: &Reference) -> Result<Json, Missing>;
}

/// Why a reference has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub String);

impl Value {
    /// The value with every reference replaced: a text that is one reference and nothing else becomes what it names,
    /// with its JSON type; in longer texts the named value is written as text.
    ///
    /// # Errors
    /// The first reference without a value.
    pub fn resolve(&self, names: &dyn Names) -> Result<Json, Missing> {
        match &self.kind {
            ValueKind::Literal(value) => Ok(value.clone()),
            ValueKind::Template(parts) => template(parts, names),
            ValueKind::List(items) => items.iter().map(|item| item.resolve(names)).collect(),
            ValueKind::Map(entries) => entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), value.resolve(names)?)))
                .collect::<Result<serde_json::Map<_, _>, _>>()
                .map(Json::Object),
            ValueKind::Fill { unit, times } => Ok(fill(&unit.resolve(names)?, *times)),
        }
    }

    /// Every reference in it, in the order written.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found.into_iter()
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Reference>) {
        match &self.kind {
            ValueKind::Literal(_) => {}
            ValueKind::Template(parts) => found.extend(parts.iter().filter_map(|part| match part {
                Part::Reference(reference) => Some(reference),
                Part::Text(_) => None,
            })),
            ValueKind::List(items) => items.iter().for_each(|item| item.collect(found)),
            ValueKind::Map(entries) => entries.iter().for_each(|(_, value)| value.collect(found)),
            ValueKind::Fill { unit, .. } => unit.collect(found),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

fn template(parts: &[Part], names: &dyn Names) -> Result<Json, Missing> {
    if let [Part::Reference(reference)] = parts {
        return names.reference(reference);
    }
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Reference(reference) => match names.reference(reference)? {
                Json::String(value) => text.push_str(&value),
                value => text.push_str(&value.to_string()),
            },
        }
    }
    Ok(Json::String(text))
}

fn fill(unit: &Json, times: u64) -> Json {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    match unit {
        Json::String(text) => Json::String(text.repeat(times)),
        unit => Json::Array(vec![unit.clone(); times]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::read::place::Place;

    struct Fixed;

    impl Names for Fixed {
        fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
            match reference {
                Reference::Prompt => Ok(json!("words")),
                Reference::Port => Ok(json!(4711)),
                other => Err(Missing(format!("{other} is not bound"))),
            }
        }
    }

    fn value(json: &Json) -> Value {
        Value::parse(json, &Place::generated("test")).unwrap()
    }

    #[test]
    fn a_lone_reference_keeps_its_type_and_others_become_text() {
        let written =
            value(&json!({"port": "$(port)", "url": "http://h:$(port)/$(prompt)", "n": [1, "$$(port)"]}));
        let resolved = written.resolve(&Fixed).unwrap();
        assert_eq!(resolved, json!({"port": 4711, "url": "http://h:4711/words", "n": [1, "$(port)"]}));
        assert_eq!(written.references().count(), 3);
    }

    #[test]
    fn what_is_missing_says_so() {
        assert_eq!(
            value(&json!("$(model.chat)")).resolve(&Fixed),
            Err(Missing("$(model.chat) is not bound".into()))
        );
    }

    #[test]
    fn fill_repeats_texts_and_members() {
        assert_eq!(value(&json!({"fill": "ab ", "times": 3})).resolve(&Fixed).unwrap(), json!("ab ab ab "));
        assert_eq!(
            value(&json!({"fill": {"a": 1}, "times": 2})).resolve(&Fixed).unwrap(),
            json!([{"a": 1}, {"a": 1}])
        );
    }
}
