//! The binary: one line on stdout, then a gateway.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-gateway"));
    command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn it_prints_where_it_listens() {
    let mut child = binary()
        .args(["--personality", "cogito", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1"])
        .args(["--upstream-key-env", "REFERENCE_UPSTREAM_KEY", "--deadline-ms", "500"])
        .args(["--mutant", "not-found-type-wrong"])
        .env("REFERENCE_UPSTREAM_KEY", "k")
        .spawn()
        .unwrap();
    let url = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
    // The gateway has its own process, and its own choice there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let healthy = client.get(format!("{url}/admin/health")).send().await.unwrap();
    assert_eq!(healthy.status(), 200);
    let lost = client.get(format!("{url}/nope")).send().await.unwrap();
    assert!(lost.text().await.unwrap().contains("not_found_error"));
    child.kill().await.unwrap();
}

#[tokio::test]
async fn it_lists_its_mutants_and_knows_no_others() {
    let listed = binary().arg("--list-mutants").output().await.unwrap();
    let lines = String::from_utf8(listed.stdout).unwrap();
    let mutants = reference_gateway::mutants(reference_gateway::Personality::Cogito);
    assert_eq!(lines.lines().count(), mutants.len());
    let refused = binary().args(["--mutant", "nope"]).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--list-mutants"));
}

#[tokio::test]
async fn every_personality_takes_several_upstreams_and_limits_by_name() {
    for personality in reference_gateway::Personality::ALL {
        let mut child = binary()
            .args(["--personality", personality.name()])
            .args(["--upstream", "http://127.0.0.1:1/?a=b", "--upstream", "second=http://127.0.0.1:2"])
            .args(["--upstream-key-env", "second=SECOND_KEY", "--limit", "half_open=50"])
            .env("SECOND_KEY", "k")
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap();
        assert!(line.is_some_and(|it| it.starts_with("http://")), "{}", personality.name());
        child.kill().await.unwrap();
    }
    let refused = binary().args(["--limit", "half_open"]).output().await.unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("NAME=MS is needed"));
}
