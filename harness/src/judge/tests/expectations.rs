//! Rows of `errors`, limits, secrets, alternatives, levels, and what findings say.

use serde_json::json;

use super::build::{Reply, Sent, Trial, answers, finding, verdict};
use crate::judge::verdict::Judgement;
use crate::spec::contract::Level;
use crate::wire::exchange::{Break, End};

const SCRIPT: &str = "upstream: [{status: 503}]\n";

fn judged(step: &str, sent: Sent) -> Judgement {
    Trial::new(&format!("{SCRIPT}steps: [{{send: {{operation: chat}}, {step}}}]")).step([sent]).judge()
}

fn passed_on() -> Sent {
    Sent::error(503, "service_unavailable", "upstream_503").attempt(Reply::status(503))
}

#[test]
fn one_row_asks_a_question_a_part() {
    let good = judged("expect: {error: upstream_status}", passed_on());
    assert_eq!(verdict(&good), "pass");
    assert_eq!((answers(&good, "error.status"), answers(&good, "error.code")), (vec!["held"], vec!["held"]));

    let bad =
        judged("expect: {error: upstream_status}", Sent::error(500, "x", "oops").attempt(Reply::status(503)));
    assert_eq!(verdict(&bad), "fail error.status, error.code");
    let code = finding(&bad);
    assert_eq!((code.expected.as_str(), code.observed.as_str()), ("503", "500"));
    assert_eq!(code.exchange, "step 1");
    assert_eq!(code.claims, ["C-01"]);
    assert_eq!(code.written_at.to_string(), "test.yaml:4:44");
}

#[test]
fn a_row_asks_for_headers_too() {
    let limited = || Sent::error(429, "rate_limit_error", "x").attempt(Reply::status(429));
    let row = "expect: {error: limited}";
    assert_eq!(verdict(&judged(row, limited().header("retry-after", "3"))), "pass");
    assert_eq!(
        verdict(&judged(row, limited().header("retry-after", "soon"))),
        "fail error.headers.retry-after"
    );
    assert_eq!(verdict(&judged(row, limited())), "fail error.headers.retry-after");
}

#[test]
fn of_several_rows_the_nearest_is_named() {
    let rows = "expect: {error: [ok, unavailable, upstream_status]}";
    assert_eq!(verdict(&judged(rows, passed_on())), "pass");
    let mapped = judged(rows, Sent::error(502, "api_error", "any").attempt(Reply::status(503)));
    assert_eq!((verdict(&mapped).as_str(), mapped.readings), ("pass", vec!["R-1".to_owned()]));
    assert_eq!(verdict(&judged(rows, Sent::healthy())), "pass");
    let bad = judged(rows, Sent::error(502, "other", "any").attempt(Reply::status(503)));
    assert_eq!(verdict(&bad), "fail error");
    assert_eq!(
        finding(&bad).observed,
        "502; nearest is `unavailable`, but error.type is \"other\" instead of \"api_error\""
    );
}

#[test]
fn ok_is_a_success_that_is_whole() {
    let ok = "expect: {error: ok}";
    let answer = |sent: Sent| verdict(&judged(ok, sent.attempt(Reply::status(503))));
    assert_eq!(answer(Sent::got(204)), "pass");
    assert_eq!(answer(passed_on()), "fail error");
    assert_eq!(answer(Sent::got(200).end(End::Broken(Break::ClosedEarly))), "fail error");
    assert_eq!(answer(Sent::got(200).events("data: 1\n\n").end(End::Deadline)), "fail error");
    assert_eq!(answer(Sent::nothing(End::Broken(Break::Reset))), "fail error");
    assert_eq!(
        answer(Sent::got(200).events("event: error\ndata: {\"error\":{\"type\":\"t\",\"code\":\"c\"}}\n\n")),
        "fail error"
    );
}

#[test]
fn a_row_that_no_contract_has_cannot_be_told() {
    let judgement = judged("expect: {error: gone}", passed_on());
    assert_eq!(answers(&judgement, "error.status"), ["unknown"]);
    assert_eq!(verdict(&judgement), "inconclusive");
}

