//! Calls that a client makes with its own retries, through a tap.

use crate::trial::{Ended, Trial, Upstreams};

const TARGET: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first], limits: { upstream: 5s } } }
credentials: { valid: key-of-the-chain }
models: { chat: some-model }
clients: { patient: { command: [python3, CLIENT] } }
";

fn clients(trial: Trial) -> Ended {
    trial.cases(&["clients::*"]).run(|client, Upstreams(all)| match client.asked.key() {
        Some("key-of-the-chain") => client.relay(&all[0]),
        _ => client.answer(401, "", r#"{"error":{"type":"refused"}}"#),
    })
}

#[test]
fn each_request_of_a_client_is_an_exchange() {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/language/patient.py");
    clients(Trial::of("chain", TARGET).with("CLIENT", program)).passes();
}

#[test]
fn a_gateway_that_calls_a_final_failure_a_passing_one_is_found() {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/language/patient.py");
    let ended = Trial::of("chain", TARGET)
        .with("CLIENT", program)
        .cases(&["clients::a-client-repeats-nothing*"])
        .run(|client, Upstreams(all)| {
            let fetched = client.fetch(&all[0])?;
            let status = if fetched.status == 400 { 502 } else { fetched.status };
            client.answer(status, "", &String::from_utf8_lossy(&fetched.body))
        });
    assert_eq!(ended.of("clients::a-client-repeats-nothing-else"), "fail tally");
}

#[test]
fn a_client_that_fails_is_the_harnesss_error() {
    let ended =
        clients(Trial::of("chain", TARGET).with("python3, CLIENT", "python3, -c, 'raise SystemExit(3)'"));
    for id in ["a-client-repeats-nothing-else", "a-client-repeats-what-may-be-repeated"] {
        let why = ended.of(&format!("clients::{id}"));
        assert!(why.starts_with("the client `patient` failed (exit status: 3)"), "{why}");
    }
}
