//! What is kept, what is counted, and who waits for whom.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

/// Far longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn entry(body: &str) -> Entry {
    let request =
        crate::script::Request { body: Bytes::copy_from_slice(body.as_bytes()), ..Default::default() };
    Entry {
        provider: "first".into(),
        scenario: None,
        send: None,
        standing: Standing::Claimed,
        connection: 1,
        sequence: 1,
        body_length: request.body.len() as u64,
        request,
        body_sha256: String::new(),
        body_capped: false,
        request_complete: true,
        arrived: Clock::start().now(),
        body_read: None,
        first_byte: None,
        last_byte: None,
        ended_at: None,
        turn: None,
        fault: None,
        played: Played::default(),
        bytes_written: 0,
        ended: Ended::Open,
        delivered: false,
        undelivered: None,
        aftermath: None,
    }
}

fn playing(body: &'static str) -> Played {
    Played { body: Bytes::from_static(body.as_bytes()), ..Played::default() }
}

fn room_for(entries: usize) -> JournalCaps {
    JournalCaps { entries, ..JournalCaps::default() }
}

#[track_caller]
fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "it has not come to that");
        thread::yield_now();
    }
}

/// Does this on a thread of its own, and fails when it is kept waiting.
#[track_caller]
fn at_once<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(what()));
    told.recv_timeout(PATIENCE).expect("nobody waits for somebody else's entry")
}

#[test]
fn who_notes_something_in_an_entry_keeps_no_arrival_waiting_even_while_somebody_reads() {
    let journal = Journal::new(JournalCaps::default());
    let record = journal.record(entry("first"));
    let readers = record.change(|_| {
        let (listing, paging, arriving) = (Arc::clone(&journal), Arc::clone(&journal), Arc::clone(&journal));
        let readers = [
            thread::spawn(move || listing.entries().len()),
            thread::spawn(move || paging.page(0, 10, 1 << 20).entries.len()),
        ];
        // Beside the journal and the record, each reader holds the entry that it waits for.
        until(|| Arc::strong_count(&record.entry) == 2 + readers.len());
        at_once(move || drop(arriving.record(entry("second"))));
        assert_eq!(journal.reached().arrivals, 2);
        readers
    });
    assert_eq!(readers.map(|reader| reader.join().unwrap()), [1, 1]);
}

#[test]
fn arrivals_on_many_threads_are_all_kept_or_counted() {
    let journal = Journal::new(room_for(100));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let record = journal.record(entry("x"));
                    record.plays(playing("reply"));
                    record.change(|entry| entry.delivered = true);
                }
            });
        }
    });
    assert_eq!((journal.entries().len(), journal.dropped()), (100, 300));
    assert_eq!(journal.reached(), Progress { arrivals: 400, under_way: 0, ended: 400 });
    assert!(journal.entries().iter().all(|entry| entry.delivered && entry.played.body == "reply"));
}

#[test]
fn bytes_of_requests_and_of_replies_have_one_cap() {
    let size = size_of_entry(&entry("0123456789"));
    let journal = Journal::new(JournalCaps { entries: 10, bytes: 2 * size + 4 });
    let first = journal.record(entry("0123456789"));
    let _second = journal.record(entry("0123456789"));
    first.plays(playing("reply"));
    let _third = journal.record(entry("0123456789"));
    assert_eq!((journal.entries().len(), journal.dropped()), (2, 1));
    assert_eq!(journal.entries()[0].played.body, "repl", "what is left is for the reply");
}

#[test]
fn a_sealed_journal_gives_the_entry_back() {
    let journal = Journal::new(JournalCaps::default());
    let under_way = journal.open(entry("before")).unwrap();
    assert_eq!((journal.seal().0.len(), journal.dropped()), (1, 0));
    assert_eq!(journal.open(entry("behind")).unwrap_err().request.body, "behind");
    under_way.change(|entry| entry.delivered = true);
    drop(under_way);
    assert!(journal.entries()[0].delivered);
    assert_eq!(journal.reached(), Progress { arrivals: 1, under_way: 0, ended: 1 });
}

#[test]
fn what_was_cleared_counts_no_more_and_places_count_on() {
    let journal = Journal::new(JournalCaps { entries: 10, bytes: 2 * size_of_entry(&entry("")) + 5 });
    let cleared = journal.record(entry(""));
    journal.clear();
    let _first = journal.record(entry(""));
    cleared.plays(playing("reply"));
    let _second = journal.record(entry("12345"));
    assert_eq!((journal.entries().len(), journal.dropped(), journal.end()), (2, 0, 3));
    let page = journal.page(0, 1, 1 << 20);
    assert_eq!((page.entries.len(), page.next, page.end), (1, 2, 3));
    assert_eq!(journal.page(2, 9, 1 << 20).entries[0].request.body, "12345");
    assert_eq!(journal.page(9, 9, 1 << 20).next, 9);
}

#[test]
fn who_listens_is_told_and_who_begins_to_knows_how_far_it_is() {
    let journal = Journal::new(room_for(1));
    drop(journal.record(entry("")));
    let mut progress = journal.progress();
    assert_eq!(*progress.borrow_and_update(), Progress { arrivals: 1, under_way: 0, ended: 1 });
    let record = journal.record(entry("not kept"));
    assert!(progress.has_changed().unwrap());
    assert_eq!(*progress.borrow_and_update(), Progress { arrivals: 2, under_way: 1, ended: 1 });
    drop(record);
    assert_eq!(progress.borrow_and_update().under_way, 0);
}
