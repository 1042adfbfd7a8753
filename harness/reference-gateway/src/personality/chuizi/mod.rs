//! The Chuizi page: an OpenAI lane under `/v1` and an Anthropic lane under `/anthropic`, each with its own error shape, the same
//! statuses and types on both, and money that is deducted before it is spent.

mod blemish;
mod engine;
mod envelope;
mod failure;
mod lane;
mod mapping;
mod relay;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::account::{Hold, Switches};
use crate::config::{Account, Config, Feature, Model};
use crate::door::{self, Asked, Reply};
use crate::message::Call;
use crate::mutant::Flaw;
use crate::personality::Page;
use crate::upstream::{Pump, UpstreamFailure};
use engine::Engine;
use failure::{Failure, Row};
use lane::Lane;
use relay::Bill;

const INTERNALS: &str = "internals";
const CAPACITY: &str = "capacity";

const SWITCHES: &[&str] = &[INTERNALS, CAPACITY];

/// On every response, to be quoted to support.
const GENERATION_ID: HeaderName = HeaderName::from_static("x-chuizi-generation-id");

/// How many tokens a call may take that sets no limit.
const TOKENS_UNLIMITED: i64 = 4096;

/// The page, kept.
pub(super) struct Chuizi(Arc<Engine>);

impl Chuizi {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        Ok(Self(Arc::new(Engine::new(config)?)))
    }
}

impl Page for Chuizi {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        answer(self.0.clone(), asked).boxed()
    }

    /// No lane can be made out, and the page's first one speaks for the gateway.
    fn unparsable(&self) -> Bytes {
        let refusal = Failure::Invalid("The request is not well-formed HTTP.".to_owned());
        let body = envelope::of(Lane::OpenAi, &refusal.row(self.0.flaws), self.0.flaws);
        let id = self.0.ids.issue();
        door::bare_bad_request_with(&[(GENERATION_ID.as_str(), &id)], &body.to_string())
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
    let lane = Lane::of(asked.path());
    let mut exchange = Exchange { engine, asked, lane, id, feature: None, streaming: false };
    let (mut reply, failed) = match exchange.serve().await {
        Ok(reply) => (reply, None),
        Err(failure) => {
            let unknown_route = failure.is_unknown_route();
            (exchange.fail(failure).await, Some(unknown_route))
        }
    };
    exchange.engine.ids.settle();
    if exchange.tells_id(failed)
        && let Ok(id) = HeaderValue::from_str(&exchange.id)
    {
        reply.headers_mut().insert(GENERATION_ID, id);
    }
    reply
}

/// One request on its way through the gateway.
struct Exchange {
    engine: Arc<Engine>,
    asked: Asked,
    lane: Lane,
    id: String,
    feature: Option<Feature>,
    streaming: bool,
}

enum Route {
    Call(Feature),
    Models,
}

/// An upstream that did what it was asked for.
enum Answered {
    Whole { body: Bytes, tokens: i64 },
    Stream(Box<Pump>),
}

impl Exchange {
    async fn serve(&mut self) -> Result<Reply, Failure> {
        let route = self.route()?;
        let account = self.admit()?;
        self.able()?;
        match route {
            Route::Models => Ok(self.models(&account)),
            Route::Call(feature) => {
                let call = self.call(feature)?;
                let model = self.resolve(&account, &call)?;
                let hold = Hold::take(&self.engine.ledger, &account, cost_at_most(&call, &model))?;
                self.forward(Bill { hold, price: model.price }, call).await
            }
        }
    }

    fn route(&mut self) -> Result<Route, Failure> {
        let reads = matches!(self.asked.method(), &Method::GET | &Method::HEAD);
        let (feature, models) = match self.asked.path() {
            "/v1/chat/completions" | "/anthropic/v1/messages" => (Some(Feature::Chat), false),
            "/v1/embeddings" => (Some(Feature::Embeddings), false),
            "/v1/models" => (None, true),
            _ => return Err(Failure::UnknownRoute),
        };
        self.feature = feature;
        match feature {
            Some(feature) if self.asked.method() == Method::POST => Ok(Route::Call(feature)),
            None if models && reads => Ok(Route::Models),
            _ => Err(Failure::OddMethod),
        }
    }

