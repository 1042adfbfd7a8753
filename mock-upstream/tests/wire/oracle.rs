//! One oracle a fault: what a raw socket must see, byte by byte, and in which state the connection is left.
//!
//! The expected bytes are put together here from a healthy reply that was read off the wire, not with the crate's code.

use std::time::{Duration, Instant};

use mock_upstream::fault::{Lane, Strikes};
use mock_upstream::script::{FaultPlay, Reply};
use mock_upstream::{Catalogue, Ended, Fault, Play};
use serde_json::json;

use crate::raw::{End, Parsed};
use crate::stage::{Stage, chat, post};

/// What follows the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// Silence on an open connection.
    Silence,
    /// Nothing, and the next request on the connection is answered.
    Reuse,
}

struct Expect {
    bytes: Vec<u8>,
    after: After,
    /// The least time from the request to the bytes, or to the reset where there is one.
    not_before: Duration,
    events: u32,
}

/// The oracle of a fault in a lane, given the healthy reply to the same request.
fn expect(fault: &str, lane: Lane, healthy: &Parsed) -> Option<Expect> {
    use After::{Fin, Reuse, Rst, Silence};
    use Lane::{Plain, Stream};
    let Parsed { head, body, chunks } = healthy;
    let half = &body[..body.len() / 2];
    let length =
        |n: usize| head.replace(&format!("content-length: {}", body.len()), &format!("content-length: {n}"));
    let chunked = head.replace(&format!("content-length: {}", body.len()), "transfer-encoding: chunked");
    let two = || [head.as_bytes(), &chunk(&chunks[0]), &chunk(&chunks[1])].concat();
    let half_third = || chunk(&chunks[2][..chunks[2].len() / 2]);
    let sized = |content_type: &str, body: &[u8]| {
        let head = typed(head, content_type);
        let at = if lane == Plain {
            format!("content-length: {}", healthy.body.len())
        } else {
            "transfer-encoding: chunked".into()
        };
        [head.replace(&at, &format!("content-length: {}", body.len())).as_bytes(), body].concat()
    };
    let parts = |parts: &[&[u8]]| parts.concat();
    let all = |range: &[Vec<u8>]| range.iter().flat_map(|event| chunk(event)).collect::<Vec<u8>>();
    let last: &[u8] = b"0\r\n\r\n";
    let garbage = b"ZZ\r\nnot a chunk\r\n";
    let pause = Duration::from_millis(20);
    let told = |bytes, after, millis, events| Expect {
        bytes,
        after,
        not_before: Duration::from_millis(millis),
        events,
    };
    let n = chunks.len();
    Some(match (fault, lane) {
        ("fin_before_head", _) => told(vec![], Fin, 0, 0),
        ("rst_before_head", _) => told(vec![], Rst, 0, 0),
        ("silent", _) => told(vec![], Silence, 0, 0),
        ("late", Plain) => told(parts(&[head.as_bytes(), body]), Reuse, 120, 0),
        ("late", Stream) => told(parts(&[head.as_bytes(), &all(chunks), last]), Reuse, 120, n as u32),
        ("garbage_status_line", _) => told(b"%@#! 200 SURE\r\nwhatever\r\n\r\n".to_vec(), Fin, 0, 0),
        ("headers_then_silent", Plain) => told(head.as_bytes().to_vec(), Silence, 0, 0),
        ("body_stall", Plain) => told(parts(&[head.as_bytes(), half]), Silence, 0, 0),
        ("short_body", Plain) => told(parts(&[head.as_bytes(), half]), Fin, 0, 0),
        ("rst_mid_body", Plain) => told(parts(&[head.as_bytes(), half]), Rst, pause.as_millis() as u64, 0),
        ("cut_chunked_body", Plain) => told(parts(&[chunked.as_bytes(), &chunk(half)]), Fin, 0, 0),
        ("malformed_chunk", Plain) => told(parts(&[chunked.as_bytes(), &chunk(half), garbage]), Fin, 0, 0),
        ("drip", Plain) => {
            let pieces = body.len().div_ceil(32) as u64;
            told(parts(&[head.as_bytes(), body]), Reuse, 5 * pieces, 0)
        }
        ("empty_200", _) => told(sized(content_type(head), b""), Reuse, 0, 0),
        ("html_200", _) => {
            let page = b"<!doctype html>\n<html><head><title>Be right back</title></head><body><h1>Be right back</h1></body></html>\n";
            told(sized("text/html; charset=utf-8", page), Reuse, 0, 0)
        }
        ("truncated_json", Plain) => told(parts(&[length(half.len()).as_bytes(), half]), Reuse, 0, 0),
        ("wrong_content_type", Plain) => told(sized("text/plain", body), Reuse, 0, 0),
        ("wrong_content_type", Stream) => {
            let head = typed(head, "application/json");
            told(parts(&[head.as_bytes(), &all(chunks), last]), Reuse, 0, n as u32)
        }
        ("null_answer", Plain) => {
            let mut document = healthy.json();
            let field = if document.get("choices").is_some() { "choices" } else { "data" };
            document[field] = serde_json::Value::Null;
            told(sized("application/json", document.to_string().as_bytes()), Reuse, 0, 0)
        }
        ("error_object_200", _) => {
            let body = [&b"{\"error\":"[..], SERVER_ERROR.as_bytes(), b"}"].concat();
            told(sized("application/json", &body), Reuse, 0, 0)
        }
        ("sse_empty", Stream) => told(parts(&[head.as_bytes(), last]), Reuse, 0, 0),
        ("sse_cut", Stream) => told(two(), Fin, 0, 2),
        ("sse_reset", Stream) => told(two(), Rst, pause.as_millis() as u64, 2),
        ("sse_cut_in_event", Stream) => told(parts(&[&two(), &half_third()]), Fin, 0, 2),
        ("sse_reset_in_event", Stream) => {
            told(parts(&[&two(), &half_third()]), Rst, pause.as_millis() as u64, 2)
        }
        ("sse_malformed_chunk", Stream) => told(parts(&[&two(), garbage]), Fin, 0, 2),
        // The last two chunks of the healthy stream are the finish and the end mark.
        ("sse_unfinished", Stream) => {
            told(parts(&[head.as_bytes(), &all(&chunks[..n - 2]), last]), Reuse, 0, n as u32 - 2)
        }
        ("sse_half_event_end", Stream) => told(parts(&[&two(), &half_third(), last]), Reuse, 0, 2),
        ("sse_no_done", Stream) => {
            told(parts(&[head.as_bytes(), &all(&chunks[..n - 1]), last]), Reuse, 0, n as u32 - 1)
        }
        ("sse_error_first", Stream) => {
            told(parts(&[head.as_bytes(), &chunk(&error_event()), last]), Reuse, 0, 1)
        }
        ("sse_error_mid_stream", Stream) => told(parts(&[&two(), &chunk(&error_event()), last]), Reuse, 0, 3),
        ("sse_bad_json", Stream) => {
            let bad = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\n\n";
            told(parts(&[&two(), &chunk(bad), &all(&chunks[2..]), last]), Reuse, 0, n as u32 + 1)
        }
        ("sse_silent", Stream) => told(head.as_bytes().to_vec(), Silence, 0, 0),
        ("sse_stall", Stream) => told(two(), Silence, 0, 2),
        _ => return None,
    })
}

