//! A contract that extends another.

use crate::trial::{Trial, library};

const TARGET: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first], limits: { upstream: 2s } } }
credentials: { valid: key-of-the-lanes, unknown: key-of-nobody, revoked: key-of-old }
models: { chat: lane-model }
";

#[test]
fn what_is_not_said_otherwise_holds() {
    let library = library();
    let loaded = library.contract("heir").unwrap();
    let contract = &loaded.contract;
    assert_eq!(contract.title, "Two lanes and more");
    assert_eq!(contract.protocols.len(), 2);
    let errors: Vec<(String, String)> =
        contract.errors.iter().map(|row| (row.name.value.clone(), row.status.to_string())).collect();
    let row = |name: &str, status: &str| (name.to_owned(), status.to_owned());
    assert_eq!(
        errors,
        [
            row("refused", "403"),
            row("unknown_route", "404"),
            row("passed_on", "\"$(played.status)\""),
            row("gone", "410")
        ]
    );
    assert_eq!(contract.names.credentials.len(), 3);
    assert_eq!(contract.rules.len(), 2);
    let families: Vec<&str> = contract.faults.iter().map(|rule| rule.family.as_str()).collect();
    assert_eq!(families, ["stream_cut"]);
    let mut topics: Vec<&str> = loaded.cases.iter().map(|case| case.id.split("::").next().unwrap()).collect();
    topics.dedup();
    assert_eq!(topics, ["revoked", "streams", "keys", "statuses"]);
    assert_eq!(loaded.cases.iter().filter(|case| case.id.starts_with("streams::")).count(), 1);
}

#[test]
fn it_is_run_as_any_other() {
    let serve = |status: u16| {
        Trial::of("heir", TARGET).cases(&["revoked::*"]).run(move |client, upstreams| {
            match client.asked.key() {
                Some("key-of-old") => client.answer(
                    status,
                    "x-gone: yes\r\n",
                    r#"{"type":"error","error":{"type":"gone","message":"No."}}"#,
                ),
                _ => client.relay(&upstreams.0[0]),
            }
        })
    };
    serve(410).passes();
    serve(401).fails(&[("revoked::a-revoked-key-is-gone", "error.status")]);
}
