//! The plain request: control before a case and liveness after it, each on a scenario of its own.

use crate::arrange::names::OfSend;
use crate::arrange::request;
use crate::arrange::script;
use crate::observe::{Observed, PlayedEnding, join};
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::run::case::send;
use crate::spec::case::Send;
use crate::spec::contract::Operation;
use crate::spec::target::UpstreamLink;

/// The plain request before; `None` where the mock cannot be put behind the gateway.
pub(in crate::run) async fn control(conduct: &mut Conduct<'_>) -> Result<Option<Observed>, Trouble> {
    plain(conduct, "control").await
}

/// The plain request after.
pub(in crate::run) async fn liveness(conduct: &mut Conduct<'_>) -> Result<Option<Observed>, Trouble> {
    plain(conduct, "liveness").await
}

/// Whether a plain request reached the mock, was answered healthily there, and succeeded at the client.
pub(in crate::run) fn reached_the_mock(observed: &Observed) -> bool {
    let served = observed.exchange.head.as_ref().is_some_and(|head| (200..300).contains(&head.status));
    let healthy = |attempt: &crate::observe::Attempt| {
        attempt
            .played
            .as_ref()
            .is_some_and(|played| played.status == Some(200) && played.ending == PlayedEnding::Complete)
    };
    served && observed.attempts.iter().any(healthy)
}

/// The operation a plain request uses: the first that reaches the upstream and carries the prompt.
pub(in crate::run) fn operation(contract: &crate::spec::contract::Contract) -> Option<&Operation> {
    contract.names.operations.iter().find(|operation| operation.upstream && operation.carries_prompt)
}

async fn plain(conduct: &mut Conduct<'_>, kind: &str) -> Result<Option<Observed>, Trouble> {
    let stage = conduct.stage;
    if matches!(stage.target.upstream, UpstreamLink::None) {
        return Ok(None);
    }
    let operation = operation(&stage.contract).ok_or_else(|| {
        Trouble::Harness(
            "the contract has no operation that reaches the upstream and carries the prompt".to_owned(),
        )
    })?;
    let scenario = stage.upstream.open(&format!("{} ({kind})", conduct.planned.id)).await?;
    let word = send::mark(&scenario, conduct.words.number(), 0).await?;
    let prompt = conduct.words.prompt(&word);
    let answer = conduct.words.prompt("answer");
    scenario.script(None, script::healthy(&answer)).await?;
    let key = conduct.key("valid").await?;
    let written = Send { operation: Some(operation.name.clone()), ..Send::default() };
    let names = OfSend { names: &conduct.names, prompt: &prompt, keys: &[] };
    let built = request::build(&written, &stage.contract, &stage.target, Some(&key), &names);
    let mut built =
        built.map_err(|missing| Trouble::Unready(format!("the plain request cannot be built: {missing}")))?;
    built.headers.extend(conduct.instance.headers.iter().cloned());
    let exchange = stage.send(conduct.instance, built, conduct.running.patience(), None).await?;
    if let Some(pace) = &conduct.running.pace {
        pace.took(exchange.started, exchange.elapsed);
    }
    send::settled(&scenario).await?;
    let closed = scenario.close().await?;
    let own = stage.own(0, None);
    let attempts = join::attempts(&exchange, &closed.journal, &own, conduct.running.roles(conduct.instance));
    let observed = Observed {
        operation: Some(operation.name.value.clone()),
        protocol: operation.protocol.value.clone(),
        stream: false,
        exchange,
        attempts,
    };
    stage.look_for_others(&observed, &[]);
    Ok(Some(observed))
}
