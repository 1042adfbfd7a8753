//! A hostile gateway costs one exchange its deadline or a cap, never memory or the run.

use std::time::{Duration, Instant};

use gateway_conformance::act::{Client, ClientOptions, ExchangeOptions};
use gateway_conformance::wire::exchange::{End, Exchange};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::server::Server;
use crate::{PATIENCE, get};

const OK: &str = "HTTP/1.1 200 OK\r\n";

async fn capped(server: &Server, deadline: Duration) -> Exchange {
    let options = ExchangeOptions { deadline, body_cap: 100_000, head_cap: 8_000, header_count_cap: 50 };
    Client::new(ClientOptions::default()).unwrap().exchange(&server.url, get("/"), &options, None).await
}

#[tokio::test]
async fn an_endless_body_stops_at_the_cap() {
    for (head, piece) in [
        (format!("{OK}\r\n"), "x".repeat(5000)),
        (format!("{OK}content-length: 99999999999999999999\r\n\r\n"), String::new()),
        (format!("{OK}content-length: 18446744073709551615\r\n\r\n"), "x".repeat(5000)),
        (format!("{OK}transfer-encoding: chunked\r\n\r\n"), format!("1388\r\n{}\r\n", "x".repeat(5000))),
    ] {
        let absurd = piece.is_empty();
        let server = Server::that_floods(head, if absurd { "x".into() } else { piece }).await;
        let recorded = capped(&server, PATIENCE).await;
        if absurd {
            assert!(matches!(recorded.end, End::Broken(_)), "{:?}", recorded.end);
        } else {
            assert_eq!((recorded.end, recorded.body.len()), (End::Capped(100_000), 100_000));
        }
    }
}

#[tokio::test]
async fn a_head_without_end_stops_at_the_cap() {
    for (first, piece) in [
        (OK, "x-flood: 1\r\n".to_owned()),
        (OK, "x".repeat(999)),
        ("HTTP/1.1 200 ", "O".repeat(999)),
        (OK, format!("x: {}\r\n", "y".repeat(2000))),
    ] {
        let server = Server::that_floods(first, piece.clone()).await;
        let recorded = capped(&server, PATIENCE).await;
        assert!(matches!(recorded.end, End::Capped(_)), "{piece:.9}: {:?}", recorded.end);
        assert_eq!(recorded.head, None);
    }
}

#[tokio::test]
async fn endless_trailers_and_chunk_extensions_stop_at_the_cap() {
    let chunked = format!("{OK}transfer-encoding: chunked\r\n\r\n");
    for (first, piece) in
        [(format!("{chunked}0\r\n"), "x: 1\r\n".to_owned()), (format!("{chunked}1;"), "x".repeat(999))]
    {
        let server = Server::that_floods(first, piece).await;
        let recorded = capped(&server, PATIENCE).await;
        assert!(matches!(recorded.end, End::Capped(_)), "{:?}", recorded.end);
    }
}

#[tokio::test]
async fn endless_interim_answers_cost_the_deadline() {
    let server = Server::that_floods("", "HTTP/1.1 102 Processing\r\n\r\n".repeat(100)).await;
    let recorded = capped(&server, Duration::from_millis(300)).await;
    assert_eq!((recorded.end, recorded.head), (End::Deadline, None));
}

#[tokio::test]
async fn a_drip_costs_the_deadline_and_keeps_what_came() {
    let server = Server::start(async |mut stream: TcpStream| {
        let mut wrote = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while wrote.is_ok() {
            wrote = stream.write_all(b"x").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let recorded = capped(&server, Duration::from_millis(500)).await;
    assert_eq!(recorded.end, End::Deadline);
    assert!(!recorded.body.is_empty() && recorded.pieces.len() <= recorded.body.len());
    assert!(recorded.elapsed < Duration::from_millis(500) + PATIENCE);
}

#[tokio::test]
async fn a_long_head_in_single_bytes_costs_little() {
    let server = Server::start(async |mut stream: TcpStream| {
        stream.set_nodelay(true).unwrap();
        let head = format!("{OK}x-long: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(7000));
        for byte in head.bytes() {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    })
    .await;
    let begun = Instant::now();
    let recorded = capped(&server, PATIENCE).await;
    assert_eq!(recorded.end, End::Complete);
    assert_eq!(recorded.head.unwrap().headers[0].1.len(), 7000);
    assert!(begun.elapsed() < PATIENCE);
}
