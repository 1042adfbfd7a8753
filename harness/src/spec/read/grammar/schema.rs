//! JSON Schemas (draft 2020-12) for editors.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{Kind, Record, Shape};

/// The schema of a kind of spec file.
pub fn schema(kind: Kind) -> Json {
    let mut making = Making { axes: kind == Kind::Cases, definitions: BTreeMap::new() };
    let root = making.shape(kind.shape());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("gateway-conformance {}", kind.word()),
    });
    if let (Json::Object(schema), Json::Object(root)) = (&mut schema, root) {
        schema.extend(root);
        schema.insert("$defs".to_owned(), making.definitions.into_iter().collect());
    }
    schema
}

struct Making {
    /// Whether `$(for.…)` may stand for anything.
    axes: bool,
    definitions: BTreeMap<String, Json>,
}

impl Making {
    fn shape(&mut self, shape: &Shape) -> Json {
        match shape {
            Shape::Anything => json!({}),
            Shape::Scalar => json!({"type": ["string", "number", "boolean", "null"]}),
            Shape::Text => json!({"type": "string"}),
            Shape::Form(form) if form.pattern.is_empty() => json!({"type": "string"}),
            Shape::Form(form) => self.or_axis(json!({"type": "string", "pattern": form.pattern})),
            Shape::Number => self.or_axis(json!({"type": "number"})),
            Shape::Bool => self.or_axis(json!({"type": "boolean"})),
            Shape::Count(least, most) => {
                self.or_axis(json!({"type": "integer", "minimum": least, "maximum": most}))
            }
            Shape::Word(["true"]) => json!({"const": true}),
            Shape::Word(words) => self.or_axis(json!({"enum": words})),
            Shape::OrReference(inner) => {
                json!({"anyOf": [self.shape(inner), {"type": "string", "pattern": r"\$\("}]})
            }
            Shape::ListOf(member) => {
                let list = json!({"type": "array", "items": self.shape(member)});
                self.or_axis(list)
            }
            Shape::OneOrMore(member) => {
                let one = self.shape(member);
                json!({"anyOf": [one, {"type": "array", "items": one}]})
            }
            Shape::MapOf(member) => {
                let map = json!({"type": "object", "additionalProperties": self.shape(member)});
                self.or_axis(map)
            }
            Shape::Record(record) => {
                let record = self.record(record);
                self.or_axis(record)
            }
            Shape::OneOf(shapes) => {
                json!({"anyOf": shapes.iter().map(|shape| self.shape(shape)).collect::<Vec<_>>()})
            }
            Shape::Named(name, inner) => self.defined((*name).to_owned(), |making| making.shape(inner)),
        }
    }

    fn or_axis(&self, schema: Json) -> Json {
        if self.axes {
            json!({"anyOf": [schema, {"type": "string", "pattern": r"\$\(for\."}]})
        } else {
            schema
        }
    }

    fn defined(&mut self, name: String, make: impl FnOnce(&mut Self) -> Json) -> Json {
        let reference = json!({"$ref": format!("#/$defs/{name}")});
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), Json::Null);
            let schema = make(self);
            self.definitions.insert(name, schema);
        }
        reference
    }

    fn record(&mut self, record: &Record) -> Json {
        if record.fields.is_empty() && record.others.is_none() {
            return json!({"type": "object", "maxProperties": 0});
        }
        let name = record.what.trim_start_matches("a ").trim_start_matches("an ").trim_start_matches("the ");
        let name = name.replace('`', "").replace(' ', "_");
        self.defined(name, |making| making.map(record))
    }

    fn map(&mut self, record: &Record) -> Json {
        let mut properties = Map::new();
        for field in record.fields {
            let mut schema = json!({"description": field.doc});
            if let (Json::Object(schema), Json::Object(shape)) = (&mut schema, self.shape(field.shape)) {
                schema.extend(shape);
            }
            properties.insert(field.key.to_owned(), schema);
        }
        let others = match record.others {
            Some((_, shape)) => self.shape(shape),
            None => Json::Bool(false),
        };
        let required: Vec<&str> =
            record.fields.iter().filter(|field| field.required).map(|field| field.key).collect();
        let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": others});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !record.exactly_one.is_empty() {
            let one: Vec<Json> = record.exactly_one.iter().map(|key| json!({"required": [key]})).collect();
            schema["oneOf"] = json!(one);
        }
        for (key, other) in record.beside {
            schema["dependentRequired"][*key] = json!([other]);
        }
        schema
    }
}
