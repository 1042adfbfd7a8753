//! Whether a body breaks the schema where and how its label says, by the judgement of a validator.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};

use super::json::{Json, pointer};
use super::schema::Schema;
use super::walk::{Breach, breaches};

/// A schema's validator.
#[derive(Debug)]
pub struct Confirmer {
    validator: Validator,
}

impl Confirmer {
    /// The validator of a schema.
    ///
    /// # Errors
    /// Why the JSON is no schema.
    pub fn new(schema: &Schema) -> Result<Self, String> {
        let validator = jsonschema::validator_for(schema.root()).map_err(|error| error.to_string())?;
        Ok(Self { validator })
    }

    /// Whether a body is valid.
    pub fn accepts(&self, body: &Json) -> bool {
        self.validator.is_valid(&body.to_value())
    }

    /// Whether a body is invalid where the breach strikes, and for one of its keywords.
    pub fn confirms(&self, schema: &Schema, breach: &Breach, body: &Json) -> bool {
        let place = schema.spots(&breach.at);
        let (here, above) = (pointer(&place), pointer(&place[..place.len().saturating_sub(1)]));
        let is_it = |error: &ValidationError<'_>| {
            let at = error.instance_path().to_string();
            (at == here || at == above) && breach.reported.contains(&error.kind().keyword())
        };
        let value = body.to_value();
        self.validator.iter_errors(&value).any(|error| any_of(&error, &is_it))
    }

    /// The breaches of a schema that are ones, each once; how many were dropped because some alternative takes them, or
    /// because another label does the same to the same body.
    pub fn confirmed(&self, schema: &Schema) -> (Vec<Breach>, usize) {
        let all = breaches(schema);
        let named = all.len();
        let mut bodies = std::collections::HashSet::new();
        let mut kept = Vec::new();
        for breach in all {
            let body = breach.simplest(schema);
            if self.confirms(schema, &breach, &body) && bodies.insert(body.to_bytes()) {
                kept.push(breach);
            }
        }
        let dropped = named - kept.len();
        (kept, dropped)
    }
}

/// Alternatives report what is wrong with each of them inside their own error.
fn any_of(error: &ValidationError<'_>, is_it: &dyn Fn(&ValidationError<'_>) -> bool) -> bool {
    if is_it(error) {
        return true;
    }
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().any(|inner| any_of(inner, is_it))
        }
        ValidationErrorKind::PropertyNames { error } => is_it(error),
        _ => false,
    }
}
