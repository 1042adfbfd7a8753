//! TLS as other people's clients see it, good and flawed, and what hostile clients make of it.

use std::error::Error as _;
use std::time::Duration;

use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::script::{FaultPlay, Play, Reply};
use mock_upstream::server::Caps;
use reqwest::{Certificate, Client};
use serde_json::json;

use crate::raw::{End, PATIENCE, Raw};
use crate::stage::Stage;

/// A client with these roots and no others, which leaves the rest to its TLS library.
fn client(roots: &[&str]) -> Client {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = roots.iter().map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
    Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only(roots).build().unwrap()
}

fn trusting(stage: &Stage) -> Client {
    client(&[&stage.mock.ca_pem()])
}

impl Stage {
    async fn chat_over_tls(&self, client: &Client, stream: bool) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/v1/chat/completions", self.provider.https_url());
        let messages = json!([{"role": "user", "content": format!("say {}", self.word)}]);
        let body = json!({"model": "gpt-5", "stream": stream, "messages": messages});
        client.post(url).header("content-type", "application/json").body(body.to_string()).send().await
    }
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_served_on_the_port_that_speaks_http_too() {
    let stage = Stage::new().await;
    stage.plays([Play::Ok(Reply::default()), Play::Ok(Reply::default()), Play::Ok(Reply::default())]);
    let client = trusting(&stage);
    let plain = stage.chat_over_tls(&client, false).await.unwrap();
    assert_eq!(plain.status(), 200);
    let plain = plain.text().await.unwrap();
    assert!(plain.contains("\"finish_reason\":\"stop\""), "{plain}");
    let stream = stage.chat_over_tls(&client, true).await.unwrap().text().await.unwrap();
    assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");
    assert_eq!(stage.ask(stage.chat(Plain)).await.reply().await.status(), 200);

    stage.scenario.idle().await;
    let journal = stage.scenario.journal();
    let at: Vec<_> = journal.iter().map(|entry| (entry.connection, entry.sequence)).collect();
    assert_eq!(at[1], (at[0].0, 2), "both went over one connection");
    assert_ne!(at[2].0, at[0].0);
    assert!(journal.iter().all(|entry| entry.delivered));
    assert_eq!((stage.mock.failed_handshakes(), stage.mock.unreadable()), (0, 0));
}

#[tokio::test]
async fn the_certificate_holds_for_the_names_of_this_machine_and_is_the_mocks_own() {
    let stage = Stage::new().await;
    let port = stage.provider.addr().port();
    let named = trusting(&stage).get(format!("https://localhost:{port}/v1/models")).send().await.unwrap();
    assert_eq!(named.status(), 501, "nobody's request, over a connection that is trusted");
    let other = Stage::new().await;
    assert_ne!(stage.mock.ca_pem(), other.mock.ca_pem());
    let error = stage.chat_over_tls(&trusting(&other), false).await.unwrap_err();
    assert!(error.is_connect() && causes(&error).contains("UnknownIssuer"), "{}", causes(&error));
    // The client knows it first.
    while stage.mock.failed_handshakes() == 0 {
        tokio::task::yield_now().await;
    }
}

/// What each fault is for a client of rustls.
const FAILURES: [(&str, &str); 15] = [
    ("tls_plain_http", "corrupt message"),
    ("tls_self_signed", "UnknownIssuer"),
    ("tls_unknown_ca", "UnknownIssuer"),
    ("tls_expired", "expired"),
    ("tls_not_yet_valid", "not valid yet"),
    ("tls_wrong_name", "not valid for name"),
    ("tls_handshake_failure", "HandshakeFailure"),
    ("tls_protocol_version", "ProtocolVersion"),
    ("tls_fin_at_hello", "eof"),
    ("tls_rst_at_hello", "reset"),
    ("tls_fin_in_handshake", "eof"),
    ("tls_rst_in_handshake", "reset"),
    ("tls_record_cut", "eof"),
    ("tls_garbage", "corrupt message"),
    ("tls_client_certificate", "CertificateRequired"),
];

#[tokio::test]
async fn each_flaw_is_a_clients_documented_error_and_is_gone_when_lifted() {
    let stage = Stage::new().await;
    for (fault, says) in FAILURES {
        stage.plays([Play::Ok(Reply::default())]);
        let imposed = stage.provider.impose(&FaultPlay::of(fault)).await.unwrap();
        let error = stage.chat_over_tls(&trusting(&stage), false).await.unwrap_err();
        let causes = causes(&error);
        assert!(causes.to_lowercase().contains(&says.to_lowercase()), "{fault}: {causes}");
        let lifted = imposed.lift().await.unwrap();
        // A client may have tried a second time where it counts the first as never sent.
        assert!(
            lifted.struck >= 1 && lifted.struck == lifted.connections.len() as u64,
            "{fault}: {lifted:?}"
        );
        assert_eq!(stage.chat_over_tls(&trusting(&stage), false).await.unwrap().status(), 200, "{fault}");
    }
    let listed = mock_upstream::Catalogue::shipped().faults().iter();
    let listed = listed.filter(|fault| fault.needs_tls() && fault.strikes.needs_provider());
    let others = ["tls_silent", "tls_alpn_mismatch"];
    assert_eq!(listed.count(), FAILURES.len() + others.len());
}

