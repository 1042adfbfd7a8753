//! What a plain request did, and in words why the mock was not reached.

use bytes::Bytes;
use mock_upstream::control::Error;

use crate::arrange::credentials::Hold;
use crate::arrange::names::prompt::Words;
use crate::arrange::names::{CaseNames, OfSend};
use crate::arrange::request;
use crate::arrange::script;
use crate::observe::{Observed, join};
use crate::run::case::Trouble;
use crate::run::case::{plain, send};
use crate::run::stage::{Instance, Running, Stage};
use crate::spec::case::Send;
use crate::spec::target::UpstreamLink;
use crate::wire::exchange::{Break, End, Request};

/// What the mock plays to the plain request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A healthy reply.
    Healthy,
    /// A 500 to every attempt.
    Failing,
}

/// Sends one plain request outside of any case; with `upstream: none`, one that reaches nobody's upstream.
///
/// # Errors
/// In words, when it cannot be built.
pub async fn plain(
    stage: &Stage,
    running: &Running,
    instance: &Instance,
    upstream: Upstream,
) -> Result<Observed, String> {
    if matches!(stage.target.upstream, UpstreamLink::None) {
        return greeted(stage, running, instance).await;
    }
    let mut words =
        Words::of(stage.options.seed, &format!("preflight {} {upstream:?}", instance.gateway.base_url()));
    let operation = plain::operation(&stage.contract)
        .ok_or("the contract has no operation that reaches the upstream and carries the prompt")?;
    let scenario = stage.upstream.open("preflight").await.map_err(lost)?;
    let word = send::mark(&scenario, words.number(), 0).await.map_err(Trouble::in_words)?;
    let prompt = words.prompt(&word);
    let script = match upstream {
        Upstream::Healthy => script::healthy(&words.prompt("answer")),
        Upstream::Failing => script::failing(),
    };
    scenario.script(None, script).await.map_err(lost)?;
    let names = CaseNames::new(&stage.target, &stage.models, &running.limits, &instance.names, words);
    let names = OfSend { names: &names, prompt: &prompt, keys: &[] };
    let loan = stage.credentials.lend("valid", Hold::Shared).await.map_err(|error| error.to_string())?;
    let written = Send { operation: Some(operation.name.clone()), ..Send::default() };
    let built = request::build(&written, &stage.contract, &stage.target, Some(loan.text()), &names);
    let mut built = built.map_err(|missing| format!("the plain request cannot be built: {missing}"))?;
    built.headers.extend(instance.headers.iter().cloned());
    let sent = stage.send(instance, built, running.patience(), None).await;
    let exchange = sent.map_err(|trouble| stage.stopped().unwrap_or_else(|| trouble.in_words()))?;
    send::settled(&scenario).await.map_err(Trouble::in_words)?;
    let closed = scenario.close().await.map_err(lost)?;
    Ok(Observed {
        operation: Some(operation.name.value.clone()),
        protocol: operation.protocol.value.clone(),
        stream: false,
        attempts: join::attempts(&exchange, &closed.journal, &stage.own(0, None), |name| instance.role(name)),
        exchange,
    })
}

/// Asks for what costs nothing wherever a gateway's upstream is: any answer tells that it is there.
async fn greeted(stage: &Stage, running: &Running, instance: &Instance) -> Result<Observed, String> {
    let request = Request {
        method: "GET".to_owned(),
        target: "/".to_owned(),
        headers: instance.headers.clone(),
        body: Bytes::new(),
    };
    let sent = stage.send(instance, request, running.patience(), None).await;
    let exchange = sent.map_err(|trouble| stage.stopped().unwrap_or_else(|| trouble.in_words()))?;
    let protocol = plain::operation(&stage.contract).map(|operation| operation.protocol.value.clone());
    Ok(Observed {
        operation: None,
        protocol: protocol.unwrap_or_default(),
        stream: false,
        exchange,
        attempts: Vec::new(),
    })
}

