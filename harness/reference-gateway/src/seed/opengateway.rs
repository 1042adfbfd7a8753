//! What the OpenGateway personality is seeded with.

use std::time::Duration;

use crate::config::{Account, Feature, Model, Rate};

/// Keys with rate and room to spare.
pub const VALID: [&str; 8] = [
    "ogw-valid-key-1",
    "ogw-valid-key-2",
    "ogw-valid-key-3",
    "ogw-valid-key-4",
    "ogw-valid-key-5",
    "ogw-valid-key-6",
    "ogw-valid-key-7",
    "ogw-valid-key-8",
];
/// A key that was issued and then revoked.
pub const REVOKED: &str = "ogw-revoked-key-1";
/// A key that looks like an issued one and is none.
pub const NEVER_ISSUED: &str = "ogw-never-issued-1";
/// What no key of this gateway can look like.
pub const MALFORMED: &str = "not-a-key";
/// Keys that may send [`LIMITED_RATE`].
pub const RATE_LIMITED: [&str; 4] =
    ["ogw-limited-key-1", "ogw-limited-key-2", "ogw-limited-key-3", "ogw-limited-key-4"];
/// The rate of each of [`RATE_LIMITED`].
pub const LIMITED_RATE: Rate = Rate { requests: 5, window: Duration::from_secs(60) };
/// Keys that may have [`CONCURRENCY`] requests under way.
pub const CROWDED: [&str; 4] =
    ["ogw-crowded-key-1", "ogw-crowded-key-2", "ogw-crowded-key-3", "ogw-crowded-key-4"];
/// How many requests each of [`CROWDED`] may have under way.
pub const CONCURRENCY: u32 = 3;

/// The lane of models with open weights.
pub const OPEN_LANE: &str = "oss";
/// The lane of all models.
pub const FULL_LANE: &str = "all";

/// The ordinary chat model.
pub const CHAT_MODEL: &str = "meadow/chat-70b";
/// A chat model with a window of [`SMALL_WINDOW`].
pub const SMALL_MODEL: &str = "meadow/chat-3b";
/// The window of [`SMALL_MODEL`] in tokens.
pub const SMALL_WINDOW: usize = 4096;
/// A chat model that [`OPEN_LANE`] does not serve.
pub const CLOSED_MODEL: &str = "atelier/chat-max";
/// An embedding model that [`OPEN_LANE`] does not serve.
pub const CLOSED_EMBEDDING: &str = "atelier/embed-max";
/// The embedding model.
pub const EMBEDDING_MODEL: &str = "meadow/embed-1";
/// A well-formed id that no model has.
pub const UNKNOWN_MODEL: &str = "meadow/chat-900b";
/// A curated alias, and the model that it means.
pub const ALIAS: (&str, &str) = ("everyday", CHAT_MODEL);

/// The accounts behind the keys above.
pub fn accounts() -> Vec<Account> {
    let mut accounts: Vec<Account> = VALID.into_iter().map(Account::new).collect();
    accounts.extend(RATE_LIMITED.map(|key| Account { rate: LIMITED_RATE, ..Account::new(key) }));
    accounts.extend(CROWDED.map(|key| Account { concurrency: Some(CONCURRENCY), ..Account::new(key) }));
    accounts.push(Account { revoked: true, ..Account::new(REVOKED) });
    accounts
}

/// The models behind the ids above.
pub fn models() -> Vec<Model> {
    let closed = vec![FULL_LANE.to_owned()];
    vec![
        Model::new(CHAT_MODEL, Feature::Chat, 2),
        Model { window: Some(SMALL_WINDOW), ..Model::new(SMALL_MODEL, Feature::Chat, 1) },
        Model { lanes: closed.clone(), ..Model::new(CLOSED_MODEL, Feature::Chat, 30) },
        Model { lanes: closed, ..Model::new(CLOSED_EMBEDDING, Feature::Embeddings, 3) },
        Model::new(EMBEDDING_MODEL, Feature::Embeddings, 1),
    ]
}
