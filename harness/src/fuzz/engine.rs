//! A whole campaign: sets the stage, replays what was found before, sends case after case until time or number is up, looks
//! into what looks wrong.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::arrange::credentials::Hold;
use crate::fuzz::finding::{Book, Found, Signature, Suspect};
use crate::fuzz::ground::Ground;
use crate::fuzz::isolate;
use crate::fuzz::regression::Regression;
use crate::fuzz::worker::Line;
use crate::generate::campaign::{Campaign, Case};
use crate::generate::http::Dress;
use crate::generate::tree::mixed;
use crate::run::preflight;
use crate::run::request::resolved::{Options, Plan};
use crate::run::stage::machine::Machine;
use crate::run::stage::setup::{self, SetupError};
use crate::spec::target::{GatewaySource, UpstreamLink};

/// How long a campaign goes on.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// No case begins after this time.
    pub time: Option<Duration>,
    /// So many cases, and no more.
    pub cases: Option<u64>,
    /// Whether the cases are spread over everything that comes once, instead of following one another.
    pub spread: bool,
    /// What was found before, asked first.
    pub regressions: Vec<Regression>,
}

/// How far a campaign has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Cases done.
    pub cases: u64,
    /// Requests sent.
    pub requests: u64,
    /// Labels that had a case, of all that have one in the beginning.
    pub labels: (usize, usize),
    /// Distinct findings of level must.
    pub musts: usize,
    /// Distinct findings of level should.
    pub shoulds: usize,
    /// Time since the first case.
    pub elapsed: Duration,
}

/// What came of a campaign.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The contract's name and title.
    pub contract: (String, String),
    /// The target's name and version.
    pub target: (String, Option<String>),
    /// Digest of the spec files.
    pub specs_digest: String,
    /// The seed.
    pub seed: u64,
    /// How far it came.
    pub progress: Progress,
    /// SHA-256 over the bytes of the cases in their order; the same seed and number of cases give the same one.
    pub digest: String,
    /// What came back when it was asked again.
    pub found: Vec<Found>,
    /// What fails like something that came back, and was only counted.
    pub alike: Vec<Signature>,
    /// What did not.
    pub unsteady: Vec<(Signature, u64)>,
    /// Regressions that were asked, and how many of them are still there.
    pub regressions: (usize, usize),
    /// Why it ended before its end, where it did.
    pub stopped: Option<String>,
}

/// Whether there is anything to fuzz: an operation with a schema, and an upstream that is the mock.
pub fn suits(plan: &Plan) -> bool {
    let mocked = matches!(plan.target.upstream, UpstreamLink::Mock { .. });
    mocked && plan.contract.requests.iter().any(|request| request.schema.is_some())
}

/// Runs a campaign. It makes a runtime of its own and blocks: trees of bodies belong to the threads that grow them.
/// `told` is told of progress a few times a second; `stop` turning true ends the campaign with what there is.
///
/// # Errors
/// When the gateway cannot be started, or is not what the target says.
pub fn campaign(
    plan: &Plan,
    options: Options,
    bounds: Bounds,
    stop: &watch::Receiver<bool>,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<Outcome, SetupError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SetupError::Start(error.to_string()))?;
    let seed = options.seed;
    let jobs = options.jobs;
    let plan = of_first_configuration(plan, jobs);
    let machine = runtime.block_on(async { Machine::new(jobs) });
    let stage = runtime.block_on(setup::stage(&machine, &plan, options))?;
    let outcome = (|| {
        let Some(running) = stage.configurations.first() else {
            return Err(SetupError::Target("no case of the contract can run against this target".to_owned()));
        };
        if let Err(why) = runtime.block_on(preflight::check(&stage)) {
            stage.stop(why);
        }
        let ground = Ground::new(&stage, running, seed).map_err(SetupError::Target)?;
        let drive = Drive::new(&ground, bounds, stop);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.max(1));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let working: Vec<_> = (0..threads)
                .map(|thread| {
                    let (drive, handle) = (&drive, runtime.handle().clone());
                    scope.spawn(move || handle.block_on(drive.lines(thread, threads, jobs)))
                })
                .collect();
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    told(drive.progress());
                    std::thread::sleep(BETWEEN_WORDS);
                }
            });
            for thread in working {
                if thread.join().is_err() {
                    stage.stop("a thread of the harness panicked".to_owned());
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        told(drive.progress());
        Ok(drive.outcome(&plan, seed))
    })();
    runtime.block_on(setup::strike(stage));
    outcome
}

