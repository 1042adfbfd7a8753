//! Routes, methods, and what happens below HTTP.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{ask, chat, gateway};
use crate::upstream::Plays;

#[tokio::test]
async fn odd_methods_and_routes_stay_inside_the_table() {
    let (upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let paths =
        ["/v1/chat/completions", "/v1/embeddings", "/v1/nope", "/", "/v1/models/", "//v1/models", "/admin"];
    for path in paths {
        for method in ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let seen = ask(method.clone(), path).send(&gateway.url()).await.unwrap();
            assert_eq!(seen.line(), "404 invalid_request_error not_found", "{method} {path}");
        }
        let seen = ask(Method::HEAD, path).send(&gateway.url()).await.unwrap();
        assert_eq!((seen.status, seen.body.as_str()), (404, ""), "HEAD {path}");
    }
    assert_eq!(ask(Method::HEAD, "/v1/models").send(&gateway.url()).await.unwrap().status, 200);
    assert_eq!(upstream.calls().await, 0);
}

#[tokio::test]
async fn what_is_not_http_is_refused_in_the_envelope() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let flood: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let raw = [
        "GET /v1/models HTTP/9.9\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
        "GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n".to_owned(),
        format!("GET /v1/models HTTP/1.1\r\nhost: x\r\n{flood}\r\n"),
        "POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n".to_owned(),
        // A good request first: its answer is its own, and the refusal follows.
        "GET /v1/nope HTTP/1.1\r\nhost: x\r\n\r\nnonsense\r\n\r\n".to_owned(),
    ];
    for request in raw {
        let mut stream = TcpStream::connect(gateway.addr()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        let last = &reply[reply.rfind("HTTP/1.1 ").unwrap()..];
        let (head, body) = last.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 "), "{request:?}: {reply}");
        assert!(head.contains("content-type: application/json"), "{reply}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{reply}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "invalid_request_error");
        assert!(body["error"]["request_id"].as_str().unwrap().starts_with("req_"));
        assert_eq!(reply.matches("HTTP/1.1 404").count(), usize::from(request.contains("nope")));
    }
}

#[tokio::test]
async fn ids_are_distinct_under_concurrency() {
    let (_upstream, gateway) = gateway(Plays::Refuses, 10_000).await;
    let base = gateway.url();
    let seen = join_all((0..50).map(|_| async { chat().send(&base).await.unwrap().id() })).await;
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 50);
}

#[tokio::test]
async fn stop_closes_what_is_open() {
    let (_upstream, gateway) = gateway(Plays::Ok, 10_000).await;
    let mut idle = TcpStream::connect(gateway.addr()).await.unwrap();
    let addr = gateway.addr();
    assert_eq!(chat().send(&gateway.url()).await.unwrap().status, 200);
    gateway.stop().await;
    assert!(matches!(idle.read(&mut [0; 8]).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(addr).await.is_err());
}
