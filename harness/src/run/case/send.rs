//! One send: its marker, its request, its exchange.

use std::time::Duration;

use mock_upstream::control::Error;
use mock_upstream::control::mock::Scenario;
use mock_upstream::scenario::{MarkError, Markers};

use crate::act::Progress;
use crate::arrange::names::WithPrompt;
use crate::arrange::request;
use crate::judge;
use crate::observe::{Observed, join};
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::spec::case::Send;
use crate::wire::exchange::{Exchange, Request};

/// A request that is ready to go, and by which number the mock knows it.
#[derive(Clone, Debug)]
pub(in crate::run) struct Sent {
    /// The request.
    pub request: Request,
    /// The number of its marker in the scenario.
    pub number: u32,
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
        let prompt = self.words.prompt(&marker);
        let role = send.credential.as_ref().map_or("valid", |credential| credential.as_str());
        let key = if role == "none" { None } else { Some(self.key(role).await?) };
        let references = self.references();
        let names = WithPrompt { names: &references, prompt: &prompt };
        let request = request::build(send, self.contract(), &self.stage.target, key.as_deref(), &names)
            .map_err(|missing| Trouble::Unready(format!("the request cannot be built: {missing}")))?;
        let request = self.with_target_headers(request);
        let operation = send.operation.as_ref().map(|operation| operation.value.clone());
        let protocol = self.protocol(operation.as_deref());
        // What the body says decides: a case may set or drop the field itself.
        let stream = serde_json::from_slice::<serde_json::Value>(&request.body)
            .is_ok_and(|body| body.get("stream") == Some(&serde_json::Value::Bool(true)));
        Ok(Sent { request, number, operation, protocol, stream })
    }

    /// Repeats what a step sent, under the same marker: the mock cannot tell the two apart, so that they are told apart by
    /// when they arrived.
    async fn again(&mut self, step: &str, send: &Send) -> Result<Sent, Trouble> {
        let earlier = self.sent.iter().find(|(name, _)| name == step).map(|(_, sent)| sent.clone());
        let earlier =
            earlier.ok_or_else(|| Trouble::Harness(format!("the step `{step}` has sent nothing yet")))?;
        let key = match &send.credential {
            Some(role) if role.value != "none" => Some(self.key(&role.value).await?),
            _ => None,
        };
        let operation = earlier.operation.as_deref();
        let target = &self.stage.target;
        let again = request::again(
            &earlier.request,
            operation,
            send,
            self.contract(),
            target,
            key.as_deref(),
            &self.references(),
        );
        let request =
            again.map_err(|missing| Trouble::Unready(format!("the request cannot be built: {missing}")))?;
        Ok(Sent { request, ..earlier })
    }

    /// Sends and records; `moments` is told of what happens on the way.
    pub(in crate::run) async fn exchange(
        &self,
        sent: &Sent,
        deadline: Duration,
        moments: Progress<'_>,
    ) -> Result<Exchange, Trouble> {
        let exchange = self.stage.send(self.instance, sent.request.clone(), deadline, Some(moments)).await?;
        if judge::is_foreign(&self.joined(sent, exchange.clone()).await?) {
            // The answer can be here before the mock has written down that it gave it.
            let _nothing_else_is_sent = self.stage.suspicion.write().await;
            self.settle().await?;
            self.stage.look_for_others(&self.joined(sent, exchange.clone()).await?);
        }
        Ok(exchange)
    }

    /// Joins an exchange with what the journal says by now.
    pub(in crate::run) async fn joined(&self, sent: &Sent, exchange: Exchange) -> Result<Observed, Trouble> {
        let own = self.stage.own(sent.number, None);
        let journal = self.scenario.journal().await?;
        let attempts = join::attempts(&exchange, &journal, &own, |name| self.instance.role(name));
        Ok(Observed {
            operation: sent.operation.clone(),
            protocol: sent.protocol.clone(),
            stream: sent.stream,
            exchange,
            attempts,
        })
    }

    fn protocol(&self, operation: Option<&str>) -> String {
        let contract = self.contract();
        let known = contract.names.operations.iter().find(|known| Some(known.name.as_str()) == operation);
        let protocol = known.map(|operation| operation.protocol.value.clone());
        protocol
            .or_else(|| contract.protocols.first().map(|first| first.name.value.clone()))
            .unwrap_or_default()
    }

    fn with_target_headers(&self, mut request: Request) -> Request {
        for (name, value) in &self.stage.headers {
            if !request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                request.headers.push((name.clone(), value.clone()));
            }
        }
        request
    }
}
