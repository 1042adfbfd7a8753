//! Requests: JSON that fits the published parameters of its lane, or the reason why not.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::config::Feature;
use crate::mutant::{Flaw, Flaws};

/// A request that may be sent on.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) feature: Feature,
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// Serialised anew, so that an oddity of the client's JSON ends here.
    pub(crate) body: Vec<u8>,
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Invalid {
    NotJson(serde_json::Error),
    /// A JSON pointer to the offending value, shortened.
    At {
        pointer: String,
        missing: bool,
    },
}

impl Call {
    pub(crate) fn read(feature: Feature, body: &[u8], flaws: Flaws) -> Result<Self, Invalid> {
        let request: Value = serde_json::from_slice(body).map_err(Invalid::NotJson)?;
        let mut errors = schema(feature).iter_errors(&request);
        if let Some(error) = errors.find(|it| !overlooked(it, flaws)) {
            let missing = matches!(error.kind(), ValidationErrorKind::Required { .. });
            let pointer = error.instance_path().to_string().chars().take(120).collect();
            return Err(Invalid::At { pointer, missing });
        }
        Ok(Self {
            feature,
            model: request.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
            stream: request.get("stream") == Some(&Value::Bool(true)),
            body: request.to_string().into_bytes(),
        })
    }
}

fn schema(feature: Feature) -> &'static Validator {
    static CHAT: LazyLock<Validator> = LazyLock::new(|| compile(include_str!("chat.schema.json")));
    static EMBEDDINGS: LazyLock<Validator> =
        LazyLock::new(|| compile(include_str!("embeddings.schema.json")));
    match feature {
        Feature::Chat => &CHAT,
        Feature::Embeddings => &EMBEDDINGS,
    }
}

#[expect(clippy::expect_used, reason = "the schemas are part of the program; a test compiles them")]
fn compile(schema: &str) -> Validator {
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a JSON Schema")
}

/// What a flawed validator does not see.
fn overlooked(error: &ValidationError<'_>, flaws: Flaws) -> bool {
    match error.kind() {
        ValidationErrorKind::Required { .. } => flaws.has(Flaw::MissingFieldForwarded),
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
            flaws.has(Flaw::RangesUnchecked)
        }
        ValidationErrorKind::Type { .. } | ValidationErrorKind::AnyOf { .. } => {
            flaws.has(Flaw::ParameterTypesUnchecked) && !error.instance_path().to_string().is_empty()
        }
        _ => false,
    }
}
