//! Requests that are not what they should be: too slow, too long, ambiguous, or no HTTP at all.

use std::time::Duration;

use mock_upstream::Ended;
use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::server::Caps;
use tokio::time::timeout;

use crate::raw::{End, PATIENCE, Raw};
use crate::stage::{Stage, chat, post, scenario};

/// What is sent in place of a head, and the status that says no.
const NO_REQUESTS: [(&str, u16); 16] = [
    ("\x17\x03\x01\x02\x00\x01\x00\x01\u{7f}\x03", 400),
    ("what is this", 400),
    ("GET / HTTP/3.0\r\n\r\n", 400),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nhost : x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\na: 1\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\na: \0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\ncontent-length: +3\r\n\r\n{} ", 400),
    ("POST / HTTP/1.1\r\ncontent-length: 3, 3\r\n\r\n{} ", 400),
    ("POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n{}  ", 400),
    ("POST / HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 501),
];

#[tokio::test]
async fn what_is_no_request_is_refused_at_once_and_counted() {
    let stage = Stage::new().await;
    for (at, (bytes, status)) in NO_REQUESTS.into_iter().enumerate() {
        let mut raw = stage.ask(bytes.into()).await;
        let reply = raw.reply().await;
        assert_eq!(reply.status(), status, "{bytes:?}");
        assert!(reply.head.contains("connection: close"), "{bytes:?}");
        assert_eq!(raw.read_to_end().await, (vec![], End::Fin), "{bytes:?}");
        assert_eq!(stage.mock.unreadable(), at as u64 + 1, "{bytes:?}");
    }
    assert_eq!((stage.mock.unclaimed().len(), stage.scenario.arrivals()), (0, 0));
    assert_eq!(stage.ask(stage.chat(Plain)).await.reply().await.status(), 200, "the others are served");
}

#[tokio::test]
async fn a_chunked_body_is_read_by_the_letter() {
    let stage = Stage::new().await;
    let head = format!("POST /{}/v1/embeddings HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", stage.word);
    let broken = [
        "x\r\n",
        "\r\n",
        " 2\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2\n{}\r\n0\r\n\r\n",
        "2\r\n{}\n0\r\n\r\n",
        "2\r\n{} \r\n0\r\n\r\n",
        "2;\x01\r\n{}\r\n0\r\n\r\n",
        "10000000000000000\r\n{}",
        "2\r\n{}\r\n0\r\nno colon\r\n\r\n",
    ];
    for (at, body) in broken.into_iter().enumerate() {
        let mut raw = stage.ask(format!("{head}{body}")).await;
        assert_eq!(raw.reply().await.status(), 400, "{body:?}");
        assert_eq!(raw.read_to_end().await.1, End::Fin, "{body:?}");
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()[at];
        assert!(!entry.request_complete && !entry.delivered && entry.body_read.is_none(), "{body:?}");
        assert_eq!((entry.ended, entry.turn), (Ended::ClosedByMock, None), "{body:?}");
    }
    assert_eq!(stage.mock.unreadable(), 0, "their heads were read");

    let sound =
        "1;a=\"b\"\r\n{\r\n00C \t\r\n\"input\": \"x\"\r\n1\r\n}\r\n000\r\nx-trailer: 1\r\nX-T: 2\r\n\r\n";
    let mut raw = stage.connect().await;
    for piece in format!("\r\n\n{head}{sound}{}", stage.chat(Stream)).into_bytes().chunks(1) {
        raw.send(piece).await;
    }
    let reply = raw.reply().await;
    assert_eq!(reply.status(), 200, "{:?}", String::from_utf8_lossy(&reply.body));
    assert_eq!(raw.reply().await.status(), 200, "what follows the trailers is the next request");
    stage.scenario.idle().await;
    let journal = stage.scenario.journal();
    assert_eq!(journal[broken.len()].request.body, r#"{"input": "x"}"#);
    assert_eq!(journal[broken.len() + 1].sequence, 2);
}

#[tokio::test]
async fn heads_and_bodies_have_their_limits() {
    let caps = Caps { request_head: 2000, request_length: 5000, ..Caps::default() };
    let stage = Stage::with_caps(caps).await;
    let path = format!("/{}/v1/embeddings", stage.word);
    let fields = |count: usize| "a: b\r\n".repeat(count);
    let head = |count| format!("GET /v1/models/{} HTTP/1.1\r\n{}\r\n", stage.word, fields(count));
    assert_eq!(stage.ask(head(300)).await.reply().await.status(), 200, "many fields, yet short");
    assert_eq!(stage.ask(head(400)).await.reply().await.status(), 431);
    let endless = format!("GET /{}", "x".repeat(3000));
    assert_eq!(stage.ask(endless).await.reply().await.status(), 431);
    assert_eq!(stage.mock.unreadable(), 2);

    let announced = post(&path, "").replace("Length: 0", "Length: 5001");
    assert_eq!(stage.ask(announced).await.reply().await.status(), 413);
    let chunks = format!("1000\r\n{}\r\n", "x".repeat(4096)).repeat(2);
    let growing = post(&path, &chunks).replace("Content-Length: 8208", "Transfer-Encoding: chunked");
    assert_eq!(stage.ask(growing).await.reply().await.status(), 413);
    stage.scenario.idle().await;
    let journal = stage.scenario.journal();
    let told: Vec<_> = journal.iter().map(|entry| (entry.request_complete, entry.body_length)).collect();
    assert_eq!(told, [(true, 0), (false, 0), (false, 4096)]);
    assert_eq!(journal[2].undelivered.as_deref(), Some("the body is too long"));
}

#[tokio::test]
async fn a_client_that_stops_within_its_request_is_let_go_and_holds_nobody_up() {
    let silence = Duration::from_millis(60);
    let stage = Stage::with_caps(Caps { request_silence: silence, ..Caps::default() }).await;
    let whole = stage.chat(Plain).replace("/v1/", &format!("/{}/v1/", stage.word));
    let mut idle = stage.connect().await;
    for (length, unreadable, arrivals) in [(20, 1, 0), (whole.len() - 1, 1, 1)] {
        let mut raw = stage.ask(whole[..length].to_owned()).await;
        assert_eq!(raw.reply().await.status(), 408);
        assert!(raw.since_sent() >= silence);
        assert_eq!(raw.read_to_end().await, (vec![], End::Fin));
        stage.scenario.idle().await;
        assert_eq!((stage.mock.unreadable(), stage.scenario.arrivals()), (unreadable, arrivals));
    }
    assert_eq!(idle.watch().await, End::Open, "between requests there is no hurry");
    idle.send(&whole).await;
    assert_eq!(idle.reply().await.status(), 200);
}

#[tokio::test]
async fn half_requests_keep_nobody_from_being_served() {
    let stage = Stage::new().await;
    let whole = stage.chat(Plain);
    let mut halves = Vec::new();
    for at in 0..100 {
        let mut raw = Raw::connect(stage.provider.addr()).await;
        raw.send(&whole[..whole.len() * at / 100]).await;
        halves.push(raw);
    }
    assert_eq!(stage.ask(whole.clone()).await.reply().await.status(), 200);
    for (at, raw) in halves.iter_mut().enumerate() {
        raw.send(&whole[whole.len() * at / 100..]).await;
        assert_eq!(raw.reply().await.status(), 200);
    }
    stage.scenario.idle().await;
    assert_eq!(stage.scenario.arrivals(), 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_a_hundred_megabytes_is_read_whole_beside_the_others() {
    const MEGABYTES: usize = 100;
    let stage = Stage::new().await;
    let (other, word) = scenario(&stage.mock, 2);
    let announced = format!("Length: {}", MEGABYTES << 20);
    let head = post(&format!("/{}/v1/embeddings", stage.word), "").replace("Length: 0", &announced);
    let mut long = stage.ask(head).await;
    let mut beside = stage.connect().await;
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..MEGABYTES {
        timeout(PATIENCE, long.send(&megabyte)).await.expect("it is read");
        beside.send(chat(&word, Plain)).await;
        assert_eq!(beside.reply().await.status(), 200);
    }
    assert_eq!(long.reply().await.status(), 400, "it is no JSON");
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.body_length, entry.request_complete, entry.body_capped), (100 << 20, true, true));
    assert_eq!(entry.request.body.len(), Caps::default().request_body);
    assert_eq!((stage.scenario.arrivals(), other.arrivals()), (1, MEGABYTES as u64));
}

#[tokio::test]
async fn a_client_that_asks_first_is_invited_once() {
    let stage = Stage::new().await;
    let request = stage.chat(Plain).replace("Host:", "Expect: 100-Continue\r\nHost:");
    let (head, body) = request.split_at(request.find("\r\n\r\n").unwrap() + 4);
    let mut raw = stage.ask(head.to_owned()).await;
    assert_eq!(raw.read(25).await, b"HTTP/1.1 100 Continue\r\n\r\n");
    raw.send(body).await;
    assert_eq!(raw.reply().await.status(), 200);
    let old = request.replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(stage.ask(old).await.reply().await.status(), 200, "HTTP/1.0 knows no invitation");
    let empty = "GET /v1/models HTTP/1.1\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(stage.ask(empty.into()).await.reply().await.status(), 501, "there is no body to ask for");
}
