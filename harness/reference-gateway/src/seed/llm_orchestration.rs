//! What the LLM Orchestration personality is seeded with: tokens, tenants, variants, templates.

use std::time::Duration;

use crate::config::{Account, Model, Rate};

/// Who signs tokens.
pub const ISSUER: &str = "auth-svc";
/// What they are signed with.
pub const SECRET: &[u8] = b"reference-secret-of-the-llm-orchestration-personality";

/// A token of a tenant with money, rate and quota to spare, whose role may ask for inference.
pub const VALID: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.-bJYoM2k-jLr-FePxUneib4eI0LhjdKjIK1A2LcpBMA";
/// A token whose role may create providers too.
pub const ADMIN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtYWRtaW4iLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiLCJhZG1pbiJdLCJ0aWVyIjoiZW50ZXJwcmlzZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.fMDoR_SKsQhrcGSsYLwtRnByZIs9dpMqqIGm3JSR1GQ";
/// A token without the role for inference.
pub const VIEWER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmlld2VyIiwidGVuYW50IjoidC1tYWluIiwicm9sZXMiOlsidmlld2VyIl0sInRpZXIiOiJlbnRlcnByaXNlIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjQxMDI0NDQ4MDB9.256oSSg4jiq3KMNZM2xZjQqGd7vkkIRbI10irGn6ako";
/// A token of the free tier.
pub const FREE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtZnJlZSIsInRlbmFudCI6InQtZnJlZSIsInJvbGVzIjpbImluZmVyZW5jZSJdLCJ0aWVyIjoiZnJlZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.b7lJLCAIe0Ji0wpc1EiIiAl3CB3c-yOqth7R-VLTdvA";
/// A token of a tenant that may send [`LIMITED_RATE`].
pub const LIMITED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtbGltaXRlZCIsInRlbmFudCI6InQtbGltaXRlZCIsInJvbGVzIjpbImluZmVyZW5jZSJdLCJ0aWVyIjoiZW50ZXJwcmlzZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.GjB2O-OF448pddS0EQEmA3_NKkXlCXI_boJJidvT7LY";
/// A token of a tenant whose quota of the month is spent.
pub const QUOTA_SPENT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtcXVvdGEiLCJ0ZW5hbnQiOiJ0LXF1b3RhLXNwZW50Iiwicm9sZXMiOlsiaW5mZXJlbmNlIl0sInRpZXIiOiJlbnRlcnByaXNlIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjQxMDI0NDQ4MDB9.tjG2u5ArZaEsFdMHTbtAKSRkq8GicqOCs76EcB9jbcY";
/// A token of a tenant whose wallet is empty.
pub const EMPTY_WALLET: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtZW1wdHkiLCJ0ZW5hbnQiOiJ0LXdhbGxldC1lbXB0eSIsInJvbGVzIjpbImluZmVyZW5jZSJdLCJ0aWVyIjoiZW50ZXJwcmlzZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.W_f6VTbL3PhBcYh6bTEx5DbJlOhyDarDfPqkFhMQSI4";
/// A token of a tenant whose wallet is below zero.
pub const OVERDRAWN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtb3ZlcmRyYXduIiwidGVuYW50IjoidC13YWxsZXQtb3ZlcmRyYXduIiwicm9sZXMiOlsiaW5mZXJlbmNlIl0sInRpZXIiOiJlbnRlcnByaXNlIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjQxMDI0NDQ4MDB9.PdTfl29ifYL2BXMisfLfnOvatrG7IBMmCm-9dKBWRyc";
/// A token whose time is over.
pub const EXPIRED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTU3NzgzNjgwMH0.ELrNI9YxltshxLUL5wcKzUFouSHg4DNayZ-F0kLnb9g";
/// A token whose time has not come.
pub const NOT_YET_VALID: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMCwibmJmIjo0MDcwOTA4ODAwfQ.h3Ow3Xm9uYkkM-g4qj5QKzhuzcZg4tH3jR6vi_jVQpA";
/// A token that somebody else signed.
pub const WRONG_SIGNATURE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.zLaCOwnPn3Nrj-w7JwXQ9hIEH22pYUaGZcVaingZcSk";
/// A token that says it is not signed.
pub const ALG_NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.";
/// A token without its signature.
pub const MALFORMED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhdXRoLXN2YyIsInN1YiI6InUtdmFsaWQiLCJ0ZW5hbnQiOiJ0LW1haW4iLCJyb2xlcyI6WyJpbmZlcmVuY2UiXSwidGllciI6ImVudGVycHJpc2UiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0";

/// The role that may ask for inference, embeddings and rankings.
pub const CALLER_ROLE: &str = "inference";
/// The role that may create providers.
pub const ADMIN_ROLE: &str = "admin";

/// The rate of the tenant of [`LIMITED`].
pub const LIMITED_RATE: Rate = Rate { requests: 5, window: Duration::from_secs(60) };
/// Tokens that a tenant may use in a month.
pub const MONTHLY_TOKENS: u64 = 1_000_000_000_000;
/// The tenant whose quota of the month is spent.
pub const QUOTA_SPENT_TENANT: &str = "t-quota-spent";

/// A variant for everybody.
pub const CHAT_VARIANT: &str = "swift";
/// A variant above the free tier.
pub const PREMIUM_VARIANT: &str = "grand";
/// The variant that embeds.
pub const EMBEDDING_VARIANT: &str = "embed-small";
/// The variant that ranks.
pub const RERANK_VARIANT: &str = "rank-small";

/// The use cases that an inference may name.
pub const USE_CASES: [&str; 4] = ["event-creation", "moderation", "summarization", "translation"];
/// Words that no prompt may contain.
pub const FORBIDDEN: [&str; 2] = ["pipe bomb", "nerve agent"];

/// A prompt template: its id, and its text with `{{variables}}`.
pub const TEMPLATES: [(&str, &str); 2] = [
    ("greeting", "Write a greeting to {{name}} in {{language}}."),
    ("summary", "Summarize in {{sentences}} sentences: {{text}}"),
];

/// What a variant is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// An answer in words.
    Inference,
    /// Embeddings.
    Embeddings,
    /// Documents by their relevance.
    Rerank,
}

/// One variant of a model.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// Its name in requests, sent to the provider as it is.
    pub name: &'static str,
    /// What it is for.
    pub task: Task,
    /// Whether the free tier may not use it.
    pub premium: bool,
    /// The most tokens of one text.
    pub context: usize,
    /// Price in microdollars a token.
    pub price: i64,
}

/// Every variant.
pub const VARIANTS: [Variant; 4] = [
    Variant { name: CHAT_VARIANT, task: Task::Inference, premium: false, context: 131_072, price: 2 },
    Variant { name: PREMIUM_VARIANT, task: Task::Inference, premium: true, context: 131_072, price: 30 },
    Variant { name: EMBEDDING_VARIANT, task: Task::Embeddings, premium: false, context: 8_192, price: 1 },
    Variant { name: RERANK_VARIANT, task: Task::Rerank, premium: false, context: 8_192, price: 1 },
];

/// The tenants that the tokens name.
pub fn accounts() -> Vec<Account> {
    vec![
        Account::new("t-main"),
        Account::new("t-free"),
        Account::new(QUOTA_SPENT_TENANT),
        Account { rate: LIMITED_RATE, ..Account::new("t-limited") },
        Account { balance: 0, ..Account::new("t-wallet-empty") },
        Account { balance: -2_500_000, ..Account::new("t-wallet-overdrawn") },
    ]
}

/// None: what it serves are [`VARIANTS`], which have more to them.
pub fn models() -> Vec<Model> {
    Vec::new()
}
