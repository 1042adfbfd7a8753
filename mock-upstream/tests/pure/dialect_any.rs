//! The dialect that answers each request in the dialect it belongs to.

use bytes::Bytes;
use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::script::{Play, Reply, Request, StatusPlay, Turn};
use mock_upstream::step::{Answer, compile};
use serde_json::json;

use crate::{document, get, post, scene};

fn with_version(request: Request) -> Request {
    with(request, "Anthropic-Version")
}

fn with(mut request: Request, header: &str) -> Request {
    request.headers.push((header.into(), Bytes::from_static(b"2023-06-01")));
    request
}

#[test]
fn path_and_headers_decide() {
    for (request, dialect) in [
        (post("/v1/chat/completions", "{}"), Dialect::OpenAi),
        (post("/v1/responses", "{}"), Dialect::OpenAi),
        (post("/v1/embeddings", "{}"), Dialect::OpenAi),
        (post("/v1/messages", "{}"), Dialect::Anthropic),
        (post("/base/v1/messages/count_tokens?beta=true", "{}"), Dialect::Anthropic),
        (post("/v1/messages/batches", "{}"), Dialect::Anthropic),
        (post("/v1beta/models/m:generateContent", "{}"), Dialect::Gemini),
        (get("/v1beta/models"), Dialect::Gemini),
        (post("/openai/deployments/d/chat/completions?api-version=2024-10-21", "{}"), Dialect::Azure),
        (post("/model/m/converse", "{}"), Dialect::Bedrock),
        (get("/v1/models"), Dialect::OpenAi),
        (with_version(get("/v1/models")), Dialect::Anthropic),
        (post("/v1beta/models/m:streamGenerateContent?alt=sse", "{}"), Dialect::Gemini),
        (with(get("/v1beta/models"), "X-Goog-Api-Key"), Dialect::Gemini),
        (post("/openai/deployments/d/chat/completions?api-version=1", "{}"), Dialect::Azure),
        (post("/openai/v1/responses", "{}"), Dialect::Azure),
        (post("/model/m/converse-stream", "{}"), Dialect::Bedrock),
        (get("/nowhere"), Dialect::OpenAi),
    ] {
        assert_eq!(Dialect::Any.speaking_to(&request), dialect, "{}", request.target);
        assert_eq!(Dialect::OpenAi.speaking_to(&request), Dialect::OpenAi, "a dialect keeps to itself");
    }
}

#[test]
fn statuses_and_models_are_those_of_the_dialect() {
    let identity = Identity::of("first");
    let status = |request: &Request| {
        let turn = Turn::play(Play::Status(StatusPlay::of(429)));
        let answer = Answer { turn: &turn, request, dialect: Dialect::Any, scene: scene(&identity) };
        document(&compile(&answer).intended.body)
    };
    assert_eq!(status(&post("/v1/messages", "{}"))["type"], "error");
    assert_eq!(status(&post("/v1/chat/completions", "{}"))["error"]["code"], "rate_limit_exceeded");
    let models = |request: &Request| {
        document(&Dialect::Any.healthy(request, &Reply::default(), &scene(&identity)).body())
    };
    assert_eq!(models(&get("/v1/models"))["object"], "list");
    assert_eq!(models(&with_version(get("/v1/models")))["has_more"], json!(false));
}

#[test]
fn it_is_named_in_files() {
    assert_eq!(Dialect::parse("any"), Some(Dialect::Any));
    assert_eq!(Dialect::parse("anthropic"), Some(Dialect::Anthropic));
}
