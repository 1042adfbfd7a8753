//! What the Chuizi personality is seeded with.

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
/// The first of [`VALID`] without what every key of this page begins with.
pub const UNPREFIXED: &str = "valid-1";
/// A key whose balance is exactly zero.
pub const ZERO_BALANCE: &str = "ck-zero-balance";
/// Keys with [`LITTLE`] on them.
pub const LOW_BALANCE: [&str; 4] =
    ["ck-low-balance-1", "ck-low-balance-2", "ck-low-balance-3", "ck-low-balance-4"];
/// Half a dollar, in microdollars.
pub const LITTLE: i64 = 500_000;
/// Keys at the documented rate.
pub const DEFAULT_RATE: [&str; 4] =
    ["ck-default-rate-1", "ck-default-rate-2", "ck-default-rate-3", "ck-default-rate-4"];
/// The documented rate.
pub const RATE: Rate = Rate { requests: 60, window: Duration::from_secs(60) };
/// A key that may use neither [`RESERVED_MODEL`] nor embeddings, and anything else.
pub const RESTRICTED: &str = "ck-restricted";

/// The chat model every valid key may use, on both lanes.
pub const CHAT_MODEL: &str = "chuizi-chat";
/// The chat model that [`RESTRICTED`] may not use.
pub const RESERVED_MODEL: &str = "chuizi-reserved";
/// The embedding model.
pub const EMBEDDING_MODEL: &str = "chuizi-embed";
/// A model that was served once and is not available any more.
pub const RETIRED_MODEL: &str = "chuizi-retired";
/// A slug that no model ever had.
pub const UNKNOWN_MODEL: &str = "chuizi-unknown";

/// The accounts behind the keys above.
pub fn accounts() -> Vec<Account> {
    let mut accounts: Vec<Account> = VALID.into_iter().map(Account::new).collect();
    accounts.extend(DEFAULT_RATE.map(|key| Account { rate: RATE, ..Account::new(key) }));
    accounts.extend(LOW_BALANCE.map(|key| Account { balance: LITTLE, ..Account::new(key) }));
    accounts.extend([
        Account { revoked: true, ..Account::new(REVOKED) },
        Account { balance: 0, ..Account::new(ZERO_BALANCE) },
        Account {
            denied_models: vec![RESERVED_MODEL.to_owned()],
            denied_features: vec![Feature::Embeddings],
            ..Account::new(RESTRICTED)
        },
    ]);
    accounts
}

/// The models behind the slugs above that are available.
pub fn models() -> Vec<Model> {
    vec![
        Model::new(CHAT_MODEL, Feature::Chat, 10),
        Model::new(RESERVED_MODEL, Feature::Chat, 150),
        Model::new(EMBEDDING_MODEL, Feature::Embeddings, 1),
    ]
}
