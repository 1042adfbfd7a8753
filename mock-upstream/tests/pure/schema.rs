//! The providers' own schemas, against which replies are held.

use jsonschema::Validator;
use serde_json::{Value, json};

/// The definitions of one provider.
pub(crate) struct Schema(Value);

impl Schema {
    pub(crate) fn gemini() -> Self {
        Self(serde_json::from_str(include_str!("../schemas/gemini.json")).unwrap())
    }

    /// The validator of one definition.
    fn validator(&self, definition: &str) -> Validator {
        assert!(self.0["$defs"][definition].is_object(), "no definition {definition}");
        let mut schema = self.0.clone();
        schema["$ref"] = json!(format!("#/$defs/{definition}"));
        jsonschema::validator_for(&schema).unwrap()
    }

    /// Whether the document is what this definition says.
    pub(crate) fn allows(&self, definition: &str, document: &Value) -> bool {
        self.validator(definition).is_valid(document)
    }

    /// Panics with what is wrong when the document is not what this definition says.
    #[track_caller]
    pub(crate) fn hold(&self, definition: &str, document: &Value) {
        let validator = self.validator(definition);
        let wrong: Vec<String> = validator
            .iter_errors(document)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{definition}: {wrong:#?} in {document}");
    }
}
