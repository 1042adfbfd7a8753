//! Moments put in order, waits that grow, and providers that are bound by who is asked first.

use std::io;
use std::thread;
use std::time::Duration;

use crate::gateway::Client;
use crate::trial::{Ended, Trial, Upstreams};

const DECLARED: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first, second], order: declared, limits: { upstream: 5s } } }
credentials: { valid: key-of-the-chain }
models: { chat: some-model }
";

const FAILOVER: &[&str] =
    &["failover::the-second*", "failover::a-dead*", "failover::the-waits*", "failover::a-script*"];

/// Asks the first of these three times with these waits between, then the others once each.
fn chain(client: &mut Client<'_>, upstreams: [&str; 2], waits: [u64; 2]) -> io::Result<()> {
    let plan = [(upstreams[0], 0), (upstreams[0], waits[0]), (upstreams[0], waits[1]), (upstreams[1], 0)];
    for (upstream, wait) in plan {
        thread::sleep(Duration::from_millis(wait));
        let fetched = client.fetch(upstream)?;
        if fetched.status < 500 {
            return client.answer(fetched.status, "", &String::from_utf8_lossy(&fetched.body));
        }
    }
    client.answer(503, "", r#"{"error":{"type":"unavailable"}}"#)
}

fn waiting(waits: [u64; 2]) -> Ended {
    Trial::of("chain", DECLARED)
        .cases(FAILOVER)
        .run(move |client, Upstreams(all)| chain(client, [&all[0], &all[1]], waits))
}

#[test]
fn a_stream_that_is_passed_on_as_it_comes_is_in_order() {
    Trial::of("chain", DECLARED)
        .cases(&["moments::*"])
        .run(|client, Upstreams(all)| client.relay(&all[0]))
        .passes();
}

#[test]
fn a_stream_that_is_held_back_is_not() {
    let ended = Trial::of("chain", DECLARED).cases(&["moments::the-first*", "moments::the-upstream*"]).run(
        |client, Upstreams(all)| {
            let fetched = client.fetch(&all[0])?;
            let kind = if client.asked.body.contains("\"stream\":true") {
                "text/event-stream"
            } else {
                "application/json"
            };
            client.answer_as(kind, fetched.status, "", &fetched.body)
        },
    );
    assert_eq!(
        ended.of("moments::the-first-event-comes-before-the-last-is-sent"),
        "fail order sent, received.1, got.head, got.event.1, played.last"
    );
    let gate = ended.of("moments::the-upstream-goes-on-when-the-client-has-its-first-event");
    assert!(gate.starts_with("inconclusive: ") && gate.contains("got.event.1"), "{gate}");
}

#[test]
fn a_chain_that_waits_longer_each_time_passes() {
    waiting([100, 300]).passes();
}

#[test]
fn waits_that_do_not_grow_are_found() {
    for waits in [[0, 0], [300, 300], [200, 100]] {
        waiting(waits).fails(&[("failover::the-waits-grow", "gaps")]);
    }
}

#[test]
fn a_chain_in_another_order_is_found() {
    let ended = Trial::of("chain", DECLARED)
        .cases(&["failover::a-dead*"])
        .run(|client, Upstreams(all)| chain(client, [&all[1], &all[0]], [100, 300]));
    ended.fails(&[(
        "failover::a-dead-chain-was-tried-in-order",
        "order received.first.1, received.first.last, received.second.1, got.end",
    )]);
}

#[test]
fn without_a_declared_order_the_first_is_whoever_is_asked_first() {
    let arrival = || Trial::of("chain", DECLARED).with("second], order: declared", "second]").cases(FAILOVER);
    let ended = arrival().run(|client, Upstreams(all)| chain(client, [&all[1], &all[0]], [100, 300]));
    for id in ["the-second-answers-for-the-first", "the-waits-grow", "a-script-of-an-earlier-step-is-over"] {
        assert_eq!(ended.of(&format!("failover::{id}")), "pass", "{id}");
    }
    let undeclared = ended.of("failover::a-dead-chain-was-tried-in-order");
    assert!(undeclared.contains("no configuration of the target has"), "{undeclared}");
    let turns = std::sync::atomic::AtomicUsize::new(0);
    // Another one is first for every request.
    let ended = arrival().run(move |client, Upstreams(all)| {
        let at = turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2;
        chain(client, [&all[at], &all[1 - at]], [100, 300])
    });
    assert_eq!(ended.of("failover::the-second-answers-for-the-first"), "pass");
}

#[test]
fn an_upstream_can_wait_until_another_is_asked() {
    let hedges = Trial::of("chain", DECLARED)
        .with("order: declared", "order: declared, has: { hedges: true }")
        .cases(&["failover::both*"]);
    let ended = hedges.run(|client, Upstreams(all)| {
        let plain = client.asked.body.len() < 2;
        let (first, second) = (all[0].clone(), all[1].clone());
        thread::scope(|scope| {
            let hedge = scope.spawn(|| if plain { None } else { client.fetch(&second).ok() });
            let fetched = client.fetch(&first)?;
            let _ = hedge.join();
            Ok(fetched)
        })
        .and_then(|fetched: crate::gateway::Fetched| {
            client.answer(fetched.status, "", &String::from_utf8_lossy(&fetched.body))
        })
    });
    assert_eq!(ended.of("failover::both-are-asked-at-once"), "pass");
}
