//! The instances of a configuration: how many, where their providers listen, what they are started with.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use mock_upstream::control::mock::Provider;
use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::scenario::Ambient;
use tempfile::NamedTempFile;

use crate::arrange::Setting;
use crate::arrange::credentials::bound;
use crate::arrange::credentials::mask::Mask;
use crate::arrange::gateway::{Gateway, StartError};
use crate::arrange::hooks::Admin;
use crate::arrange::names::prompt::Words;
use crate::arrange::names::{CaseNames, ProviderNames, TlsNames};
use crate::arrange::request::text;
use crate::plan::case::Readiness;
use crate::plan::sweep;
use crate::plan::waits::{limits, waits};
use crate::run::case::want;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::lease::{Pool, Want};
use crate::run::stage::pace::Pace;
use crate::run::stage::setup::{SetupError, target_error};
use crate::run::stage::upstream::{Upstream, Wanted};
use crate::run::stage::{Instance, Running, Seat};
use crate::spec::target::{Configuration, GatewaySource, HeaderValue, Target, UpstreamLink};

/// What instances are started on.
pub(super) struct Ground<'g> {
    pub(super) upstream: &'g Upstream,
    pub(super) admin: &'g Admin,
    pub(super) models: &'g [(String, String)],
    pub(super) secrets: &'g [String],
    pub(super) options: &'g Options,
}

/// Starts the instances of a configuration, beside those that run already: providers at one address are one provider, and whoever
/// has a whole instance in front of it has it alone.
pub(super) async fn running(
    plan: &Plan,
    written: &Configuration,
    ground: &Ground<'_>,
    earlier: &[Running],
) -> Result<Running, SetupError> {
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
    let limits = limits(&plan.contract, written);
    let (sharers, alone): (Vec<_>, Vec<_>) = own.partition(|case| want(case) == Want::Shared);
    let waits = alone.iter().map(|case| waits(&case.case, &limits));
    let count = match has_an_address(plan, written, ground.options)? {
        true => 1,
        false => instances(&written.gateway, written.instances, waits),
    };
    let mut running = Vec::new();
    for index in 0..count {
        running.push(instance(plan, written, index, ground, earlier).await?);
    }
    let addresses: Vec<SocketAddr> = seats(&running).map(|seat| seat.provider.addr()).collect();
    let meets = |other: &&Running| seats(&other.instances).any(|it| addresses.contains(&it.provider.addr()));
    let pool = match earlier.iter().find(meets) {
        None => Pool::new(count, sharers.len()),
        Some(other) => {
            other.pool.expect(sharers.len());
            other.pool.clone()
        }
    };
    let pace = match written.gateway {
        GatewaySource::Builtin(_) => None,
        _ => limits.iter().map(|(_, length)| *length).min().map(Pace::new),
    };
    Ok(Running {
        name: written.name.value.clone(),
        written: written.clone(),
        limits,
        instances: running,
        pool,
        pace,
    })
}

/// The provider of the earlier ones at this address.
fn standing(earlier: &[Running], listen: SocketAddr) -> Option<Provider> {
    let mut seats = earlier.iter().flat_map(|other| seats(&other.instances));
    seats.find(|seat| seat.provider.addr() == listen).map(|seat| seat.provider.clone())
}

fn seats(instances: &[Instance]) -> impl Iterator<Item = &Seat> {
    instances.iter().flat_map(|instance| &instance.seats)
}