/// The cases that need the first configuration: they decide how many instances of it there are. Of the built-in gateway each
/// line has its own, so that none waits until another's retries are over to be alone with it.
fn of_first_configuration(plan: &Plan, lines: usize) -> Plan {
    let first = plan.target.configurations.first().map(|configuration| configuration.name.value.clone());
    let mut plan = plan.clone();
    if let Some(configuration) = Arc::make_mut(&mut plan.target).configurations.first_mut()
        && matches!(configuration.gateway, GatewaySource::Builtin(_))
    {
        configuration.instances = configuration.instances.max(lines);
    }
    plan.cases.retain(|case| Some(&case.takes.configuration) == first.as_ref());
    plan
}

/// Another order of the cases, in which any beginning holds some of every phase.
struct Spread {
    over: u64,
    step: u64,
    first: u64,
}

impl Spread {
    /// Over what comes once, and as many more as a quarter of it.
    fn over(campaign: &Campaign) -> Self {
        let over = (campaign.fixed() + campaign.fixed() / 4).max(1);
        // Steps of the golden section leave no large gap; one that shares no divisor meets every number once.
        let mut step = over * 618 / 1000 + 1;
        while divisor(step, over) != 1 {
            step += 1;
        }
        Self { over, step, first: mixed(campaign.seed(), over, 5) % over }
    }

    fn number(&self, place: u64) -> u64 {
        (place / self.over) * self.over + (self.first + (place % self.over) * self.step) % self.over
    }
}

fn divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { divisor(other, one % other) }
}

/// A campaign under way.
struct Drive<'g, 's> {
    ground: &'g Ground<'s>,
    stop: watch::Receiver<bool>,
    begun: Instant,
    time: Option<Duration>,
    cases: Option<u64>,
    spread: Option<Spread>,
    next: AtomicU64,
    done: AtomicU64,
    labels: Mutex<HashSet<String>>,
    wanted: HashSet<String>,
    book: Book,
    stored: Mutex<Vec<Case>>,
    regressions: usize,
    digests: Mutex<std::collections::BTreeMap<u64, [u8; 32]>>,
}

impl<'g, 's> Drive<'g, 's> {
    fn new(ground: &'g Ground<'s>, bounds: Bounds, stop: &watch::Receiver<bool>) -> Self {
        let campaign = &ground.campaign;
        let wanted: HashSet<String> = (0..campaign.fixed())
            .map(|number| {
                named(
                    campaign.lanes()[campaign.recipe(number).lane].name.as_str(),
                    &campaign.recipe(number).label.name(),
                )
            })
            .collect();
        let mut stored: Vec<Case> =
            bounds.regressions.iter().filter_map(|known| known.case(campaign)).collect();
        stored.reverse();
        Self {
            ground,
            stop: stop.clone(),
            begun: Instant::now(),
            time: bounds.time,
            cases: bounds.cases,
            spread: bounds.spread.then(|| Spread::over(campaign)),
            next: AtomicU64::new(0),
            done: AtomicU64::new(0),
            labels: Mutex::default(),
            wanted,
            book: Book::default(),
            regressions: stored.len(),
            stored: Mutex::new(stored),
            digests: Mutex::default(),
        }
    }

    /// Drives this thread's share of the lines.
    async fn lines(&self, thread: usize, threads: usize, jobs: usize) {
        let own = (thread..jobs.max(1)).step_by(threads);
        join_all(own.map(|line| self.line(line))).await;
    }

    async fn line(&self, index: usize) {
        let stage = self.ground.stage;
        let loan = match stage.credentials.lend("valid", Hold::Shared).await {
            Ok(loan) => loan,
            Err(error) => return stage.stop(error.to_string()),
        };
        let instance = index % self.ground.running.instances.len();
        let mut line = Line::new(self.ground, instance, loan.text().to_owned());
        while let Some(cases) = self.batch() {
            for _ in 0..cases.len() {
                loan.pace().await;
            }
            if let Err(why) = self.drive(&mut line, cases).await {
                stage.stop(why);
            }
        }
    }

