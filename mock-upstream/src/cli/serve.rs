//! `serve`: providers and the control API, until interrupted.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use super::flags::{AdvertiseFlag, AmbientFlag, ProviderFlag, address};
use super::script_file::{Read, ScriptFile};
use super::{Format, say};
use crate::control::{Control, ControlOptions, Guard, Standing, Token, nearest};
use crate::dialect::{Dialect, Identity};
use crate::server::{MockUpstream, Options, ProviderOptions};

/// The names of providers that only an address was given for.
const NAMES: [&str; 8] = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
/// Where the only provider listens when nothing is said; also where an attached gateway looks for the mock.
const PROVIDER: &str = "127.0.0.1:4711";

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Listen here; the n-th address is for the n-th provider that has none of its own. Without any provider, each address
    /// is a provider: first, second, third … Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Vec<SocketAddr>,
    /// A provider with its name and dialect, and where it listens (a free port of 127.0.0.1 when nothing is said).
    #[arg(long, value_name = "NAME=DIALECT[@ADDR]")]
    provider: Vec<ProviderFlag>,
    /// Under which host name, or name and port, others reach the providers, or one of them.
    #[arg(long, value_name = "[NAME=]HOST[:PORT]")]
    advertise: Vec<AdvertiseFlag>,
    /// Where the control API listens.
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:4710")]
    control: SocketAddr,
    /// Read the control API's bearer token from this file; without it a random one is written to standard error.
    #[arg(long, value_name = "FILE", conflicts_with = "no_token")]
    token_file: Option<PathBuf>,
    /// Serve every program of this host without a token; only on loopback.
    #[arg(long)]
    no_token: bool,
    /// What the providers do to whatever arrives: YAML with `turns:`, or with `providers:` by name.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// A kind of request that gets a healthy reply and belongs to nobody, such as "GET /health".
    #[arg(long, value_name = "METHOD PATH")]
    ambient: Vec<AmbientFlag>,
    /// How the addresses are written: for people, or as one line of JSON.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What runs, for scripts.
#[derive(Debug, Serialize)]
struct Running {
    version: &'static str,
    control: String,
    providers: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    name: String,
    dialect: Dialect,
    addr: SocketAddr,
    url: String,
    scripted: bool,
}

/// Serves until interrupted.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> anyhow::Result<u8> {
    // Before anything listens, so that an early signal ends it as cleanly.
    let interrupted = interruption()?;
    let read = args.script.as_deref().map(Read::from).transpose()?;
    let providers = providers(args, read.as_ref())?;
    let standing = read.as_ref().map(|read| standing(read, &providers)).transpose()?.unwrap_or_default();
    let guard = guard(args)?;
    let mock = start(args, providers).await?;
    let advertised = advertised(args, &mock)?;
    let options =
        ControlOptions { listen: args.control, advertised, standing, ..ControlOptions::guarded(guard) };
    let running = running(&mock, &options);
    let control = Control::start(mock, options).await;
    let control = control.with_context(|| format!("the control API cannot listen at {}", args.control))?;
    announce(args.format, Running { control: control.url(), ..running })?;
    interrupted.await;
    control.stop().await;
    Ok(0)
}

/// The providers that arguments and file name, each with its address.
fn providers(args: &ServeArgs, read: Option<&Read>) -> anyhow::Result<Vec<ProviderFlag>> {
    let mut wanted = args.provider.clone();
    if let Some(ScriptFile::Providers(scripted)) = read.map(|read| &read.file) {
        for (name, scripted) in scripted {
            if !wanted.iter().any(|flag| flag.name == *name) {
                let (dialect, listen) = (scripted.dialect, scripted.listen);
                wanted.push(ProviderFlag { name: name.clone(), dialect, listen });
            }
        }
    }
    if wanted.is_empty() {
        let dialect = Dialect::default();
        let unsaid = [PROVIDER.parse().context("the built-in address")?];
        let listens: &[SocketAddr] = if args.listen.is_empty() { &unsaid } else { &args.listen };
        let named = listens.iter().enumerate().map(|(at, listen)| {
            let name =
                NAMES.get(at).map_or_else(|| format!("provider-{}", at + 1), |name| (*name).to_owned());
            ProviderFlag { name, dialect, listen: Some(*listen) }
        });
        return Ok(named.collect());
    }
    let mut listens: VecDeque<SocketAddr> = args.listen.iter().copied().collect();
    for flag in &mut wanted {
        flag.listen = flag.listen.or_else(|| listens.pop_front());
    }
    if let Some(left) = listens.front() {
        bail!("--listen {left}: every provider has an address already; name another with --provider");
    }
    Ok(wanted)
}

