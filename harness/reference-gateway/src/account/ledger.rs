//! Money: the prepaid balance, the month's spending and its hard cap, in microdollars.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::config::Account;
use crate::mutant::{Flaw, Flaws};

/// A gateway lives for one run: the month does not roll over under it.
pub(crate) struct Ledger {
    opening: HashMap<String, Funds>,
    funds: Mutex<HashMap<String, Funds>>,
    flaws: Flaws,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FundsRefusal {
    BalanceExhausted,
    SpendCapReached {
        /// Whole seconds until the month ends.
        month_ends_in: u64,
    },
}

/// The balance does not cover a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) balance: i64,
    pub(crate) required: i64,
}

#[derive(Debug, Clone, Copy)]
struct Funds {
    balance: i64,
    spent: i64,
    spend_cap: Option<i64>,
}

impl Ledger {
    pub(crate) fn new<A: Borrow<Account>>(accounts: &[A], flaws: Flaws) -> Self {
        let opening: HashMap<_, _> = accounts
            .iter()
            .map(Borrow::borrow)
            .map(|it| {
                (it.key.clone(), Funds { balance: it.balance, spent: it.spent, spend_cap: it.spend_cap })
            })
            .collect();
        Self { funds: Mutex::new(opening.clone()), opening, flaws }
    }

    /// Whether the account may start a call that costs money.
    pub(crate) fn check(&self, account: &Account) -> Result<(), FundsRefusal> {
        let Some(funds) = self.lock().get(&account.key).copied() else { return Ok(()) };
        if self.exhausted(funds.balance) {
            return Err(FundsRefusal::BalanceExhausted);
        }
        match funds.spend_cap {
            Some(cap) if self.capped(funds.spent, cap) => {
                Err(FundsRefusal::SpendCapReached { month_ends_in: seconds_left_in_month(Timestamp::now()) })
            }
            _ => Ok(()),
        }
    }

    /// Takes the estimated cost of a call that is about to be made, and gives what was taken.
    pub(super) fn take(&self, account: &Account, estimate: i64) -> Result<i64, Short> {
        let mut funds = self.lock();
        let Some(funds) = funds.get_mut(&account.key) else { return Ok(0) };
        let covered = if self.flaws.has(Flaw::EstimateUnchecked) {
            funds.balance > 0
        } else {
            funds.balance >= estimate || self.flaws.has(Flaw::BalanceUnchecked)
        };
        if !covered {
            return Err(Short { balance: funds.balance, required: estimate });
        }
        let amount = if self.flaws.has(Flaw::DeductedAfterwards) { 0 } else { estimate };
        funds.balance = funds.balance.saturating_sub(amount);
        Ok(amount)
    }

    pub(super) fn give_back(&self, account: &Account, amount: i64) {
        if let Some(funds) = self.lock().get_mut(&account.key) {
            funds.balance = funds.balance.saturating_add(amount);
        }
    }

    pub(super) fn flaws(&self) -> Flaws {
        self.flaws
    }

    /// How much of the monthly cap is spent, in percent; none where there is no cap.
    pub(crate) fn percent_spent(&self, account: &Account) -> Option<i64> {
        let funds = self.lock().get(&account.key).copied()?;
        let cap = funds.spend_cap?.max(1);
        Some(funds.spent.saturating_mul(100) / cap)
    }

    /// Books what a finished call cost.
    pub(crate) fn deduct(&self, account: &Account, cost: i64) {
        if let Some(funds) = self.lock().get_mut(&account.key) {
            funds.balance = funds.balance.saturating_sub(cost);
            funds.spent = funds.spent.saturating_add(cost);
        }
    }

    pub(crate) fn reset(&self) {
        self.lock().clone_from(&self.opening);
    }

    fn exhausted(&self, balance: i64) -> bool {
        if self.flaws.has(Flaw::BalanceUnchecked) {
            return false;
        }
        if self.flaws.has(Flaw::NegativeBalanceAccepted) {
            return balance == 0;
        }
        if self.flaws.has(Flaw::ZeroBalanceAccepted) {
            return balance < 0;
        }
        balance <= 0
    }

    fn capped(&self, spent: i64, cap: i64) -> bool {
        if self.flaws.has(Flaw::SpendCapUnchecked) {
            return false;
        }
        if self.flaws.has(Flaw::SpendCapOffByOne) {
            return spent > cap;
        }
        spent >= cap
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Funds>> {
        self.funds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At least 1, even in the month's last second.
fn seconds_left_in_month(now: Timestamp) -> u64 {
    let now = now.to_zoned(TimeZone::UTC);
    let left = now
        .first_of_month()
        .and_then(|first| first.start_of_day())
        .and_then(|first| first.checked_add(1.month()))
        .map(|next| next.timestamp().as_second() - now.timestamp().as_second());
    left.ok().and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_ends_at_midnight_of_its_last_day() {
        let left = |at: &str| seconds_left_in_month(at.parse().unwrap());
        assert_eq!(left("2026-11-30T23:59:59Z"), 1);
        assert_eq!(left("2026-12-01T00:00:00Z"), 31 * 86_400);
        assert_eq!(left("2028-02-28T00:00:00Z"), 2 * 86_400);
    }
}
