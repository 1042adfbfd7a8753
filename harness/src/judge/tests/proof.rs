//! What a pass needs, and what stands without it.

use super::build::{Reply, Sent, Trial, answers, finding, verdict, why};
use crate::observe::{Imposed, PlayedEnding};
use crate::wire::exchange::{Break, End};

const CASE: &str = "upstream: [{status: 503}]\nsteps: [{send: {operation: chat}, expect: {got.status: 503}}]";

fn passed_on() -> Sent {
    Sent::error(503, "t", "c").attempt(Reply::status(503))
}

fn proven() -> Trial {
    Trial::new(CASE).step([passed_on()])
}

#[test]
fn with_everything_proven_it_passes() {
    assert_eq!(verdict(&proven().judge()), "pass");
    let mut without = proven();
    (without.observation.control, without.observation.liveness) = (None, None);
    assert_eq!(verdict(&without.judge()), "pass");
}

#[test]
fn a_doubt_spoils_the_case() {
    let mut trial = proven();
    trial.observation.doubts.push("2 unmarked requests arrived".to_owned());
    let judgement = trial.judge();
    assert_eq!(why(&judgement), "2 unmarked requests arrived");
    assert_eq!(answers(&judgement, "got.status"), ["unknown"]);
}

#[test]
fn control_must_succeed_at_the_mock() {
    for (control, word) in [
        (Sent::error(500, "t", "c").attempt(Reply::status(200)), "did not succeed: 500"),
        (Sent::nothing(End::Broken(Break::Refused)), "nothing listened"),
        (Sent::healthy().end(End::Broken(Break::ClosedEarly)), "closed early"),
        (Sent::got(200), "without reaching the mock"),
        (Sent::got(200).attempt(Reply::status(500)), "did not give a healthy reply"),
        (
            Sent::got(200).attempt(Reply::status(200).play(|p| p.ending = PlayedEnding::Cut)),
            "did not give a healthy reply",
        ),
        (
            Sent::got(200).attempt(Reply::status(200).play(|p| p.delivered = Err("x".to_owned()))),
            "did not give a healthy reply",
        ),
        (Sent::got(200).attempt(Reply::unplayed()), "did not give a healthy reply"),
        (Sent::error(429, "t", "c"), "rate limit"),
    ] {
        let judgement = proven().control(control).judge();
        assert!(why(&judgement).contains(word), "{word}: {}", why(&judgement));
        assert!(why(&judgement).contains("before the case"));
    }
}

#[test]
fn after_a_dead_gateway_findings_stand_but_no_pass() {
    let dead = || Sent::nothing(End::Broken(Break::Refused));
    let judgement = proven().liveness(dead()).judge();
    assert!(why(&judgement).contains("no longer serves after this case"), "{}", why(&judgement));
    assert_eq!(answers(&judgement, "got.status"), ["held"]);
    let bad = Trial::new(CASE)
        .step([Sent::error(500, "t", "c").attempt(Reply::status(503))])
        .liveness(dead())
        .judge();
    assert_eq!(verdict(&bad), "fail got.status");
    let cached = proven().liveness(Sent::got(200)).judge();
    assert!(why(&cached).contains("without reaching the mock"));
}

#[test]
fn every_reply_was_delivered_as_scripted() {
    let undelivered =
        Reply::status(503).play(|played| played.delivered = Err("the gateway hung up first".to_owned()));
    let judgement = Trial::new(CASE).step([Sent::error(503, "t", "c").attempt(undelivered)]).judge();
    assert!(why(&judgement).contains("attempt 1 was not delivered as scripted: the gateway hung up first"));
    let unplayed = Trial::new(CASE).step([passed_on().attempt(Reply::unplayed())]).judge();
    assert!(why(&unplayed).contains("attempt 2"), "{}", why(&unplayed));
}

#[test]
fn every_turn_that_is_not_spare_was_played() {
    let script = |turns: &str| {
        format!("upstream: [{turns}]\nsteps: [{{send: {{operation: chat}}, expect: {{got.status: 503}}}}]")
    };
    let two = script("{status: 503}, {status: 500}");
    let judgement = Trial::new(&two).step([passed_on()]).judge();
    assert!(
        why(&judgement).starts_with("turn 2 of the upstream's script (test.yaml:3:"),
        "{}",
        why(&judgement)
    );
    assert_eq!(
        verdict(&Trial::new(&two).step([passed_on().attempt(Reply::status(500).turn(1))]).judge()),
        "pass"
    );
    let spare = script("{status: 503}, {status: 500, spare: true}");
    assert_eq!(verdict(&Trial::new(&spare).step([passed_on()]).judge()), "pass");
    let unasked = Trial::new(CASE).step([Sent::error(503, "t", "c")]).judge();
    assert!(why(&unasked).contains("0 attempts reached it"), "{}", why(&unasked));
}

