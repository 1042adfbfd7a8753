//! A call that somebody else's client makes, through a tap before the gateway.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::act::ExchangeOptions;
use crate::run::case::Trouble;
use crate::run::case::conduct::Conduct;
use crate::run::case::send::Sent;
use crate::spec::case::Step;
use crate::wire::exchange::Exchange;

/// How often a client asks again by itself, at most, that is waited for.
const ATTEMPTS: u32 = 4;
/// What it may wait between them.
const BACKOFF: Duration = Duration::from_secs(10);
/// Characters of its complaint that are shown.
const SHOWN: usize = 300;

impl Conduct<'_> {
    /// Lets the client make the step's call: every request that it sends is an exchange of the step.
    pub(in crate::run) async fn via(&mut self, step: &Step) -> Result<Vec<(Sent, Exchange)>, Trouble> {
        let sent = self.prepare(&step.send).await?;
        self.claim_providers(sent.number).await?;
        self.remember(step, &sent);
        let role = step.send.credential.as_ref().map_or("valid", |role| role.as_str());
        let key = if role == "none" { String::new() } else { self.key(role).await? };
        let deadline = self.deadline(step);
        let options = ExchangeOptions { deadline, ..ExchangeOptions::default() };
        let tap = self.stage.client.tap(self.base_url(), options).await.map_err(Trouble::Harness)?;
        let begun = Instant::now();
        let run = self.run_client(step, &sent, tap.url(), &key);
        let ended = tokio::time::timeout(deadline * ATTEMPTS + BACKOFF, run).await;
        let record = tap.close().await;
        if let Some(fault) = record.fault {
            return Err(Trouble::Harness(format!("the tap before the gateway failed: {fault}")));
        }
        ended.unwrap_or_else(|_| {
            Err(Trouble::Harness("the client had not ended after its retries".to_owned()))
        })?;
        if record.exchanges.is_empty() {
            return Err(Trouble::Harness("the client ended without a request".to_owned()));
        }
        let mut exchanges = record.exchanges;
        exchanges.sort_by_key(|exchange| exchange.started);
        let late =
            exchanges.first().map(|exchange| exchange.started.duration_since(begun)).unwrap_or_default();
        if late * 2 > self.running.longest_limit() {
            return Err(Trouble::Unready(format!(
                "the client took {} ms to begin, too long to judge what holds for {} ms: run it again with fewer --jobs, or when the machine \
                 is less busy",
                late.as_millis(),
                self.running.longest_limit().as_millis()
            )));
        }
        Ok(exchanges.into_iter().map(|exchange| (sent.clone(), exchange)).collect())
    }

    /// Runs the program to its end.
    async fn run_client(&self, step: &Step, sent: &Sent, base_url: &str, key: &str) -> Result<(), Trouble> {
        let name = step.send.via.as_ref().map(|client| client.value.as_str()).unwrap_or_default();
        let bound = self.stage.target.clients.iter().find(|(known, _)| known.value == name);
        let Some((_, [program, arguments @ ..])) = bound.map(|(name, command)| (name, command.as_slice()))
        else {
            return Err(Trouble::Unready(format!("the target binds no client `{name}`")));
        };
        let failed =
            |why: String| Trouble::Harness(format!("the client `{name}` {}", self.stage.mask.text(&why)));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.stage.options.base_dir)
            .env("BASE_URL", base_url)
            .env("API_KEY", key)
            .env("OPERATION", sent.operation.as_deref().unwrap_or_default())
            .env("STREAM", sent.stream.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| failed(format!("cannot be started: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that reads nothing of it says so by what it sends.
            let _ = stdin.write_all(&sent.request.body).await;
        }
        let output = child.wait_with_output().await.map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let said: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(SHOWN).collect();
        Err(failed(format!("failed ({}): {said}", output.status)))
    }
}