#[tokio::test]
async fn a_silent_handshake_costs_a_client_its_own_deadline() {
    let stage = Stage::new().await;
    let imposed = stage.provider.impose(&FaultPlay::of("tls_silent")).await.unwrap();
    let brief = Client::builder().no_proxy().connect_timeout(Duration::from_millis(150));
    let brief = brief.tls_certs_only([Certificate::from_pem(stage.mock.ca_pem().as_bytes()).unwrap()]);
    let error = stage.chat_over_tls(&brief.build().unwrap(), false).await.unwrap_err();
    assert!(error.is_timeout() && error.is_connect(), "{}", causes(&error));
    let lifted = imposed.lift().await.unwrap();
    assert_eq!(lifted.struck, 1);
    assert!(lifted.connections[0].read.starts_with(&[22, 3]), "its ClientHello was read");
}

#[tokio::test]
async fn who_gives_no_occasion_is_served_and_not_struck() {
    let stage = Stage::new().await;
    stage.plays([Play::Ok(Reply::default()), Play::Ok(Reply::default())]);
    let imposed = stage.provider.impose(&FaultPlay::of("tls_expired")).await.unwrap();
    assert_eq!(stage.ask(stage.chat(Plain)).await.reply().await.status(), 200);
    let lifted = imposed.lift().await.unwrap();
    assert_eq!(lifted.struck, 0);
    assert_eq!(lifted.connections[0].remark.as_deref(), Some("the peer speaks no TLS"));

    let imposed = stage.provider.impose(&FaultPlay::of("tls_alpn_mismatch")).await.unwrap();
    // This client is built without HTTP/2 and does not offer it.
    assert_eq!(stage.chat_over_tls(&trusting(&stage), false).await.unwrap().status(), 200);
    let lifted = imposed.lift().await.unwrap();
    assert_eq!(lifted.struck, 0);
    assert_eq!(lifted.connections[0].remark.as_deref(), Some("the peer does not offer h2 by ALPN"));
}

#[tokio::test]
async fn an_unannounced_end_needs_tls() {
    let stage = Stage::new().await;
    stage.plays([Play::Fault(FaultPlay::of("tls_unannounced_end"))]);
    let (_, end) = stage.ask(stage.chat(Plain)).await.read_to_end().await;
    assert_eq!(end, End::Fin);
    stage.scenario.idle().await;
    let entry = &stage.scenario.journal()[0];
    assert!(!entry.delivered, "without TLS, the end of the connection is a proper end of the body");
}

#[tokio::test]
async fn wrong_tls_costs_its_own_connection_and_nobody_elses() {
    let caps = Caps { request_silence: Duration::from_millis(300), ..Caps::default() };
    let stage = Stage::with_caps(caps).await;
    stage.plays([Play::Ok(Reply::default())]);
    let garbage: [&[u8]; 5] = [
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xffhello",
        b"\x16\x16\x16\x16\x16\x16\x16\x16\x16\x16",
        b"\x16\x03\x01\x00\x02\x01\x00\x15\x03\x01\x00\x02\x02\x28",
        b"\x16GET / HTTP/1.1\r\n\r\n",
    ];
    let mut silent = stage.connect().await;
    silent.send(b"\x16\x03\x01\x02\x00\x01").await;
    for round in 0..10 {
        for bytes in garbage {
            let mut raw = stage.connect().await;
            raw.send(bytes).await;
            if round % 2 == 0 {
                let (answer, end) = raw.read_to_end().await;
                assert!(answer.is_empty() || answer[0] == 21, "an alert or nothing: {answer:?}");
                assert_eq!(end, End::Fin, "{bytes:?}");
            }
        }
    }
    assert_eq!(silent.read_to_end().await, (vec![], End::Fin), "a handshake that stands still is given up");
    assert_eq!(stage.chat_over_tls(&trusting(&stage), true).await.unwrap().status(), 200);
    assert_eq!(stage.ask(stage.chat(Stream)).await.reply().await.status(), 200);
    assert!(stage.mock.failed_handshakes() > garbage.len() as u64);
    assert_eq!(stage.mock.unreadable(), 0);
}

#[tokio::test]
async fn a_handshake_under_way_does_not_outlast_the_fault() {
    let stage = Stage::new().await;
    let imposed = stage.provider.impose(&FaultPlay::of("tls_expired")).await.unwrap();
    let mut half = Raw::connect(stage.provider.addr()).await;
    half.send(b"\x16\x03\x01\x02\x00\x01").await;
    while imposed.connections().is_empty() {
        tokio::task::yield_now().await;
    }
    let lifted = imposed.lift().await.unwrap();
    assert_eq!((lifted.struck, lifted.connections.len()), (0, 1));
    assert_eq!(lifted.connections[0].remark.as_deref(), Some("the fault was lifted before it could strike"));
    assert_eq!(half.read_to_end().await, (vec![], End::Fin));
}

/// An error with all that lies below it.
fn causes(error: &reqwest::Error) -> String {
    let mut all = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        all.push_str(&format!(": {cause} {cause:?}"));
        below = cause.source();
    }
    all
}