/// What the provider named `first` reports about itself; its request id is masked.
const SERVER_ERROR: &str = concat!(
    r#"{"message":"Something failed while the request was processed. (host first.upstream.test, "#,
    r#"organization org-first-owner, request req_first_1111111111111111)","#,
    r#""type":"server_error","param":null,"code":null}"#
);

fn error_event() -> Vec<u8> {
    format!("data: {{\"error\":{SERVER_ERROR}}}\n\n").into_bytes()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn content_type(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap()
}

fn typed(head: &str, content_type: &str) -> String {
    head.replace(self::content_type(head), content_type)
}

/// Small numbers, so that the whole table is quick.
fn play(fault: &str) -> Play {
    let params = match fault {
        "late" => json!({"delay": 120}),
        "drip" => json!({"every": 5, "bytes": 32}),
        _ => json!({}),
    };
    let params = serde_json::from_value(params).unwrap();
    Play::Fault(FaultPlay { name: fault.to_owned(), params, reply: Reply::default() })
}

/// Hides what differs between two replies to the same request, without changing a length.
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (before, length) in [("req_first_", 16), ("chatcmpl-", 24), ("\"created\":", 10), ("date: ", 29)] {
        let mut at = 0;
        while let Some(found) = crate::raw::find(&bytes[at..], before.as_bytes()) {
            at += found + before.len();
            let end = (at + length).min(bytes.len());
            bytes[at..end].fill(b'1');
        }
    }
    bytes
}

