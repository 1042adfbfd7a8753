//! The page's failures, each with its row; and those that the page does not list, in its shape.

use crate::account::{FundsRefusal, KeyRefusal, ModelRefusal, RunSpent, TooFast};
use crate::door::Unread;
use crate::message::Invalid;
use crate::mutant::{Flaw, Flaws};

pub(super) enum Failure {
    KeyMissing,
    KeyUnknown,
    TrialExpired,
    BudgetExceeded,
    RunBudgetExceeded,
    VelocityExceeded(TooFast),
    NotJson,
    OddJson,
    Invalid(String),
    TooLarge,
    ModelNotFound,
    NotFound,
    OddMethod,
    /// The mapping of provider failures has its own rows.
    Provider(Row),
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Row {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }
}

const MALFORMED: &str = "The body is not JSON that can be read.";

impl Failure {
    /// The row of the page.
    pub(super) fn row(self, flaws: Flaws) -> Row {
        if let Some(row) = self.flawed_row(flaws) {
            return row;
        }
        match self {
            Self::KeyMissing => Row::new(401, "invalid_proxy_key", "No proxy key was sent."),
            Self::KeyUnknown => Row::new(401, "invalid_proxy_key", "The proxy key was not found."),
            Self::TrialExpired => {
                Row::new(402, "trial_expired", "The trial ended, and there is no active plan.")
            }
            Self::BudgetExceeded => {
                Row::new(429, "budget_exceeded", "The monthly budget of this feature is exhausted.")
            }
            Self::RunBudgetExceeded => Row::new(429, "run_budget_exceeded", "This run has spent its budget."),
            Self::VelocityExceeded(TooFast::Requests) => {
                Row::new(429, "velocity_exceeded", "Too many requests within a minute.")
            }
            Self::VelocityExceeded(TooFast::Tokens) => {
                Row::new(429, "velocity_exceeded", "Too many tokens within a minute.")
            }
            Self::NotJson | Self::OddJson => Row::new(400, "invalid_request", MALFORMED),
            Self::Invalid(message) => Row::new(400, "invalid_request", message),
            Self::TooLarge => Row::new(413, "invalid_request", "The body is too large."),
            Self::ModelNotFound => Row::new(404, "model_not_found", "There is no such model."),
            Self::NotFound => Row::new(404, "not_found", "There is no such route."),
            Self::OddMethod => Row::new(405, "method_not_allowed", "This route takes POST."),
            Self::Provider(row) => row,
        }
    }

    /// Whether a flawed gateway finds this out only after it has called its provider.
    pub(super) fn is_noticed_late(&self, flaws: Flaws) -> bool {
        match self {
            Self::KeyMissing | Self::KeyUnknown => flaws.has(Flaw::KeyReachesUpstream),
            Self::TrialExpired => flaws.has(Flaw::TrialReachesUpstream),
            Self::BudgetExceeded => flaws.has(Flaw::BudgetReachesUpstream),
            Self::RunBudgetExceeded => flaws.has(Flaw::RunBudgetReachesUpstream),
            Self::VelocityExceeded(_) => flaws.has(Flaw::RateLimitReachesUpstream),
            Self::NotJson | Self::OddJson | Self::Invalid(_) | Self::NotFound | Self::OddMethod => {
                flaws.has(Flaw::InvalidBodyReachesUpstream)
            }
            _ => false,
        }
    }

    /// The wrong rows of mutants.
    fn flawed_row(&self, flaws: Flaws) -> Option<Row> {
        let has = |flaw| flaws.has(flaw);
        let internal = || Row::new(500, "internal_error", "Unexpected error.");
        let row = match self {
            Self::KeyMissing if has(Flaw::MissingKeyIs400) => {
                Row::new(400, "invalid_request", "No proxy key was sent.")
            }
            Self::KeyUnknown if has(Flaw::UnknownKeyIs500) => internal(),
            Self::TrialExpired if has(Flaw::TrialIs403) => {
                Row::new(403, "trial_expired", "The trial ended, and there is no active plan.")
            }
            Self::BudgetExceeded if has(Flaw::BudgetIs400) => {
                Row::new(400, "budget_exceeded", "The monthly budget of this feature is exhausted.")
            }
            Self::RunBudgetExceeded if has(Flaw::RunBudgetIsBudget) => {
                Row::new(429, "budget_exceeded", "The monthly budget of this feature is exhausted.")
            }
            Self::VelocityExceeded(_) if has(Flaw::RateLimitIs503) => {
                Row::new(503, "velocity_exceeded", "Too many requests within a minute.")
            }
            Self::NotJson if has(Flaw::MalformedJsonIs500) => Row::new(
                500,
                "provider_error",
                "Traceback (most recent call last): File \"proxy.py\", line 87",
            ),
            Self::OddJson if has(Flaw::OddJsonIs500) => internal(),
            Self::Invalid(_) if has(Flaw::InvalidFieldIs500) => internal(),
            Self::TooLarge if has(Flaw::OversizeIs500) => internal(),
            Self::ModelNotFound if has(Flaw::UnknownModelIs503) => {
                Row::new(503, "provider_unavailable", "No provider serves this model.")
            }
            Self::NotFound if has(Flaw::UnknownRouteIs500) => internal(),
            _ => return None,
        };
        Some(row)
    }
}

impl From<KeyRefusal> for Failure {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Missing => Self::KeyMissing,
            KeyRefusal::Unknown | KeyRefusal::Revoked => Self::KeyUnknown,
        }
    }
}

impl From<FundsRefusal> for Failure {
    fn from(_: FundsRefusal) -> Self {
        Self::BudgetExceeded
    }
}

impl From<RunSpent> for Failure {
    fn from(_: RunSpent) -> Self {
        Self::RunBudgetExceeded
    }
}

impl From<TooFast> for Failure {
    fn from(what: TooFast) -> Self {
        Self::VelocityExceeded(what)
    }
}

impl From<ModelRefusal> for Failure {
    fn from(_: ModelRefusal) -> Self {
        Self::ModelNotFound
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::TooLarge,
            Unread::TooSlow => Self::Invalid("The body did not arrive in time.".to_owned()),
            Unread::Broken => Self::Invalid("The body could not be read.".to_owned()),
        }
    }
}

pub(super) fn invalid(invalid: &Invalid, body: &[u8]) -> Failure {
    match invalid {
        Invalid::NotJson(error) if is_odd(error, body) => Failure::OddJson,
        Invalid::NotJson(_) => Failure::NotJson,
        Invalid::At { pointer, missing: false } => {
            Failure::Invalid(format!("The value at '{pointer}' is not valid."))
        }
        Invalid::At { pointer, missing: true } => {
            Failure::Invalid(format!("A required field is missing at '{pointer}'."))
        }
    }
}

/// JSON that some parsers read: a byte order mark, lone surrogates, huge numbers.
fn is_odd(error: &serde_json::Error, body: &[u8]) -> bool {
    let error = error.to_string();
    let odd = ["number out of range", "surrogate"].iter().any(|it| error.contains(it));
    odd || body.starts_with(b"\xef\xbb\xbf")
}
