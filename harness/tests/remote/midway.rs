//! A mock that goes away, or is reset, while a run uses it: the harness's error, never the gateway's failure.

use std::sync::Mutex;

use gateway_conformance::report::exit;
use gateway_conformance::run::engine::Event;
use gateway_conformance::run::outcome::{RunReport, RunStanding};
use gateway_conformance::spec::contract::Level;

use crate::daemon::Daemon;
use crate::runs::{outcome, run};

/// A run at whose first ended case this happens to the daemon.
fn struck(daemon: Daemon, strike: impl Fn(Daemon) -> Option<Daemon> + Sync) -> (RunReport, Option<Daemon>) {
    let at = daemon.at();
    let standing = Mutex::new((Some(daemon), false));
    let report = run(at, &["cogito::auth::*", "cogito::streams::*", "cogito::routing::*"], &|event| {
        let mut standing = standing.lock().unwrap();
        if matches!(event, Event::Ended(_)) && !standing.1 {
            // Not on the run's own threads: the daemon's runtime is waited for.
            let daemon = standing.0.take().unwrap();
            let left = std::thread::scope(|scope| scope.spawn(|| strike(daemon)).join().unwrap());
            *standing = (left, true);
        }
    });
    (report, standing.into_inner().unwrap().0)
}

fn is_the_harness_s_own(report: &RunReport, says: &str) {
    let outcomes: Vec<String> = report.cases.iter().map(outcome).collect();
    assert!(outcomes.iter().all(|outcome| outcome != "fail"), "{outcomes:#?}");
    let errors: Vec<&String> = outcomes.iter().filter(|outcome| outcome.starts_with("error: ")).collect();
    assert!(errors.iter().any(|error| error.contains(says)), "{outcomes:#?}");
    assert!(matches!(report.standing, RunStanding::Incomplete(_)), "{:?}", report.standing);
    assert_eq!(exit::code(report, Level::Must), 3);
}

#[test]
fn a_mock_that_dies_stops_the_run_and_no_gateway_is_blamed() {
    let (report, _) = struck(Daemon::start(&[]), |daemon| {
        daemon.die();
        None
    });
    is_the_harness_s_own(&report, "it answered when the run began: see why it ended");
    assert!(
        report.stopped.as_ref().is_some_and(|why| why.contains("does not answer")),
        "{:?}",
        report.stopped
    );
}

#[test]
fn a_mock_that_is_reset_spoils_the_cases_under_way() {
    let (report, daemon) = struck(Daemon::start(&[]), |daemon| {
        daemon.reset();
        Some(daemon)
    });
    is_the_harness_s_own(&report, "somebody reset the mock");
    drop(daemon);
}