fn requests(lane: Lane, word: &str) -> Vec<String> {
    let embeddings = post("/v1/embeddings", &format!(r#"{{"model":"e","input":"{word}"}}"#));
    match lane {
        Lane::Plain => vec![chat(word, lane), embeddings],
        Lane::Stream => vec![chat(word, lane)],
    }
}

/// The healthy reply, masked but whole.
async fn healthy(stage: &Stage, request: &str) -> Parsed {
    stage.plays([Play::Ok(Reply::default())]);
    let mut raw = stage.connect().await;
    raw.send(request).await;
    let Parsed { head, body, chunks } = raw.reply().await;
    let text = |head: String| String::from_utf8(masked(head.as_bytes())).unwrap();
    Parsed {
        head: text(head),
        body: masked(&body),
        chunks: chunks.iter().map(|chunk| masked(chunk)).collect(),
    }
}

async fn prove(fault: &Fault, lane: Lane) {
    let stage = Stage::new().await;
    for request in requests(lane, &stage.word) {
        let told = format!("{} {lane:?} {}", fault.id, &request[..24]);
        let reference = healthy(&stage, &request).await;
        let expected = expect(&fault.id, lane, &reference).unwrap_or_else(|| panic!("no oracle for {told}"));
        stage.plays([play(&fault.id), Play::Ok(Reply::default())]);
        let seen = stage.scenario.arrivals();
        let mut raw = stage.ask(request.clone()).await;
        stage.scenario.changed(seen).await;

        let got = raw.read(expected.bytes.len()).await;
        let in_time = |raw: &crate::raw::Raw| {
            assert!(raw.since_sent() >= expected.not_before, "{told}: early, after {:?}", raw.since_sent());
        };
        if expected.after != After::Rst {
            in_time(&raw);
        }
        assert_eq!(lossy(&masked(&got)), lossy(&expected.bytes), "{told}");
        let mut left = Instant::now();
        let ended = match expected.after {
            After::Fin => {
                assert_eq!(raw.read_to_end().await, (vec![], End::Fin), "{told}");
                Ended::ClosedByMock
            }
            After::Rst => {
                assert_eq!(raw.read_to_end().await, (vec![], End::Rst), "{told}");
                in_time(&raw);
                Ended::ResetByMock
            }
            After::Silence => {
                assert_eq!(raw.watch().await, End::Open, "{told}");
                left = Instant::now();
                drop(raw);
                Ended::PeerClosed
            }
            After::Reuse => {
                assert_eq!(raw.watch().await, End::Open, "{told}");
                raw.send(&request).await;
                assert_eq!(
                    masked(&raw.reply().await.body),
                    reference.body,
                    "{told}: the next on the connection"
                );
                Ended::Complete
            }
        };
        stage.scenario.idle().await;
        let entry = &stage.scenario.journal()
            [stage.scenario.journal().len() - if expected.after == After::Reuse { 2 } else { 1 }];
        assert_eq!(entry.fault.as_deref(), Some(fault.id.as_str()), "{told}");
        assert_eq!((entry.ended, entry.delivered), (ended, true), "{told}: {:?}", entry.undelivered);
        assert_eq!(entry.bytes_written, expected.bytes.len() as u64, "{told}");
        assert_eq!(entry.played.events, expected.events, "{told}");
        assert_eq!(entry.played.complete, ended == Ended::Complete, "{told}");
        assert!(
            entry.ended_at.unwrap().instant >= left || expected.after != After::Silence,
            "{told}: ended early"
        );

        let next = stage.ask(request).await.reply().await;
        assert_eq!(masked(&next.body), reference.body, "{told}: the next connection");
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn every_fault_is_what_it_says_on_the_wire() {
    let mut proofs = tokio::task::JoinSet::new();
    for fault in Catalogue::shipped().faults() {
        // What strikes at connect is proven in `refuse`, by name.
        if fault.strikes == Strikes::Connect {
            assert_eq!(fault.id, crate::refuse::PROVEN);
            continue;
        }
        for lane in fault.lanes() {
            proofs.spawn(prove(fault, lane));
        }
    }
    assert!(proofs.len() > 30);
    while let Some(proof) = proofs.join_next().await {
        proof.unwrap();
    }
}
