//! Every way a connection fails has its own name.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_conformance::act::{Client, ClientOptions, ExchangeEvent};
use gateway_conformance::wire::exchange::{Break, End, Exchange, Request};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::server::{Server, reset};
use crate::{PATIENCE, exchange, get, within};

async fn answered(bytes: impl Into<Vec<u8>>) -> Exchange {
    exchange(&Server::that_says(bytes).await.url, get("/")).await
}

async fn malformed(bytes: impl Into<Vec<u8>>) -> String {
    match answered(bytes).await.end {
        End::Broken(Break::Malformed(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let recorded = exchange(&url, get("/")).await;
    assert_eq!((recorded.end, recorded.head), (End::Broken(Break::Refused), None));
}

#[tokio::test]
async fn a_host_without_a_name_and_an_odd_url_are_said_in_words() {
    let unknown = exchange("http://nowhere.invalid", get("/")).await.end;
    assert!(
        matches!(&unknown, End::Broken(Break::Transport(text)) if text.contains("nowhere.invalid")),
        "{unknown:?}"
    );
    let odd = exchange("ftp://127.0.0.1", get("/")).await.end;
    assert!(matches!(&odd, End::Broken(Break::Transport(text)) if text.contains("scheme `ftp`")), "{odd:?}");
}

#[tokio::test]
async fn reset_before_a_byte() {
    let server = Server::start(async |stream: TcpStream| reset(stream)).await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!((recorded.end, recorded.head), (End::Broken(Break::Reset), None));
}

#[tokio::test]
async fn reset_within_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { reset(listener.accept().await.unwrap().0) });
    let request = Request { method: "POST".into(), body: Bytes::from(vec![b'x'; 64 << 20]), ..get("/") };
    assert_eq!(exchange(&url, request).await.end, End::Broken(Break::Reset));
}

#[tokio::test]
async fn reset_within_the_body() {
    for framing in ["content-length: 100", "transfer-encoding: chunked", "connection: close"] {
        let (seen, told) = tokio::sync::oneshot::channel();
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n3\r\nabc");
        let server = Server::that_says_and_resets(head, told).await;
        let seen = std::sync::Mutex::new(Some(seen));
        let tell = |event| {
            if let (ExchangeEvent::Head(_), Some(seen)) = (event, seen.lock().unwrap().take()) {
                seen.send(()).unwrap();
            }
        };
        let client = Client::new(ClientOptions::default()).unwrap();
        let recorded = client.exchange(&server.url, get("/"), &within(PATIENCE), Some(&tell)).await;
        assert_eq!(recorded.end, End::Broken(Break::Reset), "{framing}");
        assert_eq!(recorded.head.unwrap().status, 200, "{framing}");
    }
}

#[tokio::test]
async fn closed_early() {
    for (bytes, body) in [
        ("", ""),
        ("HTTP/1.1 200 O", ""),
        ("HTTP/1.1 200 OK\r\nx: y\r\n", ""),
        ("HTTP/1.1 100 Continue\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc", "abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n", "abc"),
    ] {
        let recorded = answered(bytes).await;
        assert_eq!(recorded.end, End::Broken(Break::ClosedEarly), "{bytes:?}");
        assert_eq!(&recorded.body[..], body.as_bytes(), "{bytes:?}");
    }
}

#[tokio::test]
async fn malformed_says_where() {
    let words = [
        malformed("garbage without a line end").await,
        malformed("\x15\x03\x01\x00\x02\x02\x28").await,
        malformed("HTTP/2.0 200 OK\r\n\r\n").await,
        malformed("HTTP/1.1 abc OK\r\n\r\n").await,
        malformed("HTTP/1.1 200 OK\r\nfine: 1\r\nno colon\r\n\r\n").await,
        malformed("HTTP/1.1 200 OK\r\na: 1\r\n b: folded\r\n\r\n").await,
        malformed("HTTP/1.1 200 OK\r\ncontent-length: 3, 4\r\n\r\nabc").await,
        malformed("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nabc").await,
        malformed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n").await,
        malformed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n").await,
        malformed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n").await,
        malformed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n").await,
    ];
    assert_eq!(
        words,
        [
            r#"line 1 of the head: invalid HTTP version: "garbage without a line end""#,
            r#"line 1 of the head: invalid HTTP version: "\x15\x03\x01\x00\x02\x02(""#,
            r#"line 1 of the head: invalid HTTP version: "HTTP/2.0 200 OK""#,
            r#"line 1 of the head: invalid response status: "HTTP/1.1 abc OK""#,
            r#"line 3 of the head: invalid header name: "no colon""#,
            r#"line 3 of the head: invalid header name: " b: folded""#,
            r#"the head's content-length is "3, 4""#,
            r#"the head's content-length is "-1""#,
            r#"a malformed chunk size after 3 bytes of the body: "zz\r\n""#,
            r#"a chunk longer than its size after 3 bytes of the body: "d\r\n0\r\n\r\n""#,
            r#"a malformed chunk size after 0 bytes of the body: "\r\n""#,
            r#"the trailers: invalid header name: "bad trailer\r\n\r\n""#,
        ]
    );
}

#[tokio::test]
async fn still_open_at_the_deadline() {
    for (bytes, status, body) in [
        ("", None, ""),
        ("HTTP/1.1 200", None, ""),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", Some(200), "abc"),
        ("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n", Some(200), "data: 1\n\n"),
    ] {
        let server = Server::that_says_and_stays(bytes).await;
        let client = Client::new(ClientOptions::default()).unwrap();
        let deadline = Duration::from_millis(400);
        let recorded = client.exchange(&server.url, get("/"), &within(deadline), None).await;
        assert_eq!(recorded.end, End::Deadline, "{bytes:?}");
        assert_eq!(recorded.head.map(|head| head.status), status);
        assert_eq!(&recorded.body[..], body.as_bytes());
        // The client left: the server's task ends.
        server.request().await;
    }
}

#[tokio::test]
async fn dropping_the_exchange_closes_the_connection() {
    let server = Server::that_says_and_stays("HTTP/1.1 200 OK\r\n\r\nabc").await;
    let client = Client::new(ClientOptions::default()).unwrap();
    let url = server.url.clone();
    let under_way = Arc::new(Notify::new());
    let told = under_way.clone();
    let running = tokio::spawn(async move {
        let tell = |_| told.notify_one();
        client.exchange(&url, get("/"), &within(PATIENCE), Some(&tell)).await
    });
    under_way.notified().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    tokio::time::timeout(PATIENCE, server.request()).await.unwrap();
}
