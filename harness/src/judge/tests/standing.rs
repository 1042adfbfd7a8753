//! Rules, envelope, closed table and the key rule, on control, steps and liveness alike.

use base64::Engine as _;
use serde_json::json;

use super::build::{Reply, Sent, Trial, answers, finding, verdict};
use crate::judge::verdict::Judgement;
use crate::observe::PlayedEnding;
use crate::wire::exchange::{Break, End};

const PLAIN: &str = "steps: [{send: {operation: chat}}]";

const RULES: &str = r#"
rules:
  - {claims: [C-01], when: {got.status: [429, 503]}, expect: {got.headers.retry-after: {matches: '^[0-9]+$', once: true}}}
  - {claims: [C-01], reading: R-9, when: {played.headers.retry-after|seconds: present, got.status: 503},
     should: {got.headers.retry-after|seconds: {min: $(played.headers.retry-after|seconds)}}}
  - {claims: [C-01], expect: {distinct: [got.headers.x-id]}}
"#;

const CLOSED: &str = r#"
closed:
  outside: [E-02]
  mismatch: [E-03]
  rows:
    - {status: [400, 404], type: invalid_request_error}
    - {status: 429, type: rate_limit_error, when: {got.headers.x-kind: absent}}
    - {status: 429, type: spend_error, when: {got.headers.x-kind: spend}}
    - {status: {min: 500, max: 599}, type: api_error}
    - {status: {min: 405, max: 428}, standing: undocumented, reading: R-2}
"#;

fn with(more: &str, sent: Sent) -> Judgement {
    Trial::new(PLAIN).with(more).step([sent]).judge()
}

fn id(sent: Sent, id: &str) -> Sent {
    sent.header("x-id", id)
}

#[test]
fn a_rule_is_asked_of_every_exchange_it_fits() {
    let bare = || Sent::error(503, "t", "c").attempt(Reply::status(503));
    let dated = || bare().header("retry-after", "9");
    let trial = |control: Sent, step: Sent, liveness: Sent| {
        let trial = Trial::new(PLAIN).with(RULES);
        trial.control(id(control, "1")).step([id(step, "2")]).liveness(id(liveness, "3")).judge()
    };
    assert_eq!(verdict(&trial(Sent::healthy(), dated(), Sent::healthy())), "pass");
    let bad = trial(Sent::healthy(), bare(), Sent::healthy());
    assert_eq!(
        (verdict(&bad).as_str(), finding(&bad).exchange.as_str()),
        ("fail got.headers.retry-after", "step 1")
    );
    let twice = trial(Sent::healthy(), dated().header("retry-after", "9"), Sent::healthy());
    assert_eq!(verdict(&twice), "fail got.headers.retry-after");
    assert_eq!(finding(&trial(bare(), dated(), Sent::healthy())).exchange, "control");
    assert_eq!(finding(&trial(Sent::healthy(), dated(), bare())).exchange, "liveness");
    let none = trial(Sent::healthy(), Sent::healthy(), Sent::healthy());
    assert_eq!(answers(&none, "got.headers.retry-after"), Vec::<&str>::new());
}

#[test]
fn a_rule_can_be_soft_and_rest_on_a_reading() {
    let sent = |got: &str| {
        let asked = Reply::status(503).header("retry-after", "9");
        Sent::error(503, "t", "c").header("retry-after", got).attempt(asked)
    };
    let short = with(RULES, sent("3"));
    assert_eq!(
        short.shoulds.iter().map(|f| f.check.as_str()).collect::<Vec<_>>(),
        ["got.headers.retry-after|seconds"]
    );
    assert_eq!(short.shoulds[0].expected, "at least 9");
    assert_eq!(short.readings, ["R-9"]);
    assert!(with(RULES, sent("9")).shoulds.is_empty());
}

#[test]
fn a_relation_in_a_rule_spans_the_case() {
    let name = "distinct got.headers.x-id";
    let of = |ids: [&str; 3]| {
        let [control, step, liveness] = ids.map(|i| id(Sent::healthy(), i));
        let judgement =
            Trial::new(PLAIN).with(RULES).control(control).step([step]).liveness(liveness).judge();
        answers(&judgement, name).concat()
    };
    assert_eq!(of(["a", "b", "c"]), "held");
    assert_eq!(of(["a", "b", "a"]), "broken");
}

