//! OpenAI's routes, known by their end, so that any base path may stand before them.

use crate::script::Request;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// A response of the Responses API.
    Responses,
    /// A response that was made before, by its id.
    Response(&'a str),
    /// A chat completion.
    Chat,
    /// A legacy completion.
    Completions,
    /// Embeddings.
    Embeddings,
    /// Documents by their relevance, which OpenAI does not offer and servers that speak its dialect do.
    Rerank,
    /// The list of models.
    Models,
    /// One model by its id.
    Model(&'a str),
}

impl<'a> Route<'a> {
    /// The route of this request, if there is one.
    pub(super) fn of(request: &'a Request) -> Option<Self> {
        let path = request.path().trim_end_matches('/');
        let stored = path.rsplit_once("/responses/").map(|(_, id)| Self::Response(id));
        match request.method.as_str() {
            "POST" if path.ends_with("/responses") => Some(Self::Responses),
            "POST" if path.ends_with("/chat/completions") => Some(Self::Chat),
            "POST" if path.ends_with("/completions") => Some(Self::Completions),
            "POST" if path.ends_with("/embeddings") => Some(Self::Embeddings),
            "POST" if path.ends_with("/rerank") => Some(Self::Rerank),
            "GET" | "HEAD" if path.ends_with("/models") => Some(Self::Models),
            "GET" | "HEAD" => path.rsplit_once("/models/").map(|(_, id)| Self::Model(id)).or(stored),
            "DELETE" => stored,
            _ => None,
        }
    }
}
