//! Sets the stage of a run, and strikes it.

mod instance;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::{RwLock, watch};

use crate::act::{Client, ClientOptions};
use crate::arrange::credentials::mask::Mask;
use crate::arrange::credentials::{Credentials, bound};
use crate::arrange::hooks::Admin;
use crate::arrange::hooks::trust::Trust;
use crate::observe::redact::Varying;
use crate::plan::case::Readiness;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::machine::Machine;
use crate::run::stage::setup::instance::{Ground, running};
use crate::run::stage::upstream::Upstream;
use crate::run::stage::{Instance, Running, Stage};
use crate::spec::read::place::At;
use crate::spec::target::{Binding, GatewaySource, Target};

/// Why the stage could not be set.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SetupError {
    /// The target does not fit: a usage error.
    #[error("{0}")]
    Target(String),
    /// A gateway or the mock could not be started.
    #[error("{0}")]
    Start(String),
}

/// Starts the mock, the gateways and the client.
///
/// # Errors
/// In words, when something cannot be started or bound.
pub async fn stage(machine: &Arc<Machine>, plan: &Plan, options: Options) -> Result<Stage, SetupError> {
    let target = &plan.target;
    has_a_flaw(target, options.mutant.as_deref())?;
    let credentials = Credentials::read(&target.credentials, &options.base_dir);
    let models = texts(target.models.iter().map(|(name, binding)| (&name.value, binding)), &options)?;
    let trusted_ca = trusted_ca(target.trusted_ca.as_ref(), &options)?;
    let admin =
        Admin::new(&Trust::new(trusted_ca.as_deref()).map_err(target_error)?).map_err(target_error)?;
    let client = Client::new(ClientOptions { trusted_ca }).map_err(target_error)?;
    let upstream = Upstream::of(&options.mock).await?;
    let secrets = secrets::of(target, &credentials, &options.base_dir);
    let ground =
        Ground { upstream: &upstream, admin: &admin, models: &models, secrets: &secrets, options: &options };
    let configurations = match configurations(plan, &ground).await {
        Ok(configurations) => configurations,
        Err(error) => {
            upstream.clear().await;
            return Err(error);
        }
    };
    Ok(Stage {
        contract: plan.contract.clone(),
        target: plan.target.clone(),
        upstream,
        client,
        admin,
        mask: mask(&secrets, configurations.iter().flat_map(|running: &Running| &running.instances)),
        varying: Varying::default(),
        credentials,
        models,
        configurations,
        machine: machine.clone(),
        requests: AtomicU64::new(0),
        suspicion: RwLock::new(()),
        stopping: watch::Sender::new(None),
        real_time: plan.real_time,
        options,
    })
}

/// Starts the gateways that some case needs.
async fn configurations(plan: &Plan, ground: &Ground<'_>) -> Result<Vec<Running>, SetupError> {
    let ready = plan.cases.iter().filter(|case| case.ready == Readiness::Ready);
    let needed: BTreeSet<&str> = ready.map(|case| case.takes.configuration.as_str()).collect();
    let mut configurations = Vec::new();
    for written in &plan.target.configurations {
        if needed.contains(written.name.as_str()) {
            configurations.push(running(plan, written, ground, &configurations).await?);
        }
    }
    Ok(configurations)
}

/// A flaw can be had of the built-in gateway only; a run that silently did without it would prove nothing.
fn has_a_flaw(target: &Target, mutant: Option<&str>) -> Result<(), SetupError> {
    let mut gateways = target.configurations.iter().map(|configuration| &configuration.gateway);
    match mutant {
        Some(mutant) if !gateways.any(|gateway| matches!(gateway, GatewaySource::Builtin(_))) => {
            Err(SetupError::Target(format!(
                "`{}` is not the built-in gateway, so it cannot have the flaw `{mutant}`",
                target.name
            )))
        }
        _ => Ok(()),
    }
}

/// Stops the gateways, then the mock, or takes away what the run made there.
pub async fn strike(stage: Stage) {
    for instance in stage.configurations.into_iter().flat_map(|running| running.instances) {
        instance.gateway.stop().await;
    }
    stage.upstream.clear().await;
}

fn mask<'i>(secrets: &[String], instances: impl Iterator<Item = &'i Instance>) -> Mask {
    let keys = instances.flat_map(|instance| &instance.names).map(|provider| provider.key.as_str());
    Mask::new(keys.chain(secrets.iter().map(String::as_str)))
}

fn texts<'b>(
    bindings: impl Iterator<Item = (&'b String, &'b Binding)>,
    options: &Options,
) -> Result<Vec<(String, String)>, SetupError> {
    let text = |(name, binding): (&String, &Binding)| {
        Ok((name.clone(), bound(binding, &options.base_dir).map_err(target_error)?))
    };
    bindings.map(text).collect()
}

fn trusted_ca(path: Option<&At<String>>, options: &Options) -> Result<Option<Vec<u8>>, SetupError> {
    let Some(path) = path else { return Ok(None) };
    let file = options.base_dir.join(&path.value);
    let read = std::fs::read(&file);
    read.map(Some).map_err(|error| SetupError::Target(format!("{}: {}: {error}", path.place, file.display())))
}

fn target_error(error: impl std::fmt::Display) -> SetupError {
    SetupError::Target(error.to_string())
}
