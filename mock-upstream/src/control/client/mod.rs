//! The Rust client of the control API.

mod call;
mod error;
mod lease;
mod provider;
mod scenario;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{
    AddProvider, ClaimView, ClockView, Code, JournalPage, Listed, OpenScenario, ProviderView, ResetView,
    ScenarioView, TakeClaim, Token, Version,
};
use crate::fault::Listing;
use crate::journal::{Clock, Entry};
use crate::scenario::{ClaimError, ScenarioSpec};
use crate::server::{ProviderOptions, Stray};
use call::{Line, path};
use lease::TTL_MS;

pub use error::Error;
pub use provider::{RemoteClaim, RemoteImposition, RemoteProvider};
pub use scenario::RemoteScenario;

/// How often the clocks are compared; the closest comparison counts.
const COMPARISONS: usize = 9;

/// A remote mock; clones share their connections.
///
/// What it creates (scenarios, providers, impositions) is renewed in the background while its handle lives, and ends
/// within a minute once the process is gone.
#[derive(Debug, Clone)]
pub struct Client {
    line: Arc<Line>,
    clock: Clock,
    clock_error: Duration,
}

impl Client {
    /// Finds the control API at this URL, such as `http://127.0.0.1:4710`, and compares the clocks.
    ///
    /// # Errors
    /// Nothing answers there, the token is wrong, or the API is of another version.
    pub async fn connect(url: &str, token: Option<&Token>) -> Result<Self, Error> {
        let line = Arc::new(Line::to(url, token)?);
        let version: Version = line.get("/v1/version").await.map_err(|error| match error {
            // Other servers put a code of their own into an error of the same shape.
            Error::Refused(problem) if problem.code == Code::Unknown => {
                Error::Unreadable { url: line.url().to_owned(), why: problem.message }
            }
            error => error,
        })?;
        if version.api != 1 {
            let why = format!("it speaks version {} of the API", version.api);
            return Err(Error::Unreadable { url: line.url().to_owned(), why });
        }
        let (clock, clock_error) = compare(&line).await?;
        Ok(Self { line, clock, clock_error })
    }

    /// Where the control API is.
    pub fn url(&self) -> &str {
        self.line.url()
    }

