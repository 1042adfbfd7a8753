//! How one case is made of a valid body.

use super::{Lane, Phase, Sent};
use crate::generate::bytes::{MALFORMATIONS, edited};
use crate::generate::http::{Dress, Oddness, oddnesses};
use crate::generate::json::{Json, Spot};
use crate::generate::label::Label;
use crate::generate::odd::ODDITIES;
use crate::generate::tree::mixed;
use crate::generate::variant::Variant;
use crate::spec::contract::{Defect, Level};

/// What a case is made by.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Why it is made.
    pub phase: Phase,
    /// Index of the lane.
    pub lane: usize,
    /// Its label.
    pub label: Label,
    /// How sure the contract is of the breach.
    pub sure: Option<Level>,
    /// Whether the body that it begins with is made at random.
    pub random: bool,
    /// What becomes of that body.
    pub render: Render,
}

/// What becomes of a valid body.
#[derive(Clone, Debug)]
pub enum Render {
    /// It is sent as it is.
    Valid,
    /// Another value is put at a place of it.
    Set(String, Json),
    /// It is broken; index of the lane's breach.
    Breach(usize),
    /// It is sent in two ways.
    Pair(Variant),
    /// It is broken, and sent in two ways.
    BreachPair(usize, Variant),
    /// It is no JSON any more; index of the malformation.
    Malformed(usize),
    /// It is no JSON any more, sent in two ways.
    MalformedPair(usize, Variant),
    /// It is no JSON any more, by an edit that a number chooses.
    Edited,
    /// It is odd; index of the oddity.
    Odd(usize),
    /// Other JSON is sent in its place.
    Instead(Json),
    /// It is dressed oddly; index among all odd dresses.
    Dressed(usize),
    /// It is sent as it is, and the upstream fails.
    Upstream,
}

impl Render {
    pub(super) fn requests(&self, lane: &Lane, base: &Json, choice: u64) -> Vec<Sent> {
        let plain = |body: Vec<u8>| Sent { body, dress: Dress::default(), marker: None };
        let broken = |breach: usize| {
            let mut body = base.clone();
            let breach = &lane.breaches[breach].0;
            breach.strike(&lane.schema, &mut body);
            // Where something else in the body makes up for the breach, the simplest body has it alone.
            let made_up_for = breach.has_alternatives() && lane.confirmer.accepts(&body);
            if made_up_for { breach.simplest(&lane.schema) } else { body }
        };
        let both = |body: &Json, variant: Variant| {
            let (other, dress) = variant.of(body);
            vec![plain(body.to_bytes()), Sent { dress, ..plain(other) }]
        };
        match self {
            Self::Valid | Self::Upstream => vec![plain(base.to_bytes())],
            Self::Set(key, value) => {
                let mut body = base.clone();
                body.set(&[Spot::Key(key.clone())], value.clone());
                vec![plain(body.to_bytes())]
            }
            Self::Breach(breach) => vec![plain(broken(*breach).to_bytes())],
            Self::Pair(variant) => both(base, *variant),
            Self::BreachPair(breach, variant) => both(&broken(*breach), *variant),
            Self::Malformed(index) => vec![plain(MALFORMATIONS[*index].of(base))],
            Self::MalformedPair(index, variant) => {
                let body = MALFORMATIONS[*index].of(base);
                let (_, dress) = variant.of(base);
                vec![plain(body.clone()), Sent { dress, ..plain(body) }]
            }
            Self::Edited => vec![plain(edited(base, choice))],
            Self::Odd(index) => vec![plain(ODDITIES[*index].of(base))],
            Self::Instead(value) => vec![plain(value.to_bytes())],
            Self::Dressed(index) => {
                let dress = oddnesses().swap_remove(*index).dress;
                let bodiless = matches!(dress.method.as_deref(), Some("GET" | "HEAD" | "TRACE" | "OPTIONS"));
                vec![Sent { dress, ..plain(if bodiless { Vec::new() } else { base.to_bytes() }) }]
            }
        }
    }

    pub(super) fn pair(&self) -> Option<Variant> {
        match self {
            Self::Pair(variant) | Self::BreachPair(_, variant) | Self::MalformedPair(_, variant) => {
                Some(*variant)
            }
            _ => None,
        }
    }
}

