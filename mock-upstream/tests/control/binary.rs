//! The binary as a process: what it prints, how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Instant;

use mock_upstream::control::{Client, Token};
use serde_json::Value;

use crate::wire::{PATIENCE, chat, send};

/// A daemon that is killed when the test is over.
pub(crate) struct Daemon {
    child: Child,
    stderr: Option<BufReader<std::process::ChildStderr>>,
    pub(crate) said: Value,
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-upstream"));
    command.stdin(Stdio::null());
    command
}

pub(crate) fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

impl Daemon {
    /// With these arguments, the control API on a free port, and its addresses read as JSON.
    pub(crate) fn serve(arguments: &[&str]) -> Self {
        let mut child = command()
            .args(["serve", "--format", "json", "--control", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let said = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut why = String::new();
            stderr.read_to_string(&mut why).unwrap();
            panic!("{line:?}: {why}")
        });
        Self { child, stderr: Some(stderr), said }
    }

    pub(crate) fn control(&self) -> &str {
        self.said["control"].as_str().unwrap()
    }

    pub(crate) fn provider(&self, at: usize) -> SocketAddr {
        self.said["providers"][at]["addr"].as_str().unwrap().parse().unwrap()
    }

    fn end_by(mut self, signal: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it has not ended");
            std::thread::yield_now();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn refused(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command().args(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{arguments:?}: {stderr}");
    stderr
}

#[tokio::test]
async fn a_script_makes_a_misbehaving_provider_without_markers() {
    let folder = tempfile::tempdir().unwrap();
    let script = file(
        folder.path(),
        "flaky.yaml",
        "attempts:\n  - play: {status: {status: 429, headers: {retry-after: 1}}}\n  - play: {ok: {answer: fine}}\nthen: loop\n",
    );
    let script = script.to_str().unwrap();
    let daemon = Daemon::serve(&["--listen", "127.0.0.1:0", "--script", script, "--no-token"]);
    assert_eq!(daemon.said["providers"][0]["scripted"], true);
    for status in [429, 200, 429] {
        let answer = send(daemon.provider(0), &chat("hello")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.head.contains("\r\nretry-after: 1"), status == 429);
    }
    let client = Client::connect(daemon.control(), None).await.unwrap();
    let open = client.scenarios().await.unwrap();
    assert_eq!((open[0].standing, open[0].progress.arrivals), (true, 3));
    assert_eq!(daemon.end_by("-TERM").code(), Some(0));
}

#[tokio::test]
async fn providers_of_a_file_play_their_own_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let script = file(
        folder.path(),
        "two.yaml",
        "providers:\n  down:\n    script: {turns: [{play: {status: {status: 503}}}]}\n  idle: {dialect: openai}\n",
    );
    let arguments = ["--script", script.to_str().unwrap(), "--provider", "extra=openai", "--no-token"];
    let daemon = Daemon::serve(
        &[&arguments[..], &["--ambient", "GET /health", "--advertise", "down=mock:80"]].concat(),
    );
    let names: Vec<&str> =
        daemon.said["providers"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["down", "extra", "idle"]);
    assert_eq!(daemon.said["providers"][0]["url"], "http://mock:80");
    assert_eq!(send(daemon.provider(0), &chat("hello")).await.status, 503);
    assert_eq!(send(daemon.provider(2), &chat("hello")).await.status, 501);
    let health = b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    send(daemon.provider(2), health).await;
    let client = Client::connect(daemon.control(), None).await.unwrap();
    assert_eq!((client.ambient().await.unwrap().len(), client.unclaimed().await.unwrap().len()), (1, 1));
    assert_eq!(client.provider("down").await.unwrap().unwrap().url(), "http://mock:80");
    assert_eq!(daemon.end_by("-INT").code(), Some(0));
}

#[tokio::test]
async fn the_token_comes_from_a_file_or_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let token = file(folder.path(), "token", "a-token-of-a-file\n");
    let daemon = Daemon::serve(&["--listen", "127.0.0.1:0", "--token-file", token.to_str().unwrap()]);
    let token = Token::parse("a-token-of-a-file").unwrap();
    Client::connect(daemon.control(), Some(&token)).await.unwrap();
    assert!(Client::connect(daemon.control(), None).await.is_err());

    let mut daemon = Daemon::serve(&["--listen", "127.0.0.1:0"]);
    let mut line = String::new();
    daemon.stderr.take().unwrap().read_line(&mut line).unwrap();
    let said = line.strip_prefix("control token: ").unwrap();
    Client::connect(daemon.control(), Some(&Token::parse(said).unwrap())).await.unwrap();
    assert!(!daemon.said.to_string().contains(said.trim()));
}

#[test]
fn a_public_control_api_without_a_token_is_refused_with_help() {
    for arguments in
        [&["serve", "--control", "0.0.0.0:0"][..], &["serve", "--control", "[::]:0", "--no-token"]]
    {
        let said = refused(arguments);
        assert!(said.contains("needs --token-file FILE") && said.contains("help: "), "{said}");
    }
}

#[test]
fn wrong_arguments_are_told_with_the_nearest_right_ones() {
    for (arguments, told) in [
        (&["serve", "--provider", "a=opnai"][..], "did you mean `openai`?"),
        (&["serve", "--provider", "a"], "it is NAME=DIALECT or NAME=DIALECT@ADDRESS:PORT"),
        (&["serve", "--listen", "nowhere"], "`nowhere` is not an address with a port"),
        (&["serve", "--ambient", "health"], "such as \"GET /health\""),
        (
            &["serve", "--no-token", "--provider", "first=openai@127.0.0.1:0", "--advertise", "frist=x"],
            "did you mean `first`?",
        ),
        (
            &["serve", "--provider", "a=openai@127.0.0.1:0", "--listen", "127.0.0.1:0"],
            "every provider has an address already",
        ),
        (&["serve", "--no-tokn"], "--no-token"),
        (&["serve", "--token-file", "/no/such/file"], "the token cannot be read"),
        (&["sevre"], "serve"),
    ] {
        let said = refused(arguments);
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let said = refused(&["serve", "--no-token", "--listen", &addr]);
    assert!(said.contains(&format!("provider `first` cannot listen at {addr}")), "{said}");
    let said = refused(&["serve", "--no-token", "--listen", "127.0.0.1:0", "--control", &addr]);
    assert!(said.contains(&format!("the control API cannot listen at {addr}")), "{said}");
}

#[test]
fn the_catalogue_is_listed_with_its_counts() {
    let json = command().args(["faults", "--format", "json"]).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let text = String::from_utf8(command().arg("faults").output().unwrap().stdout).unwrap();
    let total = json["total"].as_u64().unwrap();
    assert_eq!(total, json["faults"].as_array().unwrap().len() as u64);
    assert!(text.contains(&format!("\n{total} faults\n")));
    for missing in json["out_of_reach"].as_array().unwrap() {
        assert!(text.contains(missing["out_of_reach"].as_str().unwrap()), "{missing}");
    }
    for group in json["groups"].as_array().unwrap() {
        let (letter, says) = (group["group"].as_str().unwrap(), group["says"].as_str().unwrap());
        let (count, by_fault, modes) = (&group["count"], &group["by_fault"], &group["modes"]);
        let heading = format!("{letter}. {says}: {count} faults, {by_fault} of {modes} modes");
        assert!(text.contains(&heading), "{heading}");
    }
    for fault in json["faults"].as_array().unwrap() {
        assert!(text.contains(fault["says"].as_str().unwrap()));
    }
}

#[test]
fn the_selftest_proves_the_faults_that_are_named_and_says_so_of_each() {
    let selftest = |arguments: &[&str]| command().arg("selftest").args(arguments).output().unwrap();
    let output = selftest(&["--fault", "sse_cut", "--fault", "refused", "--repeat", "2"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with("round 1: ") && told.contains("0 wrong\nA. "), "{told}");
    assert!(told.contains("  sse_cut  ok ") && told.contains("  refused  ok "), "{told}");

    let json = selftest(&["--fault", "short_body", "--format", "json"]);
    let round: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&round["wrong"], &round["rows"][0]["fault"]), (&0.into(), &"short_body".into()));
    let wrong = selftest(&["--fault", "sse_cuts"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("did you mean `sse_cut`?"));
}

#[tokio::test]
async fn the_selftest_proves_faults_on_a_mock_that_is_served_and_leaves_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let token = file(folder.path(), "token", "a-token-of-a-file\n");
    let token = token.to_str().unwrap();
    let daemon = Daemon::serve(&["--listen", "127.0.0.1:0", "--token-file", token]);
    let selftest = |arguments: &[&str]| {
        let near = ["selftest", "--control", daemon.control()];
        command().args(near).args(arguments).output().unwrap()
    };
    // One that strikes connections, the handshake, an upload, a reply, an idle connection.
    let faults = ["refused", "tls_expired", "rst_in_request_body", "sse_overloaded_first", "rst_when_idle"];
    let faults = faults.iter().flat_map(|id| ["--fault", id]);
    let proven = selftest(&faults.chain(["--token-file", token]).collect::<Vec<_>>());
    let told = String::from_utf8(proven.stdout).unwrap();
    assert!(proven.status.code() == Some(0) && told.contains(", 0 wrong"), "{told}");

    let client =
        Client::connect(daemon.control(), Some(&Token::parse("a-token-of-a-file").unwrap())).await.unwrap();
    let names: Vec<String> =
        client.providers().await.unwrap().iter().map(|provider| provider.name().to_owned()).collect();
    assert_eq!((names, client.scenarios().await.unwrap().len()), (vec!["first".to_owned()], 0));

    let stranger = selftest(&["--fault", "sse_cut"]);
    assert_eq!(stranger.status.code(), Some(2), "{}", String::from_utf8_lossy(&stranger.stdout));
}
