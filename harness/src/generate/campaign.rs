//! The cases of a contract in their order: by a number, each is made of nothing but the seed.

mod fixed;
mod recipe;

use std::sync::{Arc, OnceLock};

use mock_upstream::scenario::Markers;
use mock_upstream::script::Script;
use proptest::strategy::SBoxedStrategy;

use super::confirm::Confirmer;
use super::failure::{self, Draw};
use super::http::Dress;
use super::json::Json;
use super::label::Label;
use super::minimal::minimal;
use super::schema::{MARKER, Schema};
use super::tree::{self, Tree, mixed};
use super::valid::Maker;
use super::variant::Variant;
use super::walk::Breach;
use crate::spec::contract::{Level, RequestShape};

pub use recipe::{Recipe, Render};

/// An operation, and all that its requests are made of.
#[derive(Debug)]
pub struct Lane {
    /// The operation's name.
    pub name: String,
    /// Its schema.
    pub schema: Arc<Schema>,
    /// The validator of its schema.
    pub confirmer: Confirmer,
    /// The confirmed breaches of its schema that the contract lets one try, with how sure it is of them.
    pub breaches: Vec<(Breach, Level)>,
    /// How many breaches were named and are none.
    pub dropped: usize,
    streams: bool,
    maker: Maker,
    valid: OnceLock<SBoxedStrategy<Json>>,
    broken: Vec<OnceLock<SBoxedStrategy<Json>>>,
}

/// All cases of a contract; the same seed makes the same ones in the same order.
#[derive(Debug)]
pub struct Campaign {
    lanes: Vec<Lane>,
    seed: u64,
    fixed: Vec<Recipe>,
    failures: SBoxedStrategy<Draw>,
}

/// Why a case is made; they follow one another in this order, and the last ones take turns without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// One of each label, as simple as can be.
    Labels,
    /// Two ways of saying one thing.
    Pairs,
    /// What is no JSON, what is odd JSON, and what is odd beside the body.
    Bytes,
    /// Valid bodies of every shape.
    Valid,
    /// Any label on any body.
    Breaches,
    /// Any upstream failure below any body.
    Upstream,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its number.
    pub number: u64,
    /// Why it is made.
    pub phase: Phase,
    /// Index of the lane.
    pub lane: usize,
    /// What is wrong with it.
    pub label: Label,
    /// How sure the contract is that it is refused; none for what is not about that.
    pub sure: Option<Level>,
    /// The requests, one after the other.
    pub sends: Vec<Sent>,
    /// Two requests that have to be answered alike.
    pub pair: Option<Variant>,
    /// What the upstream does, where that is not to answer.
    pub trouble: Option<Trouble>,
    /// Whether it was read from a file, and cannot be made again.
    pub stored: bool,
}

/// What the upstream does under a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Something that was drawn.
    Drawn(Draw),
    /// Something that was stored: its name, and what is played.
    Stored(String, Box<Script>),
}

/// One request of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The body.
    pub body: Vec<u8>,
    /// How it is addressed and dressed.
    pub dress: Dress,
    /// The marker, where the body carries it.
    pub marker: Option<String>,
}

impl Lane {
    /// An operation by its shape in the contract; `example` is its example with [`MARKER`] for the prompt.
    ///
    /// # Errors
    /// When it has no schema, or one that is none.
    pub fn new(shape: &RequestShape, example: &Json, streams: bool) -> Result<Self, String> {
        let root = shape
            .schema
            .clone()
            .ok_or_else(|| format!("the operation `{}` has no schema", shape.operation))?;
        let schema = Arc::new(Schema::new(root, example));
        let confirmer = Confirmer::new(&schema)?;
        let (breaches, dropped) = confirmer.confirmed(&schema);
        let tried = breaches.into_iter().filter_map(|breach| {
            let sure = shape.negation(&breach.label.name())?;
            Some((breach, sure))
        });
        let breaches: Vec<_> = tried.collect();
        Ok(Self {
            name: shape.operation.value.clone(),
            broken: breaches.iter().map(|_| OnceLock::new()).collect(),
            maker: Maker::new(schema.clone()),
            schema,
            confirmer,
            breaches,
            dropped,
            streams,
            valid: OnceLock::new(),
        })
    }

    /// Valid bodies.
    pub fn valid(&self) -> &SBoxedStrategy<Json> {
        self.valid.get_or_init(|| self.maker.strategy(&[]))
    }

    /// Valid bodies that hold the place of a breach.
    pub fn base(&self, breach: usize) -> &SBoxedStrategy<Json> {
        self.broken[breach].get_or_init(|| self.maker.strategy(&self.breaches[breach].0.path))
    }

    fn has(&self, property: &str) -> bool {
        super::schema::properties(self.schema.root()).is_some_and(|known| known.contains_key(property))
    }
}