#[test]
fn turns_are_counted_by_provider_and_by_step() {
    let both = "upstream: {first: [{status: 503}], second: [{ok: {}}]}\nsteps: [{send: {operation: chat}, expect: {error: ok}}]";
    let first = || Sent::healthy().attempt(Reply::status(503));
    let judgement = Trial::new(both).step([first()]).judge();
    assert!(why(&judgement).contains("script of `second`"), "{}", why(&judgement));
    assert_eq!(
        verdict(&Trial::new(both).step([first().attempt(Reply::status(200).provider("second"))]).judge()),
        "pass"
    );

    let steps = "upstream: [{status: 500}]\nsteps: [{send: {operation: chat}, upstream: [{status: 503}]}, {send: {operation: chat}}]";
    assert_eq!(verdict(&Trial::new(steps).step([passed_on()]).step([passed_on()]).judge()), "pass");
    let judgement = Trial::new(steps).step([passed_on()]).step([Sent::healthy_from_elsewhere()]).judge();
    assert!(why(&judgement).contains("turn 1"), "{}", why(&judgement));
}

#[test]
fn a_shared_script_has_to_reach_each_step_unless_it_counts() {
    let steps = |more: &str| {
        format!(
            "upstream: [{{ok: {{}}}}]\nsteps: [{{send: {{operation: chat}}}}, {{send: {{operation: chat}}{more}}}]"
        )
    };
    let idle = |more: &str| {
        Trial::new(&steps(more)).step([Sent::healthy()]).step([Sent::healthy_from_elsewhere()]).judge()
    };
    assert!(why(&idle("")).contains("step 2 never reached the upstream"), "{}", why(&idle("")));
    assert_eq!(verdict(&idle(", expect: {received.count: 0}")), "pass");
}

#[test]
fn without_a_script_nothing_need_be_reached() {
    let case = "steps: [{send: {operation: chat}, expect: {received.count: 0, got.status: 401}}]";
    assert_eq!(verdict(&Trial::new(case).step([Sent::error(401, "t", "c")]).judge()), "pass");
    assert_eq!(
        verdict(&Trial::new(case).step([Sent::error(401, "t", "c").attempt(Reply::status(200))]).judge()),
        "fail received.count"
    );
}

#[test]
fn an_imposed_fault_has_struck_or_nothing_is_proven() {
    let case = "upstream: [{fault: refused}]\nsteps: [{send: {operation: chat}, expect: {got.status: 502}}]";
    let trial = |imposed: Option<Option<&str>>| {
        let mut trial = Trial::new(case).step([Sent::error(502, "t", "c")]);
        trial.observation.imposed.extend(imposed.map(|unproven| Imposed {
            provider: "first".to_owned(),
            fault: "refused".to_owned(),
            unproven: unproven.map(str::to_owned),
        }));
        trial.judge()
    };
    assert_eq!(verdict(&trial(Some(None))), "pass");
    assert!(
        why(&trial(Some(Some("nobody came"))))
            .contains("`refused` struck at the provider `first`: nobody came")
    );
    assert!(why(&trial(None)).contains("turn 1"));
}

#[test]
fn every_send_happened() {
    let case = "steps: [{send: {operation: chat}, times: $(value.three)}, {send: {operation: chat}, expect: {got.status: 200}}]";
    let three = || [Sent::healthy(), Sent::healthy(), Sent::healthy()];
    assert_eq!(verdict(&Trial::new(case).step(three()).step([Sent::healthy()]).judge()), "pass");
    let short = Trial::new(case).step(three().into_iter().take(2)).step([Sent::healthy()]).judge();
    assert!(why(&short).contains("2 of 3"), "{}", why(&short));
    let never = Trial::new(case).step(three()).judge();
    assert!(why(&never).contains("step 2 was sent 0 of 1 times"), "{}", why(&never));
    assert_eq!(
        answers(&never, "got.status"),
        ["unknown"],
        "a question about a step that never was is asked all the same"
    );
}

#[test]
fn standing_questions_need_no_proof() {
    let html = Sent::got(502).header("content-type", "text/html").body("<html>");
    let judgement = Trial::new(CASE).step([html]).judge();
    assert_eq!(verdict(&judgement), "fail envelope.media_type, envelope.schema");
    assert_eq!(answers(&judgement, "got.status"), ["unknown"]);
}

#[test]
fn a_limit_that_nobody_scripted_is_the_shared_keys() {
    let limited = || Sent::error(429, "t", "c");
    let of = |step: &str, sent: Sent| {
        Trial::new(&format!("steps: [{{send: {{operation: chat}}, expect: {{{step}}}}}]"))
            .step([sent])
            .judge()
    };
    let judgement = of("got.status: 400", limited());
    assert!(why(&judgement).contains("bind a pool or a pace"), "{}", why(&judgement));
    assert!(why(&of("received.count: 0", limited())).contains("rate limit"));
    assert_eq!(verdict(&of("got.status: [200, 429]", limited())), "pass");
    assert_eq!(verdict(&of("error: limited", limited())), "fail error.type, error.headers.retry-after");
    assert_eq!(verdict(&of("one_of: [{got.status: 429}, {got.status: 200}]", limited())), "pass");
    assert_eq!(verdict(&of("tally: [{of: {got.status: 429}, is: 1}]", limited())), "pass");
    let mapped = of("got.status: 500", limited().attempt(Reply::status(500)));
    assert_eq!(
        verdict(&mapped),
        "fail got.status",
        "a gateway that asked the upstream first did not run into its limiter"
    );
    let own = "steps: [{send: {operation: chat, credential: restricted}, expect: {got.status: 403}}]";
    assert_eq!(verdict(&Trial::new(own).step([limited()]).judge()), "fail got.status");
    let again = "steps: [{step: a, send: {operation: chat, credential: restricted}}, {send: {again: a}, expect: {got.status: 403}}]";
    assert_eq!(verdict(&Trial::new(again).step([limited()]).step([limited()]).judge()), "fail got.status");
}

