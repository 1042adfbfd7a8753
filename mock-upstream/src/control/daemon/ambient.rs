//! Kinds of requests that clients declare to be ambient at a provider.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;

use super::answer::{Answer, Body, Named};
use super::ledger::{HeldAmbient, Ledger, number_of};
use super::lives;
use super::providers::provider;
use crate::control::problem::{Code, Problem};
use crate::control::{AmbientView, DeclareAmbient, Listed, Ttl};

pub(super) async fn list(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
) -> Answer<Listed<AmbientView>> {
    provider(&ledger, &name)?;
    let held = ledger.held();
    let here = held.ambient.iter().filter(|(_, ambient)| ambient.provider == name);
    Ok(Json(Listed { items: here.map(|(number, ambient)| view(*number, ambient)).collect() }))
}

pub(super) async fn declare(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
    Body(DeclareAmbient { kind, ttl_ms }): Body<DeclareAmbient>,
) -> Result<(StatusCode, Json<AmbientView>), Problem> {
    let until = lives::until(ttl_ms)?;
    let provider = provider(&ledger, &name)?;
    let mut held = ledger.held();
    let number = held.number();
    let declared = provider.declare_ambient(kind.clone());
    let ambient = HeldAmbient { provider: name, kind, _declared: declared, until };
    let view = view(number, &ambient);
    held.ambient.insert(number, ambient);
    ledger.sooner.notify_one();
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn withdraw(
    State(ledger): State<Arc<Ledger>>,
    Named((name, id)): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    let mut held = ledger.held();
    let number = number_of(&id, 'a')
        .filter(|number| held.ambient.get(number).is_some_and(|ambient| ambient.provider == name));
    number.and_then(|number| held.ambient.remove(&number)).ok_or_else(|| unknown(&id))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn renew(
    State(ledger): State<Arc<Ledger>>,
    Named((name, id)): Named<(String, String)>,
    Body(Ttl { ttl_ms }): Body<Ttl>,
) -> Answer<AmbientView> {
    let until = lives::until(ttl_ms)?;
    let mut held = ledger.held();
    let number = number_of(&id, 'a').ok_or_else(|| unknown(&id))?;
    let ambient = held.ambient.get_mut(&number).filter(|ambient| ambient.provider == name);
    let ambient = ambient.ok_or_else(|| unknown(&id))?;
    ambient.until = until;
    ledger.sooner.notify_one();
    Ok(Json(view(number, ambient)))
}

fn unknown(id: &str) -> Problem {
    Problem::new(Code::NoSuchAmbient, format!("there is no ambient kind `{id}`"))
}

fn view(number: u64, ambient: &HeldAmbient) -> AmbientView {
    AmbientView {
        id: format!("a{number}"),
        provider: ambient.provider.clone(),
        kind: ambient.kind.clone(),
        expires_in_ms: lives::left(ambient.until),
    }
}
