//! `upstream: none`: a gateway that nobody can point at the mock is asked what costs nothing, and the report tells what was not asked.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

use std::io::ErrorKind;
use std::net::TcpListener;

use gateway_conformance::report::console;
use gateway_conformance::report::console::style::Palette;
use gateway_conformance::run::engine;
use gateway_conformance::run::outcome::{RunReport, RunStanding, Standing};
use gateway_conformance::run::request::{Request, resolve};
use gateway_conformance::spec::contract::Level;
use reference_gateway::{Config, Personality, mutant, start};
use tokio::sync::watch;

/// Runs the shipped Cogito contract against a gateway whose upstream is somebody else's.
async fn run(flaw: Option<&str>, upstream: &TcpListener) -> RunReport {
    let mut config = Config::cogito(format!("http://{}", upstream.local_addr().unwrap()), "sk-paid");
    if let Some(flaw) = flaw {
        config = config.with_mutant(mutant(Personality::Cogito, flaw).unwrap());
    }
    let gateway = start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("theirs.yaml");
    let text = format!(
        "target: theirs\ncontract: cogito\nupstream: none\n\
         configurations: {{ default: {{ attach: '{}', limits: {{ upstream: 1s }} }} }}\n\
         credentials: {{ valid: ck-valid-1, revoked: ck-revoked, never_issued: ck-never-issued, zero_balance: ck-zero-balance,\n\
         \x20 negative_balance: ck-negative-balance, at_spend_cap: ck-spend-cap-reached, past_spend_cap: ck-spend-cap-exceeded,\n\
         \x20 model_denied: ck-restricted, feature_denied: ck-restricted }}\n\
         models: {{ chat: cogito-chat, reserved: cogito-reserved, embedding: cogito-embed, unknown: cogito-unknown }}\n\
         lacks: {{ billing_not_configured: it cannot be switched, backend_credentials_missing: it cannot be switched,\n\
         \x20 limited: there is no such key }}\n",
        gateway.url()
    );
    std::fs::write(&file, text).unwrap();
    let request = Request { target: Some(file.display().to_string()), ..Request::default() };
    let (plan, options) = resolve(&request).unwrap().remove(0);
    let (_stop, stopped) = watch::channel(false);
    let report = engine::certify(plan, options, stopped, &|_| {}).await.unwrap();
    gateway.stop().await;
    report
}

fn standing<'r>(report: &'r RunReport, claim: &str) -> &'r Standing {
    &report.claims.iter().find(|known| known.id == claim).unwrap().standing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_sees_is_judged_and_nobody_is_paid() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    upstream.set_nonblocking(true).unwrap();
    let report = run(None, &upstream).await;
    let RunStanding::Conforming(waived) = report.standing else { panic!("{:?}", report.standing) };
    assert!(waived > 0 && !report.mocked);
    // Nothing that the cases or the preflight sent went on to whoever is behind the gateway.
    assert_eq!(upstream.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(
        matches!(standing(&report, "COG-03"), Standing::Verified(_)),
        "{:?}",
        standing(&report, "COG-03")
    );
    // That a refusal buys nothing is a part of this one, and nobody could see it.
    let Standing::Waived(why) = standing(&report, "COG-08") else {
        panic!("{:?}", standing(&report, "COG-08"))
    };
    assert!(why.contains("held as far as a client sees"), "{why}");
    let Standing::Waived(why) = standing(&report, "COG-16") else {
        panic!("{:?}", standing(&report, "COG-16"))
    };
    assert!(why.contains("upstream: none"), "{why}");
    let told = console::render(&report, Level::Must, Palette::plain());
    assert!(told.contains("upstream: none; only what a client sees was asked"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_violation_that_a_client_sees_is_found() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let report = run(Some("missing-key-is-400"), &upstream).await;
    assert!(matches!(report.standing, RunStanding::Nonconforming(_)), "{:?}", report.standing);
    assert!(
        matches!(standing(&report, "COG-07"), Standing::Violated(_)),
        "{:?}",
        standing(&report, "COG-07")
    );
}
