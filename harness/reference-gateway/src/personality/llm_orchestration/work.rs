//! What a provider has to answer: who may ask for it, what it may cost, who is asked, and what is made of the answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use tokio::time::Instant;

use super::engine::{DATABASE, Engine, PRICING};
use super::failure::{Code, Failure};
use super::providers::{Candidates, policy};
use super::request::{Asked, Kind};
use super::{Exchange, mapping, relay};
use crate::account::Caller;
use crate::config::{Account, Feature};
use crate::door::{self, Reply};
use crate::mutant::Flaw;
use crate::openai;
use crate::seed::llm_orchestration::{MONTHLY_TOKENS, Task, VARIANTS, Variant};
use crate::upstream::{Answer, Client, GaveUp, Protocol, Pump, UpstreamFailure, ask};

impl Exchange {
    pub(super) async fn work(
        &self,
        task: Task,
        caller: &Caller,
        tenant: &Arc<Account>,
    ) -> Result<Reply, Failure> {
        let asked = Asked::of(task, self.body(Kind::Task(task))?);
        let variant = self.variant(&asked, caller)?;
        asked.judge(&variant, self.engine.flaws)?;
        let engine = &self.engine;
        let candidates = engine.providers.candidates(
            asked.provider.as_deref(),
            asked.stream,
            &engine.store,
            engine.reach(),
        )?;
        self.afford(&asked, &variant, tenant)?;
        self.reserve(&asked, tenant)?;
        if let Some(kept) = self.kept(&asked)? {
            return Ok(kept);
        }
        let _under_way = UnderWay::new(engine);
        if engine.flaws.has(Flaw::CrowdShedWithBareText) && engine.under_way.load(Ordering::SeqCst) > 2 {
            return Ok(door::full(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "overloaded"));
        }
        let (prompt, answer) = asked.tokens();
        // Tokenizers differ, but not by that much.
        let most = prompt.saturating_add(answer).saturating_mul(4).saturating_add(64);
        let bill = relay::Bill { tenant: tenant.clone(), price: variant.price, most };
        self.ask(&asked, &candidates, bill).await
    }

    /// The variant that is asked for, when there is one and the caller's tier has it.
    fn variant(&self, asked: &Asked, caller: &Caller) -> Result<Variant, Failure> {
        let flaws = self.engine.flaws;
        let known = VARIANTS.iter().find(|it| it.name == asked.model && it.task == asked.task);
        let fallback =
            VARIANTS.iter().find(|it| it.task == asked.task && flaws.has(Flaw::UnknownModelForwarded));
        let Some(variant) = known.or(fallback) else {
            let name: String = asked.model.chars().take(80).collect();
            let message = format!("There is no variant '{name}' for this; see GET /variants.");
            return Err(Failure::new(Code::InvalidModel, message));
        };
        let above = variant.premium || flaws.has(Flaw::FreeTierGetsNothing);
        if above && caller.tier == "free" && !flaws.has(Flaw::TierUnchecked) {
            return Err(Failure::new(Code::TierInsufficient, "The Pro or Enterprise tier is needed."));
        }
        Ok(*variant)
    }

    /// Whether the wallet and the caller's budget allow the call.
    fn afford(&self, asked: &Asked, variant: &Variant, tenant: &Account) -> Result<(), Failure> {
        let engine = &self.engine;
        engine.ledger.check(tenant)?;
        if !engine.switches.on(PRICING) && !engine.flaws.has(Flaw::FaultServed) {
            return Err(Failure::new(Code::InternalServerError, "Something went wrong."));
        }
        let Some(budget) = self.budget()? else { return Ok(()) };
        let budget = if engine.flaws.has(Flaw::EveryBudgetIsNothing) { -1 } else { budget };
        let (prompt, answer) = asked.tokens();
        let answer = if engine.flaws.has(Flaw::BudgetForgetsTheAnswer) { 0 } else { answer };
        let tokens = i64::try_from(prompt.saturating_add(answer)).unwrap_or(i64::MAX);
        if tokens.saturating_mul(variant.price) <= budget || engine.flaws.has(Flaw::BudgetIgnored) {
            return Ok(());
        }
        Err(Failure::new(Code::BudgetExceeded, "The request would cost more than its budget."))
    }

    /// The header's budget in microdollars.
    fn budget(&self) -> Result<Option<i64>, Failure> {
        let Some(value) = self.asked.headers().get("x-budget-max-usd") else { return Ok(None) };
        let dollars = value.to_str().ok().and_then(|it| it.trim().parse::<f64>().ok());
        let dollars = dollars.filter(|it| it.is_finite() && *it >= 0.0);
        let wrong = || Failure::new(Code::InvalidInput, "The budget has to be a number of dollars.");
        #[expect(clippy::cast_possible_truncation, reason = "more than fits is no limit at all")]
        let micro = (dollars.ok_or_else(wrong)? * 1e6).floor() as i64;
        Ok(Some(micro))
    }

    /// Takes the request's tokens off the month's quota before anything is bought.
    fn reserve(&self, asked: &Asked, tenant: &Account) -> Result<(), Failure> {
        let engine = &self.engine;
        // A flawed service takes a database that is down for a quota that is not spent.
        if !engine.switches.on(DATABASE) && engine.flaws.has(Flaw::DatabaseDownUnnoticed) {
            return Ok(());
        }
        let used = engine.store.used(engine.reach(), &tenant.key)?;
        if used >= MONTHLY_TOKENS && !engine.flaws.has(Flaw::QuotaUnchecked) {
            return Err(Failure::new(Code::QuotaExceeded, "The month's quota is spent."));
        }
        engine.store.book(engine.reach(), &tenant.key, asked.tokens().0)
    }

