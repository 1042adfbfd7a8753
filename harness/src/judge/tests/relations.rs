//! Questions about several exchanges: same, distinct, tally, and references from step to step.

use serde_json::json;

use super::build::{Reply, Sent, Trial, answers, finding, verdict, why};

fn with_id(id: &str) -> Sent {
    Sent::got(500)
        .json(&json!({"error": {"type": "t", "code": "c", "request_id": id}}))
        .attempt(Reply::status(500))
}

fn without_id() -> Sent {
    Sent::got(500).json(&json!({"error": {"type": "t", "code": "c"}})).attempt(Reply::status(500))
}

const DISTINCT: &str =
    "steps: [{step: p, send: {operation: chat}, times: 2, expect: {distinct: [p.got.error.request_id]}}]";
const ID: &str = "distinct p.got.error.request_id";

#[test]
fn distinct_is_asked_once_and_of_all() {
    let good = Trial::new(DISTINCT).step([with_id("a"), with_id("b")]).judge();
    assert_eq!((answers(&good, ID), verdict(&good).as_str()), (vec!["held"], "pass"));
    let bad = Trial::new(DISTINCT).step([with_id("a"), with_id("a")]).judge();
    assert_eq!(verdict(&bad), format!("fail {ID}"));
    assert_eq!(finding(&bad).observed, "\"a\" in p, send 1 and the same in p, send 2");
    assert_eq!(finding(&bad).exchange, "p");
}

#[test]
fn an_id_that_a_failure_lacks_is_not_distinct() {
    let lacking = Trial::new(DISTINCT).step([with_id("a"), without_id()]).judge();
    assert_eq!(answers(&lacking, ID), ["broken"]);
    let success = Trial::new(DISTINCT).step([with_id("a"), Sent::healthy()]).judge();
    assert_eq!(answers(&success, ID), ["unknown"]);
    let one = Trial::new(&DISTINCT.replace("times: 2, ", "")).step([with_id("a")]).judge();
    assert!(why(&one).contains("fewer than two"), "{}", why(&one));
}

#[test]
fn distinct_spans_steps() {
    let steps = "steps: [{step: a, send: {operation: chat}}, {step: b, send: {operation: chat}, \
                 expect: {distinct: [a.got.error.request_id, b.got.error.request_id]}}]";
    assert_eq!(verdict(&Trial::new(steps).step([with_id("1")]).step([with_id("2")]).judge()), "pass");
    assert!(
        verdict(&Trial::new(steps).step([with_id("1")]).step([with_id("1")]).judge())
            .starts_with("fail distinct")
    );
}

#[test]
fn same_compares_every_attempt() {
    let steps = "steps: [{send: {operation: chat}, expect: {same: [received.body|json]}}]";
    let sent = |bodies: &[&str]| {
        bodies.iter().fold(Sent::error(500, "t", "c"), |s, body| s.attempt(Reply::status(500).received(body)))
    };
    let of = |bodies: &[&str]| {
        let judgement = Trial::new(steps).step([sent(bodies)]).judge();
        answers(&judgement, "same received.body|json")[0]
    };
    assert_eq!(of(&[r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#]), "held");
    assert_eq!(of(&[r#"{"a":1}"#, r#"{"a":2}"#]), "broken");
    assert_eq!(of(&[r#"{"a":1}"#, "x"]), "broken");
    assert_eq!(of(&[r#"{"a":1}"#]), "held");
    assert_eq!(of(&[]), "unknown");
}

#[test]
fn a_tally_counts_the_exchanges_that_fit() {
    let steps = |is: &str| {
        format!(
            "steps: [{{send: {{operation: chat}}, times: 3, expect: {{tally: [{{of: {{got.status: 500}}, is: {is}}}]}}}}]"
        )
    };
    let three = || [with_id("a"), with_id("b"), Sent::healthy()];
    assert_eq!(verdict(&Trial::new(&steps("2")).step(three()).judge()), "pass");
    assert_eq!(verdict(&Trial::new(&steps("{min: 1}")).step(three()).judge()), "pass");
    let bad = Trial::new(&steps("3")).step(three()).judge();
    assert_eq!(verdict(&bad), "fail tally");
    assert_eq!(
        (finding(&bad).expected.as_str(), finding(&bad).observed.as_str()),
        ("3 of 3 with got.status 500", "2 of 3")
    );
}

#[test]
fn a_tally_that_hangs_on_the_unknown_is_unknown() {
    let steps = |is: &str| {
        format!(
            "steps: [{{send: {{operation: chat}}, times: 2, expect: {{tally: [{{of: {{got.status: $(played.status)}}, is: {is}}}]}}}}]"
        )
    };
    let two = || [with_id("a"), Sent::error(500, "t", "c")];
    assert_eq!(answers(&Trial::new(&steps("{min: 1}")).step(two()).judge(), "tally"), ["held"]);
    assert_eq!(answers(&Trial::new(&steps("2")).step(two()).judge(), "tally"), ["unknown"]);
    assert_eq!(answers(&Trial::new(&steps("3")).step(two()).judge(), "tally"), ["broken"]);
}

#[test]
fn a_step_refers_to_another() {
    let steps = "steps: [{step: plain, send: {operation: chat}}, {send: {again: plain}, \
                 expect: {received.first.count: $(plain.received.first.count), got.status: $(plain.got.status)}}]";
    let twice = || with_id("a").attempt(Reply::status(500));
    assert_eq!(verdict(&Trial::new(steps).step([twice()]).step([twice()]).judge()), "pass");
    assert_eq!(
        verdict(&Trial::new(steps).step([twice()]).step([with_id("b")]).judge()),
        "fail received.first.count"
    );
    let gone = "steps: [{send: {operation: chat}, expect: {got.status: $(nobody.got.status)}}]";
    assert_eq!(answers(&Trial::new(gone).step([with_id("a")]).judge(), "got.status"), ["unknown"]);
}

#[test]
fn a_path_of_another_step_is_asked_once() {
    let steps = "steps: [{step: a, send: {operation: chat}, times: 2}, {send: {operation: chat}, times: 2, expect: {a.got.status: 500}}]";
    let judgement =
        Trial::new(steps).step([with_id("1"), with_id("2")]).step([with_id("3"), with_id("4")]).judge();
    assert_eq!(answers(&judgement, "a.got.status"), ["held"]);
}
