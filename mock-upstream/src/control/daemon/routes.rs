//! The routes of the API, each once.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json};
use axum::routing::{delete, get, post, put};

use super::answer::Answer;
use super::ledger::Ledger;
use super::{Guard, Limits, door, holds, journals, providers, scenarios};
use crate::control::problem::{Code, Problem};
use crate::control::{ClockView, Health, OPENAPI, ResetView, Version};
use crate::fault::{Catalogue, Listing};

macro_rules! routes {
    ($($method:ident $name:literal $path:literal => $handler:expr,)+) => {
        /// Every route as method and path, the paths as in the OpenAPI document.
        pub const ROUTES: &[(&str, &str)] = &[$(($name, $path),)+];

        fn table() -> Router<Arc<Ledger>> {
            Router::new()$(.route($path, $method($handler)))+
        }
    };
}

routes! {
    get "get" "/v1/health" => health,
    get "get" "/v1/version" => version,
    get "get" "/v1/openapi.json" => openapi,
    get "get" "/v1/clock" => clock,
    get "get" "/v1/faults" => faults,
    post "post" "/v1/reset" => reset,
    get "get" "/v1/scenarios" => scenarios::list,
    post "post" "/v1/scenarios" => scenarios::open,
    get "get" "/v1/scenarios/{id}" => scenarios::read,
    delete "delete" "/v1/scenarios/{id}" => scenarios::close,
    put "put" "/v1/scenarios/{id}/ttl" => scenarios::renew,
    put "put" "/v1/scenarios/{id}/markers/{word}" => scenarios::mark,
    put "put" "/v1/scenarios/{id}/scripts" => scenarios::script,
    put "put" "/v1/scenarios/{id}/gates/{gate}" => scenarios::open_gate,
    delete "delete" "/v1/scenarios/{id}/gates/{gate}" => scenarios::shut_gate,
    get "get" "/v1/scenarios/{id}/progress" => scenarios::progress,
    get "get" "/v1/scenarios/{id}/journal" => journals::scenario_journal,
    get "get" "/v1/journals/{stray}" => journals::stray_journal,
    get "get" "/v1/claims" => holds::claims,
    post "post" "/v1/claims" => holds::claim,
    delete "delete" "/v1/claims/{id}" => holds::release,
    get "get" "/v1/providers" => providers::list,
    post "post" "/v1/providers" => providers::add,
    get "get" "/v1/providers/{name}" => providers::read,
    delete "delete" "/v1/providers/{name}" => providers::remove,
    put "put" "/v1/providers/{name}/ttl" => providers::renew,
    post "post" "/v1/providers/{name}/idle-drops" => providers::drop_idle,
    get "get" "/v1/providers/{name}/impositions" => holds::impositions,
    post "post" "/v1/providers/{name}/impositions" => holds::impose,
    delete "delete" "/v1/providers/{name}/impositions/{id}" => holds::lift,
    put "put" "/v1/providers/{name}/impositions/{id}/ttl" => holds::renew,
}

/// The whole API behind its door.
pub(super) fn router(ledger: &Arc<Ledger>, guard: Guard, limits: Limits) -> Router {
    table()
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the path has no such method")
        })
        .fallback(|| async { Problem::new(Code::NoSuchRoute, "the API has no such path") })
        .with_state(Arc::clone(ledger))
        .layer(from_fn_with_state(limits, door::limit))
        .layer(from_fn_with_state(Arc::new(guard), door::guard))
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok".to_owned() })
}

async fn version() -> Json<Version> {
    let (name, version) = (env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Json(Version { name, version, api: 1 })
}

async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn clock(State(ledger): State<Arc<Ledger>>) -> Json<ClockView> {
    let since_start = ledger.mock.clock().now().since_start.as_micros();
    Json(ClockView { since_start: u64::try_from(since_start).unwrap_or(u64::MAX) })
}

async fn faults() -> Json<Listing> {
    Json(Listing::of(Catalogue::shipped()))
}

async fn reset(State(ledger): State<Arc<Ledger>>) -> Answer<ResetView> {
    // In a task of its own: a client that leaves must not leave half of it done.
    let reset = tokio::spawn(async move { ledger.reset().await }).await;
    reset.unwrap_or_else(|error| Err(Problem::new(Code::Deadline, error.to_string()))).map(Json)
}