#[test]
fn every_failure_is_in_the_envelope() {
    let both = |sent: Sent| {
        let judgement = with("", sent.attempt(Reply::status(500)));
        (answers(&judgement, "envelope.media_type").concat(), answers(&judgement, "envelope.schema").concat())
    };
    let say = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(both(Sent::error(500, "t", "c")), say("held", "held"));
    assert_eq!(both(Sent::healthy()), say("", ""));
    assert_eq!(both(Sent::got(500).json(&json!({"error": {"type": "t", "code": 7}}))), say("held", "broken"));
    assert_eq!(
        both(Sent::got(502).header("content-type", "text/html").body("<html>")),
        say("broken", "broken")
    );
    assert_eq!(both(Sent::got(500)), say("broken", "broken"));
    assert_eq!(
        both(Sent::got(500).header("content-type", "application/json").body("")),
        say("held", "broken")
    );
    let unlabelled = Sent::got(500).body(r#"{"error":{"type":"t","code":"c"}}"#);
    assert_eq!(both(unlabelled), say("broken", "held"));
    assert_eq!(both(Sent::nothing(End::Broken(Break::Reset))), say("", ""));
    assert_eq!(both(Sent::got(304)), say("", ""));
    let head = Sent::got(404).request(|request| request.method = "HEAD".to_owned());
    assert_eq!(both(head), say("", ""));
}

#[test]
fn an_error_event_is_in_the_envelope_too() {
    let of = |body: &str| answers(&with("", Sent::got(200).events(body)), "envelope.schema").concat();
    assert_eq!(of("data: {\"error\":{\"type\":\"t\",\"code\":\"c\"}}\n\n"), "held");
    assert_eq!(of("data: {\"error\":\"oops\"}\n\n"), "broken");
    assert_eq!(of("event: error\ndata: oops\n\n"), "broken");
    assert_eq!(of("event: error\n\n"), "broken");
    assert_eq!(of("data: [DONE]\n\n"), "");
}

#[test]
fn the_envelope_is_the_operations_own() {
    let mut other = Sent::got(500).body("whatever");
    other.observed.operation = Some("messages".to_owned());
    other.observed.protocol = "anthropic".to_owned();
    assert_eq!(answers(&with("", other), "envelope.schema"), Vec::<&str>::new());
    let mut raw = Sent::got(404).body("whatever");
    raw.observed.operation = None;
    raw.observed.protocol = String::new();
    let judgement = with("", raw);
    assert_eq!(answers(&judgement, "envelope.schema"), ["broken"], "a raw line has the first protocol");
    assert_eq!(finding(&judgement).claims, ["E-01"]);
}

#[test]
fn a_finding_of_the_envelope_shows_the_body() {
    let judgement = with("", Sent::got(500).json(&json!({"error": {"type": "t", "code": 7}})));
    let seen = finding(&judgement).observed.clone();
    assert!(seen.starts_with("/error/code: 7 is not of type \"string\" in \"{"), "{seen}");
}

#[test]
fn the_table_is_closed() {
    let of = |sent: Sent| verdict(&with(CLOSED, sent));
    assert_eq!(of(Sent::error(404, "invalid_request_error", "c")), "pass");
    assert_eq!(of(Sent::error(404, "api_error", "c")), "fail closed.type");
    assert_eq!(of(Sent::error(302, "t", "c")), "fail closed.outside");
    assert_eq!(of(Sent::healthy()), "pass");
    let outside = with(CLOSED, Sent::error(302, "t", "c"));
    assert_eq!(
        (finding(&outside).claims.as_slice(), finding(&outside).observed.as_str()),
        (&["E-02".to_owned()][..], "302")
    );
    let mismatch = with(CLOSED, Sent::error(500, "t", "c"));
    assert_eq!(
        (finding(&mismatch).claims.as_slice(), answers(&mismatch, "closed.outside").concat().as_str()),
        (&["E-03".to_owned()][..], "held")
    );
}

#[test]
fn rows_have_conditions_and_may_be_undocumented() {
    let limited = |kind: &str| Sent::error(429, kind, "c").attempt(Reply::status(429));
    let of = |sent: Sent| verdict(&with(CLOSED, sent));
    assert_eq!(of(limited("rate_limit_error")), "pass");
    assert_eq!(of(limited("spend_error")), "fail closed.type");
    assert_eq!(of(limited("spend_error").header("x-kind", "spend")), "pass");
    assert_eq!(of(limited("spend_error").header("x-kind", "other")), "fail closed.outside");
    let odd = with(CLOSED, Sent::error(405, "whatever", "c"));
    assert_eq!(
        (verdict(&odd).as_str(), odd.undocumented, odd.readings),
        ("pass", vec!["405 in step 1".to_owned()], vec!["R-2".to_owned()])
    );
}

#[test]
fn the_table_asks_no_body_where_http_allows_none() {
    let head = Sent::got(404).request(|request| request.method = "HEAD".to_owned());
    let judgement = with(CLOSED, head);
    assert_eq!((verdict(&judgement).as_str(), answers(&judgement, "closed.type").len()), ("pass", 0));
}

#[test]
fn the_table_holds_for_control_and_liveness() {
    let trial = || Trial::new(PLAIN).with(CLOSED).step([Sent::healthy()]);
    assert_eq!(finding(&trial().control(Sent::error(302, "t", "c")).judge()).exchange, "control");
    assert_eq!(finding(&trial().liveness(Sent::error(302, "t", "c")).judge()).exchange, "liveness");
}

#[test]
fn a_key_never_shows() {
    let key = "sk-upstream-0123456789";
    let of = |sent: Sent| Trial::new(PLAIN).step([sent]).secret("key", key).judge();
    let error = |code: &str| Sent::error(500, "t", code).attempt(Reply::status(500));
    assert_eq!(answers(&of(error("fine")), "secret.key"), ["held", "held", "held"]);
    let coded = base64::engine::general_purpose::STANDARD.encode(format!("x{key}yz"));
    for bad in [
        error(key),
        error(&coded),
        error("x").header("x-debug", key),
        Sent::healthy().header("set-cookie", key),
    ] {
        let judgement = of(bad);
        assert_eq!(verdict(&judgement), "fail secret.key");
        let leak = finding(&judgement);
        assert!(leak.claims.is_empty() && !format!("{leak:?}").contains(key), "{leak:?}");
    }
    let mut reason = error("x");
    reason.observed.exchange.head.as_mut().unwrap().reason = Some(format!("No {key}"));
    assert_eq!(finding(&of(reason)).observed, "a secret of kind `key` in the status line, plain");
    let mut trailer = error("x");
    trailer.observed.exchange.trailers.push(("x-end".to_owned(), key.into()));
    assert_eq!(finding(&of(trailer)).observed, "a secret of kind `key` in trailer x-end, plain");
    let echoed = error(key).request(|request| request.body = key.into());
    assert_eq!(verdict(&of(echoed)), "pass", "what the client said itself is no leak");
}

#[test]
fn other_secrets_and_the_clients_own_key_are_recorded() {
    let sent =
        Sent::error(500, "t", "at 10.0.0.9:8080 for client-key-0123456789").attempt(Reply::status(500));
    let judgement = Trial::new(PLAIN).step([sent]).secret("host", "10.0.0.9:8080").judge();
    assert_eq!(verdict(&judgement), "pass");
    let recorded: Vec<(&str, &str)> =
        judgement.recorded.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        recorded,
        [("step 1: secret.host", "in the body, plain"), ("step 1: credential", "echoed in the body, plain")]
    );
}

