//! Which operation a request calls.

use percent_encoding::percent_decode_str;

use crate::script::Request;

/// An operation on a model.
pub(super) struct Route {
    /// Its id or ARN, decoded.
    pub(super) model: String,
    pub(super) verb: Verb,
}

/// An operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
}

impl Route {
    /// Routes are known by their end, so that any base path may stand before them. An ARN has slashes of its own.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (id, verb) = request.path().split_once("/model/")?.1.rsplit_once('/')?;
        let verb = match verb {
            "converse" => Verb::Converse,
            "converse-stream" => Verb::ConverseStream,
            "invoke" => Verb::Invoke,
            "invoke-with-response-stream" => Verb::InvokeStream,
            _ => return None,
        };
        let model = percent_decode_str(id).decode_utf8_lossy().into_owned();
        (request.method == "POST" && !model.is_empty()).then_some(Self { model, verb })
    }
}
