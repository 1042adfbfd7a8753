//! The fault sweep: every fault of the mock's catalogue crossed with what the contract says of its family.

use std::time::Duration;

use mock_upstream::fault::{Catalogue, Family, Fault, Lane};

use crate::spec::case::{Case, Play, Send, Step, Times, Turn, Upstream};
use crate::spec::contract::{Contract, FaultRule, Operation};
use crate::spec::language::value::{Value, ValueKind};

/// One case for each fault, operation and lane; families that the contract does not map are left out, and
/// so is what needs TLS.
/// Returns each case with its fault's id. `limit` is the gateway's limit for an upstream answer: what is slow is made slow
/// in relation to it.
pub fn sweep(contract: &Contract, catalogue: &Catalogue, limit: Duration) -> Vec<(Case, String)> {
    let mut cases = Vec::new();
    // A target's upstream is spoken to without TLS.
    for fault in catalogue.faults().iter().filter(|fault| !fault.needs_tls()) {
        let Some(rule) = contract.faults.iter().find(|rule| rule.family.value == fault.family.to_string())
        else {
            continue;
        };
        for operation in contract.names.operations.iter().filter(|operation| operation.upstream) {
            for lane in fault.lanes() {
                if lane == Lane::Plain || operation.streams {
                    cases.push((swept(fault, rule, operation, lane, limit), fault.id.clone()));
                }
            }
        }
    }
    cases
}

fn swept(fault: &Fault, rule: &FaultRule, operation: &Operation, lane: Lane, limit: Duration) -> Case {
    let place = rule.family.place.clone();
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
        expect: rule.expect.clone(),
        should: rule.should.clone(),
        record: rule.record.clone(),
    };
    Case {
        id: format!("sweep::{}[operation={},stream={stream}]", fault.id, operation.name),
        place: place.clone(),
        claims: rule.claims.clone(),
        needs: Vec::new(),
        given: Vec::new(),
        upstream: Some(Upstream { scripts: vec![(None, vec![turn])] }),
        steps: vec![step],
        reading: rule.reading.clone(),
    }
}

/// Parameters of faults that are slow without being silent: a late reply comes well inside the limit, a dripping one
/// takes about twice as long as the limit and then is whole.
fn pace(fault: &Fault, limit: Duration) -> Vec<(String, u64)> {
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let paced = match fault.family {
        Family::Late => vec![("delay", (millis / 4).min(300))],
        Family::Drip => vec![("bytes", DRIP_BYTES), ("every", (millis * 2 / DRIP_PIECES).max(1))],
        _ => Vec::new(),
    };
    paced
        .into_iter()
        .filter(|(name, _)| fault.params.contains_key(*name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A plain reply of the mock has four hundred bytes and more; an embedding somewhat fewer.
const DRIP_BYTES: u64 = 4;
const DRIP_PIECES: u64 = 75;
