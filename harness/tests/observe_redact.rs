//! What people and snapshots see of an exchange: everything but credentials, and nothing that acts on a terminal.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gateway_conformance::observe::redact::{Redactor, Varying};
use gateway_conformance::observe::{Attempt, Observed, Played, PlayedEnding};
use gateway_conformance::wire::exchange::{Break, End, Exchange, Head, Request};

const KEY: &str = "sk-client-0123456789";
const UPSTREAM_KEY: &str = "sk-upstream-9876543210";

fn request(target: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    Request {
        method: "POST".into(),
        target: target.into(),
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: Bytes::copy_from_slice(body),
    }
}

fn answered(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Observed {
    let headers =
        headers.iter().map(|(name, value)| ((*name).into(), Bytes::copy_from_slice(value.as_bytes())));
    let body = body.into();
    let head = Head { status, reason: Some("Reason".into()), headers: headers.collect(), at: Duration::ZERO };
    Observed {
        operation: Some("chat".into()),
        protocol: "openai".into(),
        stream: false,
        exchange: Exchange {
            request: request("/v1/chat", &[("authorization", &format!("Bearer {KEY}"))], b"{\"a\":1}"),
            started: Instant::now(),
            started_wall: SystemTime::now(),
            pieces: vec![(body.len(), Duration::from_millis(120))],
            head: Some(head),
            body,
            trailers: Vec::new(),
            end: End::Complete,
            elapsed: Duration::from_millis(1500),
        },
        attempts: Vec::new(),
    }
}

fn redactor() -> Redactor {
    Redactor::new([KEY, UPSTREAM_KEY])
}

fn all(observed: &Observed) -> String {
    let transcript = redactor().transcript("step 1", "http://127.0.0.1:8080/llm", observed);
    let snapshot = redactor().snapshot("step 1", observed, &Varying::default());
    let lines =
        [transcript.request, transcript.response, transcript.upstream, vec![transcript.curl, snapshot]];
    lines.concat().join("\n")
}

#[test]
fn an_exchange_reads_like_one() {
    let mut observed = answered(
        429,
        &[("content-type", "application/json"), ("retry-after", "7")],
        r#"{"error":{"code":"x","n":1.0}}"#,
    );
    observed.exchange.trailers = vec![("x-end".into(), Bytes::from_static(b"1"))];
    observed.attempts = vec![Attempt {
        provider: "first".into(),
        arrived: Duration::from_millis(12),
        method: "POST".into(),
        target: "/v1/chat/completions".into(),
        headers: Vec::new(),
        body: Bytes::from_static(b"{}"),
        body_cut: false,
        body_sha256: "44136fa355b3678a".into(),
        played: Some(Played {
            turn: Some(0),
            fault: Some("sse_cut".into()),
            status: Some(200),
            headers: Vec::new(),
            body: Bytes::from_static(b"data: 1\n\n"),
            body_cut: false,
            events: 1,
            ended: None,
            ending: PlayedEnding::Cut,
            delivered: Err("the client left first".into()),
        }),
    }];
    let transcript = redactor().transcript("step 1", "http://127.0.0.1:8080", &observed);
    assert_eq!(transcript.name, "step 1");
    assert_eq!(
        transcript.request,
        ["POST /v1/chat HTTP/1.1", "authorization: Bearer [hidden]", "", "{", "  \"a\": 1", "}"]
    );
    assert_eq!(
        transcript.response,
        [
            "HTTP/1.1 429 Reason",
            "content-type: application/json",
            "retry-after: 7",
            "",
            "{",
            "  \"error\": {",
            "    \"code\": \"x\",",
            "    \"n\": 1.0",
            "  }",
            "}",
            "(trailer) x-end: 1",
            "(complete after 1.500 s)",
        ]
    );
    assert_eq!(
        transcript.upstream,
        [
            "+0.012 s first: POST /v1/chat/completions (2 bytes, sha256 44136fa3…) → 200, 9 bytes, 1 events, fault \
          sse_cut, cut, not played as written: the client left first"
        ]
    );
}

#[test]
fn no_form_of_a_credential_is_left_anywhere() {
    let percent = UPSTREAM_KEY.replace('-', "%2d");
    let encoded = STANDARD.encode(format!("user:{KEY}"));
    let body = serde_json::json!({
        "plain": UPSTREAM_KEY, "url": percent, "basic": encoded, "long": format!("{}{KEY}", "x".repeat(3990)),
    });
    let mut observed = answered(500, &[("x-echo", KEY), ("x-basic", &encoded)], body.to_string());
    observed.exchange.request = request(
        &format!("/v1/chat?key={KEY}"),
        &[
            ("Authorization", &format!("Bearer {KEY}")),
            ("X-API-Key", "never told to the redactor"),
            ("x-b", &encoded),
        ],
        format!("{{\"k\":\"{KEY}\"}}").as_bytes(),
    );
    observed.exchange.end = End::Broken(Break::Malformed(format!("line 2 of the head: \"{KEY}\"")));
    let seen = all(&observed);
    for secret in ["0123456789", "9876543210", "98765", "sk-upstream", "never told", &encoded[8..24]] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
    assert!(seen.contains("x-echo: [hidden]"));
}

#[test]
fn hostile_text_is_shown_and_does_not_act() {
    let mut observed =
        answered(500, &[("x-\u{1b}[31m", "\u{7f}\u{202e}evil\0")], "line\u{1b}[2J\r\n\u{9b}x\u{2066}");
    observed.exchange.head.as_mut().unwrap().reason = Some("\u{1b}]0;owned\u{7}".into());
    let transcript = redactor().transcript("step 1", "http://h", &observed);
    let lines = [transcript.request, transcript.response, vec![transcript.curl]].concat();
    for line in &lines {
        assert!(!line.chars().any(char::is_control) && !line.contains(['\u{202e}', '\u{2066}']), "{line:?}");
    }
    assert!(lines.iter().any(|line| line == r"HTTP/1.1 500 \u{1b}]0;owned\u{7}"), "{lines:?}");
}

#[test]
fn bodies_are_cut_with_their_length_and_what_is_no_text_is_said() {
    let cut =
        redactor().with_body_cap(10).transcript("s", "http://h", &answered(200, &[], "aääääääää".repeat(9)));
    assert_eq!(cut.response[2..4], ["aääää", "… (cut; 153 bytes in all)"]);
    let audio = answered(200, &[("content-type", "audio/mpeg")], &b"\xff\xfb\x90\0"[..]);
    assert!(
        redactor()
            .transcript("s", "http://h", &audio)
            .response
            .contains(&"(4 bytes, not text: audio/mpeg)".into())
    );
    let latin = answered(500, &[("content-type", "text/html")], &b"caf\xe9"[..]);
    let lines = redactor().transcript("s", "http://h", &latin).response;
    assert_eq!(lines[3..5], ["caf\u{fffd}", "(not all of it is UTF-8)"]);
}

#[test]
fn a_missing_answer_says_how_it_ended() {
    let ends = [
        (End::Broken(Break::Refused), "(connection refused after 1.500 s)"),
        (End::Broken(Break::Reset), "(connection reset after 1.500 s)"),
        (End::Broken(Break::ClosedEarly), "(connection closed before the response was whole after 1.500 s)"),
        (End::Broken(Break::Transport("TLS\u{7}".into())), r"(connection failed: TLS\u{7} after 1.500 s)"),
        (End::Deadline, "(still open at the client's deadline after 1.500 s)"),
        (End::Capped(9), "(not read beyond the cap, 9 bytes in after 1.500 s)"),
    ];
    for (end, words) in ends {
        let mut observed = answered(200, &[], "");
        (observed.exchange.head, observed.exchange.end) = (None, end);
        assert_eq!(redactor().transcript("s", "http://h", &observed).response, ["(no response)", words]);
    }
}

/// What sh makes of a command: the arguments that curl would get, and its standard input.
fn arguments(command: &str) -> Vec<String> {
    let script =
        format!("KEY=the-key; curl() {{ for a in \"$@\"; do printf '%s\\0' \"$a\"; done; cat; }}; {command}");
    let output =
        Command::new("sh").arg("-c").arg(script).stdin(std::process::Stdio::null()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text: String = output.stdout.iter().map(|&byte| char::from(byte)).collect();
    text.split('\0').map(str::to_owned).collect()
}

fn curl(base_url: &str, request: Request) -> String {
    let mut observed = answered(200, &[], "");
    observed.exchange.request = request;
    redactor().transcript("s", base_url, &observed).curl
}

#[test]
fn the_curl_line_says_the_same_request_to_a_shell() {
    let body = format!("{{\"q\":\"it's $HOME `id` \\\\ {KEY}\",\n\"e\":\"ä\"}}");
    let sent = request(
        "/llm/v1/chat?a[]={b}&c='d'",
        &[
            ("host", "127.0.0.1:8080"),
            ("Authorization", &format!("Bearer {KEY}")),
            ("X-Empty", ""),
            ("X-Quote", "it's"),
            ("content-length", &body.len().to_string()),
        ],
        body.as_bytes(),
    );
    let command = curl("http://127.0.0.1:8080/llm", sent);
    assert!(!command.contains(KEY));
    let bytes = |text: &str| text.bytes().map(char::from).collect::<String>();
    let expected = [
        "-sS",
        "-i",
        "--http1.1",
        "--noproxy",
        "*",
        "--path-as-is",
        "-g",
        "-X",
        "POST",
        "http://127.0.0.1:8080/llm/v1/chat?a[]={b}&c='d'",
        "-H",
        "Authorization: Bearer the-key",
        "-H",
        "X-Empty;",
        "-H",
        "X-Quote: it's",
        "-H",
        "User-Agent:",
        "-H",
        "Accept:",
        "-H",
        "Content-Type:",
        "--data-binary",
        &bytes(&body.replace(KEY, "the-key")),
        "",
    ];
    assert_eq!(arguments(&command), expected);
}

#[test]
fn a_body_that_is_no_plain_text_goes_through_printf() {
    for body in [&b"\0\x01\xff'%d\\n-12\n"[..], b"@/etc/passwd", b"-n \x1b[2J"] {
        let command = curl("http://h", request("/", &[("content-type", "x")], body));
        assert!(!command.chars().any(char::is_control));
        let expected: String = body.iter().map(|&byte| char::from(byte)).collect();
        assert_eq!(arguments(&command).join("\0").rsplit_once("@-\0").unwrap().1, expected);
    }
}

#[test]
fn odd_targets_and_long_or_secret_bodies_have_their_own_form() {
    let odd = curl("http://h:1/p", Request { method: "HEAD".into(), ..request("/a b#c", &[], b"") });
    let words = arguments(&odd);
    assert!(
        words.contains(&"--head".into())
            && words.contains(&"/a b#c".into())
            && words.contains(&"http://h:1/".into())
    );
    let long = curl("http://h", request("/", &[], &b"x".repeat(20_000)));
    assert!(long.ends_with("--data-binary @BODY  # BODY: 20000 bytes, not shown") && long.len() < 500);
    let secret = curl("http://h", request("/", &[], format!("\0{KEY}").as_bytes()));
    assert!(secret.contains("@BODY") && !secret.contains(KEY));
}

fn at_another_time(run: u32) -> Observed {
    let body = serde_json::json!({
        "id": format!("chatcmpl-{run:012}"), "created": 1_700_000_000 + run, "request_id": null,
        "error": {"message": format!("req_{run:010} failed at 2026-01-0{run}T00:00:00.1Z on 127.0.0.1:{}", 4000 + run),
                  "cost": f64::from(run) / 8.0, "code": "boom"},
    });
    let id = format!("{run:08}-0000-4000-8000-000000000000");
    let mut observed = answered(
        503,
        &[
            ("x-request-id", &id),
            ("retry-after", "7"),
            ("date", &format!("Mon, 0{run} Jan 2026 00:00:00 GMT")),
            ("a-trace", &id),
        ],
        body.to_string(),
    );
    observed.exchange.elapsed = Duration::from_millis(run.into());
    if run == 2 {
        observed.exchange.head.as_mut().unwrap().headers.reverse();
    }
    observed
}

#[test]
fn two_runs_give_the_same_snapshot() {
    let varying = Varying { pointers: vec!["/error/cost".into()], ..Varying::default() };
    let [first, second] = [1, 2].map(|run| redactor().snapshot("step 1", &at_another_time(run), &varying));
    assert_eq!(first, second);
    assert_eq!(
        first,
        r#"step 1: POST /v1/chat
503 Reason
a-trace: [uuid]
date: [varies]
retry-after: [seconds]
x-request-id: [varies]

{
  "id": "[string]",
  "created": "[number]",
  "request_id": null,
  "error": {
    "message": "req_[id] failed at [time] on 127.0.0.1:[port]",
    "cost": "[varies]",
    "code": "boom"
  }
}

(complete)
"#
    );
}

#[test]
fn a_stream_keeps_its_events_in_a_snapshot_and_a_reset_hides_how_much_came() {
    let stream = "data: {\"id\":\"a1\",\"x\":1}\n\ndata: [DONE]\n\n: cut";
    let mut observed = answered(200, &[("content-type", "text/event-stream")], stream);
    observed.stream = true;
    let snapshot = redactor().snapshot("control", &observed, &Varying::default());
    assert_eq!(
        snapshot,
        "control: POST /v1/chat, stream\n200 Reason\ncontent-type: text/event-stream\n\ndata: {\"id\":\"[string]\",\"x\":1}\n\n\
         data: [DONE]\n\n: cut\n(not ended by a blank line)\n\n(complete)\n"
    );
    observed.exchange.end = End::Broken(Break::Reset);
    let reset = redactor().snapshot("control", &observed, &Varying::default());
    assert!(
        reset.ends_with("(what arrived before the reset is not compared)\n(connection reset)\n"),
        "{reset}"
    );
}
