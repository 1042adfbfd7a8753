//! Which method of the API a request calls.

use percent_encoding::percent_decode_str;

use crate::script::Request;

/// What a request asks for. Routes are known by their end, so that any base path may stand before them.
pub(super) enum Route {
    Models,
    Model(String),
    Verb { model: String, verb: Verb },
}

/// A method on a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Generate,
    /// Streamed as server-sent events, with `alt=sse`.
    StreamEvents,
    /// Streamed as the elements of one JSON array, without `alt=sse`.
    StreamArray,
    CountTokens,
    Embed,
    EmbedBatch,
}

impl Route {
    pub(super) fn of(request: &Request) -> Option<Self> {
        let path = percent_decode_str(request.path().trim_end_matches('/')).decode_utf8_lossy();
        match request.method.as_str() {
            "GET" | "HEAD" if path.ends_with("/models") => Some(Self::Models),
            "GET" | "HEAD" => path.rsplit_once("/models/").map(|(_, id)| Self::Model(id.to_owned())),
            "POST" => {
                let (model, verb) = path.rsplit_once('/')?.1.rsplit_once(':')?;
                Some(Self::Verb { model: model.to_owned(), verb: Verb::of(verb, request)? })
            }
            _ => None,
        }
    }

    /// Whether the request asks for the stream that is one JSON array.
    pub(super) fn streams_array(request: &Request) -> bool {
        matches!(Self::of(request), Some(Self::Verb { verb: Verb::StreamArray, .. }))
    }
}

impl Verb {
    fn of(name: &str, request: &Request) -> Option<Self> {
        match name {
            "generateContent" => Some(Self::Generate),
            "streamGenerateContent" if asks_for_events(request) => Some(Self::StreamEvents),
            "streamGenerateContent" => Some(Self::StreamArray),
            "countTokens" => Some(Self::CountTokens),
            "embedContent" => Some(Self::Embed),
            "batchEmbedContents" => Some(Self::EmbedBatch),
            _ => None,
        }
    }
}

fn asks_for_events(request: &Request) -> bool {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|parameter| matches!(parameter, "alt=sse" | "%24alt=sse" | "$alt=sse"))
}