    /// Who asks, and whether they ask too often.
    fn admit(&self) -> Result<Arc<Account>, Failure> {
        let flaws = self.engine.flaws;
        let headers = self.asked.headers();
        let header_alone = self.lane == Lane::Anthropic && flaws.has(Flaw::BearerUnreadOnMessages);
        let key = if header_alone { lane::alone(headers) } else { self.lane.key(headers) };
        if flaws.has(Flaw::HeaderKeyUnchecked) && lane::alone(headers).is_some() {
            return Ok(Arc::new(Account::new("guest")));
        }
        let mut found = self.engine.keys.look_up(key);
        if let (Err(_), Some(key)) = (&found, key)
            && flaws.has(Flaw::UnprefixedKeyAccepted)
        {
            found = self.engine.keys.look_up(Some(&format!("ck-{key}")));
        }
        let account = found?;
        self.engine.limiter.admit(&self.counted_as(&account), account.rate, Instant::now())?;
        Ok(account)
    }

    /// The key under which a request is counted: the caller's own, however it comes in, but for flawed gateways.
    fn counted_as(&self, account: &Account) -> String {
        let flaws = self.engine.flaws;
        if flaws.has(Flaw::RateLimitPerLane) {
            format!("{} on {:?}", account.key, self.lane)
        } else if flaws.has(Flaw::RateLimitForEverybody) {
            "everybody".to_owned()
        } else {
            account.key.clone()
        }
    }

    /// Whether the gateway is sound, and has room for one more request.
    fn able(&self) -> Result<(), Failure> {
        let Engine { switches, flaws, .. } = &*self.engine;
        if !switches.on(INTERNALS) && !flaws.has(Flaw::InternalErrorIgnored) {
            return Err(Failure::Internal);
        }
        if !switches.on(CAPACITY) && !flaws.has(Flaw::OverloadIgnored) {
            return Err(Failure::Overloaded);
        }
        Ok(())
    }

    fn call(&mut self, feature: Feature) -> Result<Call, Failure> {
        let body = self.asked.body.as_ref().map_err(|unread| Failure::from(*unread))?;
        let call = self.lane.read(feature, body, self.engine.flaws)?;
        self.streaming = call.stream;
        Ok(call)
    }

    fn resolve(&self, account: &Account, call: &Call) -> Result<Model, Failure> {
        let resolved = self.engine.catalogue.resolve(account, call.feature, &call.model);
        resolved.map_err(|refusal| failure::model(refusal, &call.model))
    }

    async fn forward(&self, bill: Bill, call: Call) -> Result<Reply, Failure> {
        let outcome = if call.stream { self.stream(&call).await } else { self.plain(&call).await };
        match outcome {
            Ok(Answered::Whole { body, tokens }) => {
                bill.settle(tokens, self.engine.flaws, Flaw::CallUnsettled);
                Ok(door::json(StatusCode::OK, body))
            }
            Ok(Answered::Stream(pump)) => Ok(relay::start(self.engine.clone(), self.lane, *pump, bill)),
            Err(failure) => {
                bill.give_back(&failure, self.engine.flaws);
                self.refuse(&failure)
            }
        }
    }

    async fn stream(&self, call: &Call) -> Result<Answered, UpstreamFailure> {
        let path = self.lane.upstream_path(call.feature);
        let opened = self.engine.upstream.open(self.lane.protocol(), path, call.body.clone(), &self.id).await;
        opened.map(|pump| Answered::Stream(Box::new(pump)))
    }

