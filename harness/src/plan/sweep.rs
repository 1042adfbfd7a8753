//! The fault sweep: every fault of the mock's catalogue crossed with what the contract says of its family.

use std::time::Duration;

use mock_upstream::dialect::Dialect;
use mock_upstream::fault::{Catalogue, Family, Fault, Lane, Need, ParamKind, Strikes};

use crate::spec::case::{Case, Play, Send, Step, Times, Turn, Upstream};
use crate::spec::contract::{Answers, Contract, FaultRule, Operation};
use crate::spec::language::expect::Expectations;
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::read::place::Place;
use crate::spec::target::Target;

/// One case for each fault, operation and lane; families that the contract does not map are left out, and so is what needs TLS
/// where no configuration of the target calls its providers over it.
/// Returns each case with its fault's id. `limit` is the gateway's limit for an upstream answer: what is slow is made slow
/// in relation to it.
pub fn sweep(
    contract: &Contract,
    target: &Target,
    catalogue: &Catalogue,
    limit: Duration,
) -> Vec<(Case, String)> {
    let mut cases = Vec::new();
    let tls = calls_over_tls(target);
    for fault in catalogue.faults() {
        let family = fault.family.to_string();
        for operation in &contract.names.operations {
            let Some(rule) = rule(contract, &family, &operation.name) else { continue };
            let dialect = dialect(operation, contract, target);
            if !operation.upstream || spared(operation, fault, dialect, tls).is_some() {
                continue;
            }
            for lane in fault.lanes() {
                if lane == Lane::Plain || operation.streams {
                    cases.push((swept(fault, rule, operation, lane, limit), fault.id.clone()));
                }
            }
        }
    }
    cases
}

/// Whether some configuration calls its providers over TLS.
pub fn calls_over_tls(target: &Target) -> bool {
    target.configurations.iter().any(|configuration| configuration.tls)
}

/// What the contract says of the family in this operation; a rule that names the operation goes before one that names none.
fn rule<'c>(contract: &'c Contract, family: &str, operation: &str) -> Option<&'c FaultRule> {
    let rules = contract.faults.iter().filter(|rule| rule.covers(family, operation));
    rules.max_by_key(|rule| !rule.operations.is_empty())
}

/// The dialect in which an operation asks the upstream: the target's word for it, else the contract's.
pub fn dialect(operation: &Operation, contract: &Contract, target: &Target) -> Dialect {
    let own = target.dialects.iter().find(|(protocol, _)| protocol.value == operation.protocol.value);
    let documented = || contract.protocol(&operation.protocol).and_then(|protocol| protocol.dialect.as_ref());
    let named = own.map(|(_, dialect)| dialect).or_else(documented);
    // A name that is none was refused when the files were read.
    named.and_then(|name| Dialect::parse(name)).unwrap_or_default()
}

/// Why the fault cannot strike what an operation's example asks of an upstream in this dialect, over TLS where some
/// configuration speaks it; `None` when it can. Nothing is asked for in particular.
pub fn spared(operation: &Operation, fault: &Fault, dialect: Dialect, tls: bool) -> Option<String> {
    if fault.needs_tls() && !tls {
        return Some("it needs TLS, and the gateway calls the mock over http".to_owned());
    }
    if fault.family == Family::Reuse {
        return Some(
            "it strikes a connection that is kept, which other requests share; script two requests in a row"
                .to_owned(),
        );
    }
    if !fault.happens_in(&dialect.to_string()) {
        return Some(format!(
            "it happens in {} alone, and the mock is asked in {dialect}",
            fault.dialects.join(" and ")
        ));
    }
    let missing = fault.needs.iter().find(|need| match need {
        Need::Words => operation.answers != Answers::Words,
        Need::Embeddings => operation.answers != Answers::Embeddings,
        Need::SeveralInputs
        | Need::SeveralChoices
        | Need::StreamUsage
        | Need::Logprobs
        | Need::Schema
        | Need::Responses
        | Need::Continue
        | Need::Http2
        | Need::SecondConnection => true,
    });
    let asked = |need: &Need| match need {
        Need::Words => "an answer in words",
        Need::Embeddings => "embeddings",
        Need::SeveralInputs => "several embeddings",
        Need::SeveralChoices => "several answers",
        Need::StreamUsage => "the tokens counted within a stream",
        Need::Logprobs => "log probabilities",
        Need::Schema => "an answer by a schema",
        Need::Responses => "a response of the Responses API",
        Need::Continue => "being told to continue (which is the gateway's own choice)",
        Need::Http2 => "HTTP/2 (which is the gateway's own choice)",
        Need::SecondConnection => "a second connection beside an open one",
    };
    missing.map(|need| format!("the example of `{}` does not ask for {}", operation.name, asked(need)))
}

