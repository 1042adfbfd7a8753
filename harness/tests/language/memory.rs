//! What a gateway remembers: cases that write it run apart, and leave it as it was.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::gateway::Client;
use crate::trial::{Ended, Trial, Upstreams};

const TARGET: &str = "\
configurations: { default: { attach: GATEWAY, providers: [first], limits: { upstream: 2s, window: 300ms } } }
credentials: { valid: key-of-all, cached: key-with-a-cache }
models: { chat: some-model }
";

/// The failures within this stretch count together.
const WINDOW: Duration = Duration::from_millis(300);

/// Two failures of the upstream within the window, and it is not asked any more.
fn breaks(client: &mut Client<'_>, upstream: &str, failures: &Mutex<Vec<Instant>>) -> io::Result<()> {
    let recent = |failures: &mut Vec<Instant>| {
        failures.retain(|at| at.elapsed() < WINDOW);
        failures.len()
    };
    if recent(&mut failures.lock().unwrap()) >= 2 {
        return client.answer(503, "", r#"{"error":{"type":"open","code":"circuit_open"}}"#);
    }
    let fetched = client.fetch(upstream)?;
    if fetched.status >= 500 {
        failures.lock().unwrap().push(Instant::now());
    }
    client.answer(fetched.status, "", &String::from_utf8_lossy(&fetched.body))
}

fn circuit(trial: Trial) -> Ended {
    let failures = Mutex::default();
    trial
        .cases(&["circuit::*"])
        .run(move |client, Upstreams(upstreams)| breaks(client, &upstreams[0], &failures))
}

#[test]
fn cases_that_write_the_same_memory_do_not_meet_in_it() {
    circuit(Trial::of("remembers", TARGET)).passes();
}

#[test]
fn configurations_in_front_of_one_provider_share_it_and_do_not_meet_in_its_memory() {
    let twice = "\
configurations:
  default: { attach: GATEWAY, providers: [first], limits: { upstream: 2s, window: 300ms } }
  other: { attach: GATEWAY, providers: [first], has: { name: other }, limits: { upstream: 2s, window: 300ms } }
credentials: { valid: key-of-all, cached: key-with-a-cache }
models: { chat: some-model }
";
    let steps = "  steps: { send: { operation: chat }, expect: { error: passed_on, received.count: 1 } }";
    let steps_and_another =
        "  steps: { send: { operation: chat }, expect: { error: passed_on, received.count: 1 } }

- case: a-status-is-passed-on-by-the-other
  claims: [REM-01]
  needs: { name: other }
  for: { status: [505, 506, 507] }
  upstream: [{ status: $(for.status) }]
  steps: { send: { operation: chat }, expect: { error: passed_on, received.count: 1 } }";
    let ended = circuit(Trial::of("remembers", twice).with(steps, steps_and_another));
    ended.passes();
    assert_eq!(ended.ids().count(), 9);
}

#[test]
fn what_the_contract_does_not_say_that_it_remembers_disturbs_the_next_case() {
    let forgetful = Trial::of("remembers", TARGET).with(
        "circuit: { of: provider, written_by: [upstream_failure], heals: { limit: window } }",
        "other: { of: instance, written_by: [{ credential: cached }], heals: { limit: window } }",
    );
    let ended = circuit(forgetful);
    let disturbed = ended.ids().filter(|id| ended.of(id) != "pass").count();
    assert!(disturbed >= 3, "{disturbed}");
}

#[test]
fn what_nothing_takes_back_is_not_written() {
    let ended = circuit(Trial::of("remembers", TARGET).with(", heals: { limit: window }", ""));
    let why = ended.of("circuit::a-status-is-passed-on[status=500]");
    assert!(
        why.contains("(`circuit`), and nothing takes it back: give the configuration `default` a `reset`"),
        "{why}"
    );
}

/// Keeps every whole answer under what the prompt means.
fn cache(meaning: fn(&str) -> String) -> Ended {
    let kept: Mutex<HashMap<String, Vec<u8>>> = Mutex::default();
    Trial::of("remembers", TARGET).cases(&["cache::*"]).run(move |client, Upstreams(upstreams)| {
        let stream = client.asked.body.contains("\"stream\":true");
        let kind = if stream { "text/event-stream" } else { "application/json" };
        let meant = meaning(&client.asked.body);
        let hit = kept
            .lock()
            .unwrap()
            .get(&meant)
            .cloned()
            .filter(|_| client.asked.key() == Some("key-with-a-cache"));
        if let Some(body) = hit {
            return client.answer_as(kind, 200, "x-cache: hit\r\n", &body);
        }
        let fetched = client.fetch(&upstreams[0])?;
        if fetched.status == 200 {
            kept.lock().unwrap().insert(meant, fetched.body.clone());
        }
        client.answer_as(kind, fetched.status, "x-cache: miss\r\n", &fetched.body)
    })
}

#[test]
fn an_answer_that_the_gateway_kept_is_no_strangers() {
    cache(str::to_owned).passes();
}

#[test]
fn a_prompt_like_another_shows_a_cache_that_compares_meanings() {
    let without_marker = |body: &str| {
        let words = body.split(' ').map(|word| if word.contains("zuqi") { "" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    let ended = cache(without_marker);
    assert_eq!(
        ended.of("cache::a-prompt-like-another-is-another"),
        "fail got.headers.x-cache, received.count"
    );
    assert_eq!(ended.of("cache::the-second-call-comes-from-the-cache[stream=false]"), "pass");
}

#[test]
fn an_answer_that_was_to_come_from_the_cache_and_does_not_is_found() {
    let ended =
        Trial::of("remembers", TARGET).cases(&["cache::the-second*"]).run(|client, Upstreams(upstreams)| {
            let stream = client.asked.body.contains("\"stream\":true");
            let fetched = client.fetch(&upstreams[0])?;
            let kind = if stream { "text/event-stream" } else { "application/json" };
            client.answer_as(kind, fetched.status, "x-cache: miss\r\n", &fetched.body)
        });
    for stream in ["false", "true"] {
        let id = format!("cache::the-second-call-comes-from-the-cache[stream={stream}]");
        assert!(ended.of(&id).starts_with("fail "), "{}", ended.of(&id));
    }
}
