//! A million requests: what stays resident, when a journal is full, and when scenarios come and go.

use std::sync::Arc;

use mock_upstream::Script;
use mock_upstream::journal::JournalCaps;

use crate::load::{Client, Until};
use crate::process;
use crate::stage::Stage;

const CONNECTIONS: u64 = 16;
const REQUESTS: u64 = 1_000_000;
const SAMPLES: u64 = 10;
/// Requests of one scenario where many come and go.
const OF_A_SCENARIO: u64 = 160;

pub(crate) fn run() {
    full_journal();
    many_scenarios();
}

fn full_journal() {
    let mut stage = Stage::new();
    let (scenario, request) = stage.scenario(Script::healthy(), JournalCaps::default(), false);
    let mut client = Client::connect(stage.addr, CONNECTIONS as usize);
    let mut part = |requests: u64| {
        load(&mut client, &request, requests);
        process::resident()
    };
    let warm = part(REQUESTS / SAMPLES);
    let samples: Vec<u64> = (0..SAMPLES).map(|_| part(REQUESTS / SAMPLES)).collect();
    report("a journal that is full", warm, &samples);
    let (kept, dropped) = (scenario.journal().len() as u64, scenario.dropped());
    println!("    {kept} entries kept, {dropped} counted as dropped, {} arrived", scenario.arrivals());
    assert_eq!(kept + dropped, scenario.arrivals());
}

fn many_scenarios() {
    let mut stage = Stage::new();
    let mut client = Client::connect(stage.addr, CONNECTIONS as usize);
    let mut part = |requests: u64| {
        for _ in 0..requests / OF_A_SCENARIO {
            let (scenario, request) = stage.scenario(Script::healthy(), JournalCaps::default(), false);
            load(&mut client, &request, OF_A_SCENARIO);
            assert!(scenario.close().journal.len() as u64 >= OF_A_SCENARIO);
        }
        process::resident()
    };
    let warm = part(REQUESTS / SAMPLES);
    let samples: Vec<u64> = (0..SAMPLES).map(|_| part(REQUESTS / SAMPLES)).collect();
    report(&format!("a scenario opened and closed every {OF_A_SCENARIO} requests"), warm, &samples);
}

fn load(client: &mut Client, request: &Arc<[u8]>, requests: u64) {
    client.load(request, Until::Requests(requests / CONNECTIONS));
}

fn report(what: &str, warm: u64, samples: &[u64]) {
    let last = samples.last().copied().unwrap_or(warm);
    println!("memory: {REQUESTS} requests after a warm-up of {}, {what}", REQUESTS / SAMPLES);
    println!("  resident after the warm-up {warm} KiB, then {samples:?}");
    println!("  growth {} KiB", last as i64 - warm as i64);
}
