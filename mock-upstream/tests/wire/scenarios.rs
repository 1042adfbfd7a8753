//! Whom a request belongs to.

use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::journal::{Carrier, Standing};
use mock_upstream::scenario::{Ambient, ClaimError, MarkError};
use mock_upstream::script::{Reply, StatusPlay};
use mock_upstream::{Options, Play, Script, Turn};
use tokio::task::JoinSet;

use crate::raw::{End, Raw};
use crate::stage::{Stage, chat, held, post, scenario};

fn answering(text: &str) -> Script {
    let reply = Reply { answer: Some(text.to_owned()), ..Reply::default() };
    Script::of([Turn::play(Play::Ok(reply))])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_scenarios_at_once_on_one_port_see_only_their_own() {
    let stage = Stage::new().await;
    let mut clients = JoinSet::new();
    for seed in 100..150_u64 {
        let (mine, word) = scenario(&stage.mock, seed);
        mine.script(None, answering(&format!("answer-{seed}-end"))).unwrap();
        let addr = stage.provider.addr();
        clients.spawn(async move {
            let mut raw = Raw::connect(addr).await;
            for turn in 0..8 {
                raw.send(chat(&word, if turn % 2 == 0 { Plain } else { Stream })).await;
                let reply = raw.reply().await;
                let text = String::from_utf8(reply.body).unwrap();
                assert!(text.contains(&format!("answer-{seed}-end")), "{text}");
            }
            mine.idle().await;
            let closed = mine.close();
            assert_eq!((closed.journal.len(), closed.dropped), (8, 0));
            for (at, entry) in closed.journal.iter().enumerate() {
                assert!(String::from_utf8_lossy(&entry.request.body).contains(&word));
                assert_eq!((entry.sequence, entry.delivered), (at as u32 + 1, true));
                assert_eq!(entry.standing, Standing::Marked(Carrier::Body));
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert!(stage.mock.unclaimed().is_empty());
    assert!(stage.mock.late().is_empty());
}

#[tokio::test]
async fn an_unmarked_request_is_answered_loudly_and_told() {
    let stage = Stage::new().await;
    let mut told = stage.mock.unclaimed_count();
    let reply = stage.ask(chat("hello", Plain)).await.reply().await;
    assert_eq!(reply.status(), 501);
    assert_eq!(reply.json()["error"]["type"], "mock_upstream_unscripted");
    let seen = told.wait_for(|progress| progress.ended == 1).await.unwrap().arrivals;
    assert_eq!(seen, 1);
    let entry = &stage.mock.unclaimed()[0];
    assert_eq!(entry.standing, Standing::Unclaimed { conflicting: false });
    assert_eq!((entry.scenario.as_ref(), entry.delivered), (None, false));
    assert_eq!(stage.scenario.arrivals(), 0);
}

#[tokio::test]
async fn a_claim_takes_what_is_unmarked_until_it_is_dropped() {
    let stage = Stage::new().await;
    let (other, other_word) = scenario(&stage.mock, 2);
    stage.plays([Play::Status(StatusPlay::of(503))]);
    let claim = stage.mock.claim("first", &stage.scenario, 7).unwrap();
    assert!(matches!(stage.mock.claim("first", &other, 1), Err(ClaimError::Held { .. })));
    assert!(matches!(stage.mock.claim("none", &other, 1), Err(ClaimError::NoSuchProvider(_))));
    assert_eq!(stage.ask(chat("hello", Plain)).await.reply().await.status(), 503);
    assert_eq!(stage.ask(chat(&other_word, Plain)).await.reply().await.status(), 200, "a marker comes first");
    let entry = &stage.scenario.journal()[0];
    assert_eq!((entry.send, &entry.standing), (Some(7), &Standing::Claimed));
    drop(claim);
    assert_eq!(stage.ask(chat("hello", Plain)).await.reply().await.status(), 501);
    assert_eq!((stage.scenario.arrivals(), other.arrivals()), (1, 1));
}

#[tokio::test]
async fn ambient_requests_are_healthy_and_belong_to_nobody_even_under_a_claim() {
    let ambient = vec![Ambient { method: "GET".into(), path: "/v1/models".into() }];
    let stage = Stage::with(Options { ambient, ..Options::default() }).await;
    let _claim = stage.mock.claim("first", &stage.scenario, 1).unwrap();
    let reply = stage.ask("GET /v1/models?x=1 HTTP/1.1\r\nhost: x\r\n\r\n".into()).await.reply().await;
    assert_eq!(reply.json()["object"], "list");
    assert_eq!(
        (stage.mock.ambient().len(), stage.scenario.arrivals(), stage.mock.unclaimed().len()),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn what_arrives_after_the_end_is_late_and_what_is_under_way_is_cut_off() {
    let stage = Stage::new().await;
    stage.plays([held("never")]);
    let mut under_way = stage.ask(stage.chat(Stream)).await;
    stage.scenario.changed(0).await;
    let closed = stage.scenario.close();
    assert!(!closed.journal[0].delivered);
    assert_eq!(under_way.read_to_end().await.1, End::Fin);

    let reply = stage.ask(stage.chat(Plain)).await.reply().await;
    assert_eq!(reply.status(), 200);
    let late = stage.mock.late();
    assert_eq!(
        (late[0].scenario.as_deref(), late[0].send, &late[0].standing),
        (Some("s1"), Some(1), &Standing::Late)
    );
    assert!(stage.mock.unclaimed().is_empty());
    assert_eq!(stage.scenario.journal().len(), 1);
    assert!(matches!(stage.scenario.mark(&stage.word, 1), Err(MarkError::Closed(_))));
    let (other, _) = scenario(&stage.mock, 2);
    assert_eq!(other.mark(&stage.word, 1), Err(MarkError::Taken(stage.word.clone())));
    assert!(matches!(other.mark("hello", 1), Err(MarkError::NotAMarker(_))));
}

#[tokio::test]
async fn markers_of_two_scenarios_in_one_request_belong_to_neither() {
    let stage = Stage::new().await;
    let (_, other) = scenario(&stage.mock, 2);
    let both = chat(&format!("{} {other}", stage.word), Plain);
    assert_eq!(stage.ask(both).await.reply().await.status(), 501);
    assert_eq!(stage.mock.unclaimed()[0].standing, Standing::Unclaimed { conflicting: true });
}

#[tokio::test]
async fn a_marker_is_found_wherever_it_survives() {
    let stage = Stage::new().await;
    let word = &stage.word;
    let escaped: String = word.chars().map(|letter| format!("\\u{:04x}", letter as u32)).collect();
    let percent: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let body = r#"{"model":"m","messages":[]}"#;
    let header = post("/v1/chat/completions", body)
        .replace("Host:", &format!("Authorization: Bearer sk-{word}\r\nHost:"));
    let cases = [
        (chat(&escaped, Plain), Carrier::Body),
        (post("/v1/chat/completions", &format!(r#"{{"model":"x-{word}","messages":[]}}"#)), Carrier::Body),
        (post(&format!("/{word}/v1/chat/completions"), body), Carrier::Target),
        (post(&format!("/{percent}/v1/chat/completions"), body), Carrier::Target),
        (header, Carrier::Header("authorization".into())),
    ];
    for (at, (request, carrier)) in cases.into_iter().enumerate() {
        assert_eq!(stage.ask(request).await.reply().await.status(), 200);
        assert_eq!(stage.scenario.journal()[at].standing, Standing::Marked(carrier));
    }
}

#[tokio::test]
async fn a_harness_can_wait_for_so_many_arrivals() {
    let stage = Stage::new().await;
    stage.plays([held("settled")]);
    let addr = stage.provider.addr();
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let request = stage.chat(Stream);
        clients.spawn(async move {
            let mut raw = Raw::connect(addr).await;
            raw.send(request).await;
            raw.reply().await.status()
        });
    }
    assert_eq!(stage.scenario.changed(7).await, 8);
    assert!(stage.scenario.journal().iter().all(|entry| !entry.delivered));
    stage.scenario.open_gate("settled");
    while let Some(status) = clients.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    stage.scenario.idle().await;
    assert!(stage.scenario.journal().iter().all(|entry| entry.delivered));
}

#[tokio::test]
async fn providers_are_told_apart_by_identity_and_script() {
    let stage = Stage::new().await;
    let second = stage.mock.add_provider(mock_upstream::ProviderOptions::named("second")).await.unwrap();
    stage
        .scenario
        .script(Some("first"), Script::of([Turn::play(Play::Status(StatusPlay::of(503)))]))
        .unwrap();
    let first = stage.ask(stage.chat(Plain)).await.reply().await;
    let mut raw = Raw::connect(second.addr()).await;
    raw.send(stage.chat(Plain)).await;
    let reply = raw.reply().await;
    assert_eq!((first.status(), reply.status()), (503, 200));
    assert!(first.head.contains("openai-organization: org-first-owner") && !first.head.contains("second"));
    assert!(reply.head.contains("x-request-id: req_second_") && !reply.head.contains("first"));
    assert!(stage.mock.add_provider(mock_upstream::ProviderOptions::named("second")).await.is_err());
}

#[tokio::test]
async fn a_mock_stops_with_its_last_handle() {
    let stage = Stage::new().await;
    let mut raw = stage.connect().await;
    let Stage { mock, provider, .. } = stage;
    drop(mock);
    assert_eq!(raw.read_to_end().await.0, b"");
    while provider.connections() > 0 {
        tokio::task::yield_now().await;
    }
}
