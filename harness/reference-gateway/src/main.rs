//! Runs the reference gateway as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use reference_gateway::{Config, Personality, mutant, mutants, start};

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
    /// The provider's base URL, without `/v1`.
    #[arg(long, default_value = "http://127.0.0.1:4711")]
    upstream: String,
    /// The environment variable that holds the provider's key; without it a fixed test key is sent.
    #[arg(long)]
    upstream_key_env: Option<String>,
    /// The deadline of an upstream call, and of each pause in a stream, in milliseconds.
    #[arg(long)]
    deadline_ms: Option<u64>,
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
    let key = match &options.upstream_key_env {
        Some(name) => std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?,
        None => "upstream-test-key".to_owned(),
    };
    let mut config = match options.personality {
        Personality::Cogito => Config::cogito(options.upstream, key),
    };
    config.listen = options.listen;
    if let Some(deadline) = options.deadline_ms.map(Duration::from_millis) {
        config.limits.upstream = deadline;
        config.limits.idle = deadline;
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
    Personality::named(name).ok_or_else(|| "known personalities: cogito".to_owned())
}
