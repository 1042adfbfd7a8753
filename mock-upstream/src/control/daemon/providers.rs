//! Providers: listed, added, removed; what holds at them; who holds them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;

use super::answer::{Answer, Body, Named};
use super::ledger::Ledger;
use super::lives;
use crate::control::problem::{Code, Problem};
use crate::control::{AddProvider, Dropped, Listed, ProviderView, Ttl};
use crate::dialect::Identity;
use crate::server::{Provider, ProviderOptions};

pub(super) async fn list(State(ledger): State<Arc<Ledger>>) -> Json<Listed<ProviderView>> {
    Json(Listed { items: ledger.mock.providers().iter().map(|provider| view(&ledger, provider)).collect() })
}

pub(super) async fn read(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
) -> Answer<ProviderView> {
    provider(&ledger, &name).map(|provider| Json(view(&ledger, &provider)))
}

pub(super) async fn add(
    State(ledger): State<Arc<Ledger>>,
    Body(wanted): Body<AddProvider>,
) -> Result<(StatusCode, Json<ProviderView>), Problem> {
    let until = lives::until(wanted.ttl_ms)?;
    let AddProvider { name, dialect, listen, identity, .. } = wanted;
    let listen = listen.unwrap_or((Ipv4Addr::LOCALHOST, 0).into());
    let identity = identity.unwrap_or_else(|| Identity::of(&name));
    if name.is_empty() {
        return Err(Problem::new(Code::BodyMalformed, "a provider needs a name"));
    }
    let options = ProviderOptions { name: name.clone(), listen, identity, dialect };
    let provider = ledger.mock.add_provider(options).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Problem::new(Code::ProviderExists, error.to_string()),
        _ => Problem::new(Code::CannotListen, format!("cannot listen at {listen}: {error}")),
    })?;
    ledger.held().added.insert(name, until);
    ledger.sooner.notify_one();
    Ok((StatusCode::CREATED, Json(view(&ledger, &provider))))
}

pub(super) async fn remove(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    provider(&ledger, &name)?;
    {
        let mut held = ledger.held();
        if !held.added.contains_key(&name) {
            return Err(permanent(&name));
        }
        held.strip(&name);
    }
    // In a task of its own: a client that leaves must not leave half a provider behind.
    let removed = tokio::spawn(async move { ledger.mock.remove_provider(&name).await }).await;
    removed.map_err(|error| Problem::new(Code::Deadline, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn renew(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
    Body(Ttl { ttl_ms }): Body<Ttl>,
) -> Answer<ProviderView> {
    let until = lives::until(ttl_ms)?;
    let provider = provider(&ledger, &name)?;
    *ledger.held().added.get_mut(&name).ok_or_else(|| permanent(&name))? = until;
    ledger.sooner.notify_one();
    Ok(Json(view(&ledger, &provider)))
}

pub(super) async fn drop_idle(
    State(ledger): State<Arc<Ledger>>,
    Named(name): Named<String>,
) -> Answer<Dropped> {
    Ok(Json(Dropped { closed: provider(&ledger, &name)?.drop_idle_connections().await }))
}

/// The provider of this name.
pub(super) fn provider(ledger: &Ledger, name: &str) -> Result<Provider, Problem> {
    ledger.mock.provider(name).ok_or_else(|| unknown(ledger, name))
}

/// That there is no such provider, with the name that may have been meant.
pub(super) fn unknown(ledger: &Ledger, name: &str) -> Problem {
    let known = ledger.mock.providers();
    let nearest = crate::control::nearest(name, known.iter().map(Provider::name)).map(str::to_owned);
    Problem { nearest, ..Problem::new(Code::NoSuchProvider, format!("there is no provider `{name}`")) }
}

fn permanent(name: &str) -> Problem {
    Problem::new(Code::ProviderPermanent, format!("provider `{name}` was there from the start and stays"))
}

fn view(ledger: &Ledger, provider: &Provider) -> ProviderView {
    ProviderView {
        name: provider.name().to_owned(),
        dialect: provider.dialect(),
        addr: provider.addr(),
        url: ledger.url(provider),
        identity: provider.identity().clone(),
        connections: provider.connections(),
        expires_in_ms: ledger.held().added.get(provider.name()).copied().map(lives::left),
    }
}
