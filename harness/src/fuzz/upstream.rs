//! What the upstream does to a gateway under a generated request, as a script, and what the contract says of it.

use std::time::Duration;

use mock_upstream::fault::{Catalogue, Family};
use mock_upstream::script::Script;

use crate::arrange::script::compile;
use crate::generate::campaign::Trouble;
use crate::generate::failure::Kind;
use crate::plan::sweep;
use crate::spec::case::{Case, Turn as WrittenTurn};
use crate::spec::contract::{Contract, Operation};
use crate::spec::language::value::Names;
use crate::spec::target::Target;

/// The failures of one operation's upstream.
#[derive(Debug)]
pub struct Failures {
    /// Faults, with what is asked of the answer, by whether a stream is asked for.
    faults: Vec<(String, bool, Case, Vec<WrittenTurn>)>,
    limit: Duration,
}

/// One failure that was chosen.
pub struct Failure<'f> {
    /// What it is called in the label.
    pub name: String,
    /// What the upstream plays.
    pub script: Script,
    /// What is asked of the answer.
    pub asked: &'f Case,
}

impl Failures {
    /// What the contract says of this operation's upstream.
    pub fn of(contract: &Contract, target: &Target, operation: &Operation, limit: Duration) -> Self {
        let faults = sweep::sweep(contract, target, Catalogue::shipped(), limit).into_iter().filter_map(
            |(case, fault)| {
                let known = Catalogue::shipped().get(&fault)?;
                let slow = matches!(
                    known.family,
                    Family::Timeout | Family::Drip | Family::StreamStall | Family::StreamDrip | Family::Late
                );
                let step = case.steps.first()?;
                let own =
                    step.send.operation.as_ref().is_some_and(|named| named.value == operation.name.value);
                // What lasts as long as a limit, what strikes before a request can be told and what needs TLS is the sweep's.
                if slow || !own || known.strikes.needs_provider() || known.needs_tls() {
                    return None;
                }
                let streams = step.send.stream == Some(true);
                let turns = case.upstream.as_ref()?.scripts.first()?.1.clone();
                Some((fault, streams, case, turns))
            },
        );
        Self { faults: faults.collect(), limit }
    }

    /// Whether the contract says nothing of any.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// A failure for a request that asks for a stream or not. Of a fault is asked what the contract says of its family; of a
    /// status or a stream `nothing` but what is asked of every answer.
    pub fn chosen<'f>(
        &'f self,
        trouble: &Trouble,
        stream: bool,
        nothing: &'f Case,
        names: &dyn Names,
    ) -> Failure<'f> {
        let fitting: Vec<_> = self.faults.iter().filter(|(_, streams, ..)| *streams == stream).collect();
        let draw = match trouble {
            Trouble::Drawn(draw) => draw,
            Trouble::Stored(name, script) => {
                let known = fitting.iter().find(|(fault, ..)| fault == name);
                let asked = known.map_or(nothing, |(_, _, asked, _)| asked);
                return Failure { name: name.clone(), script: (**script).clone(), asked };
            }
        };
        if draw.kind() == Kind::Fault && !fitting.is_empty() {
            let (name, _, asked, turns) = fitting[draw.fault as usize % fitting.len()];
            if let Ok(script) = compile(turns, names, &[], Duration::ZERO, "an answer in words") {
                return Failure { name: name.clone(), script, asked };
            }
        }
        let unit = (self.limit / 50).min(LONGEST_UNIT);
        let (name, script) = match draw.kind() {
            Kind::Stream if stream => draw.stream(unit),
            _ => draw.status(unit),
        };
        Failure { name, script, asked: nothing }
    }
}

/// Short beside every limit, and long enough to be two writes.
const LONGEST_UNIT: Duration = Duration::from_millis(5);