    /// The next cases in order; none when it is over.
    fn batch(&self) -> Option<Vec<Case>> {
        if *self.stop.borrow() {
            self.ground.stage.stop("interrupted".to_owned());
        }
        if self.ground.stage.stopped().is_some() {
            return None;
        }
        if let Some(case) = self.stored.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Some(vec![case]);
        }
        if self.time.is_some_and(|time| self.begun.elapsed() >= time) {
            return None;
        }
        let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
        let last = self.cases.map_or(first + BATCH, |cases| (first + BATCH).min(cases));
        let number = |place: u64| self.spread.as_ref().map_or(place, |spread| spread.number(place));
        let made = self.ground.campaign.cases((first..last).map(number));
        (!made.is_empty()).then_some(made)
    }

    async fn drive(&self, line: &mut Line<'_, '_>, cases: Vec<Case>) -> Result<(), String> {
        for case in &cases {
            self.note(case);
        }
        let count = cases.len() as u64;
        let performed = line.perform(cases, false).await?;
        self.done.fetch_add(count, Ordering::Relaxed);
        for done in performed {
            for (signature, finding) in done.suspects {
                if self.ground.stage.stopped().is_some() {
                    return Ok(());
                }
                if self.book.note(&signature) {
                    let suspect = Suspect { signature: signature.clone(), finding, case: done.case.clone() };
                    let found = isolate::look_into(line, suspect).await?;
                    self.book.close(&signature, found);
                }
            }
        }
        Ok(())
    }

    fn note(&self, case: &Case) {
        if case.stored {
            return;
        }
        let lane = &self.ground.campaign.lanes()[case.lane];
        let label = named(&lane.name, &case.label.name());
        if self.wanted.contains(&label) {
            self.labels.lock().unwrap_or_else(PoisonError::into_inner).insert(label);
        }
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).insert(case.number, digest(case));
    }

    fn progress(&self) -> Progress {
        let (musts, shoulds) = self.book.counts();
        Progress {
            cases: self.done.load(Ordering::Relaxed),
            requests: self.ground.sent(),
            labels: (self.labels.lock().unwrap_or_else(PoisonError::into_inner).len(), self.wanted.len()),
            musts,
            shoulds,
            elapsed: self.begun.elapsed(),
        }
    }

    fn outcome(&self, plan: &Plan, seed: u64) -> Outcome {
        use sha2::{Digest, Sha256};

        let mut all = Sha256::new();
        for digest in self.digests.lock().unwrap_or_else(PoisonError::into_inner).values() {
            all.update(digest);
        }
        let found = self.book.found();
        let still = found.iter().filter(|found| found.case.stored).count();
        Outcome {
            contract: (plan.contract.name.value.clone(), plan.contract.title.clone()),
            target: (plan.target.name.value.clone(), plan.target.version.clone()),
            specs_digest: plan.specs_digest.clone(),
            seed,
            progress: self.progress(),
            digest: all.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            alike: self.book.alike(),
            unsteady: self.book.unsteady(),
            regressions: (self.regressions, still),
            found,
            stopped: self.ground.stage.stopped(),
        }
    }
}

fn digest(case: &Case) -> [u8; 32] {
    use sha2::{Digest, Sha256};

    let mut digest = Sha256::new();
    digest.update(case.number.to_le_bytes());
    digest.update(case.label.to_string());
    for sent in &case.sends {
        digest.update(&sent.body);
        if sent.dress != Dress::default() {
            digest.update(format!("{:?}", sent.dress));
        }
    }
    digest.finalize().into()
}

fn named(lane: &str, label: &str) -> String {
    format!("{lane} {label}")
}

/// The stop for a campaign that nobody can interrupt.
pub fn never() -> watch::Receiver<bool> {
    // The value stays readable when the sender is gone.
    watch::channel(false).1
}

/// Between two words of progress.
const BETWEEN_WORDS: Duration = Duration::from_millis(250);
/// Cases that share a scenario of the mock: whole families of those that begin with one body.
const BATCH: u64 = 10;
