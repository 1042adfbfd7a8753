//! An embedded mock and a remote one, used by the same lines of code.

use std::time::{Duration, Instant};

use mock_upstream::control::Error;
use mock_upstream::control::mock::{Mock, Scenario};
use mock_upstream::fault::Lane;
use mock_upstream::journal::JournalCaps;
use mock_upstream::scenario::{ClaimError, MarkError, ScenarioSpec};
use mock_upstream::script::{FaultPlay, Gate, Hold, Play, Reply, Script, ScriptError, Turn};
use mock_upstream::{Entry, Markers, MockUpstream, Options, ProviderOptions};
use serde_json::{Value, json};

use crate::api::{Api, status};
use crate::wire::{PATIENCE, chat, send};

async fn embedded() -> Mock {
    let providers = ["first", "standing"].map(ProviderOptions::named).to_vec();
    Mock::Embedded(MockUpstream::start(Options { providers, ..Options::default() }).await.unwrap())
}

/// Everything that a harness does, and what it sees of it.
async fn story(mock: &Mock) -> Value {
    let mut markers = Markers::seeded(21);
    let words: Vec<String> = (0..3).map(|_| markers.fresh().to_string()).collect();
    let provider = mock.provider("first").await.unwrap().unwrap();
    let addr = provider.addr();
    let scenario = mock.open(ScenarioSpec::named("story")).await.unwrap();
    for (word, number) in words.iter().zip(1..) {
        scenario.mark(word, number).await.unwrap();
    }
    let until = Gate { gate: "go".into(), at_most: PATIENCE };
    let held = Turn { hold: vec![Hold::Until(until)], ..Turn::play(Play::Ok(Reply::default())) };
    let reset = Turn::play(Play::Fault(FaultPlay::of("rst_before_head")));
    let spare = Turn::play(Play::Ok(Reply::default()));
    scenario.script(None, Script::of([held, reset, spare])).await.unwrap();
    let turns = [status(429), status(500)].into_iter().flat_map(|script| script.turns);
    scenario.script_for_send(3, Some("first"), Script::of(turns)).await.unwrap();

    let asked = tokio::spawn({
        let request = chat(&words[0]);
        async move { send(addr, &request).await.status }
    });
    let arrived = scenario.changed(0).await.unwrap();
    let under_way = scenario.journal().await.unwrap();
    scenario.open_gate("go").await.unwrap();
    let first = asked.await.unwrap();
    scenario.idle().await.unwrap();
    scenario.shut_gate("go").await.unwrap();
    let reset = tokio::spawn({
        let request = chat(&words[1]);
        async move { send(addr, &request).await.status }
    });
    assert!(reset.await.is_err(), "a reset has no head");
    let third = send(addr, &chat(&words[2])).await.status;

    let claim = mock.claim("first", &scenario, 9).await.unwrap();
    let held = mock.claim("first", &scenario, 9).await.unwrap_err();
    assert!(matches!(&held, Error::Claim(ClaimError::Held { holder, .. }) if holder == "story"), "{held:?}");
    let fourth = send(addr, &chat("nothing")).await.status;
    claim.release().await.unwrap();
    let unclaimed = send(addr, &chat("nothing")).await.status;

    let imposed = provider.impose("refused").await.unwrap();
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    assert!(matches!(provider.impose("late").await, Err(Error::Refused(_))));
    imposed.lift().await.unwrap();

    scenario.idle().await.unwrap();
    let sends = scenario.arrived_sends().await.unwrap();
    let unreached = scenario.unreached().await.unwrap();
    let errors = errors(mock, &scenario, &words[0]).await;
    let closed = scenario.close().await.unwrap();
    let late = send(addr, &chat(&words[0])).await.status;
    let after = scenario.mark(&Markers::seeded(99).fresh().to_string(), 1).await.unwrap_err();
    assert!(matches!(&after, Error::Mark(MarkError::Closed(name)) if name == "story"), "{after:?}");
    json!({
        "arrived": arrived,
        "under_way": timeless(&under_way),
        "answers": [first, third, fourth, unclaimed, late],
        "sends": sends,
        "unreached": unreached,
        "errors": errors,
        "dropped": closed.dropped,
        "closed_unreached": closed.unreached,
        "journal": timeless(&closed.journal),
        "unclaimed": timeless(&mock.unclaimed().await.unwrap()),
        "late": timeless(&mock.late().await.unwrap()),
        "ambient": timeless(&mock.ambient().await.unwrap()),
    })
}

async fn errors(mock: &Mock, scenario: &Scenario, word: &str) -> Vec<String> {
    let other = mock.open(ScenarioSpec::named("other")).await.unwrap();
    let taken = other.mark(word, 1).await.unwrap_err();
    assert!(matches!(taken, Error::Mark(MarkError::Taken(_))), "{taken:?}");
    let shapeless = scenario.mark("hello", 1).await.unwrap_err();
    let empty = scenario.script(None, Script::default()).await.unwrap_err();
    assert!(matches!(empty, Error::Script(ScriptError::Empty)), "{empty:?}");
    let nowhere = mock.claim("nowhere", scenario, 1).await.unwrap_err();
    assert!(mock.provider("nowhere").await.unwrap().is_none());
    [taken, shapeless, empty, nowhere].iter().map(ToString::to_string).collect()
}

