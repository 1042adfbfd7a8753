//! What a case writes into the gateway's memory, derived from what it does.

use serde_json::Value as Json;

use crate::plan::takes;
use crate::spec::case::{Case, Play, Then, Turn};
use crate::spec::contract::{Cell, Contract, Writer};
use crate::spec::language::value::ValueKind;
use crate::spec::target::Configuration;

/// The cells that the case writes, of those that the configuration keeps.
pub fn written<'c>(
    case: &Case,
    contract: &'c Contract,
    configuration: Option<&Configuration>,
) -> Vec<&'c Cell> {
    let forgotten = configuration.map_or(&[][..], |configuration| &configuration.forgets);
    let keeps = |cell: &&Cell| !forgotten.iter().any(|known| known.value == cell.name.value);
    let writes = |cell: &&Cell| cell.written_by.iter().any(|writer| does(case, writer));
    contract.memory.iter().filter(keeps).filter(writes).collect()
}

fn does(case: &Case, writer: &Writer) -> bool {
    match writer {
        Writer::UpstreamFailure => takes::turns(case).any(fails),
        Writer::Operation(name) => {
            let mut sent = case.steps.iter().filter_map(|step| step.send.operation.as_ref());
            sent.any(|operation| operation.value == name.value)
        }
        Writer::Credential(name) => {
            case.steps.iter().flat_map(|step| takes::roles(&step.send)).any(|role| role == name.value)
        }
    }
}

/// Whether a gateway may take what the turn plays for a failure of its upstream. A fault may be a mild one; whether the
/// gateway takes it so is its own affair.
fn fails(turn: &Turn) -> bool {
    match &turn.play {
        Play::Ok(_) | Play::Events { then: Then::Finish, .. } => false,
        Play::Status { status, .. } => match &status.kind {
            ValueKind::Literal(Json::Number(number)) => {
                !number.as_u64().is_some_and(|status| (200..300).contains(&status))
            }
            _ => true,
        },
        Play::Events { .. } | Play::Fault { .. } => true,
    }
}
