//! What the journal says about what came and went.

use std::time::Duration;

use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::journal::JournalCaps;
use mock_upstream::script::{FaultPlay, Reply};
use mock_upstream::server::Caps;
use mock_upstream::{Ended, Play, ScenarioSpec};
use sha2::{Digest, Sha256};
use socket2::SockRef;

use crate::raw::{End, Raw};
use crate::stage::{Stage, chat, post};

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_request_is_kept_as_it_came() {
    let stage = Stage::new().await;
    let body = format!(r#"{{"model":"m","messages":["{}"]}}"#, stage.word);
    let head = format!(
        "POST /base//v1/chat/completions?a=%20b HTTP/1.1\r\nhOsT: x\r\nX-B: 2\r\nx-a: 1\r\nX-b: \t3 \r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut raw = stage.ask(format!("{head}{body}")).await;
    let reply = raw.reply().await;
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    let fields: Vec<(&str, &[u8])> =
        entry.request.headers.iter().map(|(name, value)| (name.as_str(), &value[..])).collect();
    let length = body.len().to_string();
    assert_eq!(
        fields,
        [
            ("hOsT", &b"x"[..]),
            ("X-B", b"2"),
            ("x-a", b"1"),
            ("X-b", b"3"),
            ("content-length", length.as_bytes())
        ]
    );
    assert_eq!(entry.request.target, "/base//v1/chat/completions?a=%20b");
    assert_eq!((entry.request.method.as_str(), &entry.request.body[..]), ("POST", body.as_bytes()));
    assert_eq!((entry.body_length, &entry.body_sha256), (body.len() as u64, &hex(body.as_bytes())));
    assert_eq!(
        (entry.ended, entry.played.status, &entry.played.body[..]),
        (Ended::Complete, Some(200), &reply.body[..])
    );
    assert_eq!(entry.bytes_written, (reply.head.len() + reply.body.len()) as u64);
    let times = [
        entry.arrived,
        entry.body_read.unwrap(),
        entry.first_byte.unwrap(),
        entry.last_byte.unwrap(),
        entry.ended_at.unwrap(),
    ];
    assert!(times.is_sorted());
    let as_json = serde_json::to_value(entry).unwrap();
    assert_eq!(as_json["request"]["headers"][0][0], "hOsT");
    assert!(as_json["arrived"].is_u64());
}

#[tokio::test]
async fn pipelined_and_chunked_requests_are_told_apart_by_sequence() {
    let stage = Stage::new().await;
    let chunked = format!(
        "POST /v1/embeddings HTTP/1.1\r\nX-Third: yes\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{{\"inp\r\n{:x}\r\nut\":\"{}\"}}\r\n0\r\n\r\n",
        stage.word.len() + 7,
        stage.word
    );
    let mut raw = stage.ask(format!("{}{}{chunked}", stage.chat(Plain), stage.chat(Stream))).await;
    for _ in 0..3 {
        assert_eq!(raw.reply().await.status(), 200);
    }
    assert_eq!(raw.watch().await, End::Open);
    stage.scenario.idle().await;
    let journal = stage.scenario.journal();
    let places: Vec<_> = journal.iter().map(|entry| (entry.connection, entry.sequence)).collect();
    assert_eq!(places, [(1, 1), (1, 2), (1, 3)]);
    assert_eq!(journal[2].request.headers[0].0, "X-Third");
    assert_eq!(journal[2].request.body, format!(r#"{{"input":"{}"}}"#, stage.word));
}

#[tokio::test]
async fn a_half_closed_client_still_gets_its_reply() {
    let stage = Stage::new().await;
    let raw = stage.ask(stage.chat(Stream)).await;
    SockRef::from(&raw.stream).shutdown(std::net::Shutdown::Write).unwrap();
    let mut raw = raw;
    let (bytes, end) = raw.read_to_end().await;
    assert!(bytes.ends_with(b"data: [DONE]\n\n\r\n0\r\n\r\n"));
    assert_eq!(end, End::Fin);
}

#[tokio::test]
async fn a_client_that_leaves_while_sending_is_on_record() {
    for reset in [false, true] {
        let stage = Stage::new().await;
        let request = post(&format!("/{}/v1/embeddings", stage.word), r#"{"input":"x"}"#);
        let patient = request.replace("Host:", "Expect: 100-continue\r\nHost:");
        let mut raw = stage.ask(patient[..patient.len() - 3].to_owned()).await;
        // The head has been read once the mock asks for the body.
        assert_eq!(raw.read(25).await, b"HTTP/1.1 100 Continue\r\n\r\n");
        if reset {
            SockRef::from(&raw.stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(raw);
        stage.scenario.changed(0).await;
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()[0];
        assert!(!entry.request_complete && !entry.delivered && entry.body_read.is_none());
        assert!(
            matches!((entry.ended, reset), (Ended::PeerClosed, false) | (Ended::PeerReset, true)),
            "{:?}",
            entry.ended
        );
        assert_eq!(entry.bytes_written, 0);
        assert_eq!(stage.ask(request).await.reply().await.status(), 200, "the others are served");
    }
}

#[tokio::test]
async fn a_client_that_resets_within_a_stream_is_told_from_one_that_closes() {
    for (reset, ended) in [(false, Ended::PeerClosed), (true, Ended::PeerReset)] {
        let stage = Stage::new().await;
        stage.plays([Play::Fault(FaultPlay::of("sse_stall"))]);
        let mut raw = stage.ask(stage.chat(Stream)).await;
        let mut got = Vec::new();
        while String::from_utf8_lossy(&got).matches("\n\n").count() < 2 {
            got.extend(raw.read(1).await);
        }
        // Nothing is unread then, so that closing is a FIN.
        raw.read(2).await;
        if reset {
            SockRef::from(&raw.stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(raw);
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()[0];
        assert_eq!((entry.ended, entry.delivered, entry.played.events), (ended, true, 2));
    }
}

#[tokio::test]
async fn a_hang_ends_at_its_cap() {
    let stage = Stage::with_caps(Caps { patience: Duration::from_millis(60), ..Caps::default() }).await;
    stage.plays([Play::Fault(FaultPlay::of("silent"))]);
    let mut raw = stage.ask(stage.chat(Plain)).await;
    assert_eq!(raw.read_to_end().await, (vec![], End::Fin));
    assert!(raw.since_sent() >= Duration::from_millis(60));
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.ended, entry.delivered), (Ended::ClosedByMock, true));
}

#[tokio::test]
async fn a_long_body_is_digested_whole_and_stored_up_to_the_cap() {
    let stage = Stage::with_caps(Caps { request_body: 1000, reply_body: 10, ..Caps::default() }).await;
    let body = format!("[\"{}\",\"{}\"]", stage.word, "x".repeat(300_000));
    stage.ask(post("/v1/embeddings", &body)).await.reply().await;
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.request.body.len(), entry.body_capped), (1000, true));
    assert_eq!((entry.body_length, &entry.body_sha256), (body.len() as u64, &hex(body.as_bytes())));
    assert!(entry.played.body.len() == 10 && entry.played.body_length > 10);
}

#[tokio::test]
async fn a_full_journal_counts_what_it_drops_and_everybody_is_still_served() {
    let stage = Stage::new().await;
    let word = mock_upstream::Markers::seeded(5).fresh().to_string();
    let caps = JournalCaps { entries: 2, bytes: 1 << 20 };
    let small = stage.mock.open(ScenarioSpec { name: "small".into(), journal: caps });
    small.mark(&word, 1).unwrap();
    let mut raw = stage.connect().await;
    for _ in 0..5 {
        raw.send(chat(&word, Plain)).await;
        assert_eq!(raw.reply().await.status(), 200);
    }
    small.idle().await;
    assert_eq!((small.arrivals(), small.journal().len(), small.dropped()), (5, 2, 3));

    let word = mock_upstream::Markers::seeded(6).fresh().to_string();
    let caps = JournalCaps { entries: 100, bytes: 1 };
    let tiny = stage.mock.open(ScenarioSpec { name: "tiny".into(), journal: caps });
    tiny.mark(&word, 1).unwrap();
    stage.ask(chat(&word, Plain)).await.reply().await;
    assert_eq!((tiny.journal().len(), tiny.close().dropped), (0, 1));
}

#[tokio::test]
async fn what_is_not_http_is_counted_and_disturbs_nobody() {
    let stage = Stage::new().await;
    let mut raw = stage.ask("\x17\x03\x01 what is this\r\n\r\n".into()).await;
    let (bytes, _) = raw.read_to_end().await;
    assert!(bytes.starts_with(b"HTTP/1.1 400"));
    assert_eq!(stage.mock.unreadable(), 1);
    stage.plays([Play::Ok(Reply::default())]);
    let mut slow = Raw::connect(stage.provider.addr()).await;
    for part in stage.chat(Plain).as_bytes().chunks(7) {
        slow.send(part).await;
    }
    assert_eq!(slow.reply().await.status(), 200);
}
