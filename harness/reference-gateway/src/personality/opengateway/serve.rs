//! One request on its way through the gateway, in the order of its checks, and the calls it makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::engine::Engine;
use super::failure::Failure;
use super::model_id::{ModelId, Policy};
use super::relay::{self, Opened};
use super::route::{Endpoint, Route, protocol};
use super::{failure, normalizer, policy};
use crate::account::{KeyRefusal, Slot, bearer};
use crate::config::{Account, Feature, Model};
use crate::door::{self, Asked, Reply};
use crate::message::Call;
use crate::mutant::{Flaw, Flaws};
use crate::seed::opengateway as seed;
use crate::upstream::{Client, GaveUp, Protocol, UpstreamFailure, ask};
use crate::{anthropic, openai};

/// One request on its way through the gateway.
pub(super) struct Exchange {
    engine: Arc<Engine>,
    asked: Asked,
    id: String,
    pub(super) protocol: Protocol,
    pub(super) streaming: bool,
}

impl Exchange {
    pub(super) fn new(engine: Arc<Engine>, asked: Asked) -> Self {
        let (id, protocol) = (engine.ids.issue(), protocol(asked.path()));
        Self { engine, asked, id, protocol, streaming: false }
    }

    pub(super) async fn serve(&mut self) -> Result<Reply, Failure> {
        let Route { lane, endpoint } = Route::find(self.asked.method(), self.asked.path())?;
        if endpoint == Endpoint::Models {
            return self.models(lane);
        }
        let account = self.identify()?;
        let call = self.call(endpoint)?;
        let id = ModelId::parse(&call.model, self.engine.flaws).ok_or(Failure::MalformedModel)?;
        let model = self.resolve(lane, endpoint, &id)?;
        fits_window(&model, &call)?;
        let offline = model.slug == seed::CHAT_MODEL && !self.engine.switches.on(super::CHAT_MODEL);
        if offline && !self.engine.flaws.has(Flaw::OfflineModelCalled) {
            return Err(Failure::Upstream(normalizer::offline(self.engine.flaws)));
        }
        let slot = self.admit(&account)?;
        self.forward(endpoint, id.policy, &model, &call, slot).await
    }

    fn identify(&self) -> Result<Arc<Account>, Failure> {
        let account = self.engine.keys.look_up(self.key())?;
        Ok(account)
    }

    /// The key, from either of the headers in which clients of the two protocols send it.
    fn key(&self) -> Option<&str> {
        let flaws = self.engine.flaws;
        let headers = self.asked.headers();
        let sent = if flaws.has(Flaw::AnySchemeAccepted) { any_scheme(headers) } else { bearer(headers) };
        let bearer = sent
            .filter(|_| !(flaws.has(Flaw::BearerIgnoredOnMessages) && self.protocol == Protocol::Anthropic));
        bearer.or_else(|| api_key(headers).filter(|_| !flaws.has(Flaw::ApiKeyHeaderIgnored)))
    }

    /// The list needs no more than a key that could be one: clients fetch it to find out whether a lane exists.
    fn models(&self, lane: &str) -> Result<Reply, Failure> {
        let flaws = self.engine.flaws;
        let key = self.key();
        if key.is_none() && !flaws.has(Flaw::ModelsNeedNoKey) {
            return Err(KeyRefusal::Missing.into());
        }
        if !key.is_some_and(looks_valid) && !flaws.has(Flaw::ModelsNeedNoKey) {
            return Err(Failure::InvalidKey);
        }
        if flaws.has(Flaw::ModelsNeedIssuedKey) {
            self.identify()?;
        }
        let served = self.engine.models.iter().filter(|it| serves(it, lane));
        let data: Vec<Value> = served.map(|it| describe(it, flaws)).collect();
        if flaws.has(Flaw::ModelListIsBare) {
            return Ok(door::json(StatusCode::OK, Value::from(data).to_string()));
        }
        Ok(door::json(StatusCode::OK, json!({"object": "list", "data": data}).to_string()))
    }

    fn call(&mut self, endpoint: Endpoint) -> Result<Call, Failure> {
        let body = self.asked.body.as_ref().map_err(|unread| Failure::from(*unread))?;
        let call = match endpoint {
            Endpoint::Messages => anthropic::read(body, self.engine.flaws),
            _ => openai::read(endpoint.feature(), body, self.engine.flaws),
        }
        .map_err(|it| failure::invalid(&it, body))?;
        self.streaming = call.stream;
        Ok(call)
    }