/// Whether some provider of its is at an address that was chosen for it, so that a second instance would call the same one.
fn has_an_address(plan: &Plan, written: &Configuration, options: &Options) -> Result<bool, SetupError> {
    for (at, role) in written.providers.iter().enumerate() {
        if listen(&plan.target, written, role, at, options)?.port() != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many instances are worth starting for cases that want one whole, which wait for so long each: the first is the shared
/// one, and more than one for each case would stand idle. The built-in gateway costs next to nothing, so that there no wait
/// queues behind another.
fn instances(gateway: &GatewaySource, most: usize, alone: impl Iterator<Item = Duration>) -> usize {
    let (long, short): (Vec<Duration>, Vec<Duration>) = alone.partition(|wait| *wait > A_WHILE);
    let most = most.max(1);
    match gateway {
        GatewaySource::Attach(_) => 1,
        GatewaySource::Launch(_) => most.min(1 + long.len() + short.len()),
        GatewaySource::Builtin(_) => 1 + long.len() + short.len().min(most.max(2) - 1),
    }
}

async fn instance(
    plan: &Plan,
    written: &Configuration,
    index: usize,
    ground: &Ground<'_>,
    earlier: &[Running],
) -> Result<Instance, SetupError> {
    let options = ground.options;
    let mut words = Words::of(options.seed, &format!("{} instance {index}", written.name));
    let mut seats = Vec::new();
    let mut authority = None;
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
                asked_in: dialects(plan),
            };
            let provider = match standing(earlier, wanted.listen) {
                Some(provider) => provider,
                None => ground.upstream.provider(wanted, &ambient(&plan.target)).await?,
            };
            let own = if written.tls { provider.https_url() } else { provider.url() };
            let ca_pem = provider.ca_pem();
            if written.tls && authority.is_none() {
                authority = Some(file_of(&ca_pem)?);
            }
            let names = ProviderNames {
                name: role.value.clone(),
                url: advertised(&plan.target, role).unwrap_or(own),
                tls: TlsNames {
                    https_url: provider.https_url(),
                    ca_pem,
                    ca_file: authority.as_ref().map(|file| file.path().display().to_string()),
                },
                key: upstream_key(&plan.target, role, options)?
                    .unwrap_or_else(|| format!("sk-{}", words.letters(32))),
            };
            seats.push(Seat { role: role.value.clone(), provider, names });
        }
    }
    let names: Vec<ProviderNames> = seats.iter().map(|seat| seat.names.clone()).collect();
    let headers = headers(plan, &names, ground)?;
    let gateway = start(plan, written, &names, ground).await?;
    Ok(Instance {
        gateway,
        seats,
        names,
        headers,
        _authority: authority,
        refusals: AtomicUsize::new(0),
        poison: OnceLock::new(),
    })
}

/// The headers of every request to an instance with these providers.
fn headers(
    plan: &Plan,
    providers: &[ProviderNames],
    ground: &Ground<'_>,
) -> Result<Vec<(String, String)>, SetupError> {
    let words = Words::of(ground.options.seed, "headers");
    let names = CaseNames::new(&plan.target, ground.models, &[], providers, words);
    let header = |(name, value): &(String, HeaderValue)| {
        let value = match value {
            HeaderValue::Bound(binding) => bound(binding, &ground.options.base_dir).map_err(target_error)?,
            HeaderValue::Named(value) => text(&value.resolve(&names).map_err(target_error)?),
        };
        Ok((name.clone(), value))
    };
    plan.target.headers.iter().map(header).collect()
}

/// The dialects in which the contract's operations ask the upstream.
fn dialects(plan: &Plan) -> Vec<Dialect> {
    let operations = plan.contract.names.operations.iter().filter(|operation| operation.upstream);
    operations.map(|operation| sweep::dialect(operation, &plan.contract, &plan.target)).collect()
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
        | StartError::NoSuchBuiltin(_)
        | StartError::NoSuchFlaw { .. } => SetupError::Target(error.to_string()),
        StartError::NotStarted { .. } | StartError::Ended { .. } | StartError::NotReady { .. } => {
            SetupError::Start(error.to_string())
        }
    })
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

/// The certificate as a file, for programs that take no text; gone with what it returns.
fn file_of(pem: &str) -> Result<NamedTempFile, SetupError> {
    let written =
        tempfile::Builder::new().prefix("mock-authority-").suffix(".pem").tempfile().and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            Ok(file)
        });
    written.map_err(|error| {
        SetupError::Start(format!("the mock's certificate could not be written to a file: {error}"))
    })
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

/// A wait that is worth an instance of its own.
const A_WHILE: Duration = Duration::from_secs(1);

/// Where a gateway that is already running finds the mock, unless the target says otherwise.
const ATTACHED_PORT: u16 = 4711;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read::place::{At, Place};

    #[test]
    fn no_wait_of_the_built_in_gateway_queues_behind_another() {
        let named = At::new("cogito".to_owned(), Place::generated("a test"));
        let builtin = GatewaySource::Builtin(named);
        let minute = Duration::from_secs(60);
        let count = |most, waits: &[Duration]| instances(&builtin, most, waits.iter().copied());
        assert_eq!(count(4, &[]), 1);
        assert_eq!(count(4, &[Duration::ZERO; 2]), 1 + 2);
        assert_eq!(count(4, &[Duration::ZERO; 50]), 1 + 3);
        assert_eq!(count(1, &[minute; 40]), 1 + 40);
        assert_eq!(count(1, &[minute, Duration::ZERO]), 1 + 1 + 1);
    }
}
