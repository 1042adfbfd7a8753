//! The LLM Orchestration page: inference, embeddings and reranking over a chain of providers behind circuit breakers; thirty-four
//! numbered codes in one error shape.

mod blemish;
mod desk;
mod engine;
mod envelope;
mod failure;
mod mapping;
mod providers;
mod relay;
mod request;
mod route;
mod store;
mod work;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::HeaderValue;
use http::StatusCode;

use crate::account::{Caller, Switches};
use crate::config::{Account, Config};
use crate::door::{self, Asked, Reply};
use crate::mutant::Flaw;
use crate::personality::Page;
use crate::seed::llm_orchestration::{ADMIN_ROLE, CALLER_ROLE, Task};
use engine::{ACCEPTING, Engine};
use failure::{Code, Failure};
use route::Route;

/// The page, kept.
pub(super) struct LlmOrchestration(Arc<Engine>);

impl LlmOrchestration {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        Ok(Self(Arc::new(Engine::new(config)?)))
    }
}

impl Page for LlmOrchestration {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        answer(self.0.clone(), asked).boxed()
    }

    fn unparsable(&self) -> Bytes {
        let refusal = Failure::new(Code::ValidationFailed, "The request is not well-formed HTTP.");
        door::bare_bad_request(&envelope::body(&refusal, self.0.flaws))
    }

    fn switches(&self) -> &Switches {
        &self.0.switches
    }

    fn reset(&self) {
        self.0.limiter.reset();
        self.0.ledger.reset();
        self.0.switches.reset();
        self.0.providers.reset();
        // A database in memory that cannot be written has nothing that could be forgotten.
        let _ = self.0.store.reset();
    }
}

async fn answer(engine: Arc<Engine>, asked: Asked) -> Reply {
    let id = engine.ids.issue();
    let mut exchange = Exchange { engine: engine.clone(), asked, id: id.clone(), task: None };
    let mut reply = match exchange.serve().await {
        Ok(reply) => reply,
        Err(failure) => exchange.fail(failure).await,
    };
    engine.ids.settle();
    if let Ok(id) = HeaderValue::from_str(&id)
        && !engine.flaws.has(Flaw::RequestIdMissing)
    {
        reply.headers_mut().insert("x-request-id", id);
    }
    reply
}

/// One request on its way through the service.
struct Exchange {
    engine: Arc<Engine>,
    asked: Asked,
    id: String,
    task: Option<Task>,
}

impl Exchange {
    async fn serve(&mut self) -> Result<Reply, Failure> {
        let route = Route::of(self.asked.method(), self.asked.path())
            .ok_or_else(|| Failure::no_route(self.engine.flaws))?;
        if let Route::Work(task) = route {
            self.task = Some(task);
        }
        self.accepting()?;
        let caller = self.engine.identify(self.asked.headers())?;
        self.permitted(&caller, &route)?;
        let tenant = self.engine.tenant(&caller);
        self.admit(&tenant)?;
        match route {
            Route::Work(task) => {
                let reply = self.work(task, &caller, &tenant).await;
                self.count_late(&tenant);
                reply
            }
            desk => self.desk(desk).await,
        }
    }

    fn accepting(&self) -> Result<(), Failure> {
        if self.engine.switches.on(ACCEPTING) || self.engine.flaws.has(Flaw::DrainingIgnored) {
            return Ok(());
        }
        Err(Failure::new(Code::ServiceUnavailable, "The service is draining."))
    }

    /// Whether the caller's role may do this.
    fn permitted(&self, caller: &Caller, route: &Route) -> Result<(), Failure> {
        let role = if matches!(route, Route::CreateProvider) { ADMIN_ROLE } else { CALLER_ROLE };
        if caller.roles.iter().any(|it| it == role) || self.engine.flaws.has(Flaw::RoleUnchecked) {
            return Ok(());
        }
        Err(Failure::new(Code::Forbidden, format!("The role '{role}' is needed.")))
    }

    fn admit(&self, tenant: &Account) -> Result<(), Failure> {
        // A flawed limiter looks now and counts when the request is over.
        if self.engine.flaws.has(Flaw::RateCountedWhenOver) {
            return Ok(self.engine.limiter.peek(&tenant.key, tenant.rate, Instant::now())?);
        }
        Ok(self.engine.limiter.admit(&tenant.key, tenant.rate, Instant::now())?)
    }

    fn count_late(&self, tenant: &Account) {
        if self.engine.flaws.has(Flaw::RateCountedWhenOver) {
            // Whoever is over the rate by now was let in already.
            let _ = self.engine.limiter.admit(&tenant.key, tenant.rate, Instant::now());
        }
    }

    /// Answers a failure; a service that checks too late has called a provider by now.
    async fn fail(&self, failure: Failure) -> Reply {
        let flaws = self.engine.flaws;
        if failure.is_refusal() {
            self.notice_late().await;
            if flaws.has(Flaw::RefusalsOpenTheCircuit) {
                self.engine.providers.blame();
            }
        }
        let mut finished = envelope::finish(&failure, flaws);
        blemish::spoil(&mut finished, &self.engine);
        finished.into_reply()
    }

    async fn notice_late(&self) {
        let flaws = self.engine.flaws;
        let no_route = || Route::of(self.asked.method(), self.asked.path()).is_none();
        let late = flaws.has(Flaw::RefusalsReachProviders) && self.task.is_some()
            || flaws.has(Flaw::OddMethodReachesUpstream) && no_route();
        if !late {
            return;
        }
        let body = self.asked.body.as_deref().unwrap_or_default().to_vec();
        if let Some(client) = self.engine.providers.first() {
            // Whatever comes back, the caller gets the refusal.
            let _ =
                client.call(crate::upstream::Protocol::OpenAi, "/v1/chat/completions", body, &self.id).await;
        }
    }
}

/// A 200 with this JSON.
fn ok(body: &serde_json::Value) -> Reply {
    door::json(StatusCode::OK, body.to_string())
}
