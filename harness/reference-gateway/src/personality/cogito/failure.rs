//! The page's failures, each with its row: status, code, message and, where it has one, its delay.

use crate::account::{FundsRefusal, KeyRefusal, ModelRefusal, OverRate};
use crate::door::Unread;
use crate::message::{Invalid, is_odd};
use crate::mutant::{Flaw, Flaws};

pub(super) enum Failure {
    MissingAuthorization,
    InvalidApiKey,
    InsufficientQuota,
    SpendCapReached {
        month_ends_in: u64,
    },
    RateLimited {
        window_ends_in: u64,
    },
    BillingNotConfigured,
    InvalidRequest(String),
    NotJson,
    OddJson,
    EmptyBody,
    TooLarge,
    PermissionDenied,
    ModelNotFound(String),
    NotFound,
    OddMethod,
    BackendUnavailable,
    /// The mapping of upstream failures has its own rows.
    Upstream(Row),
}

pub(super) struct Row {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// The value of `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// Sent instead of the request's own id; only a flawed mapping sets it.
    pub(super) request_id: Option<String>,
}

impl Row {
    pub(super) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None, request_id: None }
    }

    pub(super) fn after(mut self, seconds: impl ToString) -> Self {
        self.retry_after = Some(seconds.to_string());
        self
    }
}

/// How long to wait for an operator who has to configure something.
const OPERATOR_SECONDS: u64 = 30;

impl Failure {
    /// The row of the page.
    pub(super) fn row(self, flaws: Flaws) -> Row {
        if let Some(row) = self.flawed_row(flaws) {
            return row;
        }
        match self {
            Self::MissingAuthorization => Row::new(401, "missing_authorization", "No API key was sent."),
            Self::InvalidApiKey => Row::new(401, "invalid_api_key", "The API key is unknown or revoked."),
            Self::InsufficientQuota => Row::new(402, "insufficient_quota", "The balance is exhausted."),
            Self::SpendCapReached { month_ends_in } => {
                Row::new(429, "spend_cap_reached", "The monthly spend cap is reached.").after(month_ends_in)
            }
            Self::RateLimited { window_ends_in } => {
                Row::new(429, "rate_limit_exceeded", "Too many requests.").after(window_ends_in)
            }
            Self::PermissionDenied => {
                Row::new(403, "permission_denied", "This key has no access to that model or feature.")
            }
            Self::BillingNotConfigured => {
                Row::new(503, "billing_not_configured", "Billing is not available at the moment.")
                    .after(OPERATOR_SECONDS)
            }
            Self::InvalidRequest(message) => Row::new(400, "invalid_request_error", message),
            Self::NotJson | Self::OddJson => {
                Row::new(400, "invalid_request_error", "The body is not JSON that can be read.")
            }
            Self::EmptyBody => Row::new(400, "invalid_request_error", "The body is empty."),
            Self::TooLarge => Row::new(400, "invalid_request_error", "The body is too large."),
            Self::ModelNotFound(slug) => {
                Row::new(404, "model_not_found", format!("Model '{slug}' is not available."))
            }
            Self::NotFound | Self::OddMethod => Row::new(404, "not_found", "There is no such route."),
            Self::BackendUnavailable => {
                Row::new(500, "backend_unavailable", "The gateway cannot reach its backend.")
            }
            Self::Upstream(row) => row,
        }
    }

    /// Whether a flawed gateway finds this out only after it has called its upstream.
    pub(super) fn is_noticed_late(&self, flaws: Flaws) -> bool {
        match self {
            Self::InvalidApiKey => flaws.has(Flaw::RevokedKeyReachesUpstream),
            Self::InsufficientQuota => flaws.has(Flaw::EmptyBalanceReachesUpstream),
            Self::SpendCapReached { .. } => flaws.has(Flaw::SpendCapReachesUpstream),
            Self::BillingNotConfigured => flaws.has(Flaw::BillingOffReachesUpstream),
            Self::RateLimited { .. } => flaws.has(Flaw::RateLimitReachesUpstream),
            Self::OddMethod => flaws.has(Flaw::OddMethodReachesUpstream),
            Self::BackendUnavailable => flaws.has(Flaw::CredentialsMissingReachesUpstream),
            Self::NotJson | Self::OddJson | Self::InvalidRequest(_) => {
                flaws.has(Flaw::InvalidBodyReachesUpstream)
            }
            _ => false,
        }
    }

