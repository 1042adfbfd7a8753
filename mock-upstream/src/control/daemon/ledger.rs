//! What clients hold at the mock, and until when.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Standing;
use crate::control::ResetView;
use crate::control::problem::{Code, Problem};
use crate::scenario::{Claim, Closed, Scenario, ScenarioSpec};
use crate::server::{Imposed, MockUpstream, Provider, Stray};

/// Ended scenarios of which it is remembered how they ended.
const REMEMBERED: usize = 10_000;

/// Everything that clients hold.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) mock: MockUpstream,
    standing: Vec<Standing>,
    advertised: HashMap<String, String>,
    held: Mutex<Held>,
    /// Told when something may end earlier than whatever was to end next.
    pub(super) sooner: Notify,
}

/// What is held, by number.
#[derive(Debug, Default)]
pub(super) struct Held {
    latest: u64,
    pub(super) scenarios: BTreeMap<u64, OpenScenario>,
    ended: VecDeque<(u64, Code)>,
    pub(super) claims: BTreeMap<u64, HeldClaim>,
    pub(super) impositions: BTreeMap<u64, Imposition>,
    /// The providers that clients added.
    pub(super) added: BTreeMap<String, Instant>,
}

#[derive(Debug)]
pub(super) struct OpenScenario {
    pub(super) scenario: Scenario,
    /// `None` for a standing one.
    pub(super) until: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct HeldClaim {
    pub(super) claim: Claim,
    pub(super) scenario: u64,
    pub(super) send: u32,
}

#[derive(Debug)]
pub(super) struct Imposition {
    pub(super) provider: String,
    pub(super) fault: String,
    pub(super) imposed: Imposed,
    pub(super) until: Instant,
}

impl Ledger {
    pub(super) fn new(
        mock: MockUpstream,
        advertised: HashMap<String, String>,
        standing: Vec<Standing>,
    ) -> io::Result<Arc<Self>> {
        let (held, sooner) = (Mutex::default(), Notify::new());
        let ledger = Self { mock, standing, advertised, held, sooner };
        let stands = ledger.stand(&mut ledger.held());
        stands.map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        Ok(Arc::new(ledger))
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL under which the provider is to be called.
    pub(super) fn url(&self, provider: &Provider) -> String {
        self.advertised.get(provider.name()).cloned().unwrap_or_else(|| provider.url())
    }

    /// Puts the standing scripts up, each at its first turn.
    fn stand(&self, held: &mut Held) -> Result<(), String> {
        for Standing { provider, script } in &self.standing {
            let scenario = self.mock.open(ScenarioSpec::named(format!("standing at {provider}")));
            scenario.script(None, script.clone()).map_err(|error| error.to_string())?;
            let claim = self.mock.claim(provider, &scenario, 1).map_err(|error| error.to_string())?;
            let number = held.number();
            held.scenarios.insert(number, OpenScenario { scenario, until: None });
            let claimed = held.number();
            held.claims.insert(claimed, HeldClaim { claim, scenario: number, send: 1 });
        }
        Ok(())
    }

    /// Ends everything that clients hold, lets standing scripts begin again, and empties the journals of strays.
    ///
    /// # Errors
    /// A standing script cannot be put up again.
    pub(super) async fn reset(&self) -> Result<ResetView, Problem> {
        let (mut done, added) = {
            let mut held = self.held();
            let open: Vec<u64> = held.scenarios.keys().copied().collect();
            let standing = held.scenarios.values().filter(|open| open.until.is_none()).count();
            let done = ResetView {
                scenarios: open.len() - standing,
                claims: held.claims.len() - standing,
                impositions: std::mem::take(&mut held.impositions).len(),
                providers: 0,
            };
            for number in open {
                held.close(number, Code::ScenarioClosed);
            }
            let added: Vec<String> = std::mem::take(&mut held.added).into_keys().collect();
            let stands = self.stand(&mut held);
            stands.map_err(|why| Problem::new(Code::ScriptInvalid, why))?;
            (done, added)
        };
        for name in added {
            done.providers += usize::from(self.mock.remove_provider(&name).await);
        }
        for stray in [Stray::Unclaimed, Stray::Late, Stray::Ambient] {
            self.mock.strays(stray).clear();
        }
        Ok(done)
    }
}

impl Held {
    /// A number that nothing else has, or had.
    pub(super) fn number(&mut self) -> u64 {
        self.latest += 1;
        self.latest
    }

    /// The scenario of this id.
    ///
    /// # Errors
    /// There is none, or it has ended.
    pub(super) fn scenario(&self, id: &str) -> Result<(u64, &OpenScenario), Problem> {
        let number = number_of(id, 's');
        if let Some((number, open)) = number.and_then(|number| Some((number, self.scenarios.get(&number)?))) {
            return Ok((number, open));
        }
        let how = self.ended.iter().find(|(ended, _)| Some(*ended) == number).map(|(_, how)| *how);
        Err(match how {
            Some(Code::ScenarioExpired) => {
                Problem::new(Code::ScenarioExpired, format!("scenario `{id}` was not renewed in time"))
            }
            Some(code) => Problem::new(code, format!("scenario `{id}` was closed")),
            None => Problem::new(Code::NoSuchScenario, format!("there is no scenario `{id}`")),
        })
    }

    /// Ends a scenario and its claims.
    pub(super) fn close(&mut self, number: u64, how: Code) -> Option<Closed> {
        let open = self.scenarios.remove(&number)?;
        self.claims.retain(|_, held| held.scenario != number);
        self.ended.push_back((number, how));
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front();
        }
        Some(open.scenario.close())
    }

    /// Takes everything off a provider that goes away.
    pub(super) fn strip(&mut self, provider: &str) {
        self.claims.retain(|_, held| held.claim.provider() != provider);
        self.impositions.retain(|_, imposition| imposition.provider != provider);
        self.added.remove(provider);
    }
}

/// The number of an id that begins with this letter.
pub(super) fn number_of(id: &str, letter: char) -> Option<u64> {
    id.strip_prefix(letter)?.parse().ok()
}
