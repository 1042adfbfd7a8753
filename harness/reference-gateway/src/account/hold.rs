//! Money held for a call that is under way: taken before it, settled or given back after it.

use std::sync::Arc;

use super::ledger::{Ledger, Short};
use crate::config::Account;
use crate::mutant::Flaw;

/// The estimated cost of one call, already taken from its account. Dropped, it is given back whole.
pub(crate) struct Hold {
    ledger: Arc<Ledger>,
    account: Arc<Account>,
    /// What was estimated, and what of it was taken.
    estimate: i64,
    amount: i64,
    open: bool,
}

impl Hold {
    /// Takes the estimate, or tells how much is missing.
    pub(crate) fn take(ledger: &Arc<Ledger>, account: &Arc<Account>, estimate: i64) -> Result<Self, Short> {
        let amount = ledger.take(account, estimate)?;
        Ok(Self { ledger: ledger.clone(), account: account.clone(), estimate, amount, open: true })
    }

    /// Books what the call cost in place of the estimate, and never more than that: whatever an upstream counts, its customer
    /// was told what the call costs at most.
    pub(crate) fn settle(mut self, cost: i64) {
        self.open = false;
        self.ledger.give_back(&self.account, self.amount);
        self.ledger.deduct(&self.account, cost.clamp(0, self.estimate));
    }

    /// Keeps the estimate; only a flawed gateway does, after a call that failed.
    pub(crate) fn keep(mut self) {
        self.open = false;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.open && !self.ledger.flaws().has(Flaw::RefundMissing) {
            self.ledger.give_back(&self.account, self.amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutant::Flaws;

    #[test]
    fn what_is_held_is_not_there_and_what_is_dropped_is_back() {
        let account = Arc::new(Account { balance: 10, ..Account::new("k") });
        let ledger = Arc::new(Ledger::new(std::slice::from_ref(&account), Flaws::default()));
        let first = Hold::take(&ledger, &account, 6).unwrap();
        let short = Hold::take(&ledger, &account, 6).err().unwrap();
        assert_eq!((short.balance, short.required), (4, 6));
        drop(first);
        Hold::take(&ledger, &account, 10).unwrap().settle(3);
        assert!(Hold::take(&ledger, &account, 8).is_err());
        Hold::take(&ledger, &account, 2).unwrap().settle(i64::MAX);
        Hold::take(&ledger, &account, 5).unwrap().settle(-7);
        assert!(Hold::take(&ledger, &account, 5).is_ok());
    }
}