    /// The model, if this lane has it and it can do what the endpoint is for.
    fn resolve(&self, lane: &str, endpoint: Endpoint, id: &ModelId<'_>) -> Result<Model, Failure> {
        let flaws = self.engine.flaws;
        let Some(model) = self.engine.models.iter().find(|it| it.slug == id.slug) else {
            if flaws.has(Flaw::UnknownModelForwarded) {
                return Ok(Model::new(id.slug, endpoint.feature(), 0));
            }
            return Err(Failure::ModelNotFound);
        };
        let unchecked = flaws.has(Flaw::LaneUnchecked)
            || flaws.has(Flaw::LaneUncheckedForEmbeddings) && model.feature == Feature::Embeddings;
        if !serves(model, lane) && !unchecked {
            return Err(Failure::OtherLane);
        }
        if model.feature != endpoint.feature() && !flaws.has(Flaw::TaskUnchecked) {
            let task = match endpoint.feature() {
                Feature::Chat => "chat",
                Feature::Embeddings => "embeddings",
            };
            return Err(Failure::TaskMismatch { model: model.slug.clone(), task });
        }
        Ok(model.clone())
    }

    /// Whether the key may send one more now, and one more beside what it has under way.
    fn admit(&self, account: &Account) -> Result<Slot, Failure> {
        self.engine.limiter.admit(&account.key, account.rate, Instant::now())?;
        let limited = !self.engine.flaws.has(Flaw::ConcurrencyUnenforced);
        Ok(self.engine.slots.take(&account.key, account.concurrency.filter(|_| limited))?)
    }

    async fn forward(
        &self,
        endpoint: Endpoint,
        policy: Policy,
        model: &Model,
        call: &Call,
        slot: Slot,
    ) -> Result<Reply, Failure> {
        let flaws = self.engine.flaws;
        let attempting = Attempting::new(self, endpoint, model, call);
        let mut order = self.engine.providers.order(policy, &self.engine.switches);
        if call.stream && flaws.has(Flaw::StreamNotFailedOver) {
            order.truncate(1);
        }
        let engine = &self.engine;
        let served = if call.stream {
            let open = |client| attempting.open(engine, client);
            ask(&order, &engine.policy, &engine.providers, open).await
        } else {
            let plain = |client| attempting.plain(engine, client);
            return match ask(&order, &engine.policy, &engine.providers, plain).await {
                Ok(served) => Ok(door::json(StatusCode::OK, served.answer)),
                Err(gave_up) => self.refuse(&gave_up, &order, slot),
            };
        };
        match served {
            Ok(served) => {
                let (engine, model) = (self.engine.clone(), call.model.clone());
                Ok(relay::start(engine, served.answer, model, slot, attempting).await)
            }
            Err(gave_up) => self.refuse(&gave_up, &order, slot),
        }
    }

    fn refuse(&self, gave_up: &GaveUp, order: &[Arc<Client>], slot: Slot) -> Result<Reply, Failure> {
        let flaws = self.engine.flaws;
        if flaws.has(Flaw::SlotKeptByFailures) {
            std::mem::forget(slot);
        }
        let last = gave_up.failed.last();
        let of = |name: &str| order.iter().find(|it| it.target().name == name);
        let Some((last, client)) = last.and_then(|it| Some((it, of(&it.provider)?))) else {
            return Err(Failure::Upstream(normalizer::offline(flaws)));
        };
        let failure = &last.failure;
        if let Some(verbatim) = normalizer::verbatim(failure, flaws) {
            return Ok(verbatim);
        }
        let row = normalizer::row(failure, client.target(), flaws);
        if self.streaming && flaws.has(Flaw::StreamEarlyFailureIs200) {
            return Ok(relay::only(&row, self.protocol, flaws));
        }
        Err(Failure::Upstream(row))
    }

    /// A gateway that checks too late has called a provider by now; whatever came back, the caller gets the refusal.
    pub(super) async fn pay_late(&self, failure: &Failure) {
        if !failure.is_noticed_late(self.engine.flaws) {
            return;
        }
        let Ok(route) = Route::find(self.asked.method(), self.asked.path()) else { return };
        let body = self.asked.body.as_deref().unwrap_or_default().to_vec();
        if let Some(client) = self.engine.providers.order(Policy::Declared, &self.engine.switches).first() {
            let _ = client.call(self.protocol, route.endpoint.upstream_path(), body, &self.id).await;
        }
    }
}

