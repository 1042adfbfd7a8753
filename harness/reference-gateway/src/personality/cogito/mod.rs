//! The Cogito page: one OpenAI-compatible lane under `/v1`, one error shape, a closed table of statuses and types.

mod blemish;
mod engine;
mod envelope;
mod failure;
mod mapping;
mod relay;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::account::Switches;
use crate::config::{Account, Config, Feature, Model};
use crate::door::{self, Asked, Reply};
use crate::message::Call;
use crate::mutant::Flaw;
use crate::openai;
use crate::personality::Page;
use crate::upstream::{Protocol, UpstreamFailure};
use engine::Engine;
use failure::Failure;

const BILLING: &str = "billing_configured";
const CREDENTIALS: &str = "backend_credentials";

const SWITCHES: &[&str] = &[BILLING, CREDENTIALS];

/// The page, kept.
pub(super) struct Cogito(Arc<Engine>);

impl Cogito {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        Ok(Self(Arc::new(Engine::new(config)?)))
    }
}

impl Page for Cogito {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        answer(self.0.clone(), asked).boxed()
    }

    /// The page's table has no other row for it.
    fn unparsable(&self) -> Bytes {
        let (engine, id) = (&self.0, self.0.ids.issue());
        let refusal = Failure::InvalidRequest("The request is not well-formed HTTP.".to_owned());
        door::bare_bad_request(&envelope::body(&refusal.row(engine.flaws), &id, engine.flaws))
    }

    fn switches(&self) -> &Switches {
        &self.0.switches
    }

    fn reset(&self) {
        self.0.limiter.reset();
        self.0.ledger.reset();
        self.0.switches.reset();
    }
}

async fn answer(engine: Arc<Engine>, asked: Asked) -> Reply {
    let id = engine.ids.issue();
    let mut exchange = Exchange { engine: engine.clone(), asked, id, lane: None, streaming: false };
    let reply = match exchange.serve().await {
        Ok(reply) => reply,
        Err(failure) => exchange.fail(failure).await,
    };
    engine.ids.settle();
    reply
}

/// One request on its way through the gateway.
struct Exchange {
    engine: Arc<Engine>,
    asked: Asked,
    id: String,
    lane: Option<Feature>,
    streaming: bool,
}

enum Route {
    Call(Feature),
    Models,
    Model(String),
}

impl Exchange {
    async fn serve(&mut self) -> Result<Reply, Failure> {
        let route = self.route()?;
        let account = self.admit()?;
        match route {
            Route::Models if self.engine.flaws.has(Flaw::ModelListFails) => Err(Failure::BackendUnavailable),
            Route::Models => Ok(self.models(&account)),
            Route::Model(slug) => self.model(&account, &slug),
            Route::Call(feature) => {
                let call = self.call(feature)?;
                let model = self.resolve(&account, &call)?;
                self.engine.ledger.check(&account)?;
                self.backend()?;
                self.forward(account, model, call).await
            }
        }
    }

    fn route(&mut self) -> Result<Route, Failure> {
        let lane = match self.asked.path() {
            "/v1/chat/completions" => Some(Feature::Chat),
            "/v1/embeddings" => Some(Feature::Embeddings),
            _ => None,
        };
        self.lane = lane;
        let reads = matches!(self.asked.method(), &Method::GET | &Method::HEAD);
        let model = self.asked.path().strip_prefix("/v1/models/").filter(|it| !it.is_empty());
        match (lane, self.asked.path(), model) {
            (Some(feature), ..) if self.asked.method() == Method::POST => Ok(Route::Call(feature)),
            (_, "/v1/models", _) if reads => Ok(Route::Models),
            (_, _, Some(slug)) if reads => Ok(Route::Model(slug.to_owned())),
            (Some(_), ..) | (_, "/v1/models", _) => Err(Failure::OddMethod),
            _ => Err(Failure::NotFound),
        }
    }

    /// Who asks, whether anyone can be billed, and whether they ask too often.
    fn admit(&self) -> Result<Arc<Account>, Failure> {
        let account = self.engine.keys.identify(self.asked.headers())?;
        if !self.engine.switches.on(BILLING) && !self.engine.flaws.has(Flaw::BillingSwitchIgnored) {
            return Err(Failure::BillingNotConfigured);
        }
        self.engine.limiter.admit(&account.key, account.rate, Instant::now())?;
        Ok(account)
    }

    fn call(&mut self, feature: Feature) -> Result<Call, Failure> {
        let body = self.asked.body.as_ref().map_err(|unread| Failure::from(*unread))?;
        let call = openai::read(feature, body, self.engine.flaws)
            .map_err(|invalid| failure::invalid(&invalid, body))?;
        self.streaming = call.stream;
        Ok(call)
    }

