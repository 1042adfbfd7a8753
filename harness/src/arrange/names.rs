//! What the references of a case name: the target's bindings, limits, fresh secrets, the prompt, the clock.

pub mod prompt;
pub mod secret;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;

use crate::arrange::names::prompt::Words;
use crate::arrange::names::secret::Secret;
use crate::spec::language::value::{Missing, Names, Reference};
use crate::spec::target::Target;

/// The names of one case. References to corners of an exchange are not among them: whoever has the exchange adds those.
pub struct CaseNames<'t> {
    target: &'t Target,
    models: &'t [(String, String)],
    limits: &'t [(String, Duration)],
    providers: &'t [ProviderNames],
    canaries: Mutex<Canaries>,
}

/// What `$(provider.NAME.…)` names.
#[derive(Clone, Debug)]
pub struct ProviderNames {
    /// The role.
    pub name: String,
    /// The base URL that the gateway must call.
    pub url: String,
    /// The key that the gateway has to present to it.
    pub key: String,
    /// How it is called over TLS.
    pub tls: TlsNames,
}

/// What `$(provider.NAME.https_url)` and the two beside it name.
#[derive(Clone, Debug, Default)]
pub struct TlsNames {
    /// The base URL over TLS.
    pub https_url: String,
    /// The certificate of the authority that certifies it, PEM.
    pub ca_pem: String,
    /// A file with that certificate, where the gateway calls over TLS.
    pub ca_file: Option<String>,
}

struct Canaries {
    words: Words,
    made: Vec<Secret>,
}

impl<'t> CaseNames<'t> {
    /// The names of a case; `words` makes its secrets, so that the same seed makes the same ones.
    pub fn new(
        target: &'t Target,
        models: &'t [(String, String)],
        limits: &'t [(String, Duration)],
        providers: &'t [ProviderNames],
        words: Words,
    ) -> Self {
        Self { target, models, limits, providers, canaries: Mutex::new(Canaries { words, made: Vec::new() }) }
    }

    /// Every secret made so far.
    pub fn secrets(&self) -> Vec<Secret> {
        self.canaries.lock().unwrap_or_else(PoisonError::into_inner).made.clone()
    }

    fn canary(&self, kind: &str) -> String {
        let mut canaries = self.canaries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = canaries.made.iter().find(|secret| secret.kind == kind) {
            return known.text.clone();
        }
        let random = canaries.words.letters(20);
        let text = match kind {
            "host" => format!("{random}.upstream.internal"),
            "key" => format!("sk-{random}"),
            "org" => format!("org-{random}"),
            "request_id" => format!("upstream-{random}"),
            "stack" => format!("/srv/{random}/handler.py"),
            _ => random,
        };
        canaries.made.push(Secret { kind: kind.to_owned(), text: text.clone() });
        text
    }
}

impl Names for CaseNames<'_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        let unbound = |kind: &str, name: &str| Missing(format!("nothing binds the {kind} `{name}`"));
        match reference {
            Reference::Model(name) => {
                let bound = self.models.iter().find(|(model, _)| model == name);
                bound.map(|(_, model)| Json::from(model.as_str())).ok_or_else(|| unbound("model", name))
            }
            Reference::Bound(name) => {
                let bound = self.target.values.iter().find(|(value, _)| value.value == *name);
                bound.ok_or_else(|| unbound("value", name))?.1.resolve(self)
            }
            Reference::Limit(name) => {
                let limit = self.limits.iter().find(|(limit, _)| limit == name);
                limit.map(|(_, length)| seconds(*length)).ok_or_else(|| unbound("limit", name))
            }
            Reference::Canary(kind) => Ok(self.canary(kind).into()),
            Reference::DateIn(ahead) => Ok(httpdate::fmt_http_date(SystemTime::now() + *ahead).into()),
            Reference::Provider { name, field } => {
                let provider = self.providers.iter().find(|provider| provider.name == *name);
                provider
                    .and_then(|provider| provider.field(field))
                    .map(Json::from)
                    .ok_or_else(|| unbound("provider", name))
            }
            Reference::Prompt => Err(Missing("only what is sent can hold `$(prompt)`".to_owned())),
            Reference::Credential(name) => {
                Err(Missing(format!("only what is sent can hold `$(credential.{name})`")))
            }
            Reference::Port => Err(Missing("only a launch can hold `$(port)`".to_owned())),
            Reference::Path(path) => Err(Missing(format!("no exchange yet to take {path} from"))),
        }
    }
}

/// Whole seconds as a whole number, which is how programs want them among their arguments.
fn seconds(length: Duration) -> Json {
    match length.subsec_nanos() {
        0 => length.as_secs().into(),
        _ => length.as_secs_f64().into(),
    }
}

impl ProviderNames {
    /// `url`, `key`, `host` (with its port), `port`, `https_url`, `ca_pem` or `ca_file`.
    pub fn field(&self, field: &str) -> Option<String> {
        let host = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or(host);
        match field {
            "url" => Some(self.url.clone()),
            "key" => Some(self.key.clone()),
            "host" => Some(host.to_owned()),
            "https_url" => Some(self.tls.https_url.clone()),
            "ca_pem" => Some(self.tls.ca_pem.clone()),
            "ca_file" => self.tls.ca_file.clone(),
            "port" => host.rsplit_once(':').map(|(_, port)| port.to_owned()),
            _ => None,
        }
    }
}

/// Names with what only a send can hold: its prompt, and keys that it puts where the protocol does not.
pub struct OfSend<'n> {
    /// All other names.
    pub names: &'n dyn Names,
    /// What `$(prompt)` names.
    pub prompt: &'n str,
    /// What `$(credential.ROLE)` names, by role.
    pub keys: &'n [(String, String)],
}

impl Names for OfSend<'_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match reference {
            Reference::Prompt => Ok(self.prompt.into()),
            Reference::Credential(role) => {
                let key = self.keys.iter().find(|(known, _)| known == role).map(|(_, key)| key.as_str());
                key.map(Json::from).ok_or_else(|| Missing(format!("nothing binds the credential `{role}`")))
            }
            other => self.names.reference(other),
        }
    }
}