/// The scripts of the file for the providers that there are.
fn standing(read: &Read, providers: &[ProviderFlag]) -> anyhow::Result<Vec<Standing>> {
    let mut standing = Vec::new();
    for ProviderFlag { name, dialect, .. } in providers {
        let (place, script) = match &read.file {
            ScriptFile::Every(script) => (None, Some(script)),
            ScriptFile::Providers(scripted) => {
                (Some(name.as_str()), scripted.get(name).and_then(|scripted| scripted.script.as_ref()))
            }
        };
        if let Some(script) = script {
            read.check(place, script, *dialect)?;
            standing.push(Standing { provider: name.clone(), script: script.clone() });
        }
    }
    Ok(standing)
}

/// Who may use the control API.
fn guard(args: &ServeArgs) -> anyhow::Result<Guard> {
    let loopback = args.control.ip().is_loopback();
    match &args.token_file {
        Some(file) => {
            let token = Token::read(file).with_context(|| format!("--token-file {}", file.display()))?;
            Ok(Guard::Token(token))
        }
        None if !loopback => bail!(
            "--control {}: others than this host could use it, so that it needs --token-file FILE\n\
             help: make one with `head -c 32 /dev/urandom | base64 > token`, or listen at 127.0.0.1",
            args.control
        ),
        None if args.no_token => Ok(Guard::Loopback),
        None => {
            let token = Token::random().context("there is no randomness for a token")?;
            writeln!(std::io::stderr(), "control token: {}", token.reveal())?;
            Ok(Guard::Token(token))
        }
    }
}

async fn start(args: &ServeArgs, providers: Vec<ProviderFlag>) -> anyhow::Result<MockUpstream> {
    let ambient = args.ambient.iter().map(|AmbientFlag(ambient)| ambient.clone()).collect();
    let mock = MockUpstream::start(Options { ambient, ..Options::default() }).await?;
    for ProviderFlag { name, dialect, listen } in providers {
        let listen = listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let identity = Identity::of(&name);
        let added =
            mock.add_provider(ProviderOptions { name: name.clone(), listen, identity, dialect }).await;
        added.with_context(|| format!("provider `{name}` cannot listen at {listen}"))?;
    }
    Ok(mock)
}

/// The URLs under which providers are to be called, where they were given; what names one comes before what names none.
fn advertised(args: &ServeArgs, mock: &MockUpstream) -> anyhow::Result<HashMap<String, String>> {
    let providers = mock.providers();
    let mut flags: Vec<&AdvertiseFlag> = args.advertise.iter().collect();
    flags.sort_by_key(|flag| flag.provider.is_some());
    let mut urls = HashMap::new();
    for flag in flags {
        let named = |name: &&str| flag.provider.as_deref().is_none_or(|wanted| wanted == *name);
        let ports = providers.iter().map(|provider| (provider.name(), provider.addr().port()));
        let fits: Vec<(&str, u16)> = ports.filter(|(name, _)| named(name)).collect();
        if let (true, Some(wanted)) = (fits.is_empty(), &flag.provider) {
            let near = nearest(wanted, providers.iter().map(|provider| provider.name()));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            bail!("--advertise {wanted}=…: there is no provider `{wanted}`{near}");
        }
        urls.extend(fits.into_iter().map(|(name, port)| (name.to_owned(), flag.url(port))));
    }
    Ok(urls)
}

fn running(mock: &MockUpstream, options: &ControlOptions) -> Running {
    let places = mock.providers().into_iter().map(|provider| Place {
        name: provider.name().to_owned(),
        dialect: provider.dialect(),
        addr: provider.addr(),
        url: options.advertised.get(provider.name()).cloned().unwrap_or_else(|| provider.url()),
        scripted: options.standing.iter().any(|standing| standing.provider == provider.name()),
    });
    Running { version: env!("CARGO_PKG_VERSION"), control: String::new(), providers: places.collect() }
}

fn announce(format: Format, running: Running) -> anyhow::Result<()> {
    if format == Format::Json {
        return Ok(say(&format!("{}\n", serde_json::to_string(&running)?))?);
    }
    let mut text = format!("control   {}/v1\n", running.control);
    for place in &running.providers {
        let does = if place.scripted { "plays the script" } else { "answers what a scenario claims" };
        text.push_str(&format!("provider  {}  {}  ({}, {does})\n", place.url, place.name, place.dialect));
    }
    Ok(say(&text)?)
}

/// Ends when the process is told to stop, by Ctrl-C or by the system.
#[cfg(unix)]
fn interruption() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the process is told to stop by Ctrl-C.
#[cfg(not(unix))]
fn interruption() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler the system ends the process itself.
        let _ = tokio::signal::ctrl_c().await;
    })
}
