//! The page's failures, each with its row: status, message and, where it has one, its delay. The type follows from the status.

use crate::account::{KeyRefusal, ModelRefusal, OverRate, Short};
use crate::door::Unread;
use crate::message::Invalid;
use crate::mutant::{Flaw, Flaws};

pub(super) enum Failure {
    MissingKey,
    InvalidKey,
    Short(Short),
    Forbidden,
    UnknownModel(String),
    RetiredModel(String),
    UnknownRoute,
    OddMethod,
    RateLimited {
        window_ends_in: u64,
    },
    NotJson,
    Invalid(String),
    Internal,
    Overloaded,
    /// The mapping of upstream failures has its own rows.
    Upstream(Row),
}

pub(super) struct Row {
    pub(super) status: u16,
    pub(super) message: String,
    /// The value of `Retry-After`.
    pub(super) retry_after: Option<String>,
}

impl Row {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    pub(super) fn after(mut self, seconds: impl ToString) -> Self {
        self.retry_after = Some(seconds.to_string());
        self
    }
}

impl Failure {
    /// The row of the page.
    pub(super) fn row(self, flaws: Flaws) -> Row {
        let status = self.status(flaws);
        match self {
            Self::MissingKey => Row::new(status, "No API key was sent."),
            Self::InvalidKey => Row::new(status, "Invalid API key."),
            Self::Short(short) => Row::new(status, missing(short)),
            Self::Forbidden => Row::new(status, "This API key has no access to that model or action."),
            Self::UnknownModel(slug) => Row::new(status, format!("Model '{slug}' does not exist.")),
            Self::RetiredModel(slug) => {
                Row::new(status, format!("Model '{slug}' is not available any more."))
            }
            Self::UnknownRoute | Self::OddMethod => Row::new(status, "There is no such route."),
            Self::RateLimited { .. } if flaws.has(Flaw::RateLimitWithoutRetryAfter) => {
                Row::new(status, "Rate limit exceeded.")
            }
            Self::RateLimited { window_ends_in } => {
                let message = format!("Rate limit exceeded. Retry after {window_ends_in} seconds.");
                let unit = if flaws.has(Flaw::RetryAfterInMilliseconds) { 1000 } else { 1 };
                Row::new(status, message).after(window_ends_in * unit)
            }
            Self::NotJson => Row::new(status, "The body is not JSON that can be read."),
            Self::Invalid(message) => Row::new(status, message),
            Self::Internal => Row::new(status, "The gateway failed."),
            Self::Overloaded => Row::new(status, "The gateway is overloaded."),
            Self::Upstream(row) => row,
        }
    }

    fn status(&self, flaws: Flaws) -> u16 {
        self.wrong_status(flaws).unwrap_or(match self {
            Self::NotJson | Self::Invalid(_) => 400,
            Self::MissingKey | Self::InvalidKey => 401,
            Self::Short(_) => 402,
            Self::Forbidden => 403,
            Self::UnknownModel(_) | Self::RetiredModel(_) | Self::UnknownRoute | Self::OddMethod => 404,
            Self::RateLimited { .. } => 429,
            Self::Internal => 500,
            Self::Overloaded => 503,
            Self::Upstream(row) => row.status,
        })
    }

    /// The wrong statuses of mutants.
    fn wrong_status(&self, flaws: Flaws) -> Option<u16> {
        let wrong = match self {
            Self::MissingKey => (Flaw::MissingKeyIs400, 400),
            Self::Short(_) => (Flaw::BalanceIs429, 429),
            Self::Forbidden => (Flaw::ForbiddenIs401, 401),
            Self::UnknownModel(_) => (Flaw::UnknownModelIs503, 503),
            Self::RetiredModel(_) => (Flaw::RetiredModelIs500, 500),
            Self::UnknownRoute | Self::OddMethod => (Flaw::OddMethodIs405, 405),
            Self::NotJson => (Flaw::MalformedJsonIs500, 500),
            Self::Invalid(_) => (Flaw::InvalidFieldIs422, 422),
            Self::Internal => (Flaw::InternalErrorIs502, 502),
            Self::Overloaded => (Flaw::OverloadIs404, 404),
            _ => return None,
        };
        flaws.has(wrong.0).then_some(wrong.1)
    }

    /// Whether a flawed gateway finds this out only after it has called its upstream.
    pub(super) fn is_noticed_late(&self, flaws: Flaws) -> bool {
        match self {
            Self::InvalidKey => flaws.has(Flaw::RevokedKeyReachesUpstream),
            Self::Short(_) => flaws.has(Flaw::EmptyBalanceReachesUpstream),
            Self::NotJson | Self::Invalid(_) => flaws.has(Flaw::InvalidBodyReachesUpstream),
            _ => false,
        }
    }

    /// Whether it says that no route was found.
    pub(super) fn is_unknown_route(&self) -> bool {
        matches!(self, Self::UnknownRoute)
    }
}

/// What the balance is and what the call may cost; the cost is rounded up, so that it is never shown as covered.
fn missing(Short { balance, required }: Short) -> String {
    const CENT: i64 = 10_000;
    let dollars = |cents: i64| {
        let sign = if cents < 0 { "-" } else { "" };
        format!("{sign}${}.{:02}", cents.abs() / 100, cents.abs() % 100)
    };
    let (current, required) = (dollars(balance.div_euclid(CENT)), dollars((required + CENT - 1) / CENT));
    format!("Insufficient balance. Current: {current}, Required: {required}")
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

impl From<Short> for Failure {
    fn from(short: Short) -> Self {
        Self::Short(short)
    }
}

/// The table has no 408 and no 413, and what is wrong is the request.
impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        Self::Invalid(match unread {
            Unread::TooLarge => "The body is too large.".to_owned(),
            Unread::TooSlow => "The body did not arrive in time.".to_owned(),
            Unread::Broken => "The body could not be read.".to_owned(),
        })
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::NotJson(_) => Self::NotJson,
            Invalid::At { pointer, missing: false } => {
                Self::Invalid(format!("The value at '{pointer}' is not valid."))
            }
            Invalid::At { pointer, missing: true } => {
                Self::Invalid(format!("A required field is missing at '{pointer}'."))
            }
        }
    }
}

pub(super) fn model(refusal: ModelRefusal, slug: &str) -> Failure {
    match refusal {
        ModelRefusal::Unknown if slug == crate::seed::chuizi::RETIRED_MODEL => {
            Failure::RetiredModel(slug.to_owned())
        }
        ModelRefusal::Unknown => Failure::UnknownModel(slug.chars().take(80).collect()),
        ModelRefusal::ModelDenied | ModelRefusal::FeatureDenied => Failure::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_is_not_covered_is_never_shown_as_covered() {
        let said = |balance, required| missing(Short { balance, required });
        assert_eq!(said(120_000, 500_000), "Insufficient balance. Current: $0.12, Required: $0.50");
        assert_eq!(said(0, 1), "Insufficient balance. Current: $0.00, Required: $0.01");
        assert_eq!(said(509_999, 510_000), "Insufficient balance. Current: $0.50, Required: $0.51");
        assert_eq!(said(-2_500_000, 10_000), "Insufficient balance. Current: -$2.50, Required: $0.01");
    }
}
