//! What a run sets up once: the mock, the gateway instances, the client, the bindings.

pub(in crate::run) mod guard;
mod host;
pub mod lease;
pub mod setup;
pub mod upstream;

use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mock_upstream::control::mock::Provider;
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
use crate::run::stage::host::HostDelay;
use crate::run::stage::lease::Pool;
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
    /// Headers that the target wants with every request.
    pub headers: Vec<(String, String)>,
    /// Configurations that some case needs, running.
    pub configurations: Vec<Running>,
    /// How the run was asked for.
    pub options: Options,
    /// The host's scheduling delay.
    pub(in crate::run) host: HostDelay,
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
}

/// One running gateway and the providers behind it.
pub struct Instance {
    /// The gateway.
    pub gateway: Gateway,
    /// The providers, in the order of the configuration; empty with `upstream: none`.
    pub seats: Vec<Seat>,
    /// What references to the providers name.
    pub names: Vec<ProviderNames>,
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
    pub(in crate::run) fn own(&self, send: u32, until: Option<Instant>) -> Own {
        Own { send, until, clock_error: self.upstream.mock.clock_error() }
    }

    /// Whether every gateway is the built-in one, which knows no provider but the mock.
    pub(in crate::run) fn is_builtin(&self) -> bool {
        let gateways = self.configurations.iter().map(|running| &running.written.gateway);
        gateways.into_iter().all(|gateway| matches!(gateway, GatewaySource::Builtin(_)))
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
    /// How long the client waits for one answer, beyond what the upstream itself waits: it has to outlast the gateway.
    pub fn patience(&self) -> Duration {
        self.written.patience.unwrap_or_else(|| self.longest_limit() * 4 + Duration::from_secs(4))
    }

    /// The longest limit in force.
    pub fn longest_limit(&self) -> Duration {
        self.limits.iter().map(|(_, length)| *length).max().unwrap_or(Duration::from_secs(10))
    }
}
