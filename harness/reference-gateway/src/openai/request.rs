//! The two lanes' parameters, as published.

use std::sync::LazyLock;

use jsonschema::Validator;

use crate::config::Feature;
use crate::message::{Call, Invalid, compile, fitting};
use crate::mutant::Flaws;

/// Judges a request of one of the lanes.
pub(crate) fn read(feature: Feature, body: &[u8], flaws: Flaws) -> Result<Call, Invalid> {
    let request = fitting(schema(feature), body, flaws)?;
    Ok(Call::of(feature, &request, &["max_completion_tokens", "max_tokens"]))
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
