//! A slice of the requests that `fuzz` makes, behind the cases.

use std::sync::Arc;
use std::time::Duration;

use gateway_conformance::fuzz::engine::{self, Bounds};
use gateway_conformance::fuzz::regression::Regression;
use gateway_conformance::report::fuzz as report;
use gateway_conformance::run::request::resolved::{Options, Plan};
use gateway_conformance::spec::contract::Level;
use libtest_mimic::{Failed, Trial};

use crate::board::Board;

/// The test about a contract's generated requests, where it has any; it waits for all cases, so as to disturb none.
pub(crate) fn trial(plan: &Plan, options: &Options, board: &Arc<Board>) -> Option<Trial> {
    let name = format!("generated::{}::nothing_is_found", plan.contract.name);
    let (plan, options, board) = (plan.clone(), options.clone(), board.clone());
    engine::suits(&plan).then(|| {
        Trial::test(name, move || {
            board.wait_until_over();
            nothing_is_found(&plan, options)
        })
    })
}

/// Some requests of every phase, and what was found before.
fn nothing_is_found(plan: &Plan, options: Options) -> Result<(), Failed> {
    let bounds = Bounds {
        cases: Some(REQUESTS),
        time: Some(LONGEST),
        regressions: Regression::of_plan(plan)?,
        spread: true,
    };
    let options = Options { jobs: JOBS, ..options };
    let outcome = engine::campaign(plan, options, bounds, &engine::never(), &|_| {})
        .map_err(|why| format!("inconclusive: {why}"))?;
    match report::code(&outcome, Level::Must) {
        0 => Ok(()),
        _ => Err(Failed::from(report::console(&outcome, None, ""))),
    }
}

const REQUESTS: u64 = 64;
const JOBS: usize = 8;
/// A gateway that takes longer is sent only the beginning.
const LONGEST: Duration = Duration::from_secs(20);