/// One call as it is attempted at each provider.
pub(super) struct Attempting {
    pub(super) protocol: Protocol,
    endpoint: Endpoint,
    /// The request for the providers, which know the model by its slug.
    request: Value,
    /// The model's id as the client wrote it.
    model: String,
    id: String,
    /// Attempts made so far; only flaws that strike at the nth attempt look at it.
    made: AtomicUsize,
}

impl Attempting {
    fn new(exchange: &Exchange, endpoint: Endpoint, model: &Model, call: &Call) -> Self {
        let mut request: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        if let Some(place) = request.get_mut("model") {
            *place = model.slug.clone().into();
        }
        let (protocol, id) = (exchange.protocol, exchange.id.clone());
        Self { protocol, endpoint, request, model: call.model.clone(), id, made: AtomicUsize::new(0) }
    }

    async fn plain(&self, engine: &Engine, client: Arc<Client>) -> Result<String, UpstreamFailure> {
        let (begun, flaws) = (Instant::now(), engine.flaws);
        let path = self.endpoint.upstream_path();
        let answer = client
            .call(self.protocol, path, self.body(flaws), &self.id)
            .await
            .map_err(|failure| policy::misread(failure, flaws))?;
        let usable = match self.protocol {
            Protocol::OpenAi => openai::usable(self.endpoint.feature(), &answer.headers, &answer.body, flaws),
            Protocol::Anthropic => anthropic::usable(&answer.headers, &answer.body, flaws),
        };
        usable.map_err(UpstreamFailure::Unusable)?;
        engine.providers.answered(&client.target().name, begun.elapsed());
        let Ok(mut document) = serde_json::from_slice::<Value>(&answer.body) else {
            return Ok(String::from_utf8_lossy(&answer.body).into_owned());
        };
        relay::public(&mut document, &self.model);
        Ok(document.to_string())
    }

    async fn open(&self, engine: &Engine, client: Arc<Client>) -> Result<Opened, UpstreamFailure> {
        let (begun, flaws) = (Instant::now(), engine.flaws);
        let path = self.endpoint.upstream_path();
        let pump = client
            .open(self.protocol, path, self.body(flaws), &self.id)
            .await
            .map_err(|failure| policy::misread(failure, flaws))?;
        engine.providers.answered(&client.target().name, begun.elapsed());
        Ok(Opened { pump, client })
    }

    /// What a flawed relay does when a stream breaks that its client has seen the beginning of.
    pub(super) async fn open_once_more(&self, engine: &Engine) -> Option<Opened> {
        if self.made.load(Ordering::SeqCst) > 1 {
            return None;
        }
        let client = engine.providers.order(Policy::Declared, &engine.switches).last()?.clone();
        self.open(engine, client).await.ok()
    }

    fn body(&self, flaws: Flaws) -> Vec<u8> {
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        let mut request = self.request.clone();
        if flaws.has(Flaw::RetryDropsParameters)
            && made > 0
            && let Some(request) = request.as_object_mut()
        {
            request.retain(|name, _| ["model", "messages", "input", "stream"].contains(&name.as_str()));
        }
        request.to_string().into_bytes()
    }
}

/// Whatever stands behind the scheme, whichever that is.
fn any_scheme(headers: &HeaderMap) -> Option<&str> {
    headers.get(http::header::AUTHORIZATION)?.to_str().ok()?.split_once(' ').map(|(_, token)| token)
}

fn api_key(headers: &HeaderMap) -> Option<&str> {
    let key = headers.get("x-api-key")?.to_str().unwrap_or("\u{0}").trim();
    (!key.is_empty()).then_some(key)
}

/// Whether this could be a key of this gateway.
fn looks_valid(key: &str) -> bool {
    let tail = key.strip_prefix("ogw-").unwrap_or_default();
    tail.len() >= 8 && tail.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

fn serves(model: &Model, lane: &str) -> bool {
    model.lanes.is_empty() || model.lanes.iter().any(|it| it == lane)
}

/// A token is taken for four bytes.
fn fits_window(model: &Model, call: &Call) -> Result<(), Failure> {
    match model.window {
        Some(window) if call.body.len() / 4 > window => Err(Failure::OverWindow { window }),
        _ => Ok(()),
    }
}

fn describe(model: &Model, flaws: Flaws) -> Value {
    let id = if flaws.has(Flaw::ModelListWithoutIds) { None } else { Some(&model.slug) };
    json!({"id": id, "object": "model", "created": 1_767_225_600, "owned_by": "opengateway"})
}
