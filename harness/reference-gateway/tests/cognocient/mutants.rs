//! The table of mutants; and those that strike late or in a crowd, seen to differ where the healthy gateway does right. What
//! the others do is in the kill matrix.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use reference_gateway::seed::cognocient as seed;
use reference_gateway::{Kind, Personality, mutants};

use crate::client::{Ask, Seen, chat, streamed};
use crate::upstream::{failing, gateway, good};

#[test]
fn the_table_has_unique_names_claims_of_this_page_and_few_that_rewrite_the_answer() {
    let all = mutants(Personality::Cognocient);
    let names: BTreeSet<_> = all.iter().map(|it| it.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|it| it.claims.iter().all(|claim| claim.starts_with("CGN-"))));
    assert!(all.iter().filter(|it| it.kind == Kind::Answer).count() * 3 <= all.len());
    let claims: BTreeSet<_> = all.iter().flat_map(|it| it.claims).collect();
    assert_eq!(claims.len(), 13, "each claim is broken by one");
}

#[tokio::test]
async fn flaws_of_the_nth_call_show_at_the_nth_call() {
    let rows = [
        ("trial-refused-once", chat().key(seed::TRIAL_ENDED), "402 trial_expired"),
        ("fifth-call-undegraded", chat().key(seed::DEGRADING), "200 hello cog-large>cog-small"),
        ("tenth-failure-is-html", chat().key(seed::NEVER_ISSUED), "401 invalid_proxy_key"),
    ];
    for (name, it, healthy) in rows {
        assert_eq!(differing(None, &it, healthy).await, 0, "{name}");
        assert_ne!(differing(Some(name), &it, healthy).await, 0, "{name}");
    }
}

/// How many of a dozen answers differ from what the healthy gateway says; the first does not.
async fn differing(flaw: Option<&str>, it: &Ask, healthy: &str) -> usize {
    let (_provider, gateway) = gateway(good, 10_000, flaw).await;
    assert_eq!(it.send(&gateway.url()).await.unwrap().line(), healthy);
    let mut differ = 0;
    for _ in 0..11 {
        differ += usize::from(it.send(&gateway.url()).await.unwrap().line() != healthy);
    }
    differ
}

#[tokio::test]
async fn flaws_of_a_crowd_show_in_a_crowd() {
    let slow = |request: &wiremock::Request| good(request).set_delay(Duration::from_millis(300));
    let served = |seen: &[Option<Seen>]| seen.iter().flatten().filter(|it| it.status == 200).count();
    for (flaw, least) in [(None, 0), (Some("velocity-counts-answers"), 8)] {
        let (_provider, gateway) = gateway(slow, 10_000, flaw).await;
        let (it, base) = (chat().key(seed::REQUESTS_LIMITED), gateway.url());
        let seen = join_all((0..12).map(|_| it.send(&base))).await;
        assert_eq!(served(&seen) >= 8, least > 0, "{flaw:?}");
    }
    for (flaw, waits) in [(None, 1), (Some("calls-in-line"), 4)] {
        let (_provider, gateway) = gateway(slow, 10_000, flaw).await;
        let (it, base, begun) = (chat(), gateway.url(), std::time::Instant::now());
        assert_eq!(served(&join_all((0..4).map(|_| it.send(&base))).await), 4);
        assert!(begun.elapsed() >= Duration::from_millis(300 * waits), "{flaw:?}");
    }
    let named = |request: &wiremock::Request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        failing(500, body["messages"][0]["content"].as_str().unwrap_or_default())
            .set_delay(Duration::from_millis(50))
    };
    for (flaw, mixed) in [(None, false), (Some("provider-message-of-another"), true)] {
        let (_provider, gateway) = gateway(named, 10_000, flaw).await;
        let base = gateway.url();
        let words: Vec<String> = (0..6).map(|it| format!("lantern number {it}")).collect();
        let asks: Vec<Ask> = words.iter().map(|it| streamed().says(it)).collect();
        let seen = join_all(asks.iter().map(|it| it.send(&base))).await;
        let own =
            seen.iter().zip(&words).all(|(it, word)| it.as_ref().unwrap().message().contains(word.as_str()));
        assert_eq!(own, !mixed, "{flaw:?}");
    }
}
