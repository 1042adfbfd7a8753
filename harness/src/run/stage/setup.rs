//! Sets the stage of a run, and strikes it.

mod secrets;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use mock_upstream::dialect::Identity;
use mock_upstream::fault::{Catalogue, Family};
use mock_upstream::scenario::Ambient;
use tokio::sync::{RwLock, watch};

use crate::act::{Client, ClientOptions};
use crate::arrange::Setting;
use crate::arrange::credentials::mask::Mask;
use crate::arrange::credentials::{Credentials, bound};
use crate::arrange::gateway::{Gateway, StartError};
use crate::arrange::hooks::Admin;
use crate::arrange::hooks::trust::Trust;
use crate::arrange::names::prompt::Words;
use crate::arrange::names::{CaseNames, ProviderNames};
use crate::observe::redact::Varying;
use crate::plan::case::Readiness;
use crate::run::case::want;
use crate::run::request::resolved::Options;
use crate::run::request::resolved::Plan;
use crate::run::stage::host::HostDelay;
use crate::run::stage::lease::{Pool, Want};
use crate::run::stage::upstream::{Upstream, Wanted};
use crate::run::stage::{Instance, Running, Seat, Stage};
use crate::spec::contract::Contract;
use crate::spec::read::place::At;
use crate::spec::target::{Binding, Configuration, GatewaySource, Target, UpstreamLink};

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
pub async fn stage(plan: &Plan, options: Options) -> Result<Stage, SetupError> {
    let target = &plan.target;
    let credentials = Credentials::read(&target.credentials, &options.base_dir);
    let models = texts(target.models.iter().map(|(name, binding)| (&name.value, binding)), &options)?;
    let headers = texts(target.headers.iter().map(|(name, binding)| (name, binding)), &options)?;
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
        headers,
        configurations,
        host: HostDelay::measure(),
        requests: AtomicU64::new(0),
        suspicion: RwLock::new(()),
        stopping: watch::Sender::new(None),
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
            configurations.push(running(plan, written, ground).await?);
        }
    }
    Ok(configurations)
}

/// Stops the gateways, then the mock, or takes away what the run made there.
pub async fn strike(stage: Stage) {
    for instance in stage.configurations.into_iter().flat_map(|running| running.instances) {
        instance.gateway.stop().await;
    }
    stage.upstream.clear().await;
}

/// Whether a fault of this id lasts as long as a limit.
pub fn is_slow(fault: &str) -> bool {
    Catalogue::shipped()
        .get(fault)
        .is_some_and(|fault| matches!(fault.family, Family::Timeout | Family::Drip | Family::StreamStall))
}

/// What instances are started on.
struct Ground<'g> {
    upstream: &'g Upstream,
    admin: &'g Admin,
    models: &'g [(String, String)],
    secrets: &'g [String],
    options: &'g Options,
}

async fn running(plan: &Plan, written: &Configuration, ground: &Ground<'_>) -> Result<Running, SetupError> {
    let mut written = written.clone();
    if let (GatewaySource::Builtin(personality), Some(mutant)) =
        (&mut written.gateway, &ground.options.mutant)
    {
        personality.value = format!("{}+{mutant}", personality.value);
    }
    let written = &written;

    let own = plan
        .cases
        .iter()
        .filter(|case| case.ready == Readiness::Ready && case.takes.configuration == written.name.value);
    let sharers = own.clone().filter(|case| want(case) == Want::Shared).count();
    let alone = own.count() - sharers;
    let most = if matches!(written.gateway, GatewaySource::Attach(_)) { 1 } else { written.instances.max(1) };
    // The first instance is the shared one; more than one for each case that wants one whole would stand idle.
    let count = most.min(1 + alone);
    let mut instances = Vec::new();
    for index in 0..count {
        instances.push(instance(plan, written, index, ground).await?);
    }
    Ok(Running {
        name: written.name.value.clone(),
        written: written.clone(),
        limits: limits(&plan.contract, written),
        instances,
        pool: Pool::new(count, sharers, ground.options.jobs),
    })
}

