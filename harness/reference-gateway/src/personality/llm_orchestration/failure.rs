//! The page's failures: thirty-four codes, each with its status.

use crate::account::{FundsRefusal, OverRate, TokenRefusal};
use crate::door::Unread;
use crate::mutant::{Flaw, Flaws};

/// A row of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    InvalidPrompt,
    InvalidModel,
    ProviderError,
    InferenceTimeout,
    UnsupportedUseCase,
    EmbeddingInputTooLong,
    BatchTooLarge,
    EmbeddingProviderError,
    RerankInvalidInput,
    RerankProviderError,
    ProviderNotFound,
    ProviderCircuitOpen,
    AllProvidersUnavailable,
    ProviderAlreadyExists,
    RateLimitExceeded,
    InsufficientCredits,
    BudgetExceeded,
    QuotaExceeded,
    Unauthorized,
    Forbidden,
    InvalidToken,
    TierInsufficient,
    ValidationFailed,
    InvalidInput,
    MissingRequiredField,
    CacheKeyInvalid,
    CacheMiss,
    TemplateNotFound,
    TemplateVariableMissing,
    DatabaseError,
    TransactionFailed,
    InternalServerError,
    ServiceUnavailable,
    Timeout,
}

/// A code, and what is told beside it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    /// The value of `Retry-After`.
    pub(super) retry_after: Option<u64>,
}

impl Failure {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    /// No code is for a route that does not exist; the request is what is wrong.
    pub(super) fn no_route(flaws: Flaws) -> Self {
        let code = if flaws.has(Flaw::UnknownRouteIs500) {
            Code::InternalServerError
        } else {
            Code::ValidationFailed
        };
        Self::new(code, "There is no such route.")
    }

    /// Whether it can be told before a provider is called.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(
            self.code,
            Code::ProviderError
                | Code::EmbeddingProviderError
                | Code::RerankProviderError
                | Code::InferenceTimeout
                | Code::Timeout
                | Code::AllProvidersUnavailable
        )
    }
}

impl Code {
    /// The status and the number of the page's row.
    pub(super) fn row(self, flaws: Flaws) -> (u16, u16) {
        if let Some(row) = self.flawed_row(flaws) {
            return row;
        }
        match self {
            Self::InvalidPrompt => (400, 1000),
            Self::InvalidModel => (400, 1001),
            Self::ProviderError => (502, 1002),
            Self::InferenceTimeout => (504, 1003),
            Self::UnsupportedUseCase => (400, 1004),
            Self::EmbeddingInputTooLong => (400, 1100),
            Self::BatchTooLarge => (400, 1101),
            Self::EmbeddingProviderError => (502, 1102),
            Self::RerankInvalidInput => (400, 1200),
            Self::RerankProviderError => (502, 1201),
            Self::ProviderNotFound => (404, 1300),
            Self::ProviderCircuitOpen => (503, 1301),
            Self::AllProvidersUnavailable => (503, 1302),
            Self::ProviderAlreadyExists => (409, 1303),
            Self::RateLimitExceeded => (429, 1400),
            Self::InsufficientCredits => (402, 1401),
            Self::BudgetExceeded => (402, 1402),
            Self::QuotaExceeded => (429, 1403),
            Self::Unauthorized => (401, 1500),
            Self::Forbidden => (403, 1501),
            Self::InvalidToken => (401, 1502),
            Self::TierInsufficient => (403, 1503),
            Self::ValidationFailed => (400, 1600),
            Self::InvalidInput => (400, 1601),
            Self::MissingRequiredField => (400, 1602),
            Self::CacheKeyInvalid => (400, 1700),
            Self::CacheMiss => (404, 1701),
            Self::TemplateNotFound => (404, 1800),
            Self::TemplateVariableMissing => (400, 1801),
            Self::DatabaseError => (500, 1900),
            Self::TransactionFailed => (500, 1901),
            Self::InternalServerError => (500, 2000),
            Self::ServiceUnavailable => (503, 2001),
            Self::Timeout => (504, 2002),
        }
    }

    /// The wrong rows of mutants.
    fn flawed_row(self, flaws: Flaws) -> Option<(u16, u16)> {
        let (flaw, row) = match self {
            Self::InvalidModel => (Flaw::UnknownModelIs503, (503, 1302)),
            Self::InferenceTimeout => (Flaw::TimeoutIs408, (408, 1003)),
            Self::UnsupportedUseCase => (Flaw::UnlistedCode, (400, 1005)),
            Self::EmbeddingProviderError => (Flaw::EmbeddingErrorsAreInferences, (502, 1002)),
            Self::RerankProviderError => (Flaw::RerankErrorsAre500, (500, 2000)),
            Self::AllProvidersUnavailable => (Flaw::DeadChainIs404, (404, 1001)),
            Self::ProviderAlreadyExists => (Flaw::DuplicateProviderIs400, (400, 1601)),
            Self::RateLimitExceeded => (Flaw::RateLimitIs503, (503, 2001)),
            Self::BudgetExceeded => (Flaw::BudgetIs400, (400, 1402)),
            Self::QuotaExceeded => (Flaw::QuotaIsARateLimit, (429, 1400)),
            Self::Unauthorized => (Flaw::MissingKeyIs400, (400, 1500)),
            Self::Forbidden => (Flaw::ForbiddenIs401, (401, 1502)),
            Self::InvalidToken => (Flaw::InvalidTokenIs500, (500, 2000)),
            Self::InvalidInput => (Flaw::InvalidFieldIs422, (422, 1601)),
            Self::MissingRequiredField if flaws.has(Flaw::MissingFieldIs500) => {
                (Flaw::MissingFieldIs500, (500, 2000))
            }
            Self::MissingRequiredField => (Flaw::MissingFieldIsInvalidInput, (400, 1601)),
            Self::DatabaseError => (Flaw::DatabaseErrorIs503, (503, 2001)),
            Self::TransactionFailed => (Flaw::FailedTransactionIsDatabases, (500, 1900)),
            Self::Timeout if flaws.has(Flaw::OwnDeadlineIs408) => (Flaw::OwnDeadlineIs408, (408, 2002)),
            Self::Timeout => (Flaw::OwnDeadlineIsInferences, (504, 1003)),
            _ => return None,
        };
        flaws.has(flaw).then_some(row)
    }
}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Missing => Self::new(Code::Unauthorized, "A bearer token is needed."),
            TokenRefusal::Invalid => {
                Self::new(Code::InvalidToken, "The token is not valid, or not any more.")
            }
        }
    }
}

impl From<OverRate> for Failure {
    fn from(OverRate { window_ends_in }: OverRate) -> Self {
        let message = "The tenant sends too many requests.";
        Self { retry_after: Some(window_ends_in), ..Self::new(Code::RateLimitExceeded, message) }
    }
}

impl From<FundsRefusal> for Failure {
    fn from(_: FundsRefusal) -> Self {
        Self::new(Code::InsufficientCredits, "The wallet holds no credits.")
    }
}

impl From<Unread> for Failure {
    fn from(unread: Unread) -> Self {
        let message = match unread {
            Unread::TooLarge => "The body is too large.",
            Unread::TooSlow => "The body did not arrive in time.",
            Unread::Broken => "The body could not be read.",
        };
        Self::new(Code::ValidationFailed, message)
    }
}
