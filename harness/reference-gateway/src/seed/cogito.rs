//! What the Cogito personality is seeded with.

use std::time::Duration;

use crate::config::{Account, Feature, Model, Rate};

/// Keys with money, rate and permissions to spare.
pub const VALID: [&str; 8] = [
    "ck-valid-1",
    "ck-valid-2",
    "ck-valid-3",
    "ck-valid-4",
    "ck-valid-5",
    "ck-valid-6",
    "ck-valid-7",
    "ck-valid-8",
];
/// A key that was issued and then revoked.
pub const REVOKED: &str = "ck-revoked";
/// A key that was never issued; any other unknown one does as well.
pub const NEVER_ISSUED: &str = "ck-never-issued";
/// A key whose balance is exactly zero.
pub const ZERO_BALANCE: &str = "ck-zero-balance";
/// A key whose balance is below zero.
pub const NEGATIVE_BALANCE: &str = "ck-negative-balance";
/// A key whose month-to-date spend is exactly at its hard cap.
pub const SPEND_CAP_REACHED: &str = "ck-spend-cap-reached";
/// A key whose month-to-date spend is beyond its hard cap.
pub const SPEND_CAP_EXCEEDED: &str = "ck-spend-cap-exceeded";
/// Keys that may send [`LIMITED_RATE`].
pub const RATE_LIMITED: [&str; 8] = [
    "ck-limited-1",
    "ck-limited-2",
    "ck-limited-3",
    "ck-limited-4",
    "ck-limited-5",
    "ck-limited-6",
    "ck-limited-7",
    "ck-limited-8",
];
/// The rate of each of [`RATE_LIMITED`].
pub const LIMITED_RATE: Rate = Rate { requests: 5, window: Duration::from_secs(60) };
/// A key that may use neither [`RESERVED_MODEL`] nor embeddings, and anything else.
pub const RESTRICTED: &str = "ck-restricted";

/// The chat model every valid key may use.
pub const CHAT_MODEL: &str = "cogito-chat";
/// The chat model that [`RESTRICTED`] may not use.
pub const RESERVED_MODEL: &str = "cogito-reserved";
/// The embedding model.
pub const EMBEDDING_MODEL: &str = "cogito-embed";
/// A slug that no model has.
pub const UNKNOWN_MODEL: &str = "cogito-unknown";

/// The accounts behind the keys above.
pub fn accounts() -> Vec<Account> {
    let mut accounts: Vec<Account> = VALID.into_iter().map(Account::new).collect();
    accounts.extend(RATE_LIMITED.map(|key| Account { rate: LIMITED_RATE, ..Account::new(key) }));
    accounts.extend([
        Account { revoked: true, ..Account::new(REVOKED) },
        Account { balance: 0, ..Account::new(ZERO_BALANCE) },
        Account { balance: -2_500_000, ..Account::new(NEGATIVE_BALANCE) },
        Account { spend_cap: Some(20_000_000), spent: 20_000_000, ..Account::new(SPEND_CAP_REACHED) },
        Account { spend_cap: Some(20_000_000), spent: 20_400_000, ..Account::new(SPEND_CAP_EXCEEDED) },
        Account {
            denied_models: vec![RESERVED_MODEL.to_owned()],
            denied_features: vec![Feature::Embeddings],
            ..Account::new(RESTRICTED)
        },
    ]);
    accounts
}

/// The models behind the slugs above.
pub fn models() -> Vec<Model> {
    vec![
        Model::new(CHAT_MODEL, Feature::Chat, 2),
        Model::new(RESERVED_MODEL, Feature::Chat, 30),
        Model::new(EMBEDDING_MODEL, Feature::Embeddings, 1),
    ]
}