fn swept(fault: &Fault, rule: &FaultRule, operation: &Operation, lane: Lane, limit: Duration) -> Case {
    let mut case = played(fault, operation, lane, limit, &rule.family.place);
    for step in &mut case.steps {
        step.expect = rule.expect.clone();
        step.should = rule.should.clone();
        step.record = rule.record.clone();
    }
    Case { claims: rule.claims.clone(), reading: rule.reading.clone(), ..case }
}

/// One request of an operation to which the upstream plays a fault, as often as it is asked; nothing is expected of it.
pub fn played(fault: &Fault, operation: &Operation, lane: Lane, limit: Duration, place: &Place) -> Case {
    let stream = lane == Lane::Stream;
    let literal = |json: serde_json::Value| Value { place: place.clone(), kind: ValueKind::Literal(json) };
    let turn = Turn {
        place: place.clone(),
        hold: Vec::new(),
        spare: false,
        play: Play::Fault {
            name: literal(fault.id.clone().into()),
            params: pace(fault, limit)
                .into_iter()
                .map(|(name, value)| (name, literal(value.into())))
                .collect(),
        },
    };
    let step = Step {
        name: None,
        place: place.clone(),
        send: Send {
            operation: Some(operation.name.clone()),
            stream: operation.streams.then_some(stream),
            ..Send::default()
        },
        times: Times::Count(literal(1.into())),
        together: false,
        after: None,
        upstream: None,
        expect: Expectations::default(),
        should: Expectations::default(),
        record: Vec::new(),
    };
    Case {
        id: format!("sweep::{}[operation={},stream={stream}]", fault.id, operation.name),
        place: place.clone(),
        claims: Vec::new(),
        needs: if fault.needs_tls() { vec![("tls".to_owned(), true.into())] } else { Vec::new() },
        given: Vec::new(),
        upstream: Some(Upstream { scripts: vec![(None, vec![turn])] }),
        steps: vec![step],
        reading: None,
    }
}

/// How long a fault keeps a gateway with this limit waiting, at least, for each time it is asked.
pub fn lasts(fault: &Fault, limit: Duration) -> Duration {
    match fault.family {
        Family::Timeout | Family::StreamStall => limit,
        Family::Drip | Family::StreamDrip => limit * 2,
        _ => {
            let paced = pace(fault, limit);
            let waits = fault.params.iter().filter(|(_, param)| param.kind == ParamKind::Milliseconds);
            let waits = waits.map(|(name, param)| {
                paced.iter().find(|(known, _)| known == name).map_or(param.default, |(_, value)| *value)
            });
            Duration::from_millis(waits.sum())
        }
    }
}

/// Parameters of faults that are slow without being silent: a late reply comes well inside the limit, a dripping one
/// takes about twice as long as the limit and then is whole. Before a break the gateway gets time to read what came before it,
/// on a busy machine too: what it makes of the break would otherwise depend on how its reads fall.
fn pace(fault: &Fault, limit: Duration) -> Vec<(String, u64)> {
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let mut paced = match fault.family {
        Family::Late if fault.strikes == Strikes::Request => vec![("every", (millis / 4).min(300))],
        Family::Late => vec![("delay", (millis / 4).min(300))],
        Family::Drip => vec![("bytes", DRIP_BYTES), ("every", (millis * 2 / DRIP_PIECES).max(1))],
        // What comes again and again has to have come twice before the gateway gives up, on a busy machine too.
        Family::StreamDrip | Family::StreamStall => {
            let often = if fault.goes_on_for_ever(Lane::Stream) { 10 } else { 5 };
            vec![("every", (millis / often).clamp(1, 500))]
        }
        // More than anybody keeps; to make much more keeps a core busy for as long as other cases wait.
        Family::Oversized => vec![("megabytes", 16)],
        _ => Vec::new(),
    };
    paced.push(("pause", (millis / 8).clamp(20, 250)));
    paced
        .into_iter()
        .filter(|(name, _)| fault.params.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A plain reply of the mock has four hundred bytes and more; an embedding somewhat fewer.
const DRIP_BYTES: u64 = 4;
const DRIP_PIECES: u64 = 75;
