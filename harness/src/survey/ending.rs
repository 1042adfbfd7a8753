//! How the gateway's answer ended at the client.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::judge::Told;
use crate::wire::exchange::{Break, End, Exchange};
use crate::wire::sse::Stream;

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Whole; a stream has its end mark.
    Complete,
    /// An error event, then the end or a break.
    ErrorEvent,
    /// A stream that HTTP calls whole and that lacks its end mark.
    Unmarked,
    /// A stream that HTTP calls whole and that has no event.
    Empty,
    /// Closed within the answer.
    Cut,
    /// Reset within the answer.
    Reset,
    /// What came is not HTTP.
    Malformed,
    /// Still open when the client stopped waiting.
    Open,
    /// Still sending when the client had enough.
    Capped,
    /// Not even the head of an answer.
    None,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How an exchange ended.
pub fn of(exchange: &Exchange, told: &Told) -> Ending {
    match &exchange.end {
        End::Deadline => Ending::Open,
        End::Capped(_) => Ending::Capped,
        End::Broken(Break::Malformed(_)) if exchange.head.is_none() => Ending::Malformed,
        End::Broken(_) if exchange.head.is_none() => Ending::None,
        _ if told.by_event => Ending::ErrorEvent,
        End::Broken(Break::Reset) => Ending::Reset,
        End::Broken(Break::Malformed(_)) => Ending::Malformed,
        End::Broken(_) => Ending::Cut,
        End::Complete => match &told.stream {
            Some(stream) if succeeded(exchange) => of_stream(stream),
            _ => Ending::Complete,
        },
    }
}

fn succeeded(exchange: &Exchange) -> bool {
    exchange.head.as_ref().is_some_and(|head| (200..300).contains(&head.status))
}

fn of_stream(stream: &Stream) -> Ending {
    let data: Vec<&str> = stream.events.iter().filter_map(|event| event.data.as_deref()).collect();
    let documents: Vec<Json> = data.iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    let kinds = || documents.iter().filter_map(|document| document.get("type")?.as_str());
    let marked = if documents.iter().any(|document| document.get("choices").is_some()) {
        data.contains(&"[DONE]")
    } else if kinds().any(|kind| kind.starts_with("message_")) {
        kinds().any(|kind| kind == "message_stop")
    } else if kinds().any(|kind| kind.starts_with("response.")) {
        let last = ["response.completed", "response.incomplete", "response.failed"];
        kinds().any(|kind| last.contains(&kind))
    } else {
        // Other streams have no end mark that is known here.
        true
    };
    match (data.is_empty(), marked) {
        (true, _) => Ending::Empty,
        (false, true) => Ending::Complete,
        (false, false) => Ending::Unmarked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_ends_with_the_mark_of_its_kind() {
        let ending = |body: &str| of_stream(&Stream::read(body.as_bytes(), &[]));
        for (body, expected) in [
            ("data: {\"choices\":[]}\n\ndata: [DONE]\n\n", Ending::Complete),
            ("data: {\"choices\":[]}\n\n", Ending::Unmarked),
            ("data: {\"choices\":[]}\n\ndata: [DONE]", Ending::Unmarked),
            ("data: {\"type\":\"message_start\"}\n\ndata: {\"type\":\"message_stop\"}\n\n", Ending::Complete),
            ("data: {\"type\":\"message_start\"}\n\n", Ending::Unmarked),
            (
                "data: {\"type\":\"response.created\"}\n\ndata: {\"type\":\"response.failed\"}\n\n",
                Ending::Complete,
            ),
            ("data: {\"type\":\"response.created\"}\n\n", Ending::Unmarked),
            ("data: {\"candidates\":[]}\n\n", Ending::Complete),
            (": ping\n\n", Ending::Empty),
            ("", Ending::Empty),
        ] {
            assert_eq!(ending(body), expected, "{body:?}");
        }
    }
}
