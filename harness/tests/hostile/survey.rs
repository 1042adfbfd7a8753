//! Surveys of gateways that retry, lie, cover or are not there; and a survey held against what others saw of the same bytes.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::front::{Front, completion, pass, status};
use crate::program::{Ended, Program, attached, port};

/// Families that are over at once and whose faults reach whoever asks.
const QUICK: [&str; 16] = [
    "--family",
    "connect",
    "--family",
    "not_json",
    "--family",
    "truncated",
    "--family",
    "malformed",
    "--family",
    "wrong_shape",
    "--family",
    "stream_cut",
    "--family",
    "stream_error",
    "--family",
    "stream_unfinished",
];

/// The same without faults that need the provider for themselves.
const QUICK_AND_SHARED: [&str; 14] = [
    "--family",
    "not_json",
    "--family",
    "truncated",
    "--family",
    "malformed",
    "--family",
    "wrong_shape",
    "--family",
    "stream_cut",
    "--family",
    "stream_error",
    "--family",
    "stream_unfinished",
];

/// Asks once more, and again, when the answer is a 5xx.
fn asking_thrice(asked: &crate::front::Asked, url: &str) -> std::io::Result<Vec<u8>> {
    let mut answer = pass(url, asked)?;
    for _ in 0..2 {
        if status(&answer) >= 500 {
            answer = pass(url, asked)?;
        }
    }
    Ok(answer)
}

#[test]
fn a_gateway_that_retries_differs_in_its_attempts() {
    let mock = port();
    let once = Front::of_the_reference_gateway(mock, |_, answer, stream| stream.write_all(&answer));
    let url = once.url();
    let thrice = Front::alone(move |asked, stream| stream.write_all(&asking_thrice(asked, &url)?));
    let survey = |front: &Front| Program::survey(&attached(&front.url(), mock)).with(&QUICK).end();
    let (first, second) = (survey(&once), survey(&thrice));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{}\n{}", first.all(), second.all());
    let (patient, insistent) = (first.rows(), second.rows());
    assert_eq!(patient.len(), insistent.len());
    for (name, row) in &patient {
        let other = &insistent[name];
        for field in ["status", "type", "code", "ending"] {
            assert_eq!(row[field], other[field], "{name}");
        }
        let expected = match (&row["attempts"], row["status"].as_u64()) {
            (Value::Null, _) => Value::Null,
            (_, Some(500..)) => 3.into(),
            (attempts, _) => attempts.clone(),
        };
        assert_eq!(other["attempts"], expected, "{name}");
        let gaps = other["attempt_gaps_ms"].as_array().unwrap().len() as u64;
        assert_eq!(gaps, expected.as_u64().map_or(0, |attempts| attempts - 1), "{name}");
        assert!(row["attempts"] == Value::Null || row["attempts"] == 1, "{name}: {row}");
    }
    assert!(insistent.values().any(|row| row["attempts"] == 3));
    assert!(
        insistent.values().any(|row| row["attempts"] == 1),
        "a stream that had begun is not asked for again"
    );
}

/// What passed on the client's side of the gateway: the request, and the answer byte by byte.
type Passed = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

#[test]
fn a_row_says_what_others_saw_on_both_sides_of_the_gateway() {
    let mock = port();
    let behind: SocketAddr = ([127, 0, 0, 1], mock).into();
    let upstream = Front::alone(move |asked, stream| stream.write_all(&pass(&behind.to_string(), asked)?));
    let upstream_port = upstream.url().rsplit(':').next().unwrap().parse().unwrap();
    let passed = Passed::default();
    let gateway = Front::of_the_reference_gateway(upstream_port, {
        let passed = passed.clone();
        move |asked, answer, stream| {
            passed.lock().unwrap().push((asked.body.clone(), answer.clone()));
            stream.write_all(&answer)
        }
    });
    let url = gateway.url();
    let retrying = Front::alone(move |asked, stream| stream.write_all(&asking_thrice(asked, &url)?));
    let ended = Program::survey(&attached(&retrying.url(), mock)).with(&QUICK_AND_SHARED).end();
    let rows = ended.rows();
    assert!(rows.len() >= 15, "{}", ended.all());
    let (asked, passed) = (upstream.asked(), passed.lock().unwrap());
    for (name, row) in &rows {
        let marker = row["marker"].as_str().unwrap();
        let arrived = asked.iter().filter(|asked| asked.body.contains(marker)).count();
        assert_eq!(row["attempts"], arrived, "{name}: {}", ended.all());
        let mut answers = passed.iter().filter(|(request, _)| request.contains(marker));
        let (_, last) = answers.next_back().unwrap_or_else(|| panic!("{name}: the gateway was not asked"));
        assert_eq!(row["ending"], ending(last), "{name}: {}", String::from_utf8_lossy(last));
        assert_eq!(row["status"], status(last), "{name}");
    }
    for seen in ["complete", "error_event"] {
        assert!(rows.values().any(|row| row["ending"] == seen), "no row is {seen}: {}", ended.all());
    }
}

