//! What goes out is what was written, and a whole answer is recorded whole.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use gateway_conformance::act::{Client, ClientOptions, ExchangeEvent};
use gateway_conformance::wire::exchange::{End, Request};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::server::{Server, until_left};
use crate::{PATIENCE, exchange, get, within};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn the_request_goes_out_byte_for_byte() {
    let server = Server::that_says(OK).await;
    let request = Request {
        method: "pOsT".into(),
        target: "/v1//a/../b/%7e{x}|y?q=[1]&&=\u{e9}#frag".into(),
        headers: vec![
            ("X-Twice".into(), "1".into()),
            ("authorization".into(), "Bearer k".into()),
            ("x-tWice".into(), " 2 ".into()),
            ("Content-Length".into(), "5".into()),
        ],
        body: Bytes::from_static(b"\x00\xff{}\n"),
    };
    let recorded = exchange(&server.url, request).await;
    let host = server.url.trim_start_matches("http://").to_owned();
    let mut expected = format!(
        "pOsT /v1//a/../b/%7e{{x}}|y?q=[1]&&=\u{e9}#frag HTTP/1.1\r\nhost: {host}\r\nX-Twice: 1\r\n\
         authorization: Bearer k\r\nx-tWice:  2 \r\nContent-Length: 5\r\n\r\n"
    )
    .into_bytes();
    expected.extend_from_slice(b"\x00\xff{}\n");
    assert_eq!(server.request().await.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(recorded.request.headers[0].0, "host");
    assert_eq!(recorded.end, End::Complete);
}

#[tokio::test]
async fn the_head_keeps_order_duplicates_reason_and_bytes_that_are_not_text() {
    let server = Server::that_says(
        b"HTTP/1.1 429 Langsam, b\xe4tte\r\nSet-Cookie: a\r\nX-Odd: \xff\xfe\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    )
    .await;
    let recorded = exchange(&server.url, get("/")).await;
    let head = recorded.head.unwrap();
    assert_eq!((head.status, head.reason.as_deref()), (429, Some("Langsam, b\u{fffd}tte")));
    let headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), &value[..])).collect();
    assert_eq!(
        headers,
        [("set-cookie", &b"a"[..]), ("x-odd", b"\xff\xfe"), ("set-cookie", b"b"), ("content-length", b"0")]
    );
    assert_eq!((recorded.end, recorded.body.len()), (End::Complete, 0));
}

#[tokio::test]
async fn a_missing_reason_is_told_from_a_given_one() {
    let server = Server::that_says("HTTP/1.1 503\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(exchange(&server.url, get("/")).await.head.unwrap().reason, None);
}

#[tokio::test]
async fn chunks_extensions_and_trailers_are_decoded() {
    let server = Server::that_says(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n2\r\nde\r\n0\r\nX-End: 1\r\nx-end: \r\n\r\n",
    )
    .await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!((&recorded.body[..], recorded.end), (&b"abcde"[..], End::Complete));
    assert_eq!(
        recorded.trailers,
        [("x-end".to_owned(), Bytes::from_static(b"1")), ("x-end".to_owned(), Bytes::new())]
    );
}

#[tokio::test]
async fn a_body_without_a_length_is_whole_when_the_connection_closes() {
    let server = Server::that_says("HTTP/1.0 200 OK\r\n\r\nall\u{ff} of it").await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!((recorded.body, recorded.end), (Bytes::from("all\u{ff} of it"), End::Complete));
}

#[tokio::test]
async fn what_http_gives_no_body_ends_with_its_head() {
    for (method, status) in [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")] {
        let server =
            Server::that_says_and_stays(format!("HTTP/1.1 {status}\r\ncontent-length: 50\r\n\r\n")).await;
        let recorded = exchange(&server.url, Request { method: method.into(), ..get("/") }).await;
        assert_eq!((recorded.end, recorded.body.len()), (End::Complete, 0), "{method} {status}");
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let server = Server::that_says(format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n{OK}"
    ))
    .await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!((recorded.head.unwrap().status, recorded.end), (200, End::Complete));
}

#[tokio::test]
async fn a_kept_alive_connection_and_bytes_behind_the_body_do_not_matter() {
    let server = Server::that_says_and_stays(format!("{OK}HTTP/1.1 500 Other\r\n\r\n")).await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!((&recorded.body[..], recorded.end), (&b"ok"[..], End::Complete));
    server.request().await;
}

#[tokio::test]
async fn pieces_carry_their_times_and_moments_are_told_as_they_happen() {
    let seen = std::sync::Arc::new(Notify::new());
    let gate = seen.clone();
    let server = Server::start(async move |mut stream: TcpStream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n")
            .await
            .unwrap();
        gate.notified().await;
        tokio::time::sleep(Duration::from_millis(80)).await;
        stream.write_all(b"data: 2\n\n").await.unwrap();
    })
    .await;
    let moments = Mutex::new(Vec::new());
    let tell = |event| {
        moments.lock().unwrap().push(event);
        if event == ExchangeEvent::Events(1) {
            seen.notify_one();
        }
    };
    let client = Client::new(ClientOptions::default()).unwrap();
    let recorded = client.exchange(&server.url, get("/"), &within(PATIENCE), Some(&tell)).await;
    assert_eq!(recorded.end, End::Complete);
    assert_eq!(recorded.pieces.last().unwrap().0, recorded.body.len());
    let (first, last) = (recorded.pieces[0], *recorded.pieces.last().unwrap());
    assert_eq!(first.0, b"data: 1\n\n".len());
    assert!(last.1 - first.1 >= Duration::from_millis(80), "{:?}", recorded.pieces);
    assert!(recorded.head.unwrap().at <= first.1 && recorded.elapsed >= last.1);
    let moments = moments.into_inner().unwrap();
    assert!(moments.contains(&ExchangeEvent::Sent) && moments.contains(&ExchangeEvent::Head(200)));
    assert_eq!(moments.last(), Some(&ExchangeEvent::Events(2)));
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_was_read_is_recorded() {
    let server = Server::start(async move |mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        until_left(&mut stream).await;
    })
    .await;
    let request = Request {
        method: "POST".into(),
        headers: vec![("content-length".into(), "0".into())],
        body: Bytes::from(vec![b'x'; 32 << 20]),
        ..get("/")
    };
    let recorded = exchange(&server.url, request).await;
    assert_eq!((recorded.head.unwrap().status, recorded.end), (413, End::Complete));
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let server =
        Server::that_says("HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")
            .await;
    let recorded = exchange(&server.url, get("/loop")).await;
    assert_eq!((recorded.head.unwrap().status, recorded.end), (307, End::Complete));
}

#[tokio::test]
async fn proxy_variables_and_content_coding_are_not_looked_at() {
    let server =
        Server::that_says("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nraw").await;
    let recorded = exchange(&server.url, get("/")).await;
    assert_eq!(&recorded.body[..], b"raw");
    let request = String::from_utf8(server.request().await).unwrap().to_lowercase();
    assert!(!request.contains("accept-encoding") && !request.contains("proxy"), "{request}");
}
