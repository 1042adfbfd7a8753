//! The velocity of a key: requests and tokens a minute, each a bucket that fills drop by drop.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::config::{Account, Guardrails};
use crate::mutant::{Flaw, Flaws};

pub(crate) struct Velocity {
    buckets: Mutex<HashMap<String, Arc<Buckets>>>,
    /// Requests that were answered; only a flaw that counts nothing else looks at it.
    answered: Mutex<HashMap<String, u32>>,
    flaws: Flaws,
}

/// The key sends faster than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooFast {
    Requests,
    Tokens,
}

struct Buckets {
    requests: Option<DefaultDirectRateLimiter>,
    tokens: Option<DefaultDirectRateLimiter>,
}

impl Velocity {
    pub(crate) fn new(flaws: Flaws) -> Self {
        Self { buckets: Mutex::default(), answered: Mutex::default(), flaws }
    }

    /// Takes one request out of its bucket, or refuses it.
    pub(crate) fn admit(&self, account: &Account) -> Result<(), TooFast> {
        if self.flaws.has(Flaw::RateLimitUnenforced) {
            return Ok(());
        }
        if self.flaws.has(Flaw::VelocityCountsAnswers) {
            let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            let used = answered.get(&account.key).copied().unwrap_or_default();
            let limit = account.guardrails.requests_a_minute;
            let full = limit.is_some_and(|limit| used >= limit.get());
            return if full { Err(TooFast::Requests) } else { Ok(()) };
        }
        let buckets = self.of(account);
        let admitted = buckets.requests.as_ref().is_none_or(|bucket| bucket.check().is_ok());
        if admitted { Ok(()) } else { Err(TooFast::Requests) }
    }

    /// Takes the tokens that a request may need out of theirs; more than a whole minute's are refused as well.
    pub(crate) fn spend(&self, account: &Account, tokens: NonZeroU32) -> Result<(), TooFast> {
        if self.flaws.has(Flaw::TokensUnlimited) {
            return Ok(());
        }
        let buckets = self.of(account);
        let admitted =
            buckets.tokens.as_ref().is_none_or(|bucket| matches!(bucket.check_n(tokens), Ok(Ok(()))));
        if admitted { Ok(()) } else { Err(TooFast::Tokens) }
    }

    /// Called when a request of the key was answered.
    pub(crate) fn settle(&self, account: &Account) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        *answered.entry(account.key.clone()).or_default() += 1;
    }

    pub(crate) fn reset(&self) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn of(&self, account: &Account) -> Arc<Buckets> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Arc::new(Buckets::full(&account.guardrails));
        buckets.entry(account.key.clone()).or_insert_with(full).clone()
    }
}

impl Buckets {
    fn full(guardrails: &Guardrails) -> Self {
        let bucket = |a_minute: Option<NonZeroU32>| a_minute.map(Quota::per_minute).map(RateLimiter::direct);
        Self { requests: bucket(guardrails.requests_a_minute), tokens: bucket(guardrails.tokens_a_minute) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_of_each_key_empties_for_itself() {
        let velocity = Velocity::new(Flaws::default());
        let guardrails = Guardrails {
            requests_a_minute: NonZeroU32::new(2),
            tokens_a_minute: NonZeroU32::new(100),
            ..Guardrails::default()
        };
        let account = |key: &str| Account { guardrails: guardrails.clone(), ..Account::new(key) };
        let (one, other) = (account("one"), account("other"));
        let tokens = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        assert_eq!([velocity.admit(&one), velocity.admit(&one)], [Ok(()), Ok(())]);
        assert_eq!(velocity.admit(&one), Err(TooFast::Requests));
        assert_eq!(velocity.spend(&one, tokens(90)), Ok(()));
        assert_eq!(velocity.spend(&one, tokens(90)), Err(TooFast::Tokens));
        assert_eq!(velocity.spend(&other, tokens(101)), Err(TooFast::Tokens));
        assert_eq!(velocity.admit(&other), Ok(()));
        velocity.reset();
        assert_eq!(velocity.admit(&one), Ok(()));
    }
}
