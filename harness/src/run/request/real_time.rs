//! Documented times in place of those that a target declares, so that a minute on the page is a minute in the run.

use std::time::Duration;

use crate::plan::waits::limits;
use crate::spec::contract::{Contract, Limit};
use crate::spec::language::value::Reference;
use crate::spec::target::{Configuration, GatewaySource, Target};

/// Gives each limit that the page names a length for that length.
///
/// # Errors
/// In words: a gateway is configured by somebody else, and not as documented.
pub(super) fn apply(target: &mut Target, contract: &Contract) -> Result<(), String> {
    for configuration in &mut target.configurations {
        for limit in &contract.names.limits {
            if let Some(documented) = limit.documented {
                lengthen(configuration, limit, documented)?;
            }
        }
        // What was enough for a shorter limit need not be for this one.
        let longest = limits(contract, configuration).iter().map(|(_, length)| *length).max();
        configuration.patience =
            configuration.patience.filter(|patience| Some(*patience) > longest.map(|longest| longest * 4));
    }
    Ok(())
}

fn lengthen(configuration: &mut Configuration, limit: &Limit, documented: Duration) -> Result<(), String> {
    let name = &limit.name.value;
    let declared = configuration.limits.iter_mut().find(|(known, _)| known.value == *name);
    match declared {
        Some((_, length)) if *length == documented => {}
        Some((written, _)) if !takes(&configuration.gateway, name) => {
            return Err(format!(
                "{}: `{name}` is {documented:?} on the page, and the harness does not set it: configure the gateway so and leave the \
                 limit out, or hand `$(limit.{name})`, which is seconds, to its launch",
                written.place
            ));
        }
        Some((_, length)) => *length = documented,
        None => configuration.limits.push((limit.name.clone(), documented)),
    }
    Ok(())
}

/// Whether the gateway is started with the length that the harness gives.
fn takes(gateway: &GatewaySource, limit: &str) -> bool {
    match gateway {
        GatewaySource::Builtin(_) => true,
        GatewaySource::Attach(_) => false,
        GatewaySource::Launch(launch) => {
            let values = launch.command.iter().chain(launch.env.iter().map(|(_, value)| value));
            let mut references = values.flat_map(|value| value.references());
            references.any(|reference| matches!(reference, Reference::Limit(name) if name == limit))
        }
    }
}
