//! Routes: a lane, and behind it the endpoints of two protocols.

use http::Method;

use super::failure::Failure;
use crate::config::Feature;
use crate::seed::opengateway::{FULL_LANE, OPEN_LANE};
use crate::upstream::Protocol;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) lane: &'static str,
    pub(super) endpoint: Endpoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Chat,
    Embeddings,
    Messages,
    Models,
}

impl Route {
    pub(super) fn find(method: &Method, path: &str) -> Result<Self, Failure> {
        let (lane, rest) =
            path.strip_prefix('/').and_then(|it| it.split_once('/')).ok_or(Failure::NotFound)?;
        let lane = [OPEN_LANE, FULL_LANE].into_iter().find(|it| *it == lane).ok_or(Failure::NotFound)?;
        let endpoint = match rest {
            "v1/chat/completions" => Endpoint::Chat,
            "v1/embeddings" => Endpoint::Embeddings,
            "v1/messages" => Endpoint::Messages,
            "v1/models" => Endpoint::Models,
            _ => return Err(Failure::NotFound),
        };
        if endpoint.takes(method) { Ok(Self { lane, endpoint }) } else { Err(Failure::OddMethod) }
    }
}

impl Endpoint {
    fn takes(self, method: &Method) -> bool {
        match self {
            Self::Models => matches!(method, &Method::GET | &Method::HEAD),
            _ => method == Method::POST,
        }
    }

    /// What a model has to be able to do.
    pub(super) fn feature(self) -> Feature {
        match self {
            Self::Embeddings => Feature::Embeddings,
            _ => Feature::Chat,
        }
    }

    /// Where a provider serves it.
    pub(super) fn upstream_path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Messages => "/v1/messages",
            Self::Models => "/v1/models",
        }
    }
}

/// The protocol in which a failure on this path is told, known routes or not.
pub(super) fn protocol(path: &str) -> Protocol {
    let messages = path.split('/').any(|it| it == "messages");
    if messages { Protocol::Anthropic } else { Protocol::OpenAi }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_lane_and_an_endpoint() {
        let found = Route::find(&Method::POST, "/oss/v1/messages").unwrap();
        assert_eq!(found, Route { lane: "oss", endpoint: Endpoint::Messages });
        for path in ["/", "/oss", "/v1/models", "/nowhere/v1/models", "/oss/v1/nowhere"] {
            assert!(matches!(Route::find(&Method::GET, path), Err(Failure::NotFound)), "{path}");
        }
        assert!(matches!(Route::find(&Method::PUT, "/all/v1/models"), Err(Failure::OddMethod)));
    }

    #[test]
    fn failures_are_told_in_the_protocol_of_the_path() {
        assert_eq!(protocol("/oss/v1/messages/nowhere"), Protocol::Anthropic);
        assert_eq!(protocol("/oss/v1/nowhere"), Protocol::OpenAi);
    }
}