    fn resolve(&self, account: &Account, call: &Call) -> Result<Model, Failure> {
        let resolved = self.engine.catalogue.resolve(account, call.feature, &call.model);
        resolved.map_err(|refusal| failure::model(refusal, &call.model))
    }

    /// Whether the gateway has what it needs to call its cluster.
    fn backend(&self) -> Result<(), Failure> {
        let ready = self.engine.switches.on(CREDENTIALS) && self.engine.upstream.has_credentials();
        if ready || self.engine.flaws.has(Flaw::CredentialsUnchecked) {
            return Ok(());
        }
        Err(Failure::BackendUnavailable)
    }

    async fn forward(&self, account: Arc<Account>, model: Model, call: Call) -> Result<Reply, Failure> {
        let _under_way = UnderWay::new(&self.engine);
        let crowded = self.engine.under_way.load(Ordering::SeqCst) > 2;
        if crowded && self.engine.flaws.has(Flaw::CrowdShedWithBareText) {
            return Ok(door::full(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "overloaded"));
        }
        let path = path(call.feature);
        let outcome = if call.stream {
            let bill = relay::Bill { account, price: model.price };
            let opened = self.engine.upstream.open(Protocol::OpenAi, path, call.body, &self.id).await;
            opened.map(|pump| relay::start(self.engine.clone(), pump, bill, self.id.clone()))
        } else {
            self.plain(path, &account, &model, call).await
        };
        outcome.or_else(|failure| self.refuse(failure))
    }

    async fn plain(
        &self,
        path: &str,
        account: &Account,
        model: &Model,
        call: Call,
    ) -> Result<Reply, UpstreamFailure> {
        let asked = call.body.len();
        let answer = self.engine.upstream.call(Protocol::OpenAi, path, call.body, &self.id).await?;
        let used = openai::usable(call.feature, &answer.headers, &answer.body, self.engine.flaws)
            .map_err(UpstreamFailure::Unusable)?;
        let tokens = used.unwrap_or_else(|| relay::estimate(asked + answer.body.len()));
        self.engine.ledger.deduct(account, tokens.saturating_mul(model.price));
        Ok(mapping::answered(&answer, self.engine.flaws))
    }

    fn refuse(&self, failure: UpstreamFailure) -> Result<Reply, Failure> {
        if let Some(verbatim) = mapping::verbatim(&failure, self.engine.flaws) {
            return Ok(verbatim);
        }
        let row = mapping::row(failure, &self.engine);
        if self.streaming && self.engine.flaws.has(Flaw::StreamEarlyFailureIs200) {
            return Ok(relay::only(&row, &self.id, self.engine.flaws));
        }
        Err(Failure::Upstream(row))
    }

    /// Answers a failure; a gateway that checks too late has called its upstream by now.
    async fn fail(&self, failure: Failure) -> Reply {
        if let Some(lane) = self.lane
            && failure.is_noticed_late(self.engine.flaws)
        {
            let body = self.asked.body.as_deref().unwrap_or_default().to_vec();
            // Whatever comes back, the caller gets the refusal.
            let _ = self.engine.upstream.call(Protocol::OpenAi, path(lane), body, &self.id).await;
        }
        let flaws = self.engine.flaws;
        let mut finished = envelope::finish(&failure.row(flaws), &self.id, flaws);
        blemish::spoil(&mut finished, self);
        finished.into_reply()
    }

    fn models(&self, account: &Account) -> Reply {
        let data: Vec<Value> = self.engine.catalogue.visible(account).map(describe).collect();
        door::json(StatusCode::OK, json!({"object": "list", "data": data}).to_string())
    }

    fn model(&self, account: &Account, slug: &str) -> Result<Reply, Failure> {
        let model = self.engine.catalogue.look_up(account, slug).map_err(|it| failure::model(it, slug))?;
        Ok(door::json(StatusCode::OK, describe(model).to_string()))
    }
}

fn path(feature: Feature) -> &'static str {
    match feature {
        Feature::Chat => "/v1/chat/completions",
        Feature::Embeddings => "/v1/embeddings",
    }
}

fn describe(model: &Model) -> Value {
    json!({"id": model.slug, "object": "model", "created": 1_767_225_600, "owned_by": "cogito"})
}

/// Counts an upstream call for as long as it takes to start answering it.
struct UnderWay<'a>(&'a Engine);

impl<'a> UnderWay<'a> {
    fn new(engine: &'a Engine) -> Self {
        engine.under_way.fetch_add(1, Ordering::SeqCst);
        Self(engine)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}
