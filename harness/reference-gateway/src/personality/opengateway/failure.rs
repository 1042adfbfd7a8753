//! The page's failures, each with its row: status, code, message and, where it has one, its delay.

use crate::account::{Full, KeyRefusal, OverRate};
use crate::door::Unread;
use crate::message::{Invalid, is_odd};
use crate::mutant::{Flaw, Flaws};

#[derive(Debug)]
pub(super) enum Failure {
    MissingKey,
    InvalidKey,
    /// A body, or a parameter in it, that cannot be right.
    InvalidRequest(String),
    NotJson,
    /// JSON that others read.
    OddJson,
    MalformedModel,
    ModelNotFound,
    /// The model is served, on another lane.
    OtherLane,
    TaskMismatch {
        model: String,
        task: &'static str,
    },
    OverWindow {
        window: usize,
    },
    RateLimited {
        window_ends_in: u64,
    },
    TooManyAtOnce,
    NotFound,
    OddMethod,
    /// What the normalizer made of the providers' failures.
    Upstream(Row),
}

/// How a failure is told, whatever the protocol.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The value of `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// Headers of the provider; only a flawed normalizer keeps any.
    pub(super) leaked: Vec<(http::HeaderName, http::HeaderValue)>,
}

impl Row {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, leaked: Vec::new() }
    }

    pub(super) fn after(mut self, seconds: impl ToString) -> Self {
        self.retry_after = Some(seconds.to_string());
        self
    }
}

impl Failure {
    /// The row of the page.
    pub(super) fn row(self, flaws: Flaws) -> Row {
        if let Some(row) = self.flawed_row(flaws) {
            return row;
        }
        match self {
            Self::MissingKey => Row::new(401, "invalid_api_key", "No API key was sent."),
            Self::InvalidKey => Row::new(401, "invalid_api_key", "The API key is unknown or revoked."),
            Self::InvalidRequest(message) => Row::new(400, "invalid_model", message),
            Self::NotJson | Self::OddJson => {
                Row::new(400, "invalid_model", "The body is not JSON that can be read.")
            }
            Self::MalformedModel => Row::new(
                400,
                "invalid_model",
                "The model is neither a curated alias nor of the form 'org/model[:policy]'.",
            ),
            Self::ModelNotFound => Row::new(404, "model_not_found", "There is no such model."),
            Self::OtherLane => Row::new(404, "model_not_found", "The model is not served on this lane."),
            Self::TaskMismatch { model, task } => {
                Row::new(422, "model_task_mismatch", format!("The model '{model}' cannot serve {task}."))
            }
            Self::OverWindow { window } => Row::new(
                400,
                "context_length_exceeded",
                format!("The request exceeds the model's window of {window} tokens."),
            ),
            Self::RateLimited { window_ends_in } => {
                Row::new(429, "rate_limited", "Too many requests.").after(window_ends_in)
            }
            Self::TooManyAtOnce => {
                Row::new(429, "concurrency_limited", "Too many requests are under way.").after(1)
            }
            Self::NotFound => Row::new(404, "not_found", "There is no such route."),
            Self::OddMethod => Row::new(405, "method_not_allowed", "The route does not take this method."),
            Self::Upstream(row) => row,
        }
    }

    /// Whether a flawed gateway finds this out only after it has called a provider.
    pub(super) fn is_noticed_late(&self, flaws: Flaws) -> bool {
        match self {
            Self::InvalidKey => flaws.has(Flaw::RevokedKeyReachesUpstream),
            Self::MalformedModel => flaws.has(Flaw::InvalidBodyReachesUpstream),
            _ => false,
        }
    }

    /// The wrong rows of mutants.
    fn flawed_row(&self, flaws: Flaws) -> Option<Row> {
        let has = |flaw| flaws.has(flaw);
        let row = match self {
            Self::MissingKey if has(Flaw::MissingKeyIs400) => {
                Row::new(400, "invalid_api_key", "No API key was sent.")
            }
            Self::NotJson if has(Flaw::MalformedJsonIs500) => Row::new(
                500,
                "internal_error",
                "Traceback (most recent call last): File \"lane.py\", line 41",
            ),
            Self::OddJson if has(Flaw::OddJsonIs500) => Row::new(500, "internal_error", "Unexpected error."),
            Self::InvalidRequest(message) if has(Flaw::BadShapeCodeWrong) => {
                Row::new(400, "invalid_request", message.clone())
            }
            Self::MalformedModel if has(Flaw::MalformedModelIs404) => {
                Row::new(404, "model_not_found", "There is no such model.")
            }
            Self::ModelNotFound if has(Flaw::UnknownModelIs400) => {
                Row::new(400, "invalid_model", "There is no such model.")
            }
            Self::ModelNotFound if has(Flaw::UnknownModelIs503) => {
                Row::new(503, "provider_offline", "No provider serves the model.")
            }
            Self::OtherLane if has(Flaw::OtherLaneIs403) => {
                Row::new(403, "forbidden", "The model is not served on this lane.")
            }
            Self::TaskMismatch { model, .. } if has(Flaw::TaskMismatchIs400) => {
                Row::new(400, "invalid_model", format!("The model '{model}' cannot serve this."))
            }
            Self::OverWindow { .. } if has(Flaw::OverWindowIs502) => {
                Row::new(502, "provider_invalid_response", "Bad gateway.")
            }
            Self::RateLimited { .. } if has(Flaw::RateLimitIs503) => {
                Row::new(503, "provider_offline", "Too many requests.")
            }
            _ => return None,
        };
        Some(row)
    }
}

impl From<KeyRefusal> for Failure {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Missing => Self::MissingKey,
            KeyRefusal::Unknown | KeyRefusal::Revoked => Self::InvalidKey,
        }
    }
}

impl From<OverRate> for Failure {
    fn from(OverRate { window_ends_in }: OverRate) -> Self {
        Self::RateLimited { window_ends_in }
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self::TooManyAtOnce
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        Self::InvalidRequest(
            match unread {
                Unread::TooLarge => "The body is too large.",
                Unread::TooSlow => "The body did not arrive in time.",
                Unread::Broken => "The body could not be read.",
            }
            .to_owned(),
        )
    }
}

/// Why a body is refused.
pub(super) fn invalid(invalid: &Invalid, body: &[u8]) -> Failure {
    match invalid {
        Invalid::NotJson(error) if is_odd(error, body) => Failure::OddJson,
        Invalid::NotJson(_) => Failure::NotJson,
        Invalid::At { pointer, missing: false } => {
            Failure::InvalidRequest(format!("The value at '{pointer}' is not valid."))
        }
        Invalid::At { pointer, missing: true } => {
            Failure::InvalidRequest(format!("A required field is missing at '{pointer}'."))
        }
    }
}