#[test]
fn answers_that_the_mock_did_not_give_are_counted() {
    let count =
        |sent: Sent| Trial::new("steps: [{send: {operation: chat}}]").step([sent]).judge().foreign_answers;
    assert_eq!(count(Sent::healthy()), 0);
    assert_eq!(count(Sent::healthy_from_elsewhere()), 1);
    assert_eq!(count(Sent::healthy_from_elsewhere().attempt(Reply::status(500))), 1);
    let cut = |body: &'static str| {
        Reply::status(200).play(move |played| (played.ending, played.body) = (PlayedEnding::Cut, body.into()))
    };
    assert_eq!(
        count(Sent::healthy_from_elsewhere().attempt(cut(""))),
        1,
        "what was cut off came from somewhere"
    );
    let part = Sent::got(200).events("data: {\"choices\":[{\"delta\":{\"content\":\"hi there\"}}]}\n\n");
    assert_eq!(count(part.attempt(cut("data: {\"choices\":[{\"delta\":{\"content\":\"hi \"}}]}\n\n"))), 0);
    let long = Reply::status(200).play(|played| {
        (played.fault, played.body, played.body_cut) = (Some("huge_body".to_owned()), "    ".into(), true);
    });
    assert_eq!(
        count(Sent::healthy_from_elsewhere().attempt(long)),
        0,
        "the words may stand behind what is kept"
    );
    assert_eq!(count(Sent::error(500, "t", "c")), 0);
    let body = |text: &str| Sent::got(200).header("content-type", "application/json").body(text);
    assert_eq!(count(body(r#"{"choices":[{"message":{"content":""}}]}"#)), 0);
    assert_eq!(count(body(r#"{"data":[{"embedding":[0.1]}]}"#)), 1);
    assert_eq!(count(body(r#"{"data":[{"id":"gpt"}]}"#)), 0);
    assert_eq!(count(body(r#"{"content":[{"type":"text","text":"hi"}]}"#)), 1);
    assert_eq!(count(Sent::got(200).events("data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n")), 1);
    assert_eq!(
        count(Sent::got(200).events("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")),
        0
    );
    let everywhere =
        Trial::new(CASE).control(Sent::healthy_from_elsewhere()).liveness(Sent::healthy_from_elsewhere());
    assert_eq!(everywhere.step([passed_on()]).judge().foreign_answers, 2);
}

#[test]
fn the_first_reason_is_the_cause() {
    let mut trial = Trial::new(CASE).step([Sent::error(429, "t", "c")]).control(Sent::got(200));
    assert!(why(&trial.judge()).contains("before the case"));
    trial.observation.doubts.push("the journal dropped entries".to_owned());
    assert_eq!(why(&trial.judge()), "the journal dropped entries");
}

#[test]
fn a_finding_names_its_exchange() {
    let trial =
        Trial::new("steps: [{step: refused, send: {operation: chat}, times: 2, expect: {got.status: 200}}]");
    let judgement = trial.step([Sent::healthy(), passed_on()]).judge();
    assert_eq!(finding(&judgement).exchange, "refused, send 2");
}

#[test]
fn a_gateway_that_went_away_is_no_finding_of_the_case() {
    let judgement = Trial::new(CASE).step([Sent::nothing(End::Broken(Break::Refused))]).judge();
    assert!(why(&judgement).starts_with("step 1 found no gateway"), "{}", why(&judgement));
}

#[test]
fn what_was_not_to_reach_the_upstream_is_a_finding_whatever_reply_it_got() {
    let asked = |count: &str| {
        let case = format!(
            "steps: [{{send: {{operation: chat}}, expect: {{got.status: 400, received.count: {count}}}}}]"
        );
        let undelivered =
            Reply::status(200).play(|played| played.delivered = Err("not a JSON object".to_owned()));
        Trial::new(&case).step([Sent::error(400, "t", "c").attempt(undelivered)]).judge()
    };
    let judgement = asked("0");
    assert_eq!(verdict(&judgement), "fail received.count");
    assert_eq!(answers(&judgement, "got.status"), ["unknown"]);
    // More attempts than expected may come of the reply that went wrong.
    assert!(why(&asked("2")).contains("was not delivered as scripted"));
}
