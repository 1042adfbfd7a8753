//! Patterns and schemas that are compiled once, when they are first asked, however often they are asked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use regex::Regex;

/// A regular expression.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    compiled: Arc<OnceLock<Result<Regex, String>>>,
}

impl Pattern {
    /// Takes the expression as written; whether it is one is told when it is asked.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), compiled: Arc::default() }
    }

    /// The compiled expression.
    ///
    /// # Errors
    /// Why the text is none.
    pub fn regex(&self) -> Result<&Regex, &str> {
        let compiled =
            self.compiled.get_or_init(|| Regex::new(&self.text).map_err(|error| error.to_string()));
        compiled.as_ref().map_err(String::as_str)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A JSON Schema.
#[derive(Clone)]
pub struct Schema {
    json: serde_json::Value,
    compiled: Arc<OnceLock<Result<Validator, String>>>,
}

impl Schema {
    /// Takes the schema as written; whether it is one is told when it is asked.
    pub fn new(json: serde_json::Value) -> Self {
        Self { json, compiled: Arc::default() }
    }

    /// The schema as JSON.
    pub fn json(&self) -> &serde_json::Value {
        &self.json
    }

    /// The compiled schema.
    ///
    /// # Errors
    /// Why the JSON is none.
    pub fn validator(&self) -> Result<&Validator, &str> {
        let compiled = self
            .compiled
            .get_or_init(|| jsonschema::validator_for(&self.json).map_err(|error| error.to_string()));
        compiled.as_ref().map_err(String::as_str)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.json).finish()
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}
