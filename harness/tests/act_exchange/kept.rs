//! A connection is kept from one exchange to the next for as long as both sides let it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use gateway_conformance::act::{Client, ClientOptions};
use gateway_conformance::wire::exchange::{End, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{PATIENCE, get, within};

/// Answers every request of every connection with these bytes, and counts the connections.
async fn answering(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                let mut read = Vec::new();
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    read.extend_from_slice(&buffer[..length]);
                    if read.ends_with(b"\r\n\r\n") || read.ends_with(b"done") {
                        read.clear();
                        stream.write_all(answer).await.unwrap();
                    }
                }
            });
        }
    });
    (url, connections)
}

async fn twice(answer: &'static [u8]) -> usize {
    let (url, connections) = answering(answer).await;
    let mut kept = Client::new(ClientOptions::default()).unwrap().kept(&url);
    for time in 0..2 {
        let (exchange, used) = kept.exchange(get("/"), &[], &within(PATIENCE)).await;
        assert_eq!(
            (exchange.end, used),
            (End::Complete, time > 0 && connections.load(Ordering::SeqCst) == 1)
        );
    }
    connections.load(Ordering::SeqCst)
}

#[tokio::test]
async fn an_answer_that_says_where_it_ends_leaves_the_connection_to_the_next() {
    assert_eq!(twice(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await, 1);
    assert_eq!(twice(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").await, 1);
}

#[tokio::test]
async fn one_that_closes_or_says_more_than_it_announced_does_not() {
    assert_eq!(twice(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await, 2);
    assert_eq!(twice(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n").await, 2);
}

#[tokio::test]
async fn a_request_in_pieces_arrives_whole() {
    let (url, _) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let mut kept = Client::new(ClientOptions::default()).unwrap().kept(&url);
    let body = Bytes::from_static(b"half and done");
    let request = Request { method: "POST".into(), body, ..get("/") };
    let (exchange, _) = kept.exchange(request, &[0, 4], &within(PATIENCE)).await;
    assert_eq!(exchange.end, End::Complete);
    kept.close();
    assert!(!kept.exchange(get("/"), &[], &within(PATIENCE)).await.1);
}