    /// The wrong rows of mutants.
    fn flawed_row(&self, flaws: Flaws) -> Option<Row> {
        let has = |flaw| flaws.has(flaw);
        let row = match self {
            Self::MissingAuthorization if has(Flaw::MissingAuthorizationMerged) => {
                Row::new(401, "invalid_api_key", "The API key is unknown or revoked.")
            }
            Self::MissingAuthorization if has(Flaw::MissingKeyIs400) => {
                Row::new(400, "missing_authorization", "No API key was sent.")
            }
            Self::SpendCapReached { .. } if has(Flaw::SpendCapIs402) => {
                Row::new(402, "insufficient_quota", "The balance is exhausted.")
            }
            Self::SpendCapReached { .. } if has(Flaw::SpendCapWithoutRetryAfter) => {
                Row::new(429, "spend_cap_reached", "The monthly spend cap is reached.")
            }
            Self::RateLimited { .. } if has(Flaw::RateLimitWithoutRetryAfter) => {
                Row::new(429, "rate_limit_exceeded", "Too many requests.")
            }
            Self::RateLimited { window_ends_in } if has(Flaw::RateLimitIs503) => {
                Row::new(503, "rate_limit_exceeded", "Too many requests.").after(window_ends_in)
            }
            Self::PermissionDenied if has(Flaw::ForbiddenIs401) => {
                Row::new(401, "invalid_api_key", "This key has no access to that model or feature.")
            }
            Self::PermissionDenied if has(Flaw::ForbiddenIs404) => {
                Row::new(404, "model_not_found", "There is no such model.")
            }
            Self::BillingNotConfigured if has(Flaw::BillingOffIs500) => {
                Row::new(500, "billing_not_configured", "Billing is not available at the moment.")
            }
            Self::BillingNotConfigured if has(Flaw::BillingOffWithoutRetryAfter) => {
                Row::new(503, "billing_not_configured", "Billing is not available at the moment.")
            }
            Self::BackendUnavailable if has(Flaw::CredentialsMissingIs503) => {
                Row::new(503, "backend_unavailable", "The gateway cannot reach its backend.")
                    .after(OPERATOR_SECONDS)
            }
            Self::NotJson if has(Flaw::MalformedJsonIs500) => Row::new(
                500,
                "internal_error",
                "Traceback (most recent call last): File \"proxy.py\", line 87",
            ),
            Self::OddJson if has(Flaw::OddJsonIs500) => Row::new(500, "internal_error", "Unexpected error."),
            Self::EmptyBody if has(Flaw::EmptyBodyIs500) => {
                Row::new(500, "internal_error", "Unexpected error.")
            }
            Self::InvalidRequest(message) if has(Flaw::InvalidFieldIs422) => {
                Row::new(422, "invalid_request_error", message)
            }
            Self::InvalidRequest(_) if has(Flaw::InvalidFieldIs500) => {
                Row::new(500, "internal_error", "KeyError")
            }
            Self::TooLarge if has(Flaw::OversizeIs413) => {
                Row::new(413, "invalid_request_error", "The body is too large.")
            }
            Self::ModelNotFound(slug) if has(Flaw::UnknownModelIs400) => {
                Row::new(400, "invalid_request_error", format!("Model '{slug}' is not available."))
            }
            Self::ModelNotFound(slug) if has(Flaw::UnknownModelIs503) => {
                Row::new(503, "upstream_unavailable", format!("Model '{slug}' is not available.")).after(5)
            }
            Self::NotFound if has(Flaw::UnknownRouteIsModelNotFound) => {
                Row::new(404, "model_not_found", "There is no such route.")
            }
            Self::OddMethod if has(Flaw::OddMethodIs405) => {
                Row::new(405, "method_not_allowed", "There is no such route.")
            }
            _ => return None,
        };
        Some(row)
    }
}

impl From<KeyRefusal> for Failure {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Missing => Self::MissingAuthorization,
            KeyRefusal::Unknown | KeyRefusal::Revoked => Self::InvalidApiKey,
        }
    }
}

impl From<FundsRefusal> for Failure {
    fn from(refusal: FundsRefusal) -> Self {
        match refusal {
            FundsRefusal::BalanceExhausted => Self::InsufficientQuota,
            FundsRefusal::SpendCapReached { month_ends_in } => Self::SpendCapReached { month_ends_in },
        }
    }
}

impl From<OverRate> for Failure {
    fn from(OverRate { window_ends_in }: OverRate) -> Self {
        Self::RateLimited { window_ends_in }
    }
}

/// The table has no 408 and no 413, and what is wrong is the request.
impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::TooLarge,
            Unread::TooSlow => Self::InvalidRequest("The body did not arrive in time.".to_owned()),
            Unread::Broken => Self::InvalidRequest("The body could not be read.".to_owned()),
        }
    }
}

pub(super) fn model(refusal: ModelRefusal, slug: &str) -> Failure {
    match refusal {
        ModelRefusal::Unknown => Failure::ModelNotFound(slug.chars().take(80).collect()),
        ModelRefusal::ModelDenied | ModelRefusal::FeatureDenied => Failure::PermissionDenied,
    }
}

pub(super) fn invalid(invalid: &Invalid, body: &[u8]) -> Failure {
    match invalid {
        Invalid::NotJson(_) if body.trim_ascii().is_empty() => Failure::EmptyBody,
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
