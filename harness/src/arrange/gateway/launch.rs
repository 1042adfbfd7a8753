//! Launches a gateway's process and waits until it is ready.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

use super::StartError;
use crate::arrange::Setting;
use crate::arrange::hooks::{Admin, text};
use crate::arrange::process::{Process, Program, free_port};
use crate::spec::language::value::{Missing, Names, Reference};
use crate::spec::target::Launch;

/// Between two readiness requests.
const PAUSE: Duration = Duration::from_millis(50);

/// One readiness request may take so long, so that one that hangs does not cost all of the time.
const ASKING: Duration = Duration::from_secs(5);

/// Ports tried. Between its choice and the gateway's start, a port can be taken by somebody else's connection.
const PORTS: usize = 3;

/// A launched gateway.
#[derive(Debug)]
pub(super) struct Launched {
    /// Its process.
    pub(super) process: Process,
}

/// Starts it; the base URL and the process.
pub(super) async fn start(
    launch: &Launch,
    setting: &Setting<'_>,
    admin: &Admin,
) -> Result<(String, Launched), StartError> {
    let mut tries = 1;
    loop {
        match start_once(launch, setting, admin).await {
            Err(StartError::Ended { last_lines, .. }) if tries < PORTS && port_taken(&last_lines) => {
                tries += 1
            }
            other => return other,
        }
    }
}

/// The base URL as far as it does not depend on the port.
pub(super) fn url(launch: &Launch, setting: &Setting<'_>) -> Result<String, String> {
    let names = WithPort { port: 1, others: setting.names };
    launch
        .url
        .as_ref()
        .map_or(Ok("http://127.0.0.1:1".to_owned()), |url| text(url, &Setting { names: &names, ..*setting }))
}

async fn start_once(
    launch: &Launch,
    setting: &Setting<'_>,
    admin: &Admin,
) -> Result<(String, Launched), StartError> {
    let port = free_port().map_err(|error| StartError::NotStarted {
        program: "the gateway".to_owned(),
        why: format!("the system has no free port: {error}"),
    })?;
    let names = WithPort { port, others: setting.names };
    let setting = Setting { names: &names, ..*setting };
    let program = program(launch, &setting)?;
    let base_url = match &launch.url {
        Some(url) => text(url, &setting).map_err(|why| StartError::unresolved(&url.place, why))?,
        None => format!("http://127.0.0.1:{port}"),
    };
    let mut process = Process::start(&program, setting.mask.clone()).map_err(|error| {
        StartError::NotStarted { program: "the gateway".to_owned(), why: program.explain(&error) }
    })?;
    ready(&mut process, &program, launch, &base_url, &setting, admin).await?;
    Ok((base_url, Launched { process }))
}

fn program(launch: &Launch, setting: &Setting<'_>) -> Result<Program, StartError> {
    let resolved = |value| text(value, setting).map_err(|why| StartError::unresolved(&value.place, why));
    let mut words = Vec::new();
    for value in &launch.command {
        let word = resolved(value)?;
        if setting.mask.finds(&word) {
            return Err(StartError::CredentialInArguments { written_at: value.place.clone() });
        }
        words.push(word);
    }
    let mut words = words.into_iter();
    let name = words.next().ok_or_else(|| {
        StartError::unresolved(&launch.ready.place, "the command names no program".to_owned())
    })?;
    let env = launch.env.iter().map(|(name, value)| Ok((name.clone(), resolved(value)?)));
    Ok(Program {
        name,
        args: words.collect(),
        env: env.collect::<Result<_, StartError>>()?,
        dir: launch.dir.as_ref().map(|dir| setting.base_dir.join(dir)),
    })
}

async fn ready(
    process: &mut Process,
    program: &Program,
    launch: &Launch,
    base_url: &str,
    setting: &Setting<'_>,
    admin: &Admin,
) -> Result<(), StartError> {
    let until = Instant::now() + launch.within;
    let name = || setting.mask.text(&program.name);
    let mut last = None;
    loop {
        let begun = Instant::now();
        let time = until.saturating_duration_since(begun).min(ASKING);
        let asked = admin.perform(base_url, &launch.ready, setting, time).await;
        // Asked for after the answer: somebody else may be answering on the port of a gateway that has ended.
        if let Some(status) = process.ended().await {
            let status = status.to_string();
            return Err(StartError::Ended { program: name(), status, last_lines: process.last_lines() });
        }
        let Err(error) = asked else { return Ok(()) };
        // A request that the end of the time cut short says less than the one before it.
        if last.is_none() || time == ASKING || begun.elapsed() < time {
            last = Some(error.to_string());
        }
        if Instant::now() + PAUSE >= until {
            return Err(StartError::NotReady {
                program: name(),
                within: launch.within,
                last: last.unwrap_or_default(),
                last_lines: process.last_lines(),
            });
        }
        sleep(PAUSE).await;
    }
}

fn port_taken(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        let line = line.to_lowercase();
        line.contains("address already in use")
            || line.contains("eaddrinuse")
            || line.contains("address in use")
    })
}

/// The target's names and the port of this one gateway.
struct WithPort<'a> {
    port: u16,
    others: &'a dyn Names,
}

impl Names for WithPort<'_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match reference {
            Reference::Port => Ok(Json::from(self.port)),
            other => self.others.reference(other),
        }
    }
}
