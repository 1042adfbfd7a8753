//! Gateways that serve a plain request and do something hostile instead of an error.

use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::front::{self, Front, status};
use crate::program::{Ended, Program, attached, port};

/// A few cases with a failing upstream and one without, run against a gateway that plays `hostile` instead of an error.
fn run(hostile: fn(&mut TcpStream) -> io::Result<()>) -> Ended {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, move |_, answer, stream| {
        if status(&answer) >= 500 { hostile(stream) } else { stream.write_all(&answer) }
    });
    let cases = [
        "cogito::upstream::a-failing-status-passes-through[status=502,lane=operation-chat+stream-false]",
        "cogito::auth::no-authorization-header*",
    ];
    let ended =
        Program::run(&attached(&gateway.url(), mock)).with(&["--case", cases[0], "--case", cases[1]]).end();
    // The cases without a failing upstream are as true as ever.
    let outcomes = ended.outcomes();
    assert!(outcomes.iter().any(|(id, _, _)| id.contains("a-failing-status")));
    for (id, outcome, _) in &outcomes {
        let wanted: &[&str] = if id.contains("::auth::") { &["pass"] } else { &["fail", "inconclusive"] };
        assert!(wanted.contains(&outcome.as_str()), "{id} {outcome}: {}", ended.all());
    }
    ended
}

fn chunked(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 500 Said\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    )
}

#[test]
fn an_endless_body_costs_the_case_its_cap() {
    let ended = run(|stream| {
        chunked(stream)?;
        let piece = [b"8000\r\n".as_slice(), &vec![b'a'; 0x8000], b"\r\n"].concat();
        loop {
            stream.write_all(&piece)?;
        }
    });
    ended.says(1, &["NONCONFORMING"]);
}

#[test]
fn endless_interim_answers_cost_the_case_its_cap() {
    run(|stream| {
        loop {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n")?;
        }
    })
    .says(1, &["NONCONFORMING"]);
}

#[test]
fn a_flood_of_headers_costs_the_case_its_cap() {
    run(|stream| {
        stream.write_all(b"HTTP/1.1 500 Said\r\ncontent-type: application/json\r\n")?;
        for number in 0_u64.. {
            stream.write_all(format!("x-flood-{number}: {}\r\n", "f".repeat(100)).as_bytes())?;
        }
        Ok(())
    })
    .says(1, &["NONCONFORMING"]);
}

#[test]
fn a_slow_drip_costs_the_case_its_deadline() {
    run(|stream| {
        chunked(stream)?;
        loop {
            stream.write_all(b"1\r\n \r\n")?;
            thread::sleep(Duration::from_millis(100));
        }
    })
    .says(1, &["NONCONFORMING"]);
}

#[test]
fn redirects_are_not_followed() {
    let mock = port();
    let gateway = Front::of_the_reference_gateway(mock, |asked, answer, stream| {
        if status(&answer) < 500 {
            return stream.write_all(&answer);
        }
        let path = asked.line.rsplit(' ').next().unwrap_or_default();
        stream.write_all(&front::answer(307, &format!("location: {path}\r\n"), b""))
    });
    let ended = Program::run(&attached(&gateway.url(), mock))
        .with(&["--case", "cogito::upstream::a-failing-status*[status=502*"])
        .end();
    ended.says(1, &["NONCONFORMING", "307"]);
    // Two requests of preflight and three of each case: nobody came back for a redirect.
    let chats = gateway.asked().iter().filter(|asked| asked.line.starts_with("POST /v1/")).count();
    assert_eq!(chats, 2 + 3 * ended.outcomes().len());
}

#[test]
fn what_a_gateway_says_is_shown_without_its_control_characters() {
    let ended = run(|stream| {
        let code = "\\u001b[2J\\u0007";
        let body = format!(
            "{{\"error\":{{\"type\":\"\x1b]0;owned\x07\",\"code\":\"{code}\",\"message\":\"\u{202e}\u{9b}31m\"}}}}"
        );
        stream.write_all(&front::answer(
            500,
            "x-name: \x1b[31mred\r\nretry-after: \x1b[1A\r\n",
            body.as_bytes(),
        ))
    });
    ended.says(1, &["NONCONFORMING"]);
    let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ended.stdout.contains(raw), "{:?}", ended.stdout);
    assert!(!ended.stderr.contains(raw), "{:?}", ended.stderr);
    let summary = std::fs::read_to_string(ended.dir.path().join("report/summary.md")).unwrap();
    assert!(!summary.contains(raw), "{summary:?}");
}

#[test]
fn bytes_that_are_no_text_are_judged_like_any_others() {
    run(|stream| {
        let body =
            b"{\"error\":{\"type\":\"\xff\xfe\",\"code\":\"\xc3\x28\",\"message\":\"\xed\xa0\x80\"}}\xff";
        stream.write_all(b"HTTP/1.1 500 \xff\xfe\r\nx-name: caf\xe9\r\n")?;
        stream.write_all(&front::answer(500, "", body)[17..])
    })
    .says(1, &["NONCONFORMING"]);
}
