//! What the Cognocient personality is seeded with. Money is in microdollars.

use std::num::NonZeroU32;

use crate::config::{Account, Feature, Guardrails, Model};

/// Keys with money and pace to spare.
pub const VALID: [&str; 8] = [
    "sk-cog-valid-1",
    "sk-cog-valid-2",
    "sk-cog-valid-3",
    "sk-cog-valid-4",
    "sk-cog-valid-5",
    "sk-cog-valid-6",
    "sk-cog-valid-7",
    "sk-cog-valid-8",
];
/// A key with the right prefix that was never issued; any other unknown one does as well.
pub const NEVER_ISSUED: &str = "sk-cog-never-issued";
/// A key of a trial that ended.
pub const TRIAL_ENDED: &str = "sk-cog-trial-ended";
/// A key whose month has spent exactly its budget.
pub const BUDGET_REACHED: &str = "sk-cog-budget-reached";
/// A key whose month has spent more than its budget.
pub const BUDGET_PASSED: &str = "sk-cog-budget-passed";
/// A key with so little left that some calls use it up.
pub const BUDGET_LOW: &str = "sk-cog-budget-low";
/// A key past the threshold from which its calls are degraded.
pub const DEGRADING: &str = "sk-cog-degrading";
/// A key that some calls bring past that threshold.
pub const NEARLY_DEGRADING: &str = "sk-cog-nearly-degrading";
/// A key whose budget is spent, and whose calls are degraded instead of refused.
pub const DEGRADING_SPENT: &str = "sk-cog-degrading-spent";
/// A key whose run may spend what it likes, but for what X-Cost-Run-Budget says.
pub const RUN: &str = "sk-cog-run";
/// A key whose run may spend [`LITTLE`].
pub const RUN_LOW: &str = "sk-cog-run-low";
/// A key that may send [`REQUESTS_A_MINUTE`].
pub const REQUESTS_LIMITED: &str = "sk-cog-requests-limited";
/// A key that may use [`TOKENS_A_MINUTE`].
pub const TOKENS_LIMITED: &str = "sk-cog-tokens-limited";
/// A key whose answers are kept and given again.
pub const CACHED: &str = "sk-cog-cached";
/// The same with so little left that some calls use it up.
pub const CACHED_LOW: &str = "sk-cog-cached-low";

/// Requests a minute of [`REQUESTS_LIMITED`].
pub const REQUESTS_A_MINUTE: u32 = 6;
/// Tokens a minute of [`TOKENS_LIMITED`].
pub const TOKENS_A_MINUTE: u32 = 1000;
/// A month's budget.
pub const BUDGET: i64 = 50_000_000;
/// What a few calls cost.
pub const LITTLE: i64 = 1500;
/// The percent of a budget from which calls are degraded.
pub const DEGRADE_FROM: i64 = 80;

/// The model that degraded calls go to, as it is the cheapest.
pub const SMALL_MODEL: &str = "cog-small";
/// A model in between.
pub const MEDIUM_MODEL: &str = "cog-medium";
/// The dearest model.
pub const LARGE_MODEL: &str = "cog-large";
/// A slug that no model has.
pub const UNKNOWN_MODEL: &str = "cog-unknown";

/// The accounts behind the keys.
pub fn accounts() -> Vec<Account> {
    let spent = |key: &str, spent| Account { spend_cap: Some(BUDGET), spent, ..Account::new(key) };
    let kept = |key: &str, guardrails| Account { guardrails, ..Account::new(key) };
    let degrades = |account| Account {
        guardrails: Guardrails { degrade_from: Some(DEGRADE_FROM), ..Guardrails::default() },
        ..account
    };
    let mut accounts: Vec<Account> = VALID.into_iter().map(Account::new).collect();
    accounts.extend([
        kept(TRIAL_ENDED, Guardrails { trial_ended: true, ..Guardrails::default() }),
        spent(BUDGET_REACHED, BUDGET),
        spent(BUDGET_PASSED, BUDGET + 400_000),
        spent(BUDGET_LOW, BUDGET - LITTLE),
        degrades(spent(DEGRADING, BUDGET / 100 * 90)),
        degrades(spent(NEARLY_DEGRADING, BUDGET / 100 * DEGRADE_FROM - LITTLE)),
        degrades(spent(DEGRADING_SPENT, BUDGET)),
        Account::new(RUN),
        kept(RUN_LOW, Guardrails { run_cap: Some(LITTLE), ..Guardrails::default() }),
        kept(
            REQUESTS_LIMITED,
            Guardrails { requests_a_minute: NonZeroU32::new(REQUESTS_A_MINUTE), ..Guardrails::default() },
        ),
        kept(
            TOKENS_LIMITED,
            Guardrails { tokens_a_minute: NonZeroU32::new(TOKENS_A_MINUTE), ..Guardrails::default() },
        ),
        kept(CACHED, Guardrails { cached: true, ..Guardrails::default() }),
        Account {
            guardrails: Guardrails { cached: true, ..Guardrails::default() },
            ..spent(CACHED_LOW, BUDGET - LITTLE)
        },
    ]);
    accounts
}

/// The models it serves.
pub fn models() -> Vec<Model> {
    vec![
        Model::new(LARGE_MODEL, Feature::Chat, 30),
        Model::new(MEDIUM_MODEL, Feature::Chat, 10),
        Model::new(SMALL_MODEL, Feature::Chat, 1),
    ]
}
