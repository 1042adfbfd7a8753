//! The documented literals a fresh gateway starts with: keys by role, models, the admin key.

pub mod chuizi;
pub mod cogito;
pub mod cognocient;
pub mod llm_orchestration;
pub mod opengateway;

use crate::config::{Account, Model, Personality};

/// The bearer key of the admin API of every personality.
pub const ADMIN_KEY: &str = "adm-reference";

/// The accounts and models of a fresh gateway.
pub(crate) fn of(personality: Personality) -> (Vec<Account>, Vec<Model>) {
    match personality {
        Personality::Cogito => (cogito::accounts(), cogito::models()),
        Personality::Cognocient => (cognocient::accounts(), cognocient::models()),
        Personality::OpenGateway => (opengateway::accounts(), opengateway::models()),
        Personality::LlmOrchestration => (llm_orchestration::accounts(), llm_orchestration::models()),
        Personality::Chuizi => (chuizi::accounts(), chuizi::models()),
    }
}