impl Recipe {
    pub(super) fn breach(lanes: &[Lane], lane: usize, breach: usize, random: bool) -> Self {
        let (known, sure) = &lanes[lane].breaches[breach];
        Self {
            phase: if random { Phase::Breaches } else { Phase::Labels },
            lane,
            label: known.label.clone(),
            sure: Some(*sure),
            random,
            render: Render::Breach(breach),
        }
    }

    pub(super) fn malformed(lane: usize, index: usize, random: bool) -> Self {
        let label = Label::of("malformed", MALFORMATIONS[index].name, Some(Defect::Malformed));
        Self { phase: Phase::Bytes, lane, label, sure: None, random, render: Render::Malformed(index) }
    }

    pub(super) fn odd(lane: usize, index: usize, random: bool) -> Self {
        let label = Label::of("odd", ODDITIES[index].name, Some(Defect::Odd));
        Self { phase: Phase::Bytes, lane, label, sure: None, random, render: Render::Odd(index) }
    }

    pub(super) fn dressed(lane: usize, index: usize, oddness: &Oddness, random: bool) -> Self {
        let label = oddness.label.clone();
        Self { phase: Phase::Bytes, lane, label, sure: None, random, render: Render::Dressed(index) }
    }

    pub(super) fn valid(lane: usize, random: bool) -> Self {
        let phase = if random { Phase::Valid } else { Phase::Labels };
        Self { phase, lane, label: Label::of("valid", "", None), sure: None, random, render: Render::Valid }
    }

    pub(super) fn pair(lane: usize, variant: Variant, random: bool) -> Self {
        let label = Label::of("valid", "", None);
        Self { phase: Phase::Pairs, lane, label, sure: None, random, render: Render::Pair(variant) }
    }

    pub(super) fn upstream(lane: usize) -> Self {
        let label = Label::of("upstream", "", None);
        Self { phase: Phase::Upstream, lane, label, sure: None, random: true, render: Render::Upstream }
    }
}

/// The number that a valid body behind all fixed cases grows from: one is sent as it is, and what the four behind it do to a valid
/// body is done to this one.
pub(super) fn body_of(number: u64) -> u64 {
    number - number % 5
}

/// The case of a number behind all fixed ones: the kinds take turns, and chance chooses within each.
pub(super) fn endless(lanes: &[Lane], seed: u64, number: u64) -> Recipe {
    let chosen = |number: u64, purpose: u64, among: usize| {
        usize::try_from(mixed(seed, number, purpose) % (among.max(1) as u64)).unwrap_or(0)
    };
    let choose = |purpose, among| chosen(number, purpose, among);
    // A breach needs a body that holds its place, and has one of its own.
    let own = choose(10, lanes.len());
    if matches!(number % 10, 1 | 3 | 6 | 8) && !lanes[own].breaches.is_empty() {
        return Recipe::breach(lanes, own, choose(11, lanes[own].breaches.len()), true);
    }
    let lane = chosen(body_of(number), 10, lanes.len());
    let variants = variants(&lanes[lane]);
    match number % 10 {
        0 | 5 => Recipe::valid(lane, true),
        2 => Recipe {
            label: Label::of("malformed", "edited", Some(Defect::Malformed)),
            render: Render::Edited,
            ..Recipe::malformed(lane, 0, true)
        },
        4 => match choose(12, 4) {
            0 => Recipe::malformed(lane, choose(13, MALFORMATIONS.len()), true),
            _ => Recipe::odd(lane, choose(13, ODDITIES.len()), true),
        },
        9 => Recipe::pair(lane, variants[choose(14, variants.len())], true),
        _ => Recipe::upstream(lane),
    }
}

/// The variants that make sense on a lane.
pub(super) fn variants(lane: &Lane) -> Vec<Variant> {
    let fits = |variant: &Variant| match variant {
        Variant::Streamed => lane.streams && lane.has("stream"),
        Variant::Added => lane.has("user"),
        _ => true,
    };
    Variant::ALL.into_iter().filter(fits).collect()
}
