//! What all workers of a campaign share: the stage, the cases, what is expected of each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mock_upstream::scenario::Markers;
use serde_json::Value as Value_;
use tokio::sync::RwLock;

use crate::act::ExchangeOptions;
use crate::arrange::names::prompt::Words;
use crate::arrange::names::{CaseNames, OfSend};
use crate::arrange::script;
use crate::fuzz::asked::Asked;
use crate::fuzz::upstream::Failures;
use crate::generate::campaign::{Campaign, Case, Lane};
use crate::generate::json::Json;
use crate::generate::minimal::minimal;
use crate::generate::schema::MARKER;
use crate::generate::tree::mixed;
use crate::plan::sweep;
use crate::run::stage::{Instance, Running, Stage};
use crate::spec::contract::{Contract, Operation, RequestShape};

/// What all workers share.
pub struct Ground<'s> {
    /// The stage.
    pub stage: &'s Stage,
    /// The configuration.
    pub running: &'s Running,
    /// The cases.
    pub campaign: Campaign,
    /// What is expected of each lane's answers.
    pub asked: Vec<Asked>,
    /// What the upstream can do to a gateway, by lane.
    pub failures: Vec<Failures>,
    /// Held for reading while a marked request is under way on an instance, for writing while an unmarked one is.
    pub gates: Vec<RwLock<()>>,
    sent: AtomicU64,
    plain: AtomicU64,
}

impl<'s> Ground<'s> {
    /// Makes the lanes of every operation that has a schema and reaches the upstream.
    ///
    /// # Errors
    /// In words, when there is none or one cannot be made.
    pub fn new(stage: &'s Stage, running: &'s Running, seed: u64) -> Result<Self, String> {
        let contract = &*stage.contract;
        let instance = running.instances.first().ok_or("no gateway was started")?;
        // A gateway of which the target binds no key but the valid one hands whatever it gets to its provider.
        let keyed = stage.target.credentials.iter().any(|(role, _)| role.value != "valid");
        let mut lanes = Vec::new();
        let mut asked = Vec::new();
        let mut failures = Vec::new();
        for (shape, operation) in fuzzed(contract, stage) {
            let example = example(stage, running, instance, shape)?;
            lanes.push(Lane::new(shape, &example, operation.streams)?);
            asked.push(Asked::new(contract, shape, operation, keyed));
            failures.push(Failures::of(contract, &stage.target, operation, running.longest_limit()));
        }
        if lanes.is_empty() {
            return Err(format!(
                "the contract `{}` gives no operation a schema of its requests, so that none can be made",
                contract.name
            ));
        }
        let upstream = failures.iter().any(|failures| !failures.is_empty());
        Ok(Self {
            stage,
            running,
            campaign: Campaign::new(lanes, seed, upstream),
            asked,
            failures,
            gates: running.instances.iter().map(|_| RwLock::default()).collect(),
            sent: AtomicU64::new(0),
            plain: AtomicU64::new(0),
        })
    }

    /// What references name when an answer on this instance is judged.
    pub fn names(&self, instance: &'s Instance) -> CaseNames<'s> {
        let words = Words::of(self.campaign.seed(), "fuzz");
        CaseNames::new(&self.stage.target, &self.stage.models, &self.running.limits, &instance.names, words)
    }

    /// How one exchange is read.
    pub fn exchange_options(&self) -> ExchangeOptions {
        ExchangeOptions {
            deadline: self.running.patience(),
            body_cap: LARGEST_ANSWER,
            ..ExchangeOptions::default()
        }
    }

    /// Counts a request to the gateway; stops the run beyond the most that it may send.
    pub fn count(&self) {
        let sent = self.sent.fetch_add(1, Ordering::Relaxed);
        if sent >= self.stage.options.max_requests {
            self.stage.stop(format!("it has sent its most, {sent} requests (--max-requests)"));
        }
    }

    /// A plain request, with a marker that no other has.
    pub fn plain(&self) -> Case {
        let number = u64::MAX - self.plain.fetch_add(1, Ordering::Relaxed);
        let recipe = self.campaign.recipe(0);
        self.campaign.made(&recipe, number, &minimal(&self.campaign.lanes()[0].schema, &[]))
    }

    /// A marker for a request that is sent again.
    pub fn marker(&self) -> String {
        let number = self.plain.fetch_add(1, Ordering::Relaxed);
        Markers::seeded(mixed(self.campaign.seed(), u64::MAX - number, 4)).fresh().as_str().to_owned()
    }

    /// Requests sent to the gateway so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How long the upstream may still be busy once the client has its answer.
    pub const SETTLE: Duration = Duration::from_millis(500);
}

/// 128 choices with the likeliest tokens of each come to some megabytes.
const LARGEST_ANSWER: usize = 16 << 20;

/// The operations that requests can be made for.
pub fn fuzzed<'c>(
    contract: &'c Contract,
    stage: &'c Stage,
) -> impl Iterator<Item = (&'c RequestShape, &'c Operation)> {
    let lacking = |name: &str| stage.target.lacks.iter().any(|(lacking, _)| lacking.value == name);
    contract.requests.iter().filter(|shape| shape.schema.is_some()).filter_map(move |shape| {
        let operation =
            contract.names.operations.iter().find(|known| known.name.value == shape.operation.value)?;
        (operation.upstream && !lacking(&operation.name)).then_some((shape, operation))
    })
}

/// The contract's example of a request, what stands for the marker in place of the prompt.
fn example(
    stage: &Stage,
    running: &Running,
    instance: &Instance,
    shape: &RequestShape,
) -> Result<Json, String> {
    let Some(example) = &shape.example else {
        return Err(format!("the operation `{}` has a schema and no example", shape.operation));
    };
    let words = Words::of(0, "example");
    let names = CaseNames::new(&stage.target, &stage.models, &running.limits, &instance.names, words);
    let names = OfSend { names: &names, prompt: MARKER, keys: &[] };
    let value: Value_ = example
        .resolve(&names)
        .map_err(|missing| format!("the example of `{}` cannot be made: {missing}", shape.operation))?;
    Ok(Json::from(&value))
}

/// What an upstream that is well says.
pub fn healthy() -> mock_upstream::script::Script {
    script::healthy("an answer in words")
}

/// The dialect of an operation's upstream.
pub fn dialect(operation: &Operation, stage: &Stage) -> mock_upstream::dialect::Dialect {
    sweep::dialect(operation, &stage.contract, &stage.target)
}
