//! The five `x-cog-` headers of every response: what became of the call, and of the model that it asked for.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::account::Score;
use crate::mutant::{Flaw, Flaws};

const DEGRADED: HeaderName = HeaderName::from_static("x-cog-degraded");
const ORIGINAL_MODEL: HeaderName = HeaderName::from_static("x-cog-original-model");
const DEGRADED_MODEL: HeaderName = HeaderName::from_static("x-cog-degraded-model");
const CACHE_HIT: HeaderName = HeaderName::from_static("x-cog-cache-hit");
const SIMILARITY_SCORE: HeaderName = HeaderName::from_static("x-cog-similarity-score");

/// What is told of a call; what does not apply is told as nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Annotations {
    pub(super) degraded: bool,
    /// The model that was asked for, once that is known.
    pub(super) original_model: String,
    /// The model that was used instead.
    pub(super) degraded_model: String,
    pub(super) cache_hit: Option<Score>,
}

impl Annotations {
    fn lines(&self, flaws: Flaws) -> [(HeaderName, String); 5] {
        let word = |it: bool| match (it, flaws.has(Flaw::AnnotationsCapitalised)) {
            (true, false) => "true",
            (false, false) => "false",
            (true, true) => "True",
            (false, true) => "False",
        };
        let score = self.cache_hit.map(|score| score.to_string()).unwrap_or_default();
        let hit = self.cache_hit.is_some() && !flaws.has(Flaw::CacheHitUnsaid);
        [
            (DEGRADED, word(self.degraded).to_owned()),
            (ORIGINAL_MODEL, self.original_model.clone()),
            (DEGRADED_MODEL, self.degraded_model.clone()),
            (CACHE_HIT, word(hit).to_owned()),
            (SIMILARITY_SCORE, score),
        ]
    }

    /// Adds the headers to a response.
    pub(super) fn tell(&self, headers: &mut HeaderMap, flaws: Flaws) {
        for (name, value) in self.lines(flaws) {
            // A model's name that cannot stand in a header is none that is served.
            let value = HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""));
            headers.insert(name, value);
        }
    }

    /// The headers as they stand in a head that is written by hand.
    pub(super) fn text(&self, flaws: Flaws) -> String {
        self.lines(flaws).iter().fold(String::new(), |mut text, (name, value)| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
            text
        })
    }
}

/// What a flawed gateway takes over from its provider.
pub(super) fn relay(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [DEGRADED, ORIGINAL_MODEL, DEGRADED_MODEL, CACHE_HIT, SIMILARITY_SCORE] {
        if let Some(value) = from.get(&name) {
            to.insert(name, value.clone());
        }
    }
}