#[test]
fn limits_have_two_sides() {
    let took = |step: &str, sent: Sent| {
        let judgement = judged(&format!("expect: {{took: {step}}}"), sent);
        (
            answers(&judgement, "took.early").first().copied(),
            answers(&judgement, "took.late").first().copied(),
        )
    };
    let limit = "{limit: upstream}";
    assert_eq!(took(limit, passed_on().elapsed(999)), (Some("broken"), Some("held")));
    assert_eq!(took(limit, passed_on().elapsed(1000)), (Some("held"), Some("held")));
    // 1 s, 500 ms of tolerance, and four times the host's delay of 10 ms.
    assert_eq!(took(limit, passed_on().elapsed(1540)), (Some("held"), Some("held")));
    assert_eq!(took(limit, passed_on().elapsed(1541)), (Some("held"), Some("broken")));
    assert_eq!(took("{limit: upstream, early: true}", passed_on().elapsed(9)), (None, Some("held")));
    let again = || passed_on().attempt(Reply::status(503)).elapsed(2540);
    assert_eq!(
        took(limit, again()),
        (Some("held"), Some("held")),
        "each attempt that was made has its limit"
    );
    assert_eq!(took("{limit: upstream, attempts: 1}", again()), (Some("held"), Some("broken")));
    let hung = || Sent::nothing(End::Deadline).attempt(Reply::status(503));
    assert_eq!(took(limit, hung().elapsed(1200)), (Some("held"), Some("broken")));
    assert_eq!(took(limit, hung().elapsed(900)), (Some("unknown"), Some("unknown")));
    assert_eq!(took("{limit: gone}", passed_on()), (Some("unknown"), Some("unknown")));
}

#[test]
fn a_late_answer_is_explained() {
    let judgement = judged("expect: {took: {limit: upstream}}", passed_on().elapsed(1600));
    let late = finding(&judgement);
    assert_eq!(late.check, "took.late");
    assert_eq!(
        late.expected,
        "an end within 1.540 s: the limit `upstream` of 1 s for 1 attempt, and 540 ms of tolerance (the greater of 500 ms \
         and 25 % of the limit, and 4 × 10 ms of the host's delay)"
    );
    assert_eq!(late.observed, "503 after 1.600 s");
}

#[test]
fn secrets_are_sought_where_it_is_asked() {
    let trial = |body: &str| {
        let sent = Sent::error(503, "t", body).attempt(Reply::status(503));
        Trial::new(&format!("{SCRIPT}steps: [{{send: {{operation: chat}}, expect: {{secret: got}}}}]"))
            .step([sent])
            .secret("host", "10.0.0.9:8080")
            .secret("org", "org-canary-0123456789")
            .judge()
    };
    assert_eq!(verdict(&trial("nothing")), "pass");
    let bad = trial("at http://10.0.0.9:8080/v1");
    assert_eq!(verdict(&bad), "fail secret.host");
    assert_eq!(finding(&bad).observed, "a secret of kind `host` in the body, plain");
    assert_eq!(verdict(&trial("org%2Dcanary%2D0123456789")), "fail secret.org");
    let none = judged("expect: {secret: got}", passed_on());
    assert_eq!((answers(&none, "secret"), verdict(&none).as_str()), (vec!["unknown"], "inconclusive"));
}

#[test]
fn secrets_are_sought_at_the_upstream_too() {
    let judgement = Trial::new("steps: [{send: {operation: chat}, expect: {secret: received}}]")
        .step([Sent::healthy().attempt(Reply::status(200).received("org-canary-0123456789"))])
        .secret("org", "org-canary-0123456789")
        .judge();
    assert_eq!(finding(&judgement).observed, "a secret of kind `org` in the body of attempt 2, plain");
}

#[test]
fn one_of_several_sets_is_enough() {
    let either = "expect: {one_of: [{got.status: 502}, {got.status: 503, got.error.code: upstream_503}]}";
    assert_eq!(verdict(&judged(either, passed_on())), "pass");
    let mapped = judged(
        "expect: {one_of: [{got.status: 1}, {error: unavailable}]}",
        Sent::error(502, "api_error", "c").attempt(Reply::status(503)),
    );
    assert_eq!((verdict(&mapped).as_str(), mapped.readings), ("pass", vec!["R-1".to_owned()]));
    let bad = judged(either, Sent::error(503, "t", "other").attempt(Reply::status(503)));
    assert_eq!(verdict(&bad), "fail one_of");
    assert_eq!(finding(&bad).observed, "nearest: got.status is 503 instead of 502");
}

#[test]
fn should_is_shown_and_record_is_recorded() {
    let judgement =
        judged("should: {got.error.code: other}, record: [received.count, got.headers.gone]", passed_on());
    assert_eq!(verdict(&judgement), "pass");
    assert_eq!(judgement.shoulds.len(), 1);
    assert_eq!(judgement.shoulds[0].level, Level::Should);
    let recorded =
        [("received.count".to_owned(), "1".to_owned()), ("got.headers.gone".to_owned(), "absent".to_owned())];
    assert_eq!(judgement.recorded, recorded);
}

