//! Two hundred scenarios at once on one port, over connections that they share as a gateway's pool does.

use std::sync::{Arc, Mutex, PoisonError};

use mock_upstream::fault::Lane::{Plain, Stream};
use mock_upstream::journal::Entry;
use mock_upstream::script::{AfterEvents, ErrorEvent, EventsPlay, FaultPlay, Headers, Reply, StatusPlay};
use mock_upstream::{Ended, Play, Scenario, Script, Turn};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::raw::{End, Parsed, Raw};
use crate::stage::{Stage, chat, scenario};

const SCENARIOS: u16 = 200;

/// Connections that are open and that nobody uses.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Raw>>>);

impl Pool {
    async fn ask(&self, stage: &Stage, request: String) -> Raw {
        let pooled = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut raw = match pooled {
            Some(raw) => raw,
            None => stage.connect().await,
        };
        raw.send(request).await;
        raw
    }

    async fn reply(&self, stage: &Stage, request: String) -> Parsed {
        let mut raw = self.ask(stage, request).await;
        let reply = raw.reply().await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(raw);
        reply
    }
}

fn answer(number: u16) -> String {
    format!("answer {number} of many")
}

/// An answer, a status and a stream, none of which any other scenario has; then a reset for every other one.
fn script(number: u16) -> Script {
    let reply = Reply { answer: Some(answer(number)), ..Reply::default() };
    let error = ErrorEvent { error: json!({ "code": answer(number) }).as_object().unwrap().clone() };
    let events = EventsPlay {
        events: u64::from(number % 3),
        hold: vec![],
        then: AfterEvents::ErrorEvent(error),
        reply: Reply::default(),
    };
    let headers = Headers::from_iter([("x-number", number.to_string())]);
    let status = StatusPlay { headers, ..StatusPlay::of(400 + number) };
    let last =
        if breaks(number) { Play::Fault(FaultPlay::of("rst_before_head")) } else { Play::Ok(reply.clone()) };
    Script::of([Play::Ok(reply), Play::Status(status), Play::Events(events), last].map(Turn::play))
}

fn breaks(number: u16) -> bool {
    number % 2 == 1
}

/// Sends what the script answers, and looks at each answer.
async fn converse(stage: &Stage, pool: &Pool, number: u16, word: &str) {
    let text = |reply: Parsed| String::from_utf8(reply.body).unwrap();
    let first = pool.reply(stage, chat(word, Plain)).await;
    assert!(text(first).contains(&answer(number)));
    let second = pool.reply(stage, chat(word, Plain)).await;
    assert_eq!(second.status(), 400 + number);
    assert!(second.head.contains(&format!("x-number: {number}\r\n")), "{}", second.head);
    let third = pool.reply(stage, chat(word, Stream)).await;
    assert!(text(third).contains(&answer(number)));
    if breaks(number) {
        assert_eq!(pool.ask(stage, chat(word, Plain)).await.read_to_end().await, (vec![], End::Rst));
    } else {
        assert!(text(pool.reply(stage, chat(word, Plain)).await).contains(&answer(number)));
    }
}

async fn holds_only_its_own(mine: &Scenario, number: u16, word: &str) {
    mine.idle().await;
    let closed = mine.close();
    assert_eq!((closed.journal.len(), closed.dropped, closed.unreached.len()), (4, 0, 0));
    for (at, entry) in closed.journal.iter().enumerate() {
        let Entry { scenario, turn, delivered, request, .. } = entry;
        assert!(String::from_utf8_lossy(&request.body).contains(word), "{entry:?}");
        assert_eq!((scenario.as_deref(), *turn, *delivered), (Some(mine.name()), Some(at), true));
    }
    assert_eq!(closed.journal[1].played.status, Some(400 + number));
    let ended = if breaks(number) { Ended::ResetByMock } else { Ended::Complete };
    assert_eq!(closed.journal[3].ended, ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_scenarios_at_once_hold_no_foreign_request() {
    let stage = Arc::new(Stage::new().await);
    let (pool, start) = (Pool::default(), Arc::new(Barrier::new(SCENARIOS.into())));
    let mut clients = JoinSet::new();
    for number in 0..SCENARIOS {
        let (stage, pool, start) = (Arc::clone(&stage), pool.clone(), Arc::clone(&start));
        clients.spawn(async move {
            let (mine, word) = scenario(&stage.mock, 1000 + u64::from(number));
            mine.script(None, script(number)).unwrap();
            start.wait().await;
            converse(&stage, &pool, number, &word).await;
            holds_only_its_own(&mine, number, &word).await;
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert!(stage.mock.unclaimed().is_empty() && stage.mock.late().is_empty());
    assert_eq!((stage.scenario.arrivals(), stage.mock.unreadable()), (0, 0));
}
