//! What clients hold at providers: faults of the connection, and claims on what arrives unmarked.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;

use super::answer::{Answer, Body, Named};
use super::ledger::{HeldClaim, Imposition, Ledger, number_of};
use super::lives;
use super::providers::provider;
use crate::control::problem::{Code, Problem};
use crate::control::{ClaimView, Impose, ImpositionView, Listed, TakeClaim, Ttl};
use crate::fault::Catalogue;
use crate::scenario::ClaimError;
use crate::script::FaultPlay;

pub(super) async fn impositions(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
) -> Answer<Listed<ImpositionView>> {
    provider(&ledger, &name)?;
    let held = ledger.held();
    let here = held.impositions.iter().filter(|(_, imposition)| imposition.provider == name);
    Ok(Json(Listed { items: here.map(|(number, imposition)| view(*number, imposition)).collect() }))
}

pub(super) async fn impose(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
    Body(Impose { fault, ttl_ms }): Body<Impose>,
) -> Result<(StatusCode, Json<ImpositionView>), Problem> {
    imposable(&fault)?;
    lives::until(ttl_ms)?;
    let provider = provider(&ledger, &name)?;
    // In a task of its own: a client that leaves must not leave a provider behind that neither listens nor is known to.
    let imposing = tokio::spawn(async move {
        let imposed = provider.impose(&FaultPlay::of(&fault)).await?;
        let until = lives::until(ttl_ms)?;
        let mut held = ledger.held();
        let number = held.number();
        let imposition = Imposition { provider: name, fault, imposed, until };
        let view = view(number, &imposition);
        held.impositions.insert(number, imposition);
        ledger.sooner.notify_one();
        Ok((StatusCode::CREATED, Json(view)))
    });
    imposing.await.unwrap_or_else(|error| Err(Problem::new(Code::ImpositionFailed, error.to_string())))
}

pub(super) async fn lift(
    State(ledger): State<Arc<Ledger>>,
    Named((name, id)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    let imposition = {
        let mut held = ledger.held();
        let number = number_of(&id, 'i').filter(|number| {
            held.impositions.get(number).is_some_and(|imposition| imposition.provider == name)
        });
        number.and_then(|number| held.impositions.remove(&number)).ok_or_else(|| unknown(&id))?
    };
    let failed = |error| Problem::new(Code::ImpositionFailed, format!("`{id}` cannot be lifted: {error}"));
    imposition.imposed.lift().await.map_err(failed)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn renew(
    State(ledger): State<Arc<Ledger>>,
    Named((name, id)): Named<(String, String)>,
    Body(Ttl { ttl_ms }): Body<Ttl>,
) -> Answer<ImpositionView> {
    let until = lives::until(ttl_ms)?;
    let mut held = ledger.held();
    let number = number_of(&id, 'i').ok_or_else(|| unknown(&id))?;
    let imposition = held.impositions.get_mut(&number).filter(|imposition| imposition.provider == name);
    let imposition = imposition.ok_or_else(|| unknown(&id))?;
    imposition.until = until;
    ledger.sooner.notify_one();
    Ok(Json(view(number, imposition)))
}

pub(super) async fn claims(State(ledger): State<Arc<Ledger>>) -> Json<Listed<ClaimView>> {
    let held = ledger.held();
    Json(Listed { items: held.claims.iter().map(|(number, claim)| claim_view(*number, claim)).collect() })
}

pub(super) async fn claim(
    State(ledger): State<Arc<Ledger>>,
    Body(TakeClaim { provider, scenario, send }): Body<TakeClaim>,
) -> Result<(StatusCode, Json<ClaimView>), Problem> {
    self::provider(&ledger, &provider)?;
    let mut held = ledger.held();
    let (owner, open) = held.scenario(&scenario)?;
    let claim = ledger.mock.claim(&provider, &open.scenario, send).map_err(|error| {
        let message = error.to_string();
        match error {
            ClaimError::NoSuchProvider(_) => Problem::new(Code::NoSuchProvider, message),
            ClaimError::Held { holder, .. } => {
                Problem { holder: Some(holder), ..Problem::new(Code::ProviderHeld, message) }
            }
        }
    })?;
    let number = held.number();
    let claim = HeldClaim { claim, scenario: owner, send };
    let view = claim_view(number, &claim);
    held.claims.insert(number, claim);
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn release(
    State(ledger): State<Arc<Ledger>>,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let mut held = ledger.held();
    let unknown = || Problem::new(Code::NoSuchClaim, format!("there is no claim `{id}`"));
    let number = number_of(&id, 'c').filter(|number| held.claims.contains_key(number)).ok_or_else(unknown)?;
    let owner = held.claims[&number].scenario;
    if held.scenarios.get(&owner).is_some_and(|open| open.until.is_none()) {
        return Err(Problem::new(Code::ScenarioStanding, format!("claim `{id}` ends with the mock")));
    }
    held.claims.remove(&number);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether this fault strikes before a marker can be read.
fn imposable(fault: &str) -> Result<(), Problem> {
    let catalogue = Catalogue::shipped();
    let why = match catalogue.get(fault) {
        Some(known) if known.strikes.needs_provider() => return Ok(()),
        Some(_) => format!("`{fault}` is played by a script: it strikes once a request has come"),
        None => format!("there is no fault `{fault}`"),
    };
    let imposable = catalogue.faults().iter().filter(|known| known.strikes.needs_provider());
    let nearest = crate::control::nearest(fault, imposable.map(|known| known.id.as_str()));
    Err(Problem { nearest: nearest.map(str::to_owned), ..Problem::new(Code::NotImposable, why) })
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::NoSuchImposition, format!("there is no imposition `{id}`"))
}

fn view(number: u64, imposition: &Imposition) -> ImpositionView {
    ImpositionView {
        id: format!("i{number}"),
        provider: imposition.provider.clone(),
        fault: imposition.fault.clone(),
        expires_in_ms: lives::left(imposition.until),
    }
}

fn claim_view(number: u64, held: &HeldClaim) -> ClaimView {
    ClaimView {
        id: format!("c{number}"),
        provider: held.claim.provider().to_owned(),
        scenario: format!("s{}", held.scenario),
        send: held.send,
    }
}