/// How an answer ended, told from its bytes alone and only as far as the reference gateway goes.
fn ending(answer: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = match announced {
        Some(length) => body.len() == length.parse::<usize>().unwrap(),
        None => !head.contains("transfer-encoding: chunked") || body.ends_with("\r\n0\r\n\r\n"),
    };
    let stream = head.contains("text/event-stream");
    match (stream && body.contains("data: {\"error\":"), whole) {
        (true, _) => "error_event",
        (false, true) if !stream || body.contains("data: [done]") => "complete",
        (false, true) => "unmarked",
        (false, false) => "cut",
    }
}

#[test]
fn what_a_gateway_writes_cannot_act_on_a_terminal() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |_, answer, stream| {
        let (said, acts) = (r#""type":"api_error""#, r#""type":"\u001b[2J\u202e""#);
        let text = String::from_utf8(answer).unwrap();
        let longer = acts.len() - said.len();
        let length = |text: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::to_owned);
            line.and_then(|length| length.parse::<usize>().ok())
        };
        let changed = match length(&text) {
            Some(old) if text.contains(said) => text
                .replace(said, acts)
                .replace(&format!("content-length: {old}"), &format!("content-length: {}", old + longer)),
            _ => text,
        };
        stream.write_all(changed.as_bytes())
    });
    let ended = Program::survey(&attached(&gateway.url(), mock)).with(&["--fault", "fin_before_head"]).end();
    ended.says(0, &[r"\u{1b}[2J\u{202e}"]);
    assert!(!ended.stdout.contains(['\u{1b}', '\u{202e}']), "{}", ended.stdout);
}

#[test]
fn an_answer_from_elsewhere_stops_it_before_a_row() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |_, answer, stream| {
        stream.write_all(&if status(&answer) >= 500 { completion() } else { answer })
    });
    let ended = Program::survey(&attached(&gateway.url(), mock)).with(&QUICK).end();
    ended.says(3, &["incomplete", "an answer that the mock did not give", "not delivered: not run"]);
    assert!(ended.rows().values().all(|row| row["status"].is_null()), "{}", ended.all());
}

#[test]
fn a_gateway_that_is_not_there_is_told_so() {
    let ended = Program::survey(&attached("http://127.0.0.1:9", port())).end();
    ended.says(3, &["incomplete", "nothing listens at http://127.0.0.1:9"]);
}

#[test]
fn a_gateway_that_does_not_ask_the_upstream_proves_nothing() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |_, answer, stream| stream.write_all(&answer));
    let (url, asked_before) = (gateway.url(), Mutex::new(0));
    let shedding = Front::alone(move |asked, stream| {
        if asked.line.starts_with("POST") {
            let mut before = asked_before.lock().unwrap();
            *before += 1;
            // Two plain requests of the preflight and the control pass; the row's own request does not.
            if *before == 4 {
                return stream.write_all(&crate::front::answer(
                    503,
                    "retry-after: 7\r\n",
                    b"{\"error\":{\"type\":\"shed\"}}",
                ));
            }
        }
        stream.write_all(&pass(&url, asked)?)
    });
    let ended =
        Program::survey(&attached(&shedding.url(), mock)).with(&["--fault", "html_200", "--jobs", "1"]).end();
    ended.says(3, &["not delivered: the gateway answered without asking the upstream", "503", "7 s"]);
    is_undelivered(&ended, "html_200 plain");
}

#[track_caller]
fn is_undelivered(ended: &Ended, name: &str) {
    let row = &ended.rows()[name];
    assert_eq!((&row["delivered"], &row["attempts"]), (&Value::Bool(false), &Value::from(0)), "{row}");
    assert_eq!((&row["status"], &row["retry_after"]), (&Value::from(503), &Value::from("7")), "{row}");
}