/// The entries without what differs from run to run: moments, ports, dates.
fn timeless(entries: &[Entry]) -> Vec<Value> {
    let timeless = |entry: &Entry| {
        let mut value = serde_json::to_value(entry).unwrap();
        for moment in ["arrived", "body_read", "first_byte", "last_byte", "ended_at"] {
            value[moment] = json!(value[moment].is_u64());
        }
        for headers in ["/request/headers", "/played/headers"] {
            let fields = value.pointer_mut(headers).unwrap().as_array_mut().unwrap();
            fields.retain(|field| field[0] != "date");
        }
        let text = value["played"]["body"].as_str().unwrap().to_owned();
        if let Ok(Value::Object(mut body)) = serde_json::from_str(&text) {
            body.remove("created");
            value["played"]["body"] = Value::Object(body);
        }
        value
    };
    entries.iter().map(timeless).collect()
}

#[tokio::test]
async fn the_same_story_is_seen_alike_near_and_far() {
    let near = story(&embedded().await).await;
    let api = Api::new().await;
    let far = story(&Mock::Remote(api.client().await)).await;
    assert_eq!(near["answers"], json!([200, 429, 200, 501, 200]));
    assert_eq!(near["journal"].as_array().unwrap().len(), 4);
    assert_eq!(near["unreached"], json!([{"scope": {"send": 3, "provider": "first"}, "turn": 1}]));
    assert_eq!(near, far);
}

#[tokio::test]
async fn moments_of_a_remote_mock_are_on_the_clock_of_this_process() {
    let api = Api::new().await;
    let client = api.client().await;
    let word = Markers::seeded(8).fresh().to_string();
    let scenario = client.open(ScenarioSpec::named("clock")).await.unwrap();
    scenario.mark(&word, 1).await.unwrap();
    let before = Instant::now();
    send(api.mock.provider("first").unwrap().addr(), &chat(&word)).await;
    scenario.idle().await.unwrap();
    let after = Instant::now();
    let bound = client.clock_error();
    assert!(bound < Duration::from_secs(1), "{bound:?}");
    let entry = &scenario.journal().await.unwrap()[0];
    assert!(entry.arrived.instant + bound >= before && entry.ended_at.unwrap().instant <= after + bound);
    // In one process the true instants are known: the offset is within what is promised.
    let (near, far) = (api.mock.clock().now(), client.clock());
    let far = far.at(near.since_start).instant;
    let off = far.max(near.instant) - far.min(near.instant);
    assert!(off <= bound + Duration::from_micros(1), "off by {off:?}, promised {bound:?}");
}

#[tokio::test]
async fn a_long_journal_comes_whole_and_what_was_dropped_is_counted() {
    let api = Api::new().await;
    let client = api.client().await;
    let word = Markers::seeded(9).fresh().to_string();
    let caps = JournalCaps { entries: 3, ..JournalCaps::default() };
    let spec = ScenarioSpec { journal: caps, ..ScenarioSpec::named("long") };
    let scenario = client.open(spec).await.unwrap();
    scenario.mark(&word, 1).await.unwrap();
    for _ in 0..5 {
        send(api.mock.provider("first").unwrap().addr(), &chat(&word)).await;
    }
    scenario.idle().await.unwrap();
    assert_eq!((scenario.journal().await.unwrap().len(), scenario.dropped().await.unwrap()), (3, 2));
    let page = scenario.journal_since(1, Duration::ZERO).await.unwrap();
    assert_eq!((page.entries.len(), page.next, page.end, page.dropped), (2, 3, 3, 2));
    assert_eq!(scenario.arrivals().await.unwrap(), 5);
}

#[tokio::test]
async fn large_bodies_make_a_page_shorter_and_lose_nothing() {
    let api = Api::new().await;
    let client = api.client().await;
    let word = Markers::seeded(10).fresh().to_string();
    let scenario = client.open(ScenarioSpec::named("large")).await.unwrap();
    scenario.mark(&word, 1).await.unwrap();
    let large = format!("{word} {}", "x".repeat(5 << 20));
    for _ in 0..3 {
        send(api.mock.provider("first").unwrap().addr(), &chat(&large)).await;
    }
    scenario.idle().await.unwrap();
    let page = scenario.journal_since(0, Duration::ZERO).await.unwrap();
    assert_eq!((page.entries.len(), page.end), (1, 3), "8 MiB of bodies make a page");
    let journal = scenario.journal().await.unwrap();
    assert_eq!(journal.len(), 3);
    assert!(journal.iter().all(|entry| entry.request.body.len() as u64 == entry.body_length));
}

#[tokio::test]
async fn bytes_that_are_no_text_travel_too() {
    let api = Api::new().await;
    let client = api.client().await;
    let word = Markers::seeded(12).fresh().to_string();
    let scenario = client.open(ScenarioSpec::named("bytes")).await.unwrap();
    scenario.mark(&word, 1).await.unwrap();
    let mut request = format!("POST /{word} HTTP/1.1\r\nhost: x\r\nx-odd: ").into_bytes();
    request.extend(b"\xff\xfe\r\nconnection: close\r\ncontent-length: 2\r\n\r\n\x00\xff");
    send(api.mock.provider("first").unwrap().addr(), &request).await;
    scenario.idle().await.unwrap();
    let near = api.mock.clock();
    let entry = &scenario.journal().await.unwrap()[0];
    assert_eq!(&entry.request.body[..], b"\x00\xff");
    assert_eq!(&entry.request.header("x-odd").next().unwrap()[..], b"\xff\xfe");
    assert_eq!(entry.clone().placed_on(&near).arrived.since_start, entry.arrived.since_start);
}

#[tokio::test]
async fn a_scenario_of_one_mock_cannot_hold_a_provider_of_another() {
    let (near, api) = (embedded().await, Api::new().await);
    let far = Mock::Remote(api.client().await);
    let scenario = near.open(ScenarioSpec::named("near")).await.unwrap();
    assert!(matches!(far.claim("first", &scenario, 1).await, Err(Error::Foreign)));
    assert_eq!(api.client().await.faults().await.unwrap().faults[0].lanes, [Lane::Plain, Lane::Stream]);
}