#[test]
fn a_gateway_that_was_not_there_breaks_no_rule() {
    let always = "\nrules:\n  - {claims: [C-01], expect: {got.headers.x-id: present}}\n";
    let trial = |end: End| {
        let sent = |sent: Sent| sent.header("x-id", "1");
        Trial::new(PLAIN)
            .with(always)
            .control(Sent::nothing(end))
            .step([sent(Sent::healthy())])
            .liveness(sent(Sent::healthy()))
    };
    assert_eq!(verdict(&trial(End::Broken(Break::Refused)).judge()), "inconclusive");
    assert_eq!(verdict(&trial(End::Broken(Break::Transport("no route".to_owned()))).judge()), "inconclusive");
    assert_eq!(verdict(&trial(End::Deadline).judge()), "fail got.headers.x-id");
}

#[test]
fn a_clean_end_after_a_cut_and_a_coded_body_are_recorded() {
    let cut = Sent::got(200).events("data: 1\n\n").header("content-encoding", "gzip");
    let cut = cut.attempt(Reply::status(200).play(|played| played.ending = PlayedEnding::Cut));
    let judgement = with("", cut.clone());
    assert_eq!(verdict(&judgement), "pass");
    let names: Vec<&str> = judgement.recorded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["step 1: content-encoding", "step 1: got.ending"]);
    let broken = with("", cut.end(End::Broken(Break::Reset)));
    assert_eq!(broken.recorded.len(), 1);
}
