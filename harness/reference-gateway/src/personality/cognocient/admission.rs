//! What is decided before the provider is asked: who calls, whether they may, and which model serves them.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::Value;

use super::failure::{self, Failure};
use super::relay::estimate;
use super::{Exchange, ROUTE};
use crate::account::{KeyRefusal, Question, Run, bearer};
use crate::config::{Account, Feature, Model};
use crate::message::Call;
use crate::mutant::Flaw;
use crate::openai;

/// What every proxy key begins with.
const PREFIX: &str = "sk-cog-";
/// A limit of its own for the run, in US dollars.
const RUN_BUDGET: &str = "x-cost-run-budget";
/// The name of the run, where a key has several.
const RUN_ID: &str = "x-cost-run-id";
/// What an answer may need where the request sets no limit.
const USUAL_ANSWER: i64 = 256;

impl Exchange {
    pub(super) fn route(&self) -> Result<(), Failure> {
        match (self.asked.path(), self.asked.method()) {
            (ROUTE, &Method::POST) => Ok(()),
            (ROUTE, _) => Err(Failure::OddMethod),
            _ => Err(Failure::NotFound),
        }
    }

    /// Who asks, whether their trial goes on, and whether they ask too often.
    pub(super) fn admit(&mut self) -> Result<Arc<Account>, Failure> {
        let account = self.identify()?;
        self.account = Some(account.clone());
        let ended = account.guardrails.trial_ended;
        if self.pays_for_another(!ended) || ended && !self.trial_overlooked(&account) {
            return Err(Failure::TrialExpired);
        }
        self.engine.velocity.admit(&account)?;
        Ok(account)
    }

    fn identify(&self) -> Result<Arc<Account>, Failure> {
        let headers = self.asked.headers();
        let mut token = bearer(headers);
        let lower = headers.get(AUTHORIZATION).is_some_and(|it| it.as_bytes().starts_with(b"bearer "));
        if lower && self.engine.flaws.has(Flaw::LowerCaseSchemeIs400) {
            return Err(Failure::Invalid("The Authorization header is malformed.".to_owned()));
        }
        if self.engine.flaws.has(Flaw::KeyTakenFromAnyHeader) {
            let others = [AUTHORIZATION.as_str(), "x-api-key", "api-key", "proxy-authorization"];
            let values = others.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
            token = values.map(|it| it.trim_start_matches("Bearer ")).next();
        }
        let lowered =
            token.filter(|_| self.engine.flaws.has(Flaw::KeyInAnyCase)).map(str::to_ascii_lowercase);
        match lowered.as_deref().or(token) {
            Some(token) if !token.starts_with(PREFIX) => {
                if self.engine.flaws.has(Flaw::OtherPrefixAccepted) {
                    return Ok(Arc::new(Account::new("guest")));
                }
                Err(KeyRefusal::Unknown.into())
            }
            token => Ok(self.engine.keys.look_up(token)?),
        }
    }

    fn pays_for_another(&self, good: bool) -> bool {
        self.engine.flaws.has(Flaw::TrialEndsForOthers) && self.engine.seen.blame.falls_on(good)
    }

    fn trial_overlooked(&self, account: &Account) -> bool {
        let mut refused = self.engine.seen.trials.lock().unwrap_or_else(PoisonError::into_inner);
        let first = refused.insert(account.key.clone());
        self.engine.flaws.has(Flaw::TrialUnchecked) || self.engine.flaws.has(Flaw::TrialRefusedOnce) && !first
    }

    pub(super) fn call(&mut self) -> Result<Call, Failure> {
        let body = self.asked.body.as_ref().map_err(|unread| Failure::from(*unread))?;
        let call = openai::read(Feature::Chat, body, self.engine.flaws)
            .map_err(|invalid| failure::invalid(&invalid, body))?;
        self.streaming = call.stream;
        Ok(call)
    }

    pub(super) fn resolve(&mut self, account: &Account, call: &Call) -> Result<Model, Failure> {
        self.annotations.original_model.clone_from(&call.model);
        if self.engine.flaws.has(Flaw::DegradedModelAlwaysNamed)
            && let Some(cheapest) = self.engine.catalogue.cheapest(call.feature)
        {
            self.annotations.degraded_model.clone_from(&cheapest.slug);
        }
        Ok(self.engine.catalogue.resolve(account, call.feature, &call.model)?)
    }