    /// An answer of before, where the caller wants one; without one the request goes on.
    fn kept(&self, asked: &Asked) -> Result<Option<Reply>, Failure> {
        let key = asked.cache_key();
        if self.engine.flaws.has(Flaw::CacheMissStopsModeration) && key.starts_with("moderation:") {
            return Err(Failure::new(Code::CacheMiss, "No answer is kept under this key."));
        }
        if !asked.cache || asked.stream {
            return Ok(None);
        }
        let kept = self.engine.store.answer(self.engine.reach(), &key)?;
        Ok(kept.map(|answer| marked(door::json(StatusCode::OK, answer), "hit")))
    }

    async fn ask(&self, asked: &Asked, candidates: &Candidates, bill: relay::Bill) -> Result<Reply, Failure> {
        let limit = asked.deadline.filter(|_| !self.engine.flaws.has(Flaw::OwnDeadlineIgnored));
        let limit = limit.map(|it| if self.engine.flaws.has(Flaw::OwnDeadlineHalved) { it / 2 } else { it });
        let until = limit.and_then(|it| Instant::now().checked_add(it));
        let asking = async {
            if asked.stream {
                self.stream(asked, candidates, bill, until).await
            } else {
                self.plain(asked, candidates, bill).await
            }
        };
        match until {
            Some(until) => {
                tokio::time::timeout_at(until, asking).await.unwrap_or_else(|_| Err(mapping::own_deadline()))
            }
            None => asking.await,
        }
    }

    async fn plain(
        &self,
        asked: &Asked,
        candidates: &Candidates,
        bill: relay::Bill,
    ) -> Result<Reply, Failure> {
        let attempt = |client: Arc<Client>| self.call(client, asked);
        let outcome = ask(&candidates.clients, &policy(), self.engine.providers.gate(), attempt).await;
        let (answer, used) = match outcome {
            Ok(served) => served.answer,
            Err(gave_up) => return self.gave_up(asked, candidates, gave_up).await,
        };
        bill.pay(&self.engine, used.unwrap_or_else(|| relay::estimate(answer.body.len())));
        let mut reply = door::json(StatusCode::OK, mapping::answered(&answer, self.engine.flaws));
        if asked.cache && asked.task == Task::Inference {
            let text = String::from_utf8_lossy(&answer.body);
            self.engine.store.keep(self.engine.reach(), &asked.cache_key(), &text)?;
            reply = marked(reply, "miss");
        }
        Ok(reply)
    }

    /// One call whose answer counts: read whole, and of the shape that the task needs.
    async fn call(
        &self,
        client: Arc<Client>,
        asked: &Asked,
    ) -> Result<(Answer, Option<i64>), UpstreamFailure> {
        let (path, body) = asked.call();
        let answer = client.call(Protocol::OpenAi, path, body, &self.id).await?;
        let flaws = self.engine.flaws;
        let used = match asked.task {
            Task::Inference => openai::usable(Feature::Chat, &answer.headers, &answer.body, flaws),
            Task::Embeddings => openai::usable(Feature::Embeddings, &answer.headers, &answer.body, flaws),
            Task::Rerank => openai::ranking(asked.documents(), &answer.headers, &answer.body, flaws),
        };
        let used = used.map_err(UpstreamFailure::Unusable)?;
        Ok((answer, used))
    }

    async fn stream(
        &self,
        asked: &Asked,
        candidates: &Candidates,
        bill: relay::Bill,
        until: Option<Instant>,
    ) -> Result<Reply, Failure> {
        let attempt = |client: Arc<Client>| self.open(client, asked);
        let outcome = ask(&candidates.clients, &policy(), self.engine.providers.gate(), attempt).await;
        match outcome {
            Ok(served) => Ok(relay::start(self.engine.clone(), served.answer, bill, until)),
            Err(gave_up) => self.gave_up(asked, candidates, gave_up).await,
        }
    }

    async fn open(&self, client: Arc<Client>, asked: &Asked) -> Result<Pump, UpstreamFailure> {
        let (path, body) = asked.call();
        client.open(Protocol::OpenAi, path, body, &self.id).await
    }

    async fn gave_up(
        &self,
        asked: &Asked,
        candidates: &Candidates,
        gave_up: GaveUp,
    ) -> Result<Reply, Failure> {
        let flaws = self.engine.flaws;
        if let Some(verbatim) = mapping::verbatim(&gave_up, flaws) {
            return Ok(verbatim);
        }
        if gave_up.failed.is_empty() && flaws.has(Flaw::OpenCircuitAnswersLate) {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        let failure = mapping::failure(asked.task, candidates.single, &gave_up, flaws);
        if asked.stream && flaws.has(Flaw::StreamEarlyFailureIs200) {
            return Ok(relay::only(&failure, flaws));
        }
        Err(failure)
    }
}

/// Says whether an answer was kept before.
fn marked(mut reply: Reply, how: &'static str) -> Reply {
    reply.headers_mut().insert("x-cache", HeaderValue::from_static(how));
    reply
}

/// Counts a request for as long as providers are asked for its answer.
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
