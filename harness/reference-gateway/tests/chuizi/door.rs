//! Routes, methods, ids, and what happens below HTTP.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{ask, chat, gateway, messages};
use crate::upstream::Plays;

#[tokio::test]
async fn unknown_routes_and_odd_methods_have_the_shape_of_their_lane() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    for (path, line) in [
        ("/v1/nowhere", "404 openai not_found"),
        ("/", "404 openai not_found"),
        ("/v1/messages", "404 openai not_found"),
        ("/admin/states", "404 openai not_found"),
        ("/anthropic", "404 anthropic not_found"),
        ("/anthropic/", "404 anthropic not_found"),
        ("/anthropic/v1/nowhere", "404 anthropic not_found"),
        ("/anthropic/v1/chat/completions", "404 anthropic not_found"),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let seen = ask(method.clone(), path).send(&base).await.unwrap();
            assert_eq!(seen.line(), line, "{method} {path}");
        }
    }
    let line = ask(Method::PUT, "/v1/chat/completions").send(&base).await.unwrap().line();
    assert_eq!(line, "404 openai not_found");
    let line = ask(Method::GET, "/anthropic/v1/messages").send(&base).await.unwrap().line();
    assert_eq!(line, "404 anthropic not_found");
    assert_eq!(ask(Method::GET, "/v1/models").send(&base).await.unwrap().status, 200);
    assert_eq!(upstream.calls().await, 0);
}

#[tokio::test]
async fn every_response_has_an_id_of_its_own() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let base = gateway.url();
    let kinds =
        [chat(), chat().streamed(), messages().streamed(), chat().keyless(), ask(Method::GET, "/nowhere")];
    let asks: Vec<_> = kinds.iter().cycle().take(50).collect();
    let seen = join_all(asks.iter().map(|it| async { it.send(&base).await.unwrap().id.unwrap() })).await;
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 50);
}

#[tokio::test]
async fn what_is_not_http_is_refused_with_an_id_too() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let mut stream = TcpStream::connect(gateway.addr()).await.unwrap();
    stream.write_all(b"nonsense\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(head.contains("\r\nx-chuizi-generation-id: gen-"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["error"]["code"], &body["error"]["type"]),
        (&"400".into(), &"invalid_request_error".into())
    );
}
