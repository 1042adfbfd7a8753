//! Who is let in, and how much of a request is read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::{Guard, Limits};
use crate::control::MAX_WAIT_MS;
use crate::control::problem::{Code, Problem};

/// An answer has to be ready within this, whatever was waited for.
const WORK: Duration = Duration::from_millis(MAX_WAIT_MS + 15_000);

/// Lets those in whom the guard knows; everybody may ask for health and for the API's description.
pub(super) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let public = matches!(request.uri().path(), "/v1/health" | "/v1/openapi.json");
    let refused = match &*guard {
        _ if public => None,
        Guard::Token(token) => {
            let known = bearer(request.headers()).is_some_and(|presented| token.is(presented));
            (!known).then(|| Problem::new(Code::Unauthorized, "present the token: `authorization: Bearer …`"))
        }
        Guard::Loopback => (!own(request.headers())).then(|| {
            Problem::new(Code::ForeignOrigin, "without a token, only this host's own programs are served")
        }),
    };
    match refused {
        None => next.run(request).await,
        Some(problem) => {
            let mut response = problem.into_response();
            if *guard != Guard::Loopback {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

/// Reads the body up to the cap and the deadline, then gives the work its own deadline.
pub(super) async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match timeout(limits.body_time, to_bytes(body, limits.body)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let why = format!("at most {} bytes are read", limits.body);
            return Problem::new(Code::BodyTooLarge, why).into_response();
        }
        Err(_) => return Problem::new(Code::Deadline, "the body came too slowly").into_response(),
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let late = || Problem::new(Code::Deadline, "the work took too long").into_response();
    timeout(WORK, next.run(request)).await.unwrap_or_else(|_| late())
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Whether a program of this host asks: a browser names the origin of the page, and a name that was made to point at this
/// host stands in the host field.
fn own(headers: &HeaderMap) -> bool {
    let host =
        headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse::<Uri>().ok());
    let local = host.as_ref().and_then(Uri::host).is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    });
    local && !headers.contains_key(ORIGIN)
}
