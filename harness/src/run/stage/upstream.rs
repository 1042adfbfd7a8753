//! The mock behind the gateways, in this process or in another: what a run makes there, finds there, and takes away again.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use mock_upstream::control::mock::{Ambience, Mock, Provider, Scenario};
use mock_upstream::control::{Client, Code, Error};
use mock_upstream::dialect::{Dialect, Identity};
use mock_upstream::journal::{Entry, Page};
use mock_upstream::scenario::{Ambient, ScenarioSpec};
use mock_upstream::server::{MockUpstream, ProviderOptions, Stray};

use crate::run::request::resolved::MockAt;
use crate::run::stage::setup::SetupError;

/// The mock of one run. Others may use a remote one at the same time: names are of this run alone, and of what belongs to
/// nobody only that is read which came since the run began.
pub struct Upstream {
    /// The mock.
    pub mock: Mock,
    run: String,
    unclaimed: Place,
    late: Place,
    made: Mutex<Made>,
}

/// How far a journal of strays had come when the run began.
#[derive(Clone, Copy)]
struct Place {
    next: usize,
    dropped: u64,
}

/// What has to be taken away again.
#[derive(Default)]
struct Made {
    providers: Vec<String>,
    ambient: Vec<Ambience>,
}

/// A provider that a target needs.
pub(in crate::run) struct Wanted {
    /// Where it is in the target: configuration, instance, role.
    pub seat: String,
    /// Its role.
    pub role: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Under which URL the gateway calls it, where the target says so.
    pub advertised: Option<String>,
    /// What distinguishes it.
    pub identity: Identity,
    /// The dialects in which it will be asked.
    pub asked_in: Vec<Dialect>,
}

/// What nobody owned, or whose owner was gone, since the run began.
pub struct Strays {
    /// In the order of arrival.
    pub entries: Vec<Entry>,
    /// Requests that the journal had no room for.
    pub dropped: u64,
}

impl Upstream {
    /// Starts the mock, or finds the one that runs.
    ///
    /// # Errors
    /// It cannot be started; or nothing that fits this harness answers there.
    pub(in crate::run) async fn of(at: &MockAt) -> Result<Self, SetupError> {
        let mock = match at {
            MockAt::Here => {
                let started = MockUpstream::start(mock_upstream::Options::default()).await;
                Mock::Embedded(
                    started.map_err(|error| {
                        SetupError::Start(format!("the mock could not be started: {error}"))
                    })?,
                )
            }
            MockAt::Remote { url, token } => {
                let client = Client::connect(url, token.as_ref()).await.map_err(unusable)?;
                let version = client.version().await.map_err(unusable)?.version;
                if version != mock_upstream::VERSION {
                    return Err(SetupError::Target(format!(
                        "the mock at {url} is of version {version}, this harness of {}: what they play and expect may \
                         differ. Start a `mock-upstream serve` of the same version",
                        mock_upstream::VERSION
                    )));
                }
                Mock::Remote(client)
            }
        };
        let unclaimed = Place::of(&mock, Stray::Unclaimed).await.map_err(unusable)?;
        let late = Place::of(&mock, Stray::Late).await.map_err(unusable)?;
        let run = format!("run-{:08x}", fastrand::u32(..));
        Ok(Self { mock, run, unclaimed, late, made: Mutex::default() })
    }

