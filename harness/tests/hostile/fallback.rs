//! Gateways that quietly ask somebody else when the mock fails.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::front::{Front, completion, has_left, status};
use crate::program::{Ended, Program, attached, port};

/// A gateway whose failures are covered when `covers` says so, of the status it would have given and how many failed
/// before; with the number of answers from elsewhere.
fn covering(covers: impl Fn(u16, usize) -> bool + Send + Sync + 'static) -> (Ended, usize) {
    let (mock, failed, foreign) = (port(), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let gateway = Front::of_the_reference_gateway(mock, {
        let foreign = foreign.clone();
        move |asked, answer, stream| {
            let upstream = String::from_utf8_lossy(&answer).contains("upstream_") && !has_left(stream);
            if upstream
                && asked.line.starts_with("POST /v1/")
                && covers(status(&answer), failed.fetch_add(1, Ordering::Relaxed))
            {
                foreign.fetch_add(1, Ordering::Relaxed);
                return stream.write_all(&completion());
            }
            stream.write_all(&answer)
        }
    });
    let ended = Program::run(&attached(&gateway.url(), mock)).end();
    (ended, foreign.load(Ordering::Relaxed))
}

#[track_caller]
fn is_stopped(ended: &Ended, foreign: usize) {
    ended.says(
        3,
        &["an answer that the mock did not give", "no further request is sent, so that nobody is charged"],
    );
    assert!((1..=3).contains(&foreign), "{foreign} answers from elsewhere: {}", ended.all());
}

#[test]
fn one_that_always_does_is_found_out_by_the_preflight() {
    let (ended, foreign) = covering(|_, _| true);
    is_stopped(&ended, foreign);
    assert_eq!(foreign, 1);
    assert!(ended.outcomes().iter().all(|(_, _, why)| why.starts_with("not run: ")), "{}", ended.all());
    let (mock, told) = (port(), "when the mock fails, nobody else answers");
    let gateway = Front::of_the_reference_gateway(mock, |_, answer, stream| {
        stream.write_all(&if status(&answer) >= 500 { completion() } else { answer })
    });
    Program::doctor(&attached(&gateway.url(), mock)).end().says(3, &[told, "take the fallback provider out"]);
}

#[test]
fn one_that_covers_a_single_status_is_stopped_when_it_does() {
    let (ended, foreign) = covering(|status, _| status == 529);
    is_stopped(&ended, foreign);
}

#[test]
fn one_that_covers_every_status_but_the_commonest_is_stopped_when_it_does() {
    let (ended, foreign) = covering(|status, _| status != 500);
    is_stopped(&ended, foreign);
}

#[test]
fn one_that_covers_from_the_fifth_failure_on_is_stopped_when_it_does() {
    let (ended, foreign) = covering(|_, before| before >= 4);
    is_stopped(&ended, foreign);
}
