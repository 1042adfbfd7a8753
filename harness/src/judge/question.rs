//! One expectation asked of an exchange, or of several where it relates them.

use crate::judge::scene::reference::Referee;
use crate::judge::scene::{Here, Scene, part};
use crate::spec::language::expect::{Conditions, Expect, Expectation, Expectations};
use crate::spec::language::matcher::Matcher;
use crate::spec::language::path::{Corner, Field, Path};
use crate::spec::read::place::Place;

use matcher::{Fit, describe, fits};

pub(in crate::judge) mod gaps;
pub(in crate::judge) mod leak;
pub(in crate::judge) mod matcher;
pub(in crate::judge) mod order;
pub(in crate::judge) mod relation;
pub(in crate::judge) mod row;
pub(in crate::judge) mod took;

/// A question and its answer.
#[derive(Clone, Debug)]
pub(in crate::judge) struct Answered {
    /// The check's name; no value of this case is in it.
    pub(in crate::judge) name: String,
    /// Where the question is written.
    pub(in crate::judge) place: Place,
    pub(in crate::judge) fit: Fit,
    /// What was asked for, in words; of what holds it may be left out.
    pub(in crate::judge) expected: String,
    /// What there was, likewise.
    pub(in crate::judge) observed: String,
    /// A reading that took part.
    pub(in crate::judge) reading: Option<String>,
}

/// Which answers are put into words. Most hold, and nobody reads of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Wording {
    /// None: it is only asked whether they hold.
    Nothing,
    /// All but those that hold.
    Misfits,
    /// All.
    Everything,
}

impl Wording {
    /// Whether an answer that fits so is put into words.
    fn tells(self, fit: &Fit) -> bool {
        match self {
            Self::Nothing => false,
            Self::Misfits => *fit != Fit::Held,
            Self::Everything => true,
        }
    }
}

/// Asks; a row of `errors` and a limit ask several questions at once.
pub(in crate::judge) fn answer(scene: &Scene<'_>, here: &Here, expectation: &Expectation) -> Vec<Answered> {
    answer_in(scene, here, expectation, Wording::Misfits)
}

/// Asks, and puts what there is to be told into words.
pub(in crate::judge) fn answer_in(
    scene: &Scene<'_>,
    here: &Here,
    expectation: &Expectation,
    wording: Wording,
) -> Vec<Answered> {
    let place = &expectation.place;
    match &expectation.kind {
        Expect::Path(path, matcher) => vec![of_path(scene, here, path, matcher, place, wording)],
        Expect::Error(rows) => row::answer(scene, here, rows, place, wording),
        Expect::Took(took) => took::answer(scene, here, took, place),
        Expect::Secret(corner) => leak::answer(scene, here, *corner, place),
        Expect::Same(paths) => vec![relation::same(scene, here, paths, place)],
        Expect::Distinct(paths) => vec![relation::distinct(scene, here, paths, place)],
        Expect::Tally(tallies) => {
            tallies.iter().map(|tally| relation::tally(scene, here, tally, place)).collect()
        }
        Expect::Order(moments) => vec![order::answer(scene, here, moments, place)],
        Expect::GrowingGaps => vec![gaps::growing(scene, here, place)],
        Expect::OneOf(sets) => vec![one_of(scene, here, sets, place, wording)],
    }
}

/// Whether the question is about a set of exchanges, and so asked once instead of of each.
pub(in crate::judge) fn is_about_all(expectation: &Expectation) -> bool {
    match &expectation.kind {
        Expect::Same(_) | Expect::Distinct(_) | Expect::Tally(_) | Expect::GrowingGaps => true,
        Expect::Order(moments) => moments.iter().any(|moment| moment.step.is_some()),
        Expect::Path(path, _) => path.step.is_some(),
        _ => false,
    }
}

/// Whether it asks that no attempt of an exchange reaches the upstream.
pub(in crate::judge) fn wants_no_attempt(scene: &Scene<'_>, here: &Here, expectation: &Expectation) -> bool {
    let Expect::Path(path, matcher) = &expectation.kind else { return false };
    let counts = path.corner == Corner::Received && path.field == Field::Count && path.step.is_none();
    let referee = Referee { scene, here };
    let fit = |n| fits(matcher, &part::Part::counted(n), &referee);
    counts && fit(0) == Fit::Held && fit(1) == Fit::Broken
}

/// Whether all of it holds.
pub(in crate::judge) fn holds(scene: &Scene<'_>, here: &Here, expectations: &Expectations) -> Fit {
    let asked = |expectation| answer_in(scene, here, expectation, Wording::Nothing);
    let answers = expectations.0.iter().flat_map(asked);
    answers.map(|answered| answered.fit).fold(Fit::Held, Fit::and)
}

