//! Relations between exchanges: equal parts, different parts, counts of the exchanges that fit.

use crate::judge::question::matcher::{Fit, describe, fits, same as equal};
use crate::judge::question::{Answered, Wording, answer_in, holds};
use crate::judge::scene::part::{Part, parts};
use crate::judge::scene::reference::Referee;
use crate::judge::scene::{Here, Scene};
use crate::spec::language::expect::Tally;
use crate::spec::language::path::{Corner, Field, Path};
use crate::spec::language::value::Missing;
use crate::spec::read::place::Place;

/// These parts are all equal; where none of them is there, nothing can be told.
pub(in crate::judge) fn same(scene: &Scene<'_>, here: &Here, paths: &[Path], place: &Place) -> Answered {
    let (fit, observed) = match gather(scene, here, paths) {
        Err(missing) => (Fit::Unknown(missing.0.clone()), missing.0),
        Ok(found) if found.iter().all(|part| part.value.is_none()) => {
            (Fit::Unknown("it is absent everywhere".to_owned()), "absent everywhere".to_owned())
        }
        Ok(found) => {
            let found: Vec<Part> = found.into_iter().filter(|part| !part.unreached).collect();
            let other = found.iter().find(|part| !alike(&found[0], part));
            match other {
                None => (Fit::Held, "the same everywhere".to_owned()),
                Some(other) => {
                    (Fit::Broken, format!("{} but {}", shown(scene, &found[0]), shown(scene, other)))
                }
            }
        }
    };
    answered("same", paths, "equal everywhere", fit, observed, place)
}

/// These parts are pairwise different. One that is missing is not different from another that is; where there are
/// fewer than two, nothing can be told.
pub(in crate::judge) fn distinct(scene: &Scene<'_>, here: &Here, paths: &[Path], place: &Place) -> Answered {
    let (fit, observed) = match gather(scene, here, paths) {
        Err(missing) => (Fit::Unknown(missing.0.clone()), missing.0),
        Ok(found) => pairwise(scene, here, paths, &found),
    };
    answered("distinct", paths, "different everywhere", fit, observed, place)
}

/// How many of the exchanges fit.
pub(in crate::judge) fn tally(scene: &Scene<'_>, here: &Here, tally: &Tally, place: &Place) -> Answered {
    let referee = Referee { scene, here };
    let fitting: Vec<Fit> = here.0.iter().map(|&i| holds(scene, &Here(vec![i]), &tally.of)).collect();
    let least = fitting.iter().filter(|fit| **fit == Fit::Held).count();
    let most = fitting.iter().filter(|fit| **fit != Fit::Broken).count();
    let mut answers = (least..=most).map(|n| fits(&tally.is, &Part::counted(n), &referee));
    let first = answers.next().unwrap_or(Fit::Broken);
    let fit = match (
        answers.all(|answer| answer == first),
        fitting.iter().find(|fit| matches!(fit, Fit::Unknown(_))),
    ) {
        (true, _) | (_, None) => first,
        (false, Some(unknown)) => unknown.clone(),
    };
    let what: Vec<String> = tally
        .of
        .0
        .iter()
        .flat_map(|expectation| {
            let first = Here(here.0.iter().take(1).copied().collect());
            answer_in(scene, &first, expectation, Wording::Everything)
        })
        .map(|answered| format!("{} {}", answered.name, answered.expected))
        .collect();
    let observed = if least == most { least.to_string() } else { format!("between {least} and {most}") };
    Answered {
        name: "tally".to_owned(),
        place: place.clone(),
        fit,
        expected: format!(
            "{} of {} with {}",
            describe(scene, &tally.is, &referee),
            here.0.len(),
            what.join(" and ")
        ),
        observed: format!("{observed} of {}", here.0.len()),
        reading: None,
    }
}

fn gather(scene: &Scene<'_>, here: &Here, paths: &[Path]) -> Result<Vec<Part>, Missing> {
    let mut found = Vec::new();
    for path in paths {
        found.extend(parts(scene, here, path)?);
    }
    match found.iter().find(|part| part.partly) {
        Some(part) => Err(Missing(format!("only the beginning of a body was kept in {}", part.of))),
        None => Ok(found),
    }
}

fn pairwise(scene: &Scene<'_>, here: &Here, paths: &[Path], found: &[Part]) -> (Fit, String) {
    let there: Vec<&Part> = found.iter().filter(|part| part.value.is_some()).collect();
    for (i, a) in there.iter().enumerate() {
        if let Some(b) = there[i + 1..].iter().find(|b| alike(a, b)) {
            return (Fit::Broken, format!("{} and the same in {}", shown(scene, a), b.of));
        }
    }
    match found.iter().find(|part| part.value.is_none()) {
        Some(missing) if missing.unreached || excused(scene, here, paths, missing) => {
            let why = format!("absent in {}, where there was no such part to compare", missing.of);
            (Fit::Unknown(why.clone()), why)
        }
        Some(missing) => (Fit::Broken, format!("absent in {}", missing.of)),
        None if there.len() < 2 => (
            Fit::Unknown("there are fewer than two to compare".to_owned()),
            "fewer than two to compare".to_owned(),
        ),
        None => (Fit::Held, format!("{} different values", there.len())),
    }
}

/// An answer that is no failure has no error, so that a field of it is rightly absent.
fn excused(scene: &Scene<'_>, here: &Here, paths: &[Path], part: &Part) -> bool {
    let of_error = |path: &Path| path.corner == Corner::Got && matches!(path.field, Field::Error(_));
    let mut all: Vec<usize> = here.0.clone();
    all.extend(paths.iter().filter_map(|path| scene.of_named(path.step.as_ref()?)).flat_map(|here| here.0));
    let whose = all.into_iter().map(|i| &scene.exchanges[i]).find(|evidence| evidence.label == part.of);
    paths.iter().all(of_error) && whose.is_some_and(|evidence| !evidence.failed())
}

fn alike(a: &Part, b: &Part) -> bool {
    match (&a.value, &b.value) {
        (Some(a), Some(b)) => equal(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn shown(scene: &Scene<'_>, part: &Part) -> String {
    match &part.value {
        Some(value) => format!("{} in {}", scene.quote(value), part.of),
        None => format!("absent in {}", part.of),
    }
}

fn answered(
    relation: &str,
    paths: &[Path],
    expected: &str,
    fit: Fit,
    observed: String,
    place: &Place,
) -> Answered {
    let paths: Vec<String> = paths.iter().map(Path::to_string).collect();
    let paths = paths.join(", ");
    Answered {
        name: format!("{relation} {paths}"),
        place: place.clone(),
        fit,
        expected: format!("{paths} {expected}"),
        observed,
        reading: None,
    }
}
