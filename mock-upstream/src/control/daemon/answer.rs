//! What handlers take and give: JSON both ways, and every refusal as a problem.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Json, Response};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::ledger::Ledger;
use crate::control::problem::{Code, Problem};

/// What a handler gives.
pub(super) type Answer<T> = Result<Json<T>, Problem>;

/// The body as a value.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Ledger>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, ledger: &Arc<Ledger>) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, ledger).await;
        let bytes = bytes.map_err(|error| Problem::new(Code::BodyMalformed, error.body_text()))?;
        let value = serde_json::from_slice(&bytes);
        value.map(Self).map_err(|error| Problem::new(Code::BodyMalformed, format!("the body: {error}")))
    }
}

/// The query as a value.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Ledger>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ledger: &Arc<Ledger>) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, ledger).await;
        query
            .map(|Query(query)| Self(query))
            .map_err(|error| Problem::new(Code::QueryMalformed, error.body_text()))
    }
}

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Ledger>> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ledger: &Arc<Ledger>) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, ledger).await;
        path.map(|Path(path)| Self(path)).map_err(|error| Problem::new(Code::NoSuchRoute, error.body_text()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(serde_json::json!({ "error": self }))).into_response()
    }
}
