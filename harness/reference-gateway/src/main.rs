//! Runs the reference gateway as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use reference_gateway::{Config, Personality, Upstream, mutant, mutants, start};

/// Sent to a provider for which no key is given.
const TEST_KEY: &str = "upstream-test-key";

#[derive(Parser)]
#[command(
    version,
    about = "A gateway that keeps a vendor's documented error contract, or breaks one point of it"
)]
struct Options {
    /// The vendor page to keep.
    #[arg(long, default_value = "cogito", value_parser = personality)]
    personality: Personality,
    /// Where to listen; the URL is printed once it does.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A provider's base URL, without `/v1`; repeated in order of preference.
    #[arg(long, value_name = "[NAME=]URL", default_value = "http://127.0.0.1:4711", value_parser = upstream)]
    upstream: Vec<Upstream>,
    /// The environment variable that holds a provider's key, or every provider's; without it a fixed test key is sent.
    #[arg(long, value_name = "[NAME=]VARIABLE")]
    upstream_key_env: Vec<String>,
    /// The deadline of an upstream call, and of each pause in a stream, in milliseconds: `--limit upstream=N`.
    #[arg(long)]
    deadline_ms: Option<u64>,
    /// The length of a limit of the page, in milliseconds.
    #[arg(long, value_name = "NAME=MS", value_parser = limit)]
    limit: Vec<(String, Duration)>,
    /// The one flaw to have.
    #[arg(long)]
    mutant: Option<String>,
    /// Prints the mutants of the personality and ends.
    #[arg(long)]
    list_mutants: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.list_mutants {
        list(options.personality);
        return ExitCode::SUCCESS;
    }
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("reference-gateway: {problem}");
            ExitCode::from(2)
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let gateway = start(config(options)?).await.map_err(|error| error.to_string())?;
    println!("{}", gateway.url());
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())?;
    gateway.stop().await;
    Ok(())
}

fn config(options: Options) -> Result<Config, String> {
    let mut upstreams = options.upstream;
    for it in &options.upstream_key_env {
        let (name, variable) = it.split_once('=').map_or((None, it.as_str()), |(name, it)| (Some(name), it));
        let key = std::env::var(variable).map_err(|_| format!("the variable {variable} is not set"))?;
        let meant = |it: &&mut Upstream| name.is_none_or(|name| it.name == name);
        upstreams.iter_mut().filter(meant).for_each(|it| it.api_key.clone_from(&key));
    }
    let mut config = Config::new(options.personality, upstreams);
    config.listen = options.listen;
    let deadline = options.deadline_ms.map(|it| ("upstream".to_owned(), Duration::from_millis(it)));
    for (name, length) in deadline.into_iter().chain(options.limit) {
        config = config.with_limit(&name, length);
    }
    if let Some(name) = &options.mutant {
        let mutant = mutant(options.personality, name);
        config.mutant = Some(mutant.ok_or_else(|| format!("no mutant {name:?}; see --list-mutants"))?);
    }
    Ok(config)
}

fn list(personality: Personality) {
    for it in mutants(personality) {
        println!(
            "{:<36} {:<10} {:<16} {}",
            it.name,
            format!("{:?}", it.kind),
            it.claims.join(" "),
            it.breaks
        );
    }
}

fn personality(name: &str) -> Result<Personality, String> {
    let known = || format!("known personalities: {}", Personality::ALL.map(Personality::name).join(", "));
    Personality::named(name).ok_or_else(known)
}

/// `NAME=URL`, or a URL alone, which may hold an equals sign too.
fn upstream(text: &str) -> Result<Upstream, String> {
    let named = text.split_once('=').filter(|(name, _)| !name.contains("://"));
    let (name, url) = named.unwrap_or(("first", text));
    if url.is_empty() { Err("a URL is needed".to_owned()) } else { Ok(Upstream::new(name, url, TEST_KEY)) }
}

fn limit(text: &str) -> Result<(String, Duration), String> {
    let (name, length) = text.split_once('=').ok_or("NAME=MS is needed")?;
    let length = length.parse().map_err(|_| format!("{length:?} is no number of milliseconds"))?;
    Ok((name.to_owned(), Duration::from_millis(length)))
}
