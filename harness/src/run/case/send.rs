//! One send: its marker, its request, its exchange.

use std::time::Duration;

use mock_upstream::control::Error;
use mock_upstream::control::mock::Scenario;
use mock_upstream::scenario::{MarkError, Markers};

use crate::act::Progress;
use crate::arrange::names::OfSend;
use crate::arrange::request;
use crate::judge;
use crate::observe::{Observed, join};
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::spec::case::Send;
use crate::spec::language::value::{Reference, Value};
use crate::spec::target::UpstreamLink;
use crate::wire::exchange::{Exchange, Request};

/// A request that is ready to go, and by which number the mock knows it.
#[derive(Clone, Debug)]
pub(in crate::run) struct Sent {
    /// The request.
    pub request: Request,
    /// The number of its marker in the scenario.
    pub number: u32,
    /// Its marker.
    pub marker: String,
    /// Its prompt, with the marker in it.
    pub prompt: String,
    /// The operation, for what protocol applies.
    pub operation: Option<String>,
    /// The protocol.
    pub protocol: String,
    /// Whether it asks for a stream.
    pub stream: bool,
}

/// Marks a fresh word for the next send of the scenario.
///
/// # Errors
/// When the scenario is closed: the harness's own fault.
pub(in crate::run) async fn mark(scenario: &Scenario, seed: u64, number: u32) -> Result<String, Trouble> {
    let mut markers = Markers::seeded(seed);
    loop {
        let word = markers.fresh();
        match scenario.mark(word.as_str(), number).await {
            Ok(()) => return Ok(word.as_str().to_owned()),
            Err(Error::Mark(MarkError::Taken(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for the upstream to be done with what it was sent; a gateway that never lets go of a connection is left alone.
///
/// # Errors
/// When the mock cannot be asked.
pub(in crate::run) async fn settled(scenario: &Scenario) -> Result<(), Trouble> {
    // The time being over is an answer too.
    tokio::time::timeout(SETTLE, scenario.idle()).await.unwrap_or(Ok(()))?;
    Ok(())
}

/// How long the upstream may still be busy once the client has its answers.
const SETTLE: Duration = Duration::from_secs(1);

impl Conduct<'_> {
    /// Prepares the next send of the case.
    pub(in crate::run) async fn prepare(&mut self, send: &Send) -> Result<Sent, Trouble> {
        if let Some(again) = &send.again {
            return self.again(&again.value, send).await;
        }
        let number = self.sends;
        self.sends += 1;
        let marker = mark(&self.scenario, self.words.number(), number).await?;
        let prompt = match &send.like {
            None => self.words.prompt(&marker),
            Some(step) => {
                let earlier = self.earlier(step)?;
                earlier.prompt.replace(&earlier.marker, &marker)
            }
        };
        let role = send.credential.as_ref().map_or("valid", |credential| credential.as_str());
        let key = if role == "none" { None } else { Some(self.key(role).await?) };
        let keys = self.keys(send).await?;
        let references = self.references();
        let names = OfSend { names: &references, prompt: &prompt, keys: &keys };
        let request = request::build(send, self.contract(), &self.stage.target, key.as_deref(), &names)
            .map_err(|missing| Trouble::Unready(format!("the request cannot be built: {missing}")))?;
        let request = self.with_target_headers(request);
        let operation = send.operation.as_ref().map(|operation| operation.value.clone());
        let protocol = request::protocol(send, self.contract());
        let protocol = protocol.map(|protocol| protocol.name.value.clone()).unwrap_or_default();
        // What the body says decides: a case may set or drop the field itself.
        let stream = serde_json::from_slice::<serde_json::Value>(&request.body)
            .is_ok_and(|body| body.get("stream") == Some(&serde_json::Value::Bool(true)));
        Ok(Sent { request, number, marker, prompt, operation, protocol, stream })
    }

    /// Repeats what a step sent, under the same marker: the mock cannot tell the two apart, so that they are told apart by
    /// when they arrived.
    async fn again(&mut self, step: &str, send: &Send) -> Result<Sent, Trouble> {
        let earlier = self.earlier(step)?.clone();
        let key = match &send.credential {
            Some(role) if role.value != "none" => Some(self.key(&role.value).await?),
            _ => None,
        };
        let keys = self.keys(send).await?;
        let operation = earlier.operation.as_deref();
        let target = &self.stage.target;
        // Whatever carries the marker is repeated.
        let names = OfSend { names: &self.references(), prompt: "", keys: &keys };
        let again = request::again(
            &earlier.request,
            operation,
            send,
            self.contract(),
            target,
            key.as_deref(),
            &names,
        );
        let request =
            again.map_err(|missing| Trouble::Unready(format!("the request cannot be built: {missing}")))?;
        Ok(Sent { request, ..earlier })
    }

    /// What a step sent first.
    fn earlier(&self, step: &str) -> Result<&Sent, Trouble> {
        let earlier = self.sent.iter().find(|(name, _)| name == step).map(|(_, sent)| sent);
        earlier.ok_or_else(|| Trouble::Harness(format!("the step `{step}` has sent nothing yet")))
    }

    /// Sends and records; `moments` is told of what happens on the way.
    pub(in crate::run) async fn exchange(
        &self,
        sent: &Sent,
        deadline: Duration,
        moments: Progress<'_>,
    ) -> Result<Exchange, Trouble> {
        let exchange = self.stage.send(self.instance, sent.request.clone(), deadline, Some(moments)).await?;
        // What the mock gave to an earlier send of the case, a gateway may have kept.
        let given: Vec<&Observed> = self.steps.iter().flat_map(|step| &step.exchanges).collect();
        // Whoever is behind a gateway that nobody can point at the mock is nobody else.
        let mocked = !matches!(self.stage.target.upstream, UpstreamLink::None);
        if mocked && judge::foreign(&self.joined(sent, exchange.clone()).await?, &given).is_some() {
            // The answer can be here before the mock has written down that it gave it.
            let _nothing_else_is_sent = self.stage.suspicion.write().await;
            self.settle().await?;
            let mut before = Vec::new();
            for (sent, exchange) in &self.so_far {
                before.push(self.joined(sent, exchange.clone()).await?);
            }
            let given: Vec<&Observed> = given.into_iter().chain(&before).collect();
            self.stage.look_for_others(&self.joined(sent, exchange.clone()).await?, &given);
        }
        Ok(exchange)
    }

    /// Joins an exchange with what the journal says by now.
    pub(in crate::run) async fn joined(&self, sent: &Sent, exchange: Exchange) -> Result<Observed, Trouble> {
        let own = self.stage.own(sent.number, None);
        let journal = self.scenario.journal().await?;
        let attempts = join::attempts(&exchange, &journal, &own, self.running.roles(self.instance));
        Ok(Observed {
            operation: sent.operation.clone(),
            protocol: sent.protocol.clone(),
            stream: sent.stream,
            exchange,
            attempts,
        })
    }

    /// The keys that the send puts into its own texts.
    async fn keys(&mut self, send: &Send) -> Result<Vec<(String, String)>, Trouble> {
        let mut keys: Vec<(String, String)> = Vec::new();
        for reference in send.values().flat_map(Value::references) {
            if let Reference::Credential(role) = reference
                && !keys.iter().any(|(known, _)| known == role)
            {
                keys.push((role.clone(), self.key(role).await?));
            }
        }
        Ok(keys)
    }

    fn with_target_headers(&self, mut request: Request) -> Request {
        for (name, value) in &self.instance.headers {
            if !request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                request.headers.push((name.clone(), value.clone()));
            }
        }
        request
    }
}
