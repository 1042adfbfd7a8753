//! What a user asks for, resolved into plans: which contract, which target, which cases.

mod real_time;
pub mod resolved;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mock_upstream::dialect::Dialect;
use mock_upstream::fault::{Catalogue, Family};

use crate::plan;
use crate::plan::client_side;
use crate::plan::select::Selection;
use crate::run::request::resolved::{Options, Plan};
use crate::spec::contract::Contract;
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::library::Library;
use crate::spec::lint::Vocabulary;
use crate::spec::read::diagnostic::Diagnostics;
use crate::spec::read::place::{At, Place};
use crate::spec::target::{Binding, Configuration, GatewaySource, Pool, Target, UpstreamLink};

/// What is asked for; the default is every contract that the built-in gateway keeps, all cases.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The contract's name; `None` or `all` is the target's own, or all that are built in.
    pub contract: Option<String>,
    /// A target file, or the name of a shipped one.
    pub target: Option<String>,
    /// A running gateway's base URL, and its key, in place of a target file.
    pub attach: Option<(String, Option<String>)>,
    /// A folder of specs beside the shipped ones.
    pub specs: Option<PathBuf>,
    /// Which cases.
    pub selection: Selection,
    /// Whether limits are as long as the page says, whatever the target declares.
    pub real_time: bool,
}

/// Why a request cannot be resolved: a usage, spec or target error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RequestError {
    /// Problems in spec or target files, with their places.
    #[error("{0}")]
    Specs(Diagnostics),
    /// Anything else, in words.
    #[error("{0}")]
    Usage(String),
}

/// Resolves a request into one plan for each contract, with options that suit its target.
///
/// # Errors
/// A contract or target that does not exist or does not hold, or a selection that fits no case.
pub fn resolve(request: &Request) -> Result<Vec<(Plan, Options)>, RequestError> {
    let library = library(request.specs.as_deref())?;
    let mut plans = Vec::new();
    for (mut target, base_dir, mut replay) in targets(request, &library)? {
        let loaded = library.contract(&target.contract).map_err(RequestError::Specs)?;
        if request.real_time {
            real_time::apply(&mut target, &loaded.contract).map_err(RequestError::Usage)?;
            replay.push_str(" --real-time");
        }
        let cases =
            plan::plan(&loaded.contract, &loaded.cases, &target, Catalogue::shipped(), &request.selection);
        let contract = match target.upstream {
            UpstreamLink::None => client_side::contract(&loaded.contract),
            UpstreamLink::Mock { .. } => loaded.contract.clone(),
        };
        let plan = Plan {
            contract: Arc::new(contract),
            target: Arc::new(target),
            cases,
            real_time: request.real_time,
            partial: request.selection != Selection::default(),
            specs_digest: library.digest(),
            regressions: library.files().regressions(&loaded.contract.name).cloned().collect(),
        };
        plans.push((plan, Options { base_dir, replay, ..Options::default() }));
    }
    if plans.iter().all(|(plan, _)| plan.cases.is_empty()) {
        let globs = request.selection.globs.join("`, `");
        return Err(RequestError::Usage(format!(
            "no case fits `{globs}`; `gateway-conformance list` shows them all"
        )));
    }
    Ok(plans)
}

/// The shipped specs, with those of a folder beside them.
///
/// # Errors
/// When the folder cannot be read.
pub fn library(folder: Option<&Path>) -> Result<Library, RequestError> {
    let library = match folder {
        None => Library::shipped(),
        Some(folder) => Library::shipped_and(folder)
            .map_err(|error| RequestError::Usage(format!("--specs {}: {error}", folder.display())))?,
    };
    let families = Family::ALL.iter().map(ToString::to_string).collect();
    let faults = Catalogue::shipped().faults().iter().map(|fault| fault.id.clone()).collect();
    let dialects = Dialect::ALL.iter().map(ToString::to_string).collect();
    Ok(library.knowing(Vocabulary { families, faults, dialects }))
}