/// Why the plain request is not what it has to be; `None` when the gateway serves it through the mock.
///
/// # Errors
/// In words, when the mock cannot be asked.
pub async fn explain(
    stage: &Stage,
    instance: &Instance,
    observed: &Observed,
) -> Result<Option<String>, String> {
    let unmarked = match observed.attempts.is_empty() {
        true => reached_unmarked(stage, instance).await.map_err(lost)?,
        false => false,
    };
    Ok(explained(stage, instance, observed, unmarked))
}

fn explained(stage: &Stage, instance: &Instance, observed: &Observed, unmarked: bool) -> Option<String> {
    let gateway = instance.gateway.base_url();
    let exchange = &observed.exchange;
    let Some(head) = &exchange.head else {
        return Some(match &exchange.end {
            End::Broken(Break::Refused) => {
                format!("nothing listens at {gateway}: is the gateway running, and is this its address?")
            }
            End::Deadline => format!(
                "{gateway} accepted the connection and answered nothing in {:.1} s",
                exchange.elapsed.as_secs_f64()
            ),
            end => format!("{gateway} gave no answer: {}", broken(end)),
        });
    };
    if matches!(stage.target.upstream, UpstreamLink::None) {
        return None;
    }
    let body = stage.mask.text(&String::from_utf8_lossy(&exchange.body));
    let body: String = body.chars().filter(|c| !c.is_control()).take(200).collect();
    let answered = format!("{gateway} answered {} to a plain request: {body}", head.status);
    let served = (200..300).contains(&head.status);
    let expected: Vec<String> = instance.seats.iter().map(|seat| seat.names.url.clone()).collect();
    let expected = expected.join(" and ");
    match (served, observed.attempts.is_empty(), head.status) {
        (true, false, _) => None,
        (true, true, _) if unmarked => Some(format!(
            "the request reached the mock, but its prompt did not: the gateway rewrites prompts, and nothing else carries the \
             marker. {answered}"
        )),
        (true, true, _) => Some(format!(
            "{gateway} answered {} without asking the mock: its upstream URL points elsewhere, or a cache answered. It must call {expected}",
            head.status
        )),
        (false, false, _) => Some(format!("the mock answered healthily, but {answered}")),
        (false, true, 401 | 403) => Some(format!(
            "the key bound to `valid` is not accepted: {answered}. Bind a working key under `credentials: valid`"
        )),
        (false, true, 404) => Some(format!(
            "the gateway does not know the route or the model, and did not ask the mock: {answered}. Check `operations` and `models`"
        )),
        (false, true, 500..) => Some(format!(
            "the gateway failed without reaching the mock: is its upstream URL {expected}? {answered}"
        )),
        (false, true, _) => {
            Some(format!("the gateway refused the plain request without asking the mock: {answered}"))
        }
    }
}

async fn reached_unmarked(stage: &Stage, instance: &Instance) -> Result<bool, Error> {
    let own = |provider: &str| instance.seats.iter().any(|seat| seat.provider.name() == provider);
    Ok(stage.upstream.unclaimed().await?.entries.iter().any(|entry| own(&entry.provider)))
}

fn lost(error: Error) -> String {
    Trouble::from(error).in_words()
}

fn broken(end: &End) -> String {
    match end {
        End::Broken(Break::Reset) => "the connection was reset".to_owned(),
        End::Broken(Break::ClosedEarly) => "the connection was closed".to_owned(),
        End::Broken(Break::Malformed(what)) => format!("what came is not HTTP: {what}"),
        End::Broken(Break::Transport(what)) => what.clone(),
        End::Broken(Break::Refused) => "connecting was refused".to_owned(),
        End::Complete => "the response was empty".to_owned(),
        End::Deadline => "the deadline passed".to_owned(),
        End::Capped(bytes) => format!("more than {bytes} bytes came"),
    }
}
