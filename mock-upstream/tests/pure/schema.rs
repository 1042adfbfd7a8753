//! The providers' own schemas, against which replies are held.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The definitions of one provider.
pub(crate) struct Schema(BTreeMap<String, Validator>);

static OPENAI: LazyLock<Schema> = LazyLock::new(|| Schema::of(include_str!("../schemas/openai.json")));
static ANTHROPIC: LazyLock<Schema> = LazyLock::new(|| Schema::of(include_str!("../schemas/anthropic.json")));
static GEMINI: LazyLock<Schema> = LazyLock::new(|| Schema::of(include_str!("../schemas/gemini.json")));
static AZURE: LazyLock<Schema> = LazyLock::new(|| Schema::of(include_str!("../schemas/azure.json")));
static BEDROCK: LazyLock<Schema> = LazyLock::new(|| Schema::of(include_str!("../schemas/bedrock.json")));

impl Schema {
    pub(crate) fn openai() -> &'static Self {
        &OPENAI
    }

    pub(crate) fn anthropic() -> &'static Self {
        &ANTHROPIC
    }

    pub(crate) fn gemini() -> &'static Self {
        &GEMINI
    }

    pub(crate) fn azure() -> &'static Self {
        &AZURE
    }

    pub(crate) fn bedrock() -> &'static Self {
        &BEDROCK
    }

    fn of(text: &str) -> Self {
        let whole: Value = serde_json::from_str(text).unwrap();
        let validator = |name: &String| {
            let mut schema = whole.clone();
            schema["$ref"] = json!(format!("#/$defs/{name}"));
            (name.clone(), jsonschema::validator_for(&schema).unwrap())
        };
        Self(whole["$defs"].as_object().unwrap().keys().map(validator).collect())
    }

    /// Whether the document is what this definition says.
    pub(crate) fn allows(&self, definition: &str, document: &Value) -> bool {
        self.0[definition].is_valid(document)
    }

    /// Panics with what is wrong when the document is not what this definition says.
    #[track_caller]
    pub(crate) fn hold(&self, definition: &str, document: &Value) {
        let place = |error: jsonschema::ValidationError<'_>| format!("{error} at {}", error.instance_path());
        let wrong: Vec<String> = self.0[definition].iter_errors(document).map(place).collect();
        assert!(wrong.is_empty(), "{definition}: {wrong:#?} in {document}");
    }
}
