//! Anthropic's routes, known by their end, so that any base path may stand before them.

use crate::script::Request;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A message.
    Messages,
    /// The tokens that a message would take.
    CountTokens,
    /// The list of models.
    Models,
    /// One model by its id.
    Model(&'a str),
}

impl<'a> Route<'a> {
    /// The route of this request, if there is one.
    pub(super) fn of(request: &'a Request) -> Option<Self> {
        let path = request.path().trim_end_matches('/');
        match request.method.as_str() {
            "POST" if path.ends_with("/messages") => Some(Self::Messages),
            "POST" if path.ends_with("/messages/count_tokens") => Some(Self::CountTokens),
            "GET" | "HEAD" if path.ends_with("/models") => Some(Self::Models),
            "GET" | "HEAD" => path.rsplit_once("/models/").map(|(_, id)| Self::Model(id)),
            _ => None,
        }
    }
}

/// Whether the request is meant for Anthropic: by a path that only it has, or by its version header.
pub(super) fn claims(request: &Request) -> bool {
    let path = request.path();
    let says_so = request.header("anthropic-version").next().is_some();
    says_so
        || path.contains("/v1/messages")
        || matches!(Route::of(request), Some(Route::Messages | Route::CountTokens))
}
