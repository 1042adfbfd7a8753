//! What a run sets up once: the mock, the gateway instances, the client, the bindings.

pub mod guard;
mod host;
pub mod lease;
pub mod machine;
mod pace;
pub mod setup;
pub mod upstream;

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mock_upstream::control::mock::Provider;
use tempfile::NamedTempFile;
use tokio::sync::{RwLock, watch};

use crate::act::Client;
use crate::arrange::credentials::Credentials;
use crate::arrange::credentials::mask::Mask;
use crate::arrange::gateway::Gateway;
use crate::arrange::hooks::Admin;
use crate::arrange::names::ProviderNames;
use crate::observe::join::Own;
use crate::observe::redact::Varying;
use crate::run::request::resolved::Options;
use crate::run::stage::lease::Pool;
use crate::run::stage::machine::Machine;
use crate::run::stage::pace::Pace;
use crate::run::stage::upstream::Upstream;
use crate::spec::contract::Contract;
use crate::spec::target::{Configuration, GatewaySource, Target};

/// Everything that cases share.
pub struct Stage {
    /// The contract.
    pub contract: Arc<Contract>,
    /// The target.
    pub target: Arc<Target>,
    /// The scripted upstream.
    pub upstream: Upstream,
    /// The client.
    pub client: Client,
    /// The client for admin routes.
    pub admin: Admin,
    /// Credentials as bound.
    pub credentials: Credentials,
    /// Models as bound.
    pub models: Vec<(String, String)>,
    /// Hides every credential and provider key.
    pub mask: Mask,
    /// What differs from run to run and is left out of snapshots.
    pub varying: Varying,
    /// Configurations that some case needs, running.
    pub configurations: Vec<Running>,
    /// Whether limits are as long as documented.
    pub real_time: bool,
    /// How the run was asked for.
    pub options: Options,
    /// What is shared with other runs at the same time.
    pub machine: Arc<Machine>,
    /// Requests sent to the gateway so far.
    pub requests: AtomicU64,
    /// Held for writing while an answer is looked into that may have come from elsewhere: nothing is sent meanwhile.
    pub suspicion: RwLock<()>,
    /// Why the run stops, once it does: cases end as soon as they have put the gateway back.
    pub stopping: watch::Sender<Option<String>>,
}

/// A configuration with its instances.
pub struct Running {
    /// Its name.
    pub name: String,
    /// As written.
    pub written: Configuration,
    /// Limits in force: declared by the configuration, else documented.
    pub limits: Vec<(String, Duration)>,
    /// The instances; the first is the shared one.
    pub instances: Vec<Instance>,
    /// Who may use which instance.
    pub pool: Arc<Pool>,
    /// How many cases it is pressed with at once; the built-in gateway is as punctual as the harness itself.
    pub(in crate::run) pace: Option<Arc<Pace>>,
}

/// One running gateway and the providers behind it.
pub struct Instance {
    /// The gateway.
    pub gateway: Gateway,
    /// The providers, in the order of the configuration; empty with `upstream: none`.
    pub seats: Vec<Seat>,
    /// What references to the providers name.
    pub names: Vec<ProviderNames>,
    /// Headers that the target wants with every request.
    pub headers: Vec<(String, String)>,
    /// The mock's certificate as a file, for as long as the gateway may read it.
    pub(in crate::run) _authority: Option<NamedTempFile>,
    /// Connections refused in a row.
    pub refusals: AtomicUsize,
    /// Why it cannot be trusted any more: a hook failed, so its state is unknown.
    pub poison: OnceLock<String>,
}

/// One provider behind an instance.
pub struct Seat {
    /// Its role.
    pub role: String,
    /// The mock's side.
    pub provider: Provider,
    /// What references to it name.
    pub names: ProviderNames,
}

impl Stage {
    /// The entries of the journal that belong to the exchange of a send.
    pub fn own(&self, send: u32, until: Option<Instant>) -> Own {
        Own { send, until, clock_error: self.upstream.mock.clock_error() }
    }

    /// Whether every gateway is the built-in one, which knows no provider but the mock.
    pub fn is_builtin(&self) -> bool {
        self.configurations.iter().all(Running::is_builtin)
    }
}

impl Instance {
    /// The role of a provider of the mock; its own name where it plays none here.
    pub fn role(&self, provider: &str) -> String {
        let seat = self.seats.iter().find(|seat| seat.provider.name() == provider);
        seat.map_or_else(|| provider.to_owned(), |seat| seat.role.clone())
    }
}

impl Running {
    /// Whether its gateway is the built-in one.
    pub fn is_builtin(&self) -> bool {
        matches!(self.written.gateway, GatewaySource::Builtin(_))
    }

    /// Whether the first provider is whichever is asked first.
    pub fn binds_by_arrival(&self) -> bool {
        !self.written.declared_order && self.written.providers.len() > 1
    }

    /// Names the roles of the providers of one send's attempts, told in the order of arrival.
    pub fn roles<'i>(&self, instance: &'i Instance) -> impl FnMut(&str) -> String + use<'i> {
        let by_arrival = self.binds_by_arrival();
        let mut asked: Vec<String> = Vec::new();
        move |provider: &str| {
            let known = instance.seats.iter().any(|seat| seat.provider.name() == provider);
            if !(by_arrival && known) {
                return instance.role(provider);
            }
            let at = asked.iter().position(|known| known == provider).unwrap_or_else(|| {
                asked.push(provider.to_owned());
                asked.len() - 1
            });
            instance.seats.get(at).map_or_else(|| provider.to_owned(), |seat| seat.role.clone())
        }
    }

    /// How long the client waits for one answer, beyond what the upstream itself waits: it has to outlast the gateway.
    pub fn patience(&self) -> Duration {
        self.written.patience.unwrap_or_else(|| self.longest_limit() * 4 + Duration::from_secs(4))
    }

    /// The longest limit in force.
    pub fn longest_limit(&self) -> Duration {
        self.limits.iter().map(|(_, length)| *length).max().unwrap_or(Duration::from_secs(10))
    }
}