async fn instance(
    plan: &Plan,
    written: &Configuration,
    index: usize,
    ground: &Ground<'_>,
) -> Result<Instance, SetupError> {
    let options = ground.options;
    let mut words = Words::of(options.seed, &format!("{} instance {index}", written.name));
    let mut seats = Vec::new();
    if !matches!(plan.target.upstream, UpstreamLink::None) {
        for (at, role) in written.providers.iter().enumerate() {
            let wanted = Wanted {
                seat: format!("{}/{index}/{role}", written.name),
                role: role.value.clone(),
                listen: listen(&plan.target, written, role, at, options)?,
                advertised: advertised(&plan.target, role),
                identity: Identity {
                    organization: format!("org-{}", words.letters(20)),
                    request_id_prefix: format!("upstream-{}-", words.letters(12)),
                    host: format!("{}.upstream.internal", words.letters(20)),
                },
            };
            let provider = ground.upstream.provider(wanted, &ambient(&plan.target)).await?;
            let names = ProviderNames {
                name: role.value.clone(),
                url: advertised(&plan.target, role).unwrap_or_else(|| provider.url()),
                key: upstream_key(&plan.target, role, options)?
                    .unwrap_or_else(|| format!("sk-{}", words.letters(32))),
            };
            seats.push(Seat { role: role.value.clone(), provider, names });
        }
    }
    let names: Vec<ProviderNames> = seats.iter().map(|seat| seat.names.clone()).collect();
    let gateway = start(plan, written, &names, ground).await?;
    Ok(Instance { gateway, seats, names, refusals: AtomicUsize::new(0), poison: OnceLock::new() })
}

async fn start(
    plan: &Plan,
    written: &Configuration,
    providers: &[ProviderNames],
    ground: &Ground<'_>,
) -> Result<Gateway, SetupError> {
    let limits = limits(&plan.contract, written);
    let words = Words::of(ground.options.seed, "launch");
    let names = CaseNames::new(&plan.target, ground.models, &limits, providers, words);
    let keys = providers.iter().map(|provider| provider.key.as_str());
    let mask = Mask::new(keys.chain(ground.secrets.iter().map(String::as_str)));
    let setting = Setting { names: &names, base_dir: &ground.options.base_dir, mask: &mask };
    if !ground.options.allow_remote
        && let Some(host) = Gateway::host(written, &setting).filter(|host| !is_loopback(host))
    {
        return Err(SetupError::Target(format!(
            "`{host}` is not on loopback: say --allow-remote if requests may leave this machine"
        )));
    }
    Gateway::start(written, &setting, ground.admin).await.map_err(|error| match error {
        StartError::Unresolved { .. }
        | StartError::CredentialInArguments { .. }
        | StartError::NoSuchBuiltin(_) => SetupError::Target(error.to_string()),
        StartError::NotStarted { .. } | StartError::Ended { .. } | StartError::NotReady { .. } => {
            SetupError::Start(error.to_string())
        }
    })
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

/// Limits in force: as the configuration declares, else as documented.
fn limits(contract: &Contract, written: &Configuration) -> Vec<(String, Duration)> {
    let mut limits: Vec<(String, Duration)> =
        written.limits.iter().map(|(name, length)| (name.value.clone(), *length)).collect();
    for limit in &contract.names.limits {
        if let Some(documented) = limit.documented
            && !limits.iter().any(|(name, _)| *name == limit.name.value)
        {
            limits.push((limit.name.value.clone(), documented));
        }
    }
    limits
}

/// Where a provider listens: as told, else the well-known port for a gateway that is already running, else a free one.
fn listen(
    target: &Target,
    written: &Configuration,
    role: &str,
    at: usize,
    options: &Options,
) -> Result<SocketAddr, SetupError> {
    if let (Some(address), 0) = (options.mock_listen, at) {
        return Ok(address);
    }
    if let UpstreamLink::Mock { listen, .. } = &target.upstream
        && let Some((_, address)) = listen.iter().find(|(name, _)| name == role)
    {
        return address
            .parse()
            .map_err(|_| SetupError::Target(format!("`{address}` is no address to listen at")));
    }
    let port = match written.gateway {
        GatewaySource::Attach(_) => ATTACHED_PORT + u16::try_from(at).unwrap_or_default(),
        _ => 0,
    };
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn ambient(target: &Target) -> Vec<Ambient> {
    let kinds = target.ambient.iter().map(|line| {
        let (method, path) = line.value.split_once(' ').unwrap_or(("GET", &line.value));
        Ambient { method: method.to_owned(), path: path.to_owned() }
    });
    kinds.collect()
}

fn advertised(target: &Target, role: &str) -> Option<String> {
    match &target.upstream {
        UpstreamLink::Mock { advertise, .. } => {
            advertise.iter().find(|(name, _)| name == role).map(|(_, url)| url.clone())
        }
        UpstreamLink::None => None,
    }
}

fn upstream_key(target: &Target, role: &str, options: &Options) -> Result<Option<String>, SetupError> {
    let UpstreamLink::Mock { keys, .. } = &target.upstream else { return Ok(None) };
    let key = keys.iter().find(|(name, _)| name == role);
    key.map(|(_, binding)| bound(binding, &options.base_dir).map_err(target_error)).transpose()
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn target_error(error: impl std::fmt::Display) -> SetupError {
    SetupError::Target(error.to_string())
}

/// Where a gateway that is already running finds the mock, unless the target says otherwise.
const ATTACHED_PORT: u16 = 4711;