fn targets(request: &Request, library: &Library) -> Result<Vec<(Target, PathBuf, String)>, RequestError> {
    let wanted = request.contract.as_deref().filter(|name| *name != "all");
    if let Some((url, key)) = &request.attach {
        let name = wanted
            .ok_or_else(|| RequestError::Usage("say which contract the gateway is held to".to_owned()))?;
        let loaded = library.contract(name).map_err(RequestError::Specs)?;
        let replay = format!("gateway-conformance run --contract {name} --url {url}");
        return Ok(vec![(attached(&loaded.contract, url, key.as_deref()), PathBuf::from("."), replay)]);
    }
    if let Some(file) = &request.target {
        let mut target = library.target(file).map_err(RequestError::Specs)?;
        if let Some(name) = wanted {
            target.contract.value = name.to_owned();
        }
        let base_dir =
            Path::new(file).parent().filter(|_| Path::new(file).exists()).unwrap_or(Path::new("."));
        let replay = format!("gateway-conformance run --contract {} --target {file}", target.contract);
        return Ok(vec![(target, base_dir.to_owned(), replay)]);
    }
    let mut targets = Vec::new();
    for name in library.contracts() {
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let own = format!("builtin-{name}");
        if library.files().all().any(|source| *source.name == format!("targets/{own}.yaml")) {
            let target = library.target(&own).map_err(RequestError::Specs)?;
            targets.push((target, PathBuf::from("."), format!("gateway-conformance run --contract {name}")));
        }
    }
    if targets.is_empty() {
        // An unknown name is a better answer than "not built in".
        let name = wanted.unwrap_or_default();
        library.contract(name).map_err(RequestError::Specs)?;
        let why = format!("the built-in gateway does not keep the contract `{name}`: say --target FILE");
        return Err(RequestError::Usage(why));
    }
    Ok(targets)
}

/// A target that binds nothing, for what is judged without a gateway.
pub fn unbound(contract: &Contract, name: &str) -> Target {
    attached(contract, name, None)
}

/// A target made of a URL and a key: what the contract documents, nothing bound beyond it.
fn attached(contract: &Contract, url: &str, key: Option<&str>) -> Target {
    let place = Place::generated("the environment");
    let named = |name: &str| At::new(name.to_owned(), place.clone());
    let model = |role: &str| match role {
        "unknown" => "no-such-model".to_owned(),
        "embeddings" | "embedding" => "text-embedding-3-small".to_owned(),
        _ => std::env::var("GATEWAY_MODEL").unwrap_or_else(|_| "gpt-4o-mini".to_owned()),
    };
    let mut credentials = Vec::new();
    if let Some(key) = key {
        let members = vec![Binding::Literal(key.to_owned())];
        credentials.push((named("valid"), Pool { members, fresh: false, pace: None }));
    }
    let never_issued = Pool {
        members: vec![Binding::Literal("never-issued-by-anyone".to_owned())],
        fresh: false,
        pace: None,
    };
    credentials.push((named("unknown"), never_issued));
    Target {
        name: named(url),
        version: None,
        contract: contract.name.clone(),
        configurations: vec![Configuration {
            name: named("default"),
            place: place.clone(),
            gateway: GatewaySource::Attach(Value {
                place: place.clone(),
                kind: ValueKind::Literal(url.trim_end_matches('/').into()),
            }),
            instances: 1,
            providers: vec![named("first")],
            declared_order: true,
            forgets: Vec::new(),
            patience: None,
            tls: false,
            has: Vec::new(),
            reset: None,
            // Nobody said how long it waits; what depends on that cannot be judged, and says so.
            limits: Vec::new(),
        }],
        operations: Vec::new(),
        dialects: Vec::new(),
        clients: Vec::new(),
        credentials,
        models: contract
            .names
            .models
            .iter()
            .map(|role| (role.clone(), Binding::Literal(model(&role.value))))
            .collect(),
        states: Vec::new(),
        values: Vec::new(),
        lacks: Vec::new(),
        ambient: Vec::new(),
        headers: Vec::new(),
        key_header: None,
        trusted_ca: None,
        upstream: UpstreamLink::Mock { listen: Vec::new(), advertise: Vec::new(), keys: Vec::new() },
    }
}
