//! The Cognocient page: one OpenAI-compatible lane, seven documented failures, budgets by month and by run, a limit of velocity,
//! degraded models, a similarity cache, and five headers that tell of it all.

mod admission;
mod annotation;
mod blemish;
mod engine;
mod envelope;
mod failure;
mod mapping;
mod relay;

use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::account::Switches;
use crate::config::{Account, Config, Feature, Model};
use crate::door::{self, Asked, Reply};
use crate::message::Call;
use crate::mutant::Flaw;
use crate::openai;
use crate::personality::Page;
use crate::upstream::{Protocol, UpstreamFailure};
use annotation::Annotations;
use engine::Engine;
use failure::{Failure, Row};
use relay::Bill;

const ROUTE: &str = "/v1/chat/completions";

/// The page, kept.
pub(super) struct Cognocient(Arc<Engine>);

impl Cognocient {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        Ok(Self(Arc::new(Engine::new(config)?)))
    }
}

impl Page for Cognocient {
    fn answer(self: Arc<Self>, asked: Asked) -> BoxFuture<'static, Reply> {
        Exchange::new(self.0.clone(), asked).answer().boxed()
    }

    fn unparsable(&self) -> Bytes {
        let refusal = Failure::Invalid("The request is not well-formed HTTP.".to_owned());
        let body = envelope::envelope(&refusal.row(self.0.flaws)).to_string();
        let headers = Annotations::default().text(self.0.flaws);
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close";
        Bytes::from(format!("{head}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
    }

    fn switches(&self) -> &Switches {
        &self.0.switches
    }

    fn reset(&self) {
        self.0.reset();
    }
}

/// One request on its way through the gateway.
struct Exchange {
    engine: Arc<Engine>,
    asked: Asked,
    id: String,
    account: Option<Arc<Account>>,
    annotations: Annotations,
    /// The provider's headers, for a flaw that relays some.
    heard: HeaderMap,
    streaming: bool,
}

impl Exchange {
    fn new(engine: Arc<Engine>, asked: Asked) -> Self {
        let (id, annotations) = (engine.ids.issue(), Annotations::default());
        let (account, heard) = (None, HeaderMap::new());
        Self { engine, asked, id, account, annotations, heard, streaming: false }
    }

    async fn answer(mut self) -> Reply {
        let mut reply = match self.serve().await {
            Ok(_) if self.streaming && self.engine.flaws.has(Flaw::AnnotationsFailStreams) => {
                self.fail(Failure::Provider(Row::new(500, "provider_error", "The stream has begun."))).await
            }
            Ok(reply) => reply,
            Err(failure) => self.fail(failure).await,
        };
        if let Some(account) = &self.account {
            self.engine.velocity.settle(account);
        }
        self.annotate(&mut reply);
        reply
    }

    async fn serve(&mut self) -> Result<Reply, Failure> {
        self.route()?;
        let account = self.admit()?;
        let call = self.call()?;
        let asked_for = self.resolve(&account, &call)?;
        self.pace(&account, &call)?;
        let run = self.run(&account)?;
        let model = self.tier(&account, asked_for, &call)?;
        let question = self.question(&account, &call);
        if let Some(kept) = question.as_ref().and_then(|it| self.engine.similarity.find(it)) {
            if self.engine.flaws.has(Flaw::CacheHitBilled) {
                self.engine.ledger.deduct(&account, relay::tokens(None, call.body.len()) * model.price);
            }
            return Ok(self.remember(kept, call).await);
        }
        let bill = Bill { account, run, price: model.price, question };
        self.forward(bill, &model, call).await
    }

    /// A kept answer, at no cost.
    async fn remember(&mut self, (score, frames): (crate::account::Score, Vec<Bytes>), call: Call) -> Reply {
        self.annotations.cache_hit = Some(score);
        if self.engine.flaws.has(Flaw::CacheHitAsksAnyway) {
            // Whatever comes back, the caller gets what was kept.
            let _ = self.engine.upstream.call(Protocol::OpenAi, ROUTE, call.body, &self.id).await;
        }
        match call.stream {
            true => relay::again(frames),
            false => door::json(StatusCode::OK, frames.concat()),
        }
    }

    async fn forward(&mut self, bill: Bill, model: &Model, call: Call) -> Result<Reply, Failure> {
        let streamed = call.stream;
        let kept = self.engine.flaws.has(Flaw::CacheRefusesWhatFailed) && bill.question.is_some();
        let asked = kept.then(|| call.body.clone());
        let failed = || self.engine.seen.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.as_ref().is_some_and(|asked| failed().contains(asked)) {
            return Err(Failure::Provider(Row::new(500, "provider_error", "The provider has failed.")));
        }
        let body = self.body(model, call);
        let keeps_failures = self.engine.flaws.has(Flaw::CacheKeepsFailures).then(|| bill.question.clone());
        let engine = self.engine.clone();
        let _line = match engine.flaws.has(Flaw::CallsInLine) {
            true => Some(engine.seen.line.lock().await),
            false => None,
        };
        let outcome = if streamed {
            let opened = engine.upstream.open(Protocol::OpenAi, ROUTE, body, &self.id).await;
            opened.map(|pump| relay::start(engine.clone(), pump, bill))
        } else {
            self.plain(bill, body).await
        };
        match outcome {
            Ok(reply) => Ok(reply),
            Err(failure) => {
                if let Some(question) = keeps_failures.flatten() {
                    let refusal =
                        Bytes::from_static(b"{\"error\":{\"message\":\"failed\",\"type\":\"kept\"}}");
                    engine.similarity.keep(question, vec![refusal]);
                }
                engine.seen.failed.lock().unwrap_or_else(PoisonError::into_inner).extend(asked);
                self.refuse(failure).await
            }
        }
    }

    /// The request, for the model that it goes to.
    fn body(&self, model: &Model, call: Call) -> Vec<u8> {
        if model.slug == call.model {
            return call.body;
        }
        let mut request: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        if self.engine.flaws.has(Flaw::DegradedCallLosesFields)
            && let Some(fields) = request.as_object_mut()
        {
            fields.retain(|name, _| matches!(name.as_str(), "messages" | "stream"));
            if let Some(messages) = fields.get_mut("messages").and_then(Value::as_array_mut) {
                messages.insert(0, json!({"role": "system", "content": "Be brief."}));
            }
        }
        if let Some(fields) = request.as_object_mut() {
            fields.insert("model".to_owned(), model.slug.clone().into());
        }
        request.to_string().into_bytes()
    }

    async fn plain(&mut self, bill: Bill, body: Vec<u8>) -> Result<Reply, UpstreamFailure> {
        let asked = body.len();
        let answer = self.engine.upstream.call(Protocol::OpenAi, ROUTE, body, &self.id).await?;
        self.heard.clone_from(&answer.headers);
        let used = openai::usable(Feature::Chat, &answer.headers, &answer.body, self.engine.flaws);
        let used = used.map_err(|why| match told(&answer.body) {
            true => UpstreamFailure::Told(answer.body.clone()),
            false => UpstreamFailure::Unusable(why),
        })?;
        let tokens = relay::tokens(used, asked + answer.body.len());
        bill.settle(&self.engine, tokens, false, vec![answer.body.clone()]);
        if self.engine.flaws.has(Flaw::SuccessCarriesError)
            && let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body)
        {
            body.insert("error".to_owned(), json!({}));
            return Ok(door::json(StatusCode::OK, Value::Object(body).to_string()));
        }
        Ok(door::json(StatusCode::OK, answer.body))
    }

    async fn refuse(&mut self, failure: UpstreamFailure) -> Result<Reply, Failure> {
        if let UpstreamFailure::Refused(refused) = &failure {
            self.heard.clone_from(&refused.headers);
        }
        if let Some(verbatim) = mapping::verbatim(&failure, &self.engine) {
            return Ok(verbatim);
        }
        let row = mapping::row(failure, &self.engine).await;
        if self.streaming && self.engine.flaws.has(Flaw::StreamEarlyFailureIs200) {
            return Ok(relay::only(&row, self.engine.flaws));
        }
        Err(Failure::Provider(row))
    }

    /// Answers a failure; a gateway that checks too late has called its provider by now.
    async fn fail(&self, failure: Failure) -> Reply {
        if failure.is_noticed_late(self.engine.flaws) {
            let body = self.asked.body.as_deref().unwrap_or_default().to_vec();
            // Whatever comes back, the caller gets the refusal.
            let _ = self.engine.upstream.call(Protocol::OpenAi, ROUTE, body, &self.id).await;
        }
        let mut finished = envelope::finish(&failure.row(self.engine.flaws));
        blemish::spoil(&mut finished, &self.engine);
        finished.into_reply()
    }

    fn annotate(&self, reply: &mut Reply) {
        let flaws = self.engine.flaws;
        let failed = reply.status() != StatusCode::OK;
        let left_out = failed && flaws.has(Flaw::AnnotationsMissingOnFailures)
            || self.streaming && !failed && flaws.has(Flaw::AnnotationsMissingOnStreams);
        if left_out {
            return;
        }
        self.annotations.tell(reply.headers_mut(), flaws);
        if flaws.has(Flaw::AnnotationsRelayed) {
            annotation::relay(&self.heard, reply.headers_mut());
        }
    }
}

/// Whether a body that is no answer tells of an error instead.
fn told(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|it| it.get("error").is_some_and(|it| !it.is_null()))
}