    /// Opens a scenario for a case.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn open(&self, case: &str) -> Result<Scenario, Error> {
        self.mock.open(ScenarioSpec::named(self.named(case))).await
    }

    /// The case whose scenario has this name.
    pub(in crate::run) fn case<'n>(&self, scenario: &'n str) -> Option<&'n str> {
        scenario.strip_prefix(&self.run)?.strip_prefix(' ')
    }

    /// What arrived and belonged to nobody.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub async fn unclaimed(&self) -> Result<Strays, Error> {
        self.unclaimed.since(&self.mock, Stray::Unclaimed).await
    }

    /// What arrived for a scenario that was closed.
    ///
    /// # Errors
    /// The mock cannot be asked.
    pub(in crate::run) async fn late(&self) -> Result<Strays, Error> {
        self.late.since(&self.mock, Stray::Late).await
    }

    /// A provider where the gateway looks for it: one that stands there already under the role's name, or a new one.
    ///
    /// # Errors
    /// It cannot listen there, or what stands there is of another kind.
    pub(in crate::run) async fn provider(
        &self,
        wanted: Wanted,
        ambient: &[Ambient],
    ) -> Result<Provider, SetupError> {
        let provider = match self.standing(&wanted).await? {
            Some(provider) => provider,
            None => self.added(wanted).await?,
        };
        for kind in ambient {
            let declared = provider.declare_ambient(kind.clone()).await.map_err(unusable)?;
            self.made().ambient.push(declared);
        }
        Ok(provider)
    }

    /// Takes away what this run made; what it cannot, the mock ends within a minute.
    pub(in crate::run) async fn clear(&self) {
        let Made { providers, ambient } = std::mem::take(&mut *self.made());
        for ambience in ambient {
            let _ = ambience.withdraw().await;
        }
        for name in providers {
            let _ = self.mock.remove_provider(&name).await;
        }
    }

    async fn standing(&self, wanted: &Wanted) -> Result<Option<Provider>, SetupError> {
        let Some(provider) = self.mock.provider(&wanted.role).await.map_err(unusable)? else {
            return Ok(None);
        };
        if !provider.is_permanent() || !wanted.is_met_by(&provider) {
            return Ok(None);
        }
        let speaks = provider.dialect();
        match wanted.asked_in.iter().find(|asked| speaks != Dialect::Any && speaks != **asked) {
            None => Ok(Some(provider)),
            Some(asked) => Err(SetupError::Target(format!(
                "the mock's provider `{}` at {} speaks {speaks}, and the cases need one that speaks {asked}",
                wanted.role,
                provider.url()
            ))),
        }
    }

    async fn added(&self, wanted: Wanted) -> Result<Provider, SetupError> {
        let Wanted { seat, listen, identity, .. } = wanted;
        let name = self.named(&seat);
        let options = ProviderOptions { name: name.clone(), listen, identity, dialect: Dialect::Any };
        let added = self.mock.add_provider(options).await.map_err(|error| match error.problem() {
            Some(problem) if problem.code == Code::CannotListen => SetupError::Start(format!(
                "{}. Either the mock has a provider there that is not called `{}`, or another run uses the address, or one \
                 that was killed did, within the last minute",
                problem.message, wanted.role
            )),
            Some(_) => unusable(error),
            None => match error {
                Error::Provider(error) => {
                    SetupError::Start(format!("the mock cannot listen at {listen}: {error}"))
                }
                error => unusable(error),
            },
        })?;
        self.made().providers.push(name);
        Ok(added)
    }

    fn named(&self, what: &str) -> String {
        format!("{} {what}", self.run)
    }

    fn made(&self) -> std::sync::MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    /// Whether a provider is where the gateway calls.
    fn is_met_by(&self, provider: &Provider) -> bool {
        let addr = provider.addr();
        let there = addr == self.listen || (addr.ip().is_unspecified() && addr.port() == self.listen.port());
        let origin = |url: &str| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let called = [provider.url(), provider.https_url()];
        there || self.advertised.as_ref().is_some_and(|url| called.contains(&origin(url)))
    }
}

impl Place {
    async fn of(mock: &Mock, stray: Stray) -> Result<Self, Error> {
        // Behind everything, so that nothing of what others left there is read.
        let Page { end, dropped, .. } = mock.strays_since(stray, usize::MAX).await?;
        Ok(Self { next: end, dropped })
    }

    async fn since(self, mock: &Mock, stray: Stray) -> Result<Strays, Error> {
        let Page { entries, dropped, .. } = mock.strays_since(stray, self.next).await?;
        Ok(Strays { entries, dropped: dropped.saturating_sub(self.dropped) })
    }
}

/// Why a mock cannot be used, with the remedy.
fn unusable(error: Error) -> SetupError {
    SetupError::Target(match &error {
        Error::Unreachable { .. } => {
            format!("{error}. Start one with `mock-upstream serve`, or say no --mock: then the harness brings its own")
        }
        Error::Refused(problem) if problem.code == Code::Unauthorized => {
            "the mock does not take the token: give the one that `mock-upstream serve` was started with, or printed, with \
             --mock-token-file FILE"
                .to_owned()
        }
        _ => error.to_string(),
    })
}

/// What went wrong between the harness and the mock while a run was under way, with the remedy: no doing of the gateway's.
pub fn in_words(error: &Error) -> String {
    let code = error.problem().map(|problem| problem.code);
    let remedy = match (error, code) {
        (Error::Unreachable { .. }, _) => {
            "it answered when the run began: see why it ended, start it again and repeat the run"
        }
        (_, Some(Code::ScenarioExpired)) => {
            "this program stood still for longer than a minute, so that the mock took it for gone: repeat the run"
        }
        (_, Some(Code::ScenarioClosed | Code::NoSuchScenario | Code::NoSuchProvider)) => {
            "somebody reset the mock or started it anew while the run used it: repeat the run on a mock that is left alone"
        }
        (_, Some(Code::Unauthorized)) => {
            "the mock was started anew with another token: repeat the run with that"
        }
        (_, Some(Code::TooManyScenarios)) => "too many runs share the mock: give this one a mock of its own",
        (Error::Claim(_), _) | (_, Some(Code::ProviderHeld | Code::ImpositionFailed)) => {
            "cases that need a provider alone cannot share it with another run: give each run providers of its own"
        }
        _ => return error.to_string(),
    };
    format!("{error}; {remedy}")
}