/// Whether the conditions fit; what cannot be told does not fit.
pub(in crate::judge) fn applies(scene: &Scene<'_>, here: &Here, conditions: &Conditions) -> bool {
    let referee = Referee { scene, here };
    conditions.0.iter().all(|(path, matcher)| {
        part::parts(scene, here, path)
            .is_ok_and(|parts| parts.iter().all(|part| fits(matcher, part, &referee) == Fit::Held))
    })
}

/// The differences among answers, in one line; empty when all of them hold.
pub(in crate::judge) fn differences(answers: &[Answered]) -> String {
    let broken = answers.iter().filter(|answered| answered.fit != Fit::Held);
    let told: Vec<String> = broken
        .map(|a| match &a.fit {
            Fit::Unknown(why) => format!("{} could not be told ({why})", a.name),
            _ => format!("{} is {} instead of {}", a.name, a.observed, a.expected),
        })
        .collect();
    told.join("; ")
}

fn of_path(
    scene: &Scene<'_>,
    here: &Here,
    path: &Path,
    matcher: &Matcher,
    place: &Place,
    wording: Wording,
) -> Answered {
    let referee = Referee { scene, here };
    let (fit, observed) = match part::parts(scene, here, path) {
        Err(missing) => (Fit::Unknown(missing.0.clone()), missing.0),
        Ok(parts) => {
            let fits: Vec<Fit> = parts.iter().map(|part| fits(matcher, part, &referee)).collect();
            let whole = fits.iter().cloned().fold(Fit::Held, Fit::and);
            let told = if wording.tells(&whole) { &parts[..] } else { &[] };
            let mut shown: Vec<String> = Vec::new();
            let broken = fits.contains(&Fit::Broken);
            for (part, fit) in told.iter().zip(&fits) {
                if broken && *fit != Fit::Broken {
                    continue;
                }
                let value = match &part.value {
                    Some(value) if part.lines > 1 => {
                        format!("{} in {} lines", scene.quote(value), part.lines)
                    }
                    Some(value) => scene.quote(value),
                    None if part.unreached => "no attempt reached the upstream".to_owned(),
                    None => match here.0.as_slice() {
                        [only] => format!("absent ({})", scene.exchanges[*only].in_words()),
                        _ => "absent".to_owned(),
                    },
                };
                shown.push(if parts.len() > 1 { format!("{value} in {}", part.of) } else { value });
            }
            shown.dedup();
            (whole, shown.join(", "))
        }
    };
    let expected = if wording.tells(&fit) { describe(scene, matcher, &referee) } else { String::new() };
    Answered { name: path.to_string(), place: place.clone(), fit, expected, observed, reading: None }
}

fn one_of(
    scene: &Scene<'_>,
    here: &Here,
    sets: &[Expectations],
    place: &Place,
    wording: Wording,
) -> Answered {
    let asked = |wording| -> Vec<Vec<Answered>> {
        let each = |set: &Expectations| {
            set.0.iter().flat_map(|expectation| answer_in(scene, here, expectation, wording)).collect()
        };
        sets.iter().map(each).collect()
    };
    let mut answers = asked(Wording::Nothing);
    let whole = |set: &[Answered]| set.iter().map(|answered| answered.fit.clone()).fold(Fit::Held, Fit::and);
    let fit = answers.iter().map(|set| whole(set)).fold(Fit::Broken, Fit::or);
    if wording.tells(&fit) {
        answers = asked(Wording::Everything);
    }
    let held = answers.iter().find(|set| whole(set) == Fit::Held);
    let reading = held.and_then(|set| set.iter().find_map(|answered| answered.reading.clone()));
    let written = |set: &Vec<Answered>| {
        let parts: Vec<String> = set.iter().map(|a| format!("{} {}", a.name, a.expected)).collect();
        parts.join(" and ")
    };
    let expected: Vec<String> = answers.iter().map(written).collect();
    let nearest = answers.iter().min_by_key(|set| set.iter().filter(|a| a.fit != Fit::Held).count());
    let observed = match (&fit, nearest) {
        (Fit::Held, _) => "one of them".to_owned(),
        (_, Some(nearest)) => format!("nearest: {}", differences(nearest)),
        (_, None) => "nothing to choose from".to_owned(),
    };
    Answered {
        name: "one_of".to_owned(),
        place: place.clone(),
        fit,
        expected: expected.join(", or "),
        observed,
        reading,
    }
}
