//! Credentials that a command makes, and bad ones made of good ones.

use std::collections::HashSet;
use std::sync::Mutex;

use crate::trial::{Ended, Trial, Upstreams};

/// `{"alg":"HS256","typ":"JWT"}`, `{"sub":"somebody"}` and a signature.
const TOKEN: &str =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

const TARGET: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first], limits: {} } }
credentials:
  valid: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg
  flipped: { from: valid, mangle: flip }
  cut: { from: valid, mangle: cut }
  unsigned: { from: valid, mangle: jwt_none }
  minted: { command: [sh, -c, \"echo once-$$-$(date +%N)\"], fresh: true }
models: { chat: some-model }
values: { lavish: { /max_tokens: 9000, /user: somebody } }
";

fn tokens(refuses: fn(&str) -> bool, forgets: bool) -> Ended {
    let used: Mutex<HashSet<String>> = Mutex::default();
    Trial::of("tokens", TARGET).run(move |client, Upstreams(all)| {
        let key = client.asked.key().unwrap_or_default().to_owned();
        let once = key.starts_with("once-") && (used.lock().unwrap().insert(key.clone()) || forgets);
        match once || !refuses(&key) {
            true => client.relay(&all[0]),
            false => client.answer(401, "", r#"{"error":{"type":"refused"}}"#),
        }
    })
}

#[test]
fn a_gateway_that_knows_its_tokens_passes() {
    tokens(|key| key != TOKEN, false).passes();
}

#[test]
fn each_bad_token_is_another() {
    let of = |token: &str| format!("tokens::a-bad-token-is-refused[token={token}]");
    // The signature is not looked at.
    let ended =
        tokens(|key| key.split('.').next() != TOKEN.split('.').next() || key.len() != TOKEN.len(), false);
    ended.fails(&[(&of("flipped"), "error.status, received.count")]);
    // Any header will do.
    let ended = tokens(|key| key.split('.').nth(1) != TOKEN.split('.').nth(1), false);
    assert_eq!(ended.of(&of("unsigned")), "fail error.status, received.count");
}

#[test]
fn every_case_gets_a_token_of_its_own() {
    let ended = tokens(|key| key != TOKEN, true);
    for turn in ["1", "2", "3"] {
        assert_eq!(ended.of(&format!("tokens::a-token-is-good-once[turn={turn}]")), "fail error.status");
    }
}
