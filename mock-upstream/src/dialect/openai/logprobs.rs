//! Log probabilities of the tokens of an answer, where a request asks for them.

use serde_json::{Value, json};

/// Alternatives that a request may ask for.
const MOST_ALTERNATIVES: u64 = 20;

/// What a request asks to be told of each token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logprobs {
    alternatives: u64,
}

impl Logprobs {
    /// As many alternatives as the request names.
    pub(super) fn with_alternatives(named: &Value) -> Self {
        Self { alternatives: named.as_u64().unwrap_or(0).min(MOST_ALTERNATIVES) }
    }

    /// The field `logprobs` of a choice with this text.
    pub(super) fn of(self, text: &str) -> Value {
        json!({"content": self.tokens(text), "refusal": null})
    }

    /// The tokens one by one.
    pub(super) fn tokens(self, text: &str) -> Vec<Value> {
        tokens(text).map(|token| self.token(token)).collect()
    }

    fn token(self, token: &str) -> Value {
        let alternative = |at: u64| {
            let other = if at == 0 { token.to_owned() } else { format!("{token}{at}") };
            entry(&other, at)
        };
        let mut whole = entry(token, 0);
        whole["top_logprobs"] = (0..self.alternatives).map(alternative).collect();
        whole
    }
}

fn entry(token: &str, rank: u64) -> Value {
    json!({"token": token, "logprob": -0.25 - 2.0 * rank as f64, "bytes": token.as_bytes()})
}

/// Words with the space behind them, which together are the text.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}