    async fn plain(&self, call: &Call) -> Result<Answered, UpstreamFailure> {
        let (path, flaws) = (self.lane.upstream_path(call.feature), self.engine.flaws);
        let sent = self.engine.upstream.call(self.lane.protocol(), path, call.body.clone(), &self.id);
        let answer = sent.await?;
        let used = self.lane.usable(call.feature, &answer, flaws).map_err(UpstreamFailure::Unusable)?;
        let tokens = used.unwrap_or_else(|| relay::estimate(call.body.len() + answer.body.len()));
        Ok(Answered::Whole { body: answer.body, tokens })
    }

    fn refuse(&self, failure: &UpstreamFailure) -> Result<Reply, Failure> {
        let row = mapping::row(failure, &self.engine);
        if self.streaming && self.engine.flaws.has(Flaw::StreamEarlyFailureIs200) {
            return Ok(relay::only(self.lane, &row, self.engine.flaws));
        }
        Err(Failure::Upstream(row))
    }

    /// Answers a failure; a gateway that checks too late has called its upstream by now.
    async fn fail(&self, failure: Failure) -> Reply {
        let flaws = self.engine.flaws;
        if let Some(feature) = self.feature
            && failure.is_noticed_late(flaws)
        {
            let body = self.asked.body.as_deref().unwrap_or_default().to_vec();
            let path = self.lane.upstream_path(feature);
            // Whatever comes back, the caller gets the refusal.
            let _ = self.engine.upstream.call(self.lane.protocol(), path, body, &self.id).await;
        }
        let lane = self.speaks(&failure);
        let unknown_route = failure.is_unknown_route();
        let row = self.row(failure);
        let mut finished = envelope::finish(row, lane, flaws);
        blemish::spoil(&mut finished, self, unknown_route);
        finished.into_reply()
    }

    fn row(&self, failure: Failure) -> Row {
        let flaws = self.engine.flaws;
        let unknown_model = matches!(failure, Failure::UnknownModel(_));
        let mut row = failure.row(flaws);
        if unknown_model && self.lane == Lane::Anthropic && flaws.has(Flaw::MessagesStatusDiffers) {
            row.status = 400;
        }
        row
    }

    /// The lane whose shape a failure has: the request's own, but for gateways that lose sight of it.
    fn speaks(&self, failure: &Failure) -> Lane {
        let lost = match failure {
            Failure::Upstream(_) => (Flaw::AnthropicLaneSpeaksOpenAi, Lane::OpenAi),
            Failure::UnknownRoute => (Flaw::UnknownSubRouteSpeaksOpenAi, Lane::OpenAi),
            Failure::NotJson | Failure::Invalid(_) => (Flaw::OpenAiLaneSpeaksAnthropic, Lane::Anthropic),
            _ => return self.lane,
        };
        if self.engine.flaws.has(lost.0) { lost.1 } else { self.lane }
    }

    /// Whether the response carries the generation id; only flawed gateways leave it out. `failed` says whether a failure
    /// is one of an unknown route.
    fn tells_id(&self, failed: Option<bool>) -> bool {
        let flaws = self.engine.flaws;
        match failed {
            None => !(self.streaming && flaws.has(Flaw::StreamIdMissing)),
            Some(unknown_route) => {
                !(flaws.has(Flaw::RequestIdMissing)
                    || unknown_route && flaws.has(Flaw::UnknownRouteIdMissing))
            }
        }
    }

    fn models(&self, account: &Account) -> Reply {
        let data: Vec<Value> = self.engine.catalogue.visible(account).map(describe).collect();
        door::json(StatusCode::OK, json!({"object": "list", "data": data}).to_string())
    }
}

/// What is held for a call: its own tokens, and as many as the answer may have.
fn cost_at_most(call: &Call, model: &Model) -> i64 {
    let answer = match call.feature {
        Feature::Chat => call.max_tokens.unwrap_or(TOKENS_UNLIMITED),
        Feature::Embeddings => 0,
    };
    relay::estimate(call.body.len()).saturating_add(answer).saturating_mul(model.price)
}

fn describe(model: &Model) -> Value {
    json!({"id": model.slug, "object": "model", "created": 1_767_225_600, "owned_by": "chuizi"})
}
