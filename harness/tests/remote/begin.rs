//! What `--mock` may not begin with, by the binary: exit 2 and the remedy.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::daemon::{Daemon, TOKEN};

#[track_caller]
fn ends(command: &str, arguments: &[&str], code: i32, says: &str) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_gateway-conformance"));
    program.arg(command).args(arguments).env("NO_COLOR", "1");
    let output = program.output().unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.code() == Some(code) && text.contains(says), "{:?}\n{text}", output.status);
    assert!(!text.contains(TOKEN), "{text}");
}

const CASE: [&str; 5] = ["--quiet", "--contract", "cogito", "--case", "cogito::auth::*"];

#[test]
fn a_token_that_is_wrong_or_missing_is_said() {
    let (daemon, dir) = (Daemon::start(&[]), tempfile::tempdir().unwrap());
    let [right, wrong] = [("right", TOKEN), ("wrong", "another-token-than-this")].map(|(name, token)| {
        let file = dir.path().join(name);
        std::fs::write(&file, token).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let url = daemon.url();
    let says = "the mock does not take the token";
    ends("run", &[&CASE[..], &["--mock", &url]].concat(), 2, says);
    ends("run", &[&CASE[..], &["--mock", &url, "--mock-token-file", &wrong]].concat(), 2, says);
    ends("survey", &["-q", "--fault", "late", "--mock", &url, "--mock-token-file", &wrong], 2, says);
    ends("doctor", &["--target", "builtin-cogito", "--mock", &url], 2, says);
    let right = ["--mock", &url, "--mock-token-file", &right];
    // Some of the contract's claims are asked about, and those hold.
    ends("run", &[&CASE[..], &right].concat(), 0, "0 fail, 0 inconclusive");
    ends("doctor", &[&["--target", "builtin-cogito"], &right[..]].concat(), 0, "ready: ");
    ends("survey", &[&["-q", "--fault", "refused"], &right[..]].concat(), 0, "refused");
    assert_eq!(daemon.holds(), (Vec::new(), Vec::new()));
    ends("run", &[&CASE[..], &["--mock", &url, "--mock-token-file", "/none"]].concat(), 2, "/none");
}

#[test]
fn no_mock_and_two_places_for_one_are_said() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    ends("run", &[&CASE[..], &["--mock", &url]].concat(), 2, "Start one with `mock-upstream serve`");
    ends("run", &[&CASE[..], &["--mock", &url]].concat(), 2, "refused");
    ends("run", &[&CASE[..], &["--mock", "https://x"]].concat(), 2, "not the URL of a control API");
    let both = ["--mock", &url, "--mock-listen", "127.0.0.1:0"];
    ends("run", &[&CASE[..], &both].concat(), 2, "cannot be used with");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mock_of_another_version_is_said() {
    for (api, version, says) in
        [(1, "9.8.7", "is of version 9.8.7"), (2, "0.1.0", "it speaks version 2 of the API")]
    {
        let server = MockServer::start().await;
        let version = json!({"name": "mock-upstream", "version": version, "api": api});
        let answers = [("/v1/version", version), ("/v1/clock", json!({"since_start": 1}))];
        for (at, answer) in answers {
            let answer = ResponseTemplate::new(200).set_body_json(answer);
            Mock::given(path(at)).respond_with(answer).mount(&server).await;
        }
        let url = server.uri();
        let ended = tokio::task::spawn_blocking(move || {
            ends("run", &[&CASE[..], &["--mock", &url]].concat(), 2, says);
        });
        ended.await.unwrap();
    }
}