#[test]
fn a_check_is_as_strong_as_its_strongest_claim() {
    let with = |claims: &[&str]| {
        let mut trial =
            Trial::new(&format!("{SCRIPT}steps: [{{send: {{operation: chat}}, expect: {{got.status: 1}}}}]"));
        let place = trial.case.place.clone();
        let at = |id: &&str| crate::spec::read::place::At::new((*id).to_owned(), place.clone());
        trial.case.claims = claims.iter().map(at).collect();
        trial.step([passed_on()]).judge()
    };
    assert_eq!(verdict(&with(&["S-01", "C-01"])), "fail got.status");
    let soft = with(&["S-01", "M-01"]);
    assert_eq!((verdict(&soft).as_str(), soft.shoulds.len()), ("pass", 1));
    for silent in [with(&["M-01"]), with(&[])] {
        assert_eq!(
            (verdict(&silent).as_str(), silent.shoulds.len(), silent.checks[0].level),
            ("pass", 0, Level::May)
        );
        assert_eq!(silent.recorded, [("step 1: got.status".to_owned(), "503 (instead of 1)".to_owned())]);
    }
}

#[test]
fn a_missing_reference_spoils_only_its_own_check() {
    let judgement = judged("expect: {got.status: 503, got.error.code: $(got.headers.gone)}", passed_on());
    assert_eq!(
        (answers(&judgement, "got.status"), answers(&judgement, "got.error.code")),
        (vec!["held"], vec!["unknown"])
    );
    assert_eq!(verdict(&judgement), "inconclusive");
    let both = judged("expect: {got.status: 500, got.error.code: $(got.headers.gone)}", passed_on());
    assert_eq!(verdict(&both), "fail got.status");
    let soft = judged("should: {got.error.code: $(got.headers.gone)}", passed_on());
    assert_eq!(verdict(&soft), "pass", "what should be cannot withhold a verdict on what must be");
}

#[test]
fn what_the_gateway_says_is_quoted_safely_and_without_keys() {
    let code = format!("a\u{1b}[2J\n{} client-key-0123456789", "x".repeat(150));
    let judgement =
        judged("expect: {got.error.code: short}", Sent::error(503, "t", &code).attempt(Reply::status(503)));
    let seen = &finding(&judgement).observed;
    assert!(seen.starts_with("\"a\\u{1b}[2J\\nxxx") && seen.ends_with("x [key]\""), "{seen}");
    let hidden = judged("expect: {got.headers.x: short}", {
        let coded: String = "client-key-0123456789".bytes().map(|b| format!("%{b:02X}")).collect();
        passed_on().header("x", &coded)
    });
    assert_eq!(finding(&hidden).observed, "\"[a text that holds an encoded key]\"");
}

#[test]
fn no_answer_is_said_in_words() {
    let hung = Sent::nothing(End::Broken(Break::Reset)).attempt(Reply::status(503));
    let judgement = judged("expect: {got.status: 503, got.headers.x: present}", hung);
    assert_eq!(finding(&judgement).observed, "absent (no answer: the connection was reset after 20 ms)");
    assert_eq!(verdict(&judgement), "fail got.status, got.headers.x");
}

#[test]
fn every_exchange_of_a_step_is_asked() {
    let trial = Trial::new(&format!(
        "{SCRIPT}steps: [{{step: burst, send: {{operation: chat}}, times: 3, expect: {{got.status: 503}}}}]"
    ));
    let judgement = trial.step([passed_on(), passed_on(), Sent::healthy()]).judge();
    assert_eq!(answers(&judgement, "got.status"), ["held", "held", "broken"]);
    assert_eq!(finding(&judgement).exchange, "burst, send 3");
}

#[test]
fn a_repetition_ends_with_the_answer_it_waits_for() {
    let steps = "steps: [{send: {operation: chat}, times: {until: {got.status: 429}, at_most: 3}}]";
    let limited = Sent::error(429, "t", "c");
    assert_eq!(verdict(&Trial::new(steps).step([Sent::healthy(), limited]).judge()), "pass");
    let never = Trial::new(steps).step([Sent::healthy(), Sent::healthy(), Sent::healthy()]).judge();
    assert_eq!(verdict(&never), "fail times.until");
    assert_eq!(finding(&never).observed, "200 in the last of 3 sends");
}

#[test]
fn bodies_that_are_cut_are_said_to_be() {
    let judgement =
        judged("expect: {got.body: short}", passed_on().body(&json!("y".repeat(500)).to_string()));
    assert!(finding(&judgement).observed.contains("(502 bytes in all)"));
}
