//! A gateway under test: built in, launched, or already running.

mod launch;
mod start_error;

use tokio::sync::Mutex;

use self::launch::Launched;
pub use self::start_error::StartError;
use super::Setting;
use super::hooks::{Admin, text};
use crate::spec::target::{Configuration, GatewaySource};

/// A running gateway; dropping it ends what was started for it.
#[derive(Debug)]
pub struct Gateway {
    base_url: String,
    running: Running,
}

#[derive(Debug)]
enum Running {
    #[cfg(feature = "reference-gateway")]
    Builtin(reference_gateway::Gateway),
    Launched(Box<Mutex<Launched>>),
    Attached,
}

impl Gateway {
    /// Starts the configuration's gateway and waits until it is ready; one that is already running is taken as it is.
    ///
    /// A built-in gateway is `PERSONALITY` or, with a flaw, `PERSONALITY+MUTANT`; its providers are the configuration's in
    /// their order (`$(provider.NAME.url)` and, where bound, `.key`), and so are its limits, each by its name.
    ///
    /// # Errors
    /// Why it is not there, in words, with what it printed last.
    pub async fn start(
        configuration: &Configuration,
        setting: &Setting<'_>,
        admin: &Admin,
    ) -> Result<Self, StartError> {
        match &configuration.gateway {
            GatewaySource::Builtin(name) => builtin(&name.value, configuration, setting).await,
            GatewaySource::Launch(launch) => {
                let (base_url, launched) = launch::start(launch, setting, admin).await?;
                Ok(Self { base_url, running: Running::Launched(Box::new(Mutex::new(launched))) })
            }
            GatewaySource::Attach(url) => {
                let base_url = text(url, setting).map_err(|why| StartError::unresolved(&url.place, why))?;
                Ok(Self { base_url, running: Running::Attached })
            }
        }
    }

    /// Its base URL as the client calls it.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// How its process ended and what it printed last, where the harness launched it and it has ended by itself.
    pub async fn ended(&self) -> Option<String> {
        let Running::Launched(launched) = &self.running else { return None };
        let process = &mut launched.lock().await.process;
        let status = process.ended().await?;
        Some(format!("{status}{}", start_error::listed(&process.last_lines())))
    }

    /// The host that is called once this configuration is started; `None` where it is built in or its URL cannot be told.
    pub fn host(configuration: &Configuration, setting: &Setting<'_>) -> Option<String> {
        let url = match &configuration.gateway {
            GatewaySource::Builtin(_) => return None,
            GatewaySource::Launch(launch) => launch::url(launch, setting).ok()?,
            GatewaySource::Attach(url) => text(url, setting).ok()?,
        };
        reqwest::Url::parse(&url).ok()?.host_str().map(str::to_owned)
    }

    /// Ends what was started for it, and returns when it has ended.
    pub async fn stop(self) {
        match self.running {
            #[cfg(feature = "reference-gateway")]
            Running::Builtin(gateway) => {
                // It closes its connections by itself when it is dropped; waiting for that is a courtesy with an end.
                let _ = tokio::time::timeout(std::time::Duration::from_secs(5), gateway.stop()).await;
            }
            Running::Launched(launched) => launched.into_inner().process.stop().await,
            Running::Attached => {}
        }
    }
}

#[cfg(feature = "reference-gateway")]
async fn builtin(
    name: &str,
    configuration: &Configuration,
    setting: &Setting<'_>,
) -> Result<Gateway, StartError> {
    use reference_gateway::{Config, Personality, Upstream};

    use crate::spec::language::value::Reference;
    use crate::spec::read::word::suggestion;

    let place = &configuration.place;
    let (personality, mutant) = match name.split_once('+') {
        Some((personality, mutant)) => (personality, Some(mutant)),
        None => (name, None),
    };
    let unknown = || StartError::NoSuchBuiltin(name.to_owned());
    let personality = Personality::named(personality).ok_or_else(unknown)?;
    let upstream = |name: &str| {
        let bound = |field: &str| {
            let reference = Reference::Provider { name: name.to_owned(), field: field.to_owned() };
            setting.names.reference(&reference)
        };
        let url = bound("url").map_err(|missing| StartError::unresolved(place, missing.to_string()))?;
        let key = bound("key").unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let upstream = Upstream::new(name, text(&url), text(&key));
        Ok(match bound("ca_pem").ok().filter(|_| configuration.tls) {
            Some(authority) => upstream.trusting(text(&authority)),
            None => upstream,
        })
    };
    let names: Vec<&str> = configuration.providers.iter().map(|name| name.value.as_str()).collect();
    let names = if names.is_empty() { vec!["first"] } else { names };
    let upstreams = names.into_iter().map(upstream).collect::<Result<_, StartError>>()?;
    let mut config = Config::new(personality, upstreams);
    for (name, length) in &configuration.limits {
        config = config.with_limit(&name.value, *length);
    }
    for mutant in mutant.into_iter().flat_map(|flaws| flaws.split('+')) {
        if let Some(slip) = reference_gateway::slip(mutant) {
            config = config.with_slip(slip);
            continue;
        }
        config = config.with_mutant(reference_gateway::mutant(personality, mutant).ok_or_else(|| {
            let known = reference_gateway::mutants(personality).iter().map(|mutant| mutant.name);
            StartError::NoSuchFlaw {
                builtin: personality.name().to_owned(),
                flaw: mutant.to_owned(),
                help: suggestion(mutant, known),
            }
        })?);
    }
    let gateway = reference_gateway::start(config).await.map_err(|error| StartError::NotStarted {
        program: format!("the built-in gateway `{name}`"),
        why: error.to_string(),
    })?;
    Ok(Gateway { base_url: gateway.url(), running: Running::Builtin(gateway) })
}

#[cfg(not(feature = "reference-gateway"))]
async fn builtin(name: &str, _: &Configuration, _: &Setting<'_>) -> Result<Gateway, StartError> {
    Err(StartError::NoSuchBuiltin(name.to_owned()))
}
