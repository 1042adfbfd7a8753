//! Requests: JSON that fits the published parameters of its lane, or the reason why not.

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
    /// The most tokens the answer may have, where the request says so.
    pub(crate) max_tokens: Option<i64>,
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
    /// Takes what every protocol names alike from a request that fits; `limits` are the fields that bound the answer,
    /// the one that counts first.
    pub(crate) fn of(feature: Feature, request: &Value, limits: &[&str]) -> Self {
        let limit = limits.iter().find_map(|name| request.get(name).and_then(Value::as_i64));
        Self {
            feature,
            model: request.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
            stream: request.get("stream") == Some(&Value::Bool(true)),
            max_tokens: limit,
            body: request.to_string().into_bytes(),
        }
    }
}

/// The request, when it is JSON that the schema accepts.
pub(crate) fn fitting(schema: &Validator, body: &[u8], flaws: Flaws) -> Result<Value, Invalid> {
    let request: Value = serde_json::from_slice(body).map_err(Invalid::NotJson)?;
    let mut errors = schema.iter_errors(&request);
    if let Some(error) = errors.find(|it| !overlooked(it, flaws)) {
        let missing = matches!(error.kind(), ValidationErrorKind::Required { .. });
        let pointer = error.instance_path().to_string().chars().take(120).collect();
        return Err(Invalid::At { pointer, missing });
    }
    drop(errors);
    Ok(request)
}

#[expect(clippy::expect_used, reason = "the schemas are part of the program; a test compiles them")]
pub(crate) fn compile(schema: &str) -> Validator {
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a JSON Schema")
}

/// JSON that some parsers read: a byte order mark, lone surrogates, deep nesting, huge numbers.
pub(crate) fn is_odd(error: &serde_json::Error, body: &[u8]) -> bool {
    let error = error.to_string();
    let odd = ["recursion limit", "number out of range", "surrogate"].iter().any(|it| error.contains(it));
    odd || body.starts_with(b"\xef\xbb\xbf")
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