impl Campaign {
    /// The cases of these operations.
    pub fn new(lanes: Vec<Lane>, seed: u64, upstream: bool) -> Self {
        let fixed = fixed::recipes(&lanes, upstream);
        Self { lanes, seed, fixed, failures: failure::strategy() }
    }

    /// The operations.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// How many cases come before those that take turns without end.
    pub fn fixed(&self) -> u64 {
        self.fixed.len() as u64
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What the case of this number is made by.
    pub fn recipe(&self, number: u64) -> Recipe {
        let fixed = usize::try_from(number).ok().and_then(|number| self.fixed.get(number));
        fixed.cloned().unwrap_or_else(|| recipe::endless(&self.lanes, self.seed, number))
    }

    /// The case of this number.
    pub fn case(&self, number: u64) -> Case {
        let recipe = self.recipe(number);
        let body = self.body(&recipe, number);
        self.made(&recipe, number, &body)
    }

    /// The cases of these numbers; neighbours that begin with one body have it made once.
    pub fn cases(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<Case> {
        let mut last: Option<(u64, Json)> = None;
        let each = numbers.into_iter().map(|number| {
            let recipe = self.recipe(number);
            let Some(grown_from) = self.shared(&recipe, number) else {
                return self.made(&recipe, number, &self.body(&recipe, number));
            };
            let known = last.take().filter(|(known, _)| *known == grown_from).map(|(_, body)| body);
            let body = known.unwrap_or_else(|| self.body(&recipe, number));
            let case = self.made(&recipe, number, &body);
            last = Some((grown_from, body));
            case
        });
        each.collect()
    }

    /// The body that a case begins with.
    fn body(&self, recipe: &Recipe, number: u64) -> Json {
        match self.tree(recipe, number) {
            Some(tree) => tree.current(),
            None => minimal(&self.lanes[recipe.lane].schema, &self.force(recipe)),
        }
    }

    /// The number that the body of a case grows from, where neighbours share it.
    fn shared(&self, recipe: &Recipe, number: u64) -> Option<u64> {
        let broken = matches!(recipe.render, Render::Breach(_));
        (recipe.random && !broken && number >= self.fixed()).then(|| recipe::body_of(number))
    }

    /// The tree that the body of a case grows from; none for a case that is as simple as can be.
    pub fn tree(&self, recipe: &Recipe, number: u64) -> Option<Tree<Json>> {
        if !recipe.random {
            return None;
        }
        let lane = &self.lanes[recipe.lane];
        let strategy = match &recipe.render {
            Render::Breach(breach) => lane.base(*breach),
            _ => lane.valid(),
        };
        tree::of(strategy, self.seed, self.shared(recipe, number).unwrap_or(number))
    }

    /// The tree that the failure of a case's upstream grows from; none where the upstream is well.
    pub fn failure(&self, recipe: &Recipe, number: u64) -> Option<Tree<Draw>> {
        let fails = matches!(recipe.render, Render::Upstream);
        fails.then(|| tree::of(&self.failures, self.seed, mixed(self.seed, number, 3))).flatten()
    }

    /// The case of a recipe on another body.
    pub fn made(&self, recipe: &Recipe, number: u64, base: &Json) -> Case {
        let lane = &self.lanes[recipe.lane];
        let choice = mixed(self.seed, number, 2);
        let mut sends = recipe.render.requests(lane, base, choice);
        for (purpose, send) in (100..).zip(&mut sends) {
            let marker = Markers::seeded(mixed(self.seed, number, purpose)).fresh();
            send.marker = replace(&mut send.body, marker.as_str()).then(|| marker.as_str().to_owned());
        }
        Case {
            number,
            phase: recipe.phase,
            lane: recipe.lane,
            label: recipe.label.clone(),
            sure: recipe.sure,
            sends,
            pair: recipe.render.pair(),
            trouble: self.failure(recipe, number).map(|tree| Trouble::Drawn(tree.current())),
            stored: false,
        }
    }

    fn force(&self, recipe: &Recipe) -> Vec<super::schema::Step> {
        match &recipe.render {
            Render::Breach(breach) | Render::BreachPair(breach, _) => {
                self.lanes[recipe.lane].breaches[*breach].0.path.clone()
            }
            _ => Vec::new(),
        }
    }
}

impl Phase {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Pairs => "pairs",
            Self::Bytes => "bytes",
            Self::Valid => "valid",
            Self::Breaches => "breaches",
            Self::Upstream => "upstream",
        }
    }
}

/// Puts a marker in place of what stands for it; whether it stood anywhere.
fn replace(body: &mut [u8], marker: &str) -> bool {
    let places: Vec<usize> = memchr::memmem::find_iter(body, MARKER).collect();
    for at in &places {
        body[*at..at + MARKER.len()].copy_from_slice(marker.as_bytes());
    }
    !places.is_empty()
}
