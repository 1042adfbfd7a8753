//! A gateway under test: how it is reached or started, and what it binds the contract's names to.

use std::fmt;
use std::time::Duration;

use crate::spec::language::value::Value;
use crate::spec::read::place::{At, Place};

/// A target file.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: At<String>,
    /// The gateway's version, where known.
    pub version: Option<String>,
    /// The contract it is held to.
    pub contract: At<String>,
    /// Ways the gateway is run; the first is the default.
    pub configurations: Vec<Configuration>,
    /// `METHOD /path` for an operation, replacing the contract's.
    pub operations: Vec<(At<String>, String)>,
    /// The dialect in which the operations of a protocol ask the upstream, replacing the contract's.
    pub dialects: Vec<(At<String>, At<String>)>,
    /// Credentials: each a pool of bindings.
    pub credentials: Vec<(At<String>, Pool)>,
    /// Models.
    pub models: Vec<(At<String>, Binding)>,
    /// Programs that make a call in the harness's stead: program and arguments.
    pub clients: Vec<(At<String>, Vec<String>)>,
    /// States.
    pub states: Vec<(At<String>, State)>,
    /// Values.
    pub values: Vec<(At<String>, Value)>,
    /// Roles and states that the gateway does not have, with the reason.
    pub lacks: Vec<(At<String>, String)>,
    /// Background requests to the upstream that belong to no case, `METHOD /path`.
    pub ambient: Vec<At<String>>,
    /// Headers sent with every request.
    pub headers: Vec<(String, HeaderValue)>,
    /// A header other than the protocol's for the key.
    pub key_header: Option<String>,
    /// PEM file of an extra authority that the client trusts.
    pub trusted_ca: Option<At<String>>,
    /// Whether the mock can be put behind the gateway.
    pub upstream: UpstreamLink,
}

/// How the gateway reaches the mock.
#[derive(Clone, Debug)]
pub enum UpstreamLink {
    /// The mock listens here (`None`: a port of the system's choice for launched gateways, 127.0.0.1:4711 for attached
    /// ones); the gateway calls `advertise`, where that differs.
    Mock {
        /// `ADDRESS:PORT`, one a provider.
        listen: Vec<(String, String)>,
        /// The base URL the gateway must call, where it is not the listening address.
        advertise: Vec<(String, String)>,
        /// The key that the gateway sends upstream, so that its leaking is seen.
        keys: Vec<(String, Binding)>,
    },
    /// Nobody can point the gateway at the mock: client-side cases only.
    None,
}

/// A way the gateway is run.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Its name.
    pub name: At<String>,
    /// Where it stands.
    pub place: Place,
    /// Started by the harness, or already running.
    pub gateway: GatewaySource,
    /// How many may run at once.
    pub instances: usize,
    /// The providers behind it.
    pub providers: Vec<At<String>>,
    /// Whether `providers` is the order in which they are asked.
    pub declared_order: bool,
    /// Whether it calls its providers over TLS, and trusts the mock's authority.
    pub tls: bool,
    /// Cells of the contract's memory that it does not keep.
    pub forgets: Vec<At<String>>,
    /// What it has, matched against a case's `needs`.
    pub has: Vec<(String, serde_json::Value)>,
    /// Puts the gateway back into its first state.
    pub reset: Option<HttpCall>,
    /// Limits as configured.
    pub limits: Vec<(At<String>, Duration)>,
    /// How long the client waits for one answer, retries of the gateway included.
    pub patience: Option<Duration>,
}

/// Where the gateway comes from.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a target has a handful of these")]
pub enum GatewaySource {
    /// The built-in reference gateway with this personality.
    Builtin(At<String>),
    /// A process.
    Launch(Launch),
    /// A running gateway at this base URL.
    Attach(Value),
}

/// A process to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Program and arguments; `$(port)` and `$(provider.first.url)` expand.
    pub command: Vec<Value>,
    /// Environment added.
    pub env: Vec<(String, Value)>,
    /// Working directory, relative to the target file; the current one where nothing is said.
    pub dir: Option<String>,
    /// Base URL, `http://127.0.0.1:$(port)` where nothing is said.
    pub url: Option<Value>,
    /// Asked until it answers 200–299.
    pub ready: HttpCall,
    /// How long that may take.
    pub within: Duration,
}

/// A call to an admin route.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// Where it stands.
    pub place: Place,
    /// The method.
    pub method: String,
    /// Path on the gateway, or a whole URL.
    pub url: Value,
    /// Headers.
    pub headers: Vec<(String, Binding)>,
    /// A JSON body.
    pub json: Option<Value>,
}

/// A switch of the gateway.
#[derive(Clone, Debug)]
pub struct State {
    /// Turns it on.
    pub enter: HttpCall,
    /// Turns it off.
    pub leave: HttpCall,
}

/// The bindings of a credential.
#[derive(Clone, Debug)]
pub struct Pool {
    /// One or several.
    pub members: Vec<Binding>,
    /// A member serves one case only.
    pub fresh: bool,
    /// The ordinary rate of one member that no case may exceed: so many requests in so long.
    pub pace: Option<(u32, Duration)>,
}

/// What a header that goes with every request says.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// A bound text.
    Bound(Binding),
    /// A text that names the providers behind the instance.
    Named(Value),
}

/// Where a bound text comes from; never printed where it is a credential.
#[derive(Clone, PartialEq)]
pub enum Binding {
    /// Written down.
    Literal(String),
    /// An environment variable.
    Env(At<String>),
    /// A file, whole or at a JSON pointer.
    File {
        /// The path, relative to the target file.
        path: At<String>,
        /// The pointer.
        at: Option<String>,
    },
    /// What a program prints.
    Command(Vec<String>),
    /// Another credential's first text, changed.
    From {
        /// The other.
        role: At<String>,
        /// How it is changed; not at all where nothing is said.
        mangle: Option<Mangle>,
    },
}

/// What is done to a credential to make a bad one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mangle {
    /// A character is another one: of the last part, where it has parts.
    Flip,
    /// Its last third is missing.
    Cut,
    /// A JSON Web Token that says that nothing signs it.
    JwtNone,
}

impl fmt::Debug for Binding {
    /// A literal may be a key, and a key is never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => f.write_str("Literal(…)"),
            Self::Env(variable) => write!(f, "Env({variable})"),
            Self::File { path, at } => write!(f, "File({path}{})", at.as_deref().unwrap_or_default()),
            Self::Command(command) => {
                write!(f, "Command({}, …)", command.first().map(String::as_str).unwrap_or_default())
            }
            Self::From { role, mangle } => write!(f, "From({role}, {mangle:?})"),
        }
    }
}