    /// What runs there.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn version(&self) -> Result<Version, Error> {
        self.line.get("/v1/version").await
    }

    /// The mock's clock on this process's scale: every moment that this client hands out is placed on it. It holds for a
    /// mock on the same host, whose monotonic clock is the same.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// By how much a moment may be off: half the time that the closest comparison took, which on loopback is well below
    /// a millisecond.
    pub fn clock_error(&self) -> Duration {
        self.clock_error
    }

    /// Opens a scenario. Unlike an embedded one, it ends within a minute when every handle is gone.
    ///
    /// # Errors
    /// The mock cannot be asked, or has too many scenarios.
    pub async fn open(&self, spec: ScenarioSpec) -> Result<RemoteScenario, Error> {
        let ScenarioSpec { name, journal } = spec;
        let wanted = OpenScenario { name, journal, markers: Vec::new(), scripts: Vec::new(), ttl_ms: TTL_MS };
        let view: ScenarioView = self.line.post("/v1/scenarios", &wanted).await?;
        Ok(RemoteScenario::new(&self.line, self.clock, view))
    }

    /// The scenarios that are open, those of other clients included.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn scenarios(&self) -> Result<Vec<ScenarioView>, Error> {
        self.line.get::<Listed<ScenarioView>>("/v1/scenarios").await.map(|listed| listed.items)
    }

    /// Every provider, by name.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn providers(&self) -> Result<Vec<RemoteProvider>, Error> {
        let listed: Listed<ProviderView> = self.line.get("/v1/providers").await?;
        Ok(listed.items.into_iter().map(|view| RemoteProvider::found(&self.line, view)).collect())
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn provider(&self, name: &str) -> Result<Option<RemoteProvider>, Error> {
        match self.line.get(&path(&["providers", name])).await {
            Ok(view) => Ok(Some(RemoteProvider::found(&self.line, view))),
            Err(Error::Refused(problem)) if problem.code == Code::NoSuchProvider => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts another provider. Unlike an embedded one, it ends within a minute when every handle is gone.
    ///
    /// # Errors
    /// The mock cannot be asked, cannot listen there, or has a provider of this name.
    pub async fn add_provider(&self, options: ProviderOptions) -> Result<RemoteProvider, Error> {
        let ProviderOptions { name, listen, identity, dialect } = options;
        let wanted =
            AddProvider { name, dialect, listen: Some(listen), identity: Some(identity), ttl_ms: TTL_MS };
        let view = self.line.post("/v1/providers", &wanted).await?;
        Ok(RemoteProvider::added(&self.line, view))
    }

    /// Takes a provider exclusively: until the claim is released, what arrives there unmarked belongs to this send.
    ///
    /// # Errors
    /// There is no such provider, or somebody holds it.
    pub async fn claim(
        &self,
        provider: &str,
        scenario: &RemoteScenario,
        send: u32,
    ) -> Result<RemoteClaim, Error> {
        let wanted = TakeClaim { provider: provider.to_owned(), scenario: scenario.id().to_owned(), send };
        let taken: Result<ClaimView, Error> = self.line.post("/v1/claims", &wanted).await;
        let view = taken.map_err(|error| match error.problem() {
            Some(problem) if problem.code == Code::NoSuchProvider => {
                ClaimError::NoSuchProvider(wanted.provider.clone()).into()
            }
            Some(problem) if problem.code == Code::ProviderHeld => {
                let holder = problem.holder.clone().unwrap_or_default();
                ClaimError::Held { provider: wanted.provider.clone(), holder }.into()
            }
            _ => error,
        })?;
        Ok(RemoteClaim::new(&self.line, view))
    }

    /// Requests that belong to no open scenario for this reason, in the order of arrival.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn strays(&self, stray: Stray) -> Result<Vec<Entry>, Error> {
        all_pages(&self.line, &stray_path(stray), self.clock).await
    }

    /// A page of those requests from this place on, waited for so long when there is none yet; at most a minute.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn strays_since(
        &self,
        stray: Stray,
        since: usize,
        wait: Duration,
    ) -> Result<JournalPage, Error> {
        read_page(&self.line, &stray_path(stray), self.clock, since, wait).await
    }

    /// Requests that belonged to nobody, in the order of arrival.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn unclaimed(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Unclaimed).await
    }

    /// Requests of closed scenarios, in the order of arrival.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn late(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Late).await
    }

    /// Ambient requests, in the order of arrival.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn ambient(&self) -> Result<Vec<Entry>, Error> {
        self.strays(Stray::Ambient).await
    }

    /// The catalogue of faults of that mock.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn faults(&self) -> Result<Listing, Error> {
        self.line.get("/v1/faults").await
    }

    /// Ends what every client holds, lets standing scripts begin again, and empties the journals of strays.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn reset(&self) -> Result<ResetView, Error> {
        self.line.post("/v1/reset", &serde_json::Map::new()).await
    }
}

/// Compares the mock's clock with this process's: what it says was true between the question and the answer.
async fn compare(line: &Line) -> Result<(Clock, Duration), Error> {
    let mut closest: Option<(Clock, Duration)> = None;
    for _ in 0..COMPARISONS {
        let asked = Instant::now();
        let told: ClockView = line.get("/v1/clock").await?;
        let half = asked.elapsed() / 2;
        if closest.is_none_or(|(_, error)| half < error) {
            let since_start = Duration::from_micros(told.since_start);
            closest = Some((Clock::started_before(asked + half, since_start), half));
        }
    }
    let nothing = || Error::Unreadable { url: line.url().to_owned(), why: "it has no clock".to_owned() };
    closest.ok_or_else(nothing)
}

fn stray_path(stray: Stray) -> String {
    path(&[
        "journals",
        match stray {
            Stray::Unclaimed => "unclaimed",
            Stray::Late => "late",
            Stray::Ambient => "ambient",
        },
    ])
}

/// A page of a journal from this place on, its moments on this process's scale.
async fn read_page(
    line: &Line,
    journal: &str,
    clock: Clock,
    since: usize,
    wait: Duration,
) -> Result<JournalPage, Error> {
    let wait_ms = wait.as_millis().min(super::MAX_WAIT_MS.into());
    let query = format!("{journal}?since={since}&wait_ms={wait_ms}");
    let mut page: JournalPage = line.get_within(&query, wait).await?;
    page.entries = page.entries.into_iter().map(|entry| entry.placed_on(&clock)).collect();
    Ok(page)
}

/// The whole of a journal, page by page.
async fn all_pages(line: &Line, journal: &str, clock: Clock) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let mut since = 0;
    loop {
        let page = read_page(line, journal, clock, since, Duration::ZERO).await?;
        let read = page.entries.len();
        entries.extend(page.entries);
        if page.next >= page.end || read == 0 {
            return Ok(entries);
        }
        since = page.next;
    }
}
