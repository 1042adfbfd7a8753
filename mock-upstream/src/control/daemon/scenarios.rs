//! Scenarios: opened, marked, scripted, gated, watched, ended.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use serde::Deserialize;

use super::answer::{Answer, Asked, Body, Named};
use super::ledger::{self, Ledger};
use super::{journals, lives};
use crate::control::problem::{Code, Problem};
use crate::control::{Listed, OpenScenario, ProgressView, ScenarioView, ScriptFor, SendOf, Ttl};
use crate::scenario::{Closed, MarkError, Scenario, ScenarioSpec, is_by_arrival};

/// Scenarios that are open at once.
const MOST: usize = 10_000;

pub(super) async fn list(State(ledger): State<Arc<Ledger>>) -> Json<Listed<ScenarioView>> {
    let held = ledger.held();
    Json(Listed { items: held.scenarios.iter().map(|(number, open)| view(*number, open)).collect() })
}

pub(super) async fn open(
    State(ledger): State<Arc<Ledger>>,
    Body(wanted): Body<OpenScenario>,
) -> Result<(StatusCode, Json<ScenarioView>), Problem> {
    let until = lives::until(wanted.ttl_ms)?;
    let mut held = ledger.held();
    if held.scenarios.len() >= MOST {
        return Err(Problem::new(Code::TooManyScenarios, format!("{MOST} scenarios are open")));
    }
    let scenario = ledger.mock.open(ScenarioSpec { name: wanted.name.clone(), journal: wanted.journal });
    if let Err(problem) = equip(&ledger, &scenario, wanted) {
        scenario.close();
        return Err(problem);
    }
    let number = held.number();
    let open = ledger::OpenScenario { scenario, until: Some(until) };
    let view = view(number, &open);
    held.scenarios.insert(number, open);
    ledger.sooner.notify_one();
    Ok((StatusCode::CREATED, Json(view)))
}

fn equip(ledger: &Ledger, scenario: &Scenario, wanted: OpenScenario) -> Result<(), Problem> {
    // Scripts come first: a word that was marked is taken for ever, even when the scenario is not opened.
    for script in wanted.scripts {
        put_script(ledger, scenario, script)?;
    }
    wanted.markers.iter().try_for_each(|marking| put_marker(scenario, &marking.word, marking.send))
}

pub(super) async fn read(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
) -> Answer<ScenarioView> {
    let held = ledger.held();
    held.scenario(&id).map(|(number, open)| Json(view(number, open)))
}

pub(super) async fn close(State(ledger): State<Arc<Ledger>>, Named(id): Named<String>) -> Answer<Closed> {
    let mut held = ledger.held();
    let (number, open) = held.scenario(&id)?;
    if open.until.is_none() {
        return Err(Problem::new(Code::ScenarioStanding, format!("scenario `{id}` ends with the mock")));
    }
    let gone = || Problem::new(Code::NoSuchScenario, format!("there is no scenario `{id}`"));
    held.close(number, Code::ScenarioClosed).map(Json).ok_or_else(gone)
}

pub(super) async fn renew(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
    Body(Ttl { ttl_ms }): Body<Ttl>,
) -> Answer<ScenarioView> {
    let until = lives::until(ttl_ms)?;
    let mut held = ledger.held();
    let (number, _) = held.scenario(&id)?;
    let gone = || Problem::new(Code::NoSuchScenario, format!("there is no scenario `{id}`"));
    let open = held.scenarios.get_mut(&number).ok_or_else(gone)?;
    if open.until.is_none() {
        return Err(Problem::new(Code::ScenarioStanding, format!("scenario `{id}` ends with the mock")));
    }
    open.until = Some(until);
    ledger.sooner.notify_one();
    Ok(Json(view(number, open)))
}

pub(super) async fn mark(
    State(ledger): State<Arc<Ledger>>,
    Named((id, word)): Named<(String, String)>,
    Body(SendOf { send }): Body<SendOf>,
) -> Result<StatusCode, Problem> {
    put_marker(&scenario(&ledger, &id)?, &word, send)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn script(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
    Body(script): Body<ScriptFor>,
) -> Result<StatusCode, Problem> {
    put_script(&ledger, &scenario(&ledger, &id)?, script)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn open_gate(
    State(ledger): State<Arc<Ledger>>,
    Named((id, gate)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    scenario(&ledger, &id)?.open_gate(&gate);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn shut_gate(
    State(ledger): State<Arc<Ledger>>,
    Named((id, gate)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    scenario(&ledger, &id)?.shut_gate(&gate);
    Ok(StatusCode::NO_CONTENT)
}

/// What to wait for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Awaited {
    /// More arrivals than these.
    seen: Option<u64>,
    /// That no exchange is under way.
    #[serde(default)]
    idle: bool,
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn progress(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
    Asked(awaited): Asked<Awaited>,
) -> Answer<ProgressView> {
    let patience = journals::patience(awaited.wait_ms)?;
    let scenario = scenario(&ledger, &id)?;
    let mut progress = scenario.inner().journal.progress();
    let reached = progress.wait_for(|progress| {
        awaited.seen.is_none_or(|seen| progress.arrivals > seen) && (!awaited.idle || progress.under_way == 0)
    });
    tokio::select! {
        biased;
        // The sender lives as long as the scenario, so that the wait cannot fail.
        _ = reached => {}
        () = tokio::time::sleep(patience) => {}
        () = scenario.inner().closing() => {}
    }
    ledger.held().scenario(&id)?;
    Ok(Json(progress_of(&scenario)))
}

/// The scenario of this id.
pub(super) fn scenario(ledger: &Ledger, id: &str) -> Result<Scenario, Problem> {
    ledger.held().scenario(id).map(|(_, open)| open.scenario.clone())
}

fn view(number: u64, open: &ledger::OpenScenario) -> ScenarioView {
    ScenarioView {
        id: format!("s{number}"),
        name: open.scenario.name().to_owned(),
        standing: open.until.is_none(),
        expires_in_ms: open.until.map(lives::left),
        progress: progress_of(&open.scenario),
        unreached: open.scenario.unreached(),
    }
}

fn progress_of(scenario: &Scenario) -> ProgressView {
    let progress = *scenario.inner().journal.progress().borrow();
    ProgressView {
        arrivals: progress.arrivals,
        under_way: progress.under_way,
        ended: progress.ended,
        dropped: scenario.dropped(),
        arrived_sends: scenario.arrived_sends().into_iter().collect(),
    }
}

fn put_script(ledger: &Ledger, scenario: &Scenario, wanted: ScriptFor) -> Result<(), Problem> {
    let ScriptFor { send, provider, alone, script } = wanted;
    if let Some(name) = &provider
        && !is_by_arrival(name)
        && ledger.mock.provider(name).is_none()
    {
        return Err(super::providers::unknown(ledger, name));
    }
    let put = match send {
        Some(send) => scenario.script_for_send(send, provider.as_deref(), script),
        None if alone => scenario.script_alone(provider.as_deref(), script),
        None => scenario.script(provider.as_deref(), script),
    };
    put.map_err(|error| Problem::new(Code::ScriptInvalid, error.to_string()))
}

fn put_marker(scenario: &Scenario, word: &str, send: u32) -> Result<(), Problem> {
    scenario.mark(word, send).map_err(|error| {
        let code = match &error {
            MarkError::NotAMarker(_) => Code::MarkerMalformed,
            MarkError::Taken(_) => Code::MarkerTaken,
            MarkError::Closed(_) => Code::ScenarioClosed,
        };
        Problem::new(code, error.to_string())
    })
}
