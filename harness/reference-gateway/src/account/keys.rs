//! Bearer keys: which account a request belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use super::blame::Blame;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::config::Account;
use crate::mutant::{Flaw, Flaws};

pub(crate) struct Keys {
    accounts: HashMap<String, Arc<Account>>,
    flaws: Flaws,
    /// Struck by a flaw that lets one caller pay for another.
    blame: Blame,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// No Authorization header, another scheme, or nothing behind the scheme.
    Missing,
    Unknown,
    Revoked,
}

impl Keys {
    pub(crate) fn new(accounts: Vec<Account>, flaws: Flaws) -> Self {
        let accounts = accounts.into_iter().map(|it| (it.key.clone(), Arc::new(it))).collect();
        Self { accounts, flaws, blame: Blame::default() }
    }

    /// Whose bearer key a request carries.
    pub(crate) fn identify(&self, headers: &HeaderMap) -> Result<Arc<Account>, KeyRefusal> {
        self.look_up(bearer(headers))
    }

    /// Whose key this is, wherever the request carried it.
    pub(crate) fn look_up(&self, token: Option<&str>) -> Result<Arc<Account>, KeyRefusal> {
        let account = match token {
            Some(token) => self.accounts.get(token).ok_or(KeyRefusal::Unknown),
            None => Err(KeyRefusal::Missing),
        };
        if self.flaws.has(Flaw::BadKeyLocksOut) {
            let good = account.is_ok_and(|account| !account.revoked);
            if self.blame.falls_on(good) {
                return Err(KeyRefusal::Unknown);
            }
        }
        match account {
            Ok(account) if account.revoked && !self.flaws.has(Flaw::RevokedKeyAccepted) => {
                Err(KeyRefusal::Revoked)
            }
            Err(KeyRefusal::Unknown) if self.flaws.has(Flaw::UnknownKeyAccepted) => Ok(self.guest()),
            Err(KeyRefusal::Missing) if self.flaws.has(Flaw::MissingKeyAccepted) => Ok(self.guest()),
            Ok(account) => Ok(account.clone()),
            Err(refusal) => Err(refusal),
        }
    }

    fn guest(&self) -> Arc<Account> {
        Arc::new(Account::new("guest"))
    }
}

/// The token of an `Authorization: Bearer` header; schemes are case-insensitive.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?;
    // A token that is not visible ASCII was never issued, but it was sent.
    let value = value.to_str().unwrap_or("Bearer \u{0}");
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
