//! Conducts a survey: an ordinary run whose cases expect nothing, with an onlooker that keeps the rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{Timestamp, Unit};
use tokio::sync::watch;

use crate::judge::verdict::Verdict;
use crate::run::engine::{self, Event};
use crate::run::onlooker::Onlooker;
use crate::run::outcome::{CaseReport, LimitInForce, Outcome, RunReport};
use crate::run::request::resolved::Options;
use crate::run::stage::setup::SetupError;
use crate::survey::document::{NotPlayed, SCHEMA_VERSION, Survey, Surveyed, SurveyedLimit};
use crate::survey::plan::{Subject, SurveyPlan};
use crate::survey::row::Row;

/// Plays what is planned. `events` is told of progress; `stop` turning true ends it early with what there is.
///
/// # Errors
/// When the gateway cannot be started, or is not what the target says.
pub async fn survey(
    planned: SurveyPlan,
    options: Options,
    stop: watch::Receiver<bool>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Survey, SetupError> {
    let SurveyPlan { plan, subjects, not_played } = planned;
    let when = Timestamp::now().round(Unit::Second).unwrap_or_else(|_| Timestamp::now());
    let ids = plan.cases.iter().map(|case| case.id.clone());
    let known: HashMap<String, Subject> = ids.zip(subjects.iter().cloned()).collect();
    let seen: Arc<Mutex<HashMap<String, Row>>> = Arc::default();
    let onlooker = Onlooker::new({
        let (seen, contract) = (seen.clone(), plan.contract.clone());
        move |sight| {
            if let Some(subject) = known.get(&sight.planned.id) {
                let row = Row::of(subject, sight, &contract);
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(sight.planned.id.clone(), row);
            }
        }
    });
    let contract = plan.contract.name.value.clone();
    let report = engine::certify(plan, Options { onlooker: Some(onlooker), ..options }, stop, events).await?;
    let mut seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    let rows = subjects.iter().zip(&report.cases);
    let rows: Vec<Row> = rows.map(|(subject, case)| row(subject, case, seen.remove(&case.id))).collect();
    Ok(document(report, contract, when, rows, not_played))
}

/// The row of a case; what was found out of it after it had been observed is added.
fn row(subject: &Subject, case: &CaseReport, seen: Option<Row>) -> Row {
    let why = match &case.outcome {
        Outcome::Judged(judgement) => match &judgement.verdict {
            Verdict::Inconclusive(why) => Some(why),
            Verdict::Pass | Verdict::Fail(_) => None,
        },
        Outcome::NotApplicable(why) | Outcome::Unready(why) | Outcome::Error(why) => Some(why),
    };
    match (seen, why) {
        (None, why) => {
            Row::unknown(subject, why.cloned().unwrap_or_else(|| "it was not observed".to_owned()))
        }
        (Some(row), None) => row,
        (Some(mut row), Some(why)) => {
            row.note.get_or_insert_with(|| why.clone());
            row
        }
    }
}

fn document(
    report: RunReport,
    contract: String,
    when: Timestamp,
    rows: Vec<Row>,
    not_played: Vec<NotPlayed>,
) -> Survey {
    let limit = |limit: LimitInForce| SurveyedLimit {
        name: limit.name,
        ms: u64::try_from(limit.length.as_millis()).unwrap_or(u64::MAX),
    };
    let (name, version) = report.target;
    let proven = rows.iter().all(|row| row.delivered && row.note.is_none());
    Survey {
        schema_version: SCHEMA_VERSION,
        harness: concat!("gateway-conformance ", env!("CARGO_PKG_VERSION")).to_owned(),
        target: Surveyed { name, version, contract, limits: report.limits.into_iter().map(limit).collect() },
        when: when.to_string(),
        seed: report.seed,
        whole: report.stopped.is_none() && proven && !rows.is_empty(),
        stopped: report.stopped,
        rows,
        not_played,
    }
}
