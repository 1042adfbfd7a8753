//! Near and far, alone and beside another run: the same outcomes, and nothing is left behind.

use gateway_conformance::run::request::resolved::MockAt;

use crate::daemon::Daemon;
use crate::runs::{SOME, outcomes, run};

#[test]
fn the_whole_contract_has_the_same_outcomes_near_and_far() {
    let near = run(MockAt::Here, &[], &|_| {});
    let daemon = Daemon::start(&["first"]);
    let far = run(daemon.at(), &[], &|_| {});
    assert!(near.cases.len() > 400, "the whole contract");
    assert_eq!(outcomes(&near), outcomes(&far));
    let standing = |report: &gateway_conformance::run::outcome::RunReport| {
        let claims = report.claims.iter().map(|claim| (claim.id.clone(), claim.standing.clone()));
        (claims.collect::<Vec<_>>(), report.standing.clone())
    };
    assert_eq!(standing(&near), standing(&far));
    assert_eq!(daemon.holds(), (Vec::new(), vec!["first".to_owned()]), "nothing is left behind");
}

#[test]
fn two_runs_at_one_mock_do_not_disturb_each_other() {
    let alone = outcomes(&run(MockAt::Here, &SOME, &|_| {}));
    assert!(alone.len() > 50 && alone.values().all(|(outcome, _)| outcome == "pass"), "{alone:#?}");
    let daemon = Daemon::start(&[]);
    // The same cases with the same seed: the same names and the same words, at the same time.
    let both: Vec<_> = std::thread::scope(|scope| {
        let runs = [daemon.at(), daemon.at()].map(|at| scope.spawn(|| outcomes(&run(at, &SOME, &|_| {}))));
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(both, [alone.clone(), alone]);
    assert_eq!(daemon.holds(), (Vec::new(), Vec::new()));
}