    /// Whether the tokens that the call may need are left in this minute.
    pub(super) fn pace(&self, account: &Account, call: &Call) -> Result<(), Failure> {
        let answer = call.max_tokens.unwrap_or(USUAL_ANSWER);
        let tokens = u32::try_from(estimate(call.body.len()).saturating_add(answer)).unwrap_or(u32::MAX);
        Ok(self.engine.velocity.spend(account, NonZeroU32::new(tokens).unwrap_or(NonZeroU32::MIN))?)
    }

    /// The run that the call belongs to, if it may spend more.
    pub(super) fn run(&self, account: &Account) -> Result<Run, Failure> {
        let header = |name: &str| self.asked.headers().get(name).map(|it| it.to_str().unwrap_or("\u{0}"));
        let name = header(RUN_ID).unwrap_or_default().to_owned();
        let run = Run { key: account.key.clone(), name };
        let cap = match header(RUN_BUDGET).map(microdollars) {
            _ if self.engine.flaws.has(Flaw::RunBudgetHeaderIgnored) => account.guardrails.run_cap,
            Some(None) if self.engine.flaws.has(Flaw::UnreadableBudgetCrashes) => {
                return Err(Failure::Provider(failure::Row::new(500, "provider_error", "NaN")));
            }
            Some(None) => return Err(Failure::Invalid("X-Cost-Run-Budget is no amount.".to_owned())),
            Some(cap) => cap,
            None => account.guardrails.run_cap,
        };
        self.engine.runs.check(&run, cap)?;
        Ok(run)
    }

    /// The model that serves the call: a cheaper one past the threshold of a budget in degrade mode.
    pub(super) fn tier(&mut self, account: &Account, asked: Model, call: &Call) -> Result<Model, Failure> {
        let flaws = self.engine.flaws;
        let Some(mut threshold) = account.guardrails.degrade_from else {
            self.engine.ledger.check(account)?;
            return Ok(asked);
        };
        let spent = self.engine.ledger.percent_spent(account).unwrap_or_default();
        if flaws.has(Flaw::DegradeEndsWithTheBudget) && spent >= 100 {
            return Err(Failure::BudgetExceeded);
        }
        if flaws.has(Flaw::DegradeWaitsForTheEnd) {
            threshold = 100;
        }
        if spent < threshold || flaws.has(Flaw::DegradeLeavesStreams) && call.stream {
            return Ok(asked);
        }
        let nth = self.engine.seen.degraded.fetch_add(1, Ordering::SeqCst) + 1;
        if flaws.has(Flaw::FifthCallUndegraded) && nth.is_multiple_of(5) {
            return Ok(asked);
        }
        if flaws.has(Flaw::DegradeRefusesOtherModels) {
            return Err(Failure::ModelNotFound);
        }
        match self.engine.catalogue.cheapest(asked.feature) {
            Some(cheapest) if cheapest.price < asked.price => {
                let cheapest = cheapest.clone();
                Ok(self.degrade(asked, cheapest))
            }
            _ => Ok(asked),
        }
    }

    fn degrade(&mut self, asked: Model, cheapest: Model) -> Model {
        let flaws = self.engine.flaws;
        if flaws.has(Flaw::DegradeUnsaid) {
            return cheapest;
        }
        self.annotations.degraded = true;
        self.annotations.degraded_model.clone_from(&cheapest.slug);
        if flaws.has(Flaw::OriginalModelIsTheUsedOne) {
            self.annotations.original_model.clone_from(&cheapest.slug);
        }
        if flaws.has(Flaw::DegradeOnlySaid) { asked } else { cheapest }
    }

    /// What the call asks, where answers of the key are kept.
    pub(super) fn question(&self, account: &Account, call: &Call) -> Option<Question> {
        let request: Option<Value> =
            account.guardrails.cached.then(|| serde_json::from_slice(&call.body).ok()).flatten();
        request.map(|request| Question::of(&account.key, &request))
    }
}

/// An amount of US dollars; none where the text is no amount.
fn microdollars(text: &str) -> Option<i64> {
    let text = text.trim();
    let decimal = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let dollars = text.parse::<f64>().ok().filter(|_| decimal)?;
    // A float becomes the nearest whole number, however large.
    #[expect(clippy::cast_possible_truncation, reason = "it saturates, and nobody spends as much")]
    Some((dollars * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::microdollars;

    #[test]
    fn only_decimal_numbers_are_amounts() {
        assert_eq!(microdollars(" 0.000001 "), Some(1));
        assert_eq!(microdollars("12.5"), Some(12_500_000));
        for it in ["", "-1", "NaN", "1e3", "plenty", "0,5", "$5", ".", "1.2.3"] {
            assert_eq!(microdollars(it), None, "{it:?}");
        }
    }
}
