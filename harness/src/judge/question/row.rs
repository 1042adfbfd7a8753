//! `error: X`: the answer held against rows of the contract's `errors`.

use crate::judge::question::matcher::{Fit, describe, fits};
use crate::judge::question::{Answered, Wording, differences};
use crate::judge::scene::evidence::Ending;
use crate::judge::scene::part::parts;
use crate::judge::scene::reference::Referee;
use crate::judge::scene::{Here, Scene};
use crate::spec::contract::ErrorRow;
use crate::spec::language::matcher::Matcher;
use crate::spec::language::path::{Corner, Field, Path};
use crate::spec::read::place::{At, Place};

/// The row that stands for a documented success.
const OK: &str = "ok";

/// One row: a question a part. Several rows, or `ok`: one question, answered with the nearest row's differences.
pub(in crate::judge) fn answer(
    scene: &Scene<'_>,
    here: &Here,
    rows: &[At<String>],
    place: &Place,
    wording: Wording,
) -> Vec<Answered> {
    match rows {
        [only] if only.value != OK => one(scene, here, only, place, wording),
        rows => vec![any(scene, here, rows, place)],
    }
}

/// A path into the answer that the client got.
pub(in crate::judge) fn got(field: Field) -> Path {
    Path { step: None, corner: Corner::Got, provider: None, index: None, field, views: Vec::new() }
}

/// The questions that a status, fields and headers ask, named `PREFIX.status`, `PREFIX.FIELD`, `PREFIX.headers.NAME`.
pub(in crate::judge) fn part(
    scene: &Scene<'_>,
    here: &Here,
    name: String,
    field: Field,
    matcher: &Matcher,
    place: &Place,
    wording: Wording,
) -> Answered {
    let referee = Referee { scene, here };
    let absent = || {
        here.0.first().map_or_else(String::new, |&i| format!("absent ({})", scene.exchanges[i].in_words()))
    };
    let (fit, observed) = match parts(scene, here, &got(field)) {
        Err(missing) => (Fit::Unknown(missing.0.clone()), missing.0),
        Ok(parts) => {
            let fit = parts.iter().map(|part| fits(matcher, part, &referee)).fold(Fit::Held, Fit::and);
            let told = if wording.tells(&fit) { &parts[..] } else { &[] };
            let shown =
                told.iter().map(|part| part.value.as_ref().map_or_else(absent, |value| scene.quote(value)));
            (fit, shown.collect::<Vec<_>>().join(", "))
        }
    };
    let expected = if wording.tells(&fit) { describe(scene, matcher, &referee) } else { String::new() };
    Answered { name, place: place.clone(), fit, expected, observed, reading: None }
}

fn one(scene: &Scene<'_>, here: &Here, name: &At<String>, place: &Place, wording: Wording) -> Vec<Answered> {
    let Some(row) = scene.contract.errors.iter().find(|row| *row.name == name.value) else {
        return vec![unknown_row(name, place)];
    };
    against(scene, here, row, place, wording)
}

fn against(scene: &Scene<'_>, here: &Here, row: &ErrorRow, place: &Place, wording: Wording) -> Vec<Answered> {
    let part = |name, field, matcher| part(scene, here, name, field, matcher, place, wording);
    let mut answers = vec![part("error.status".to_owned(), Field::Status, &row.status)];
    for (name, matcher) in &row.fields {
        answers.push(part(format!("error.{name}"), Field::Error(name.clone()), matcher));
    }
    for (name, matcher) in &row.headers {
        let name = name.to_ascii_lowercase();
        answers.push(part(format!("error.headers.{name}"), Field::Header(name), matcher));
    }
    for answered in &mut answers {
        answered.reading = row.reading.as_ref().map(|reading| reading.value.clone());
    }
    answers
}

fn any<'r>(scene: &Scene<'_>, here: &Here, rows: &'r [At<String>], place: &Place) -> Answered {
    let asked = |wording| -> Vec<(&str, Vec<Answered>)> {
        let each = |name: &'r At<String>| match name.value.as_str() {
            OK => (OK, vec![success(scene, here, place)]),
            row => (row, one(scene, here, name, place, wording)),
        };
        rows.iter().map(each).collect()
    };
    let mut candidates = asked(Wording::Nothing);
    let all = |answers: &[Answered]| answers.iter().map(|a| a.fit.clone()).fold(Fit::Held, Fit::and);
    let fit = candidates.iter().map(|(_, answers)| all(answers)).fold(Fit::Broken, Fit::or);
    if fit != Fit::Held {
        candidates = asked(Wording::Misfits);
    }
    let held = candidates.iter().find(|(_, answers)| all(answers) == Fit::Held);
    let nearest = candidates.iter().min_by_key(|(_, answers)| {
        let status = answers.iter().any(|a| a.name == "error.status" && a.fit != Fit::Held);
        (status, answers.iter().filter(|a| a.fit != Fit::Held).count())
    });
    let got = here.0.first().map_or_else(String::new, |&i| scene.exchanges[i].in_words());
    let names: Vec<&str> = rows.iter().map(|row| row.value.as_str()).collect();
    let observed = match (held, nearest) {
        (Some((row, _)), _) => format!("`{row}`"),
        (None, Some((OK, _))) | (None, None) => got,
        (None, Some((row, answers))) => format!("{got}; nearest is `{row}`, but {}", differences(answers)),
    };
    Answered {
        name: "error".to_owned(),
        place: place.clone(),
        fit,
        expected: match names.as_slice() {
            [OK] => "a success that is whole".to_owned(),
            names => format!("one of the documented answers {}", names.join(", ")),
        },
        observed,
        reading: held.and_then(|(_, answers)| answers.first()).and_then(|answered| answered.reading.clone()),
    }
}

/// A status of 200–299, no error event, and all of it.
fn success(scene: &Scene<'_>, here: &Here, place: &Place) -> Answered {
    let whole = |i: &usize| {
        let evidence = &scene.exchanges[*i];
        !evidence.failed() && evidence.ending() == Ending::Clean
    };
    Answered {
        name: "error.status".to_owned(),
        place: place.clone(),
        fit: Fit::when(!here.0.is_empty() && here.0.iter().all(whole)),
        expected: "a success that is whole".to_owned(),
        observed: here.0.first().map_or_else(String::new, |&i| scene.exchanges[i].in_words()),
        reading: None,
    }
}

fn unknown_row(name: &At<String>, place: &Place) -> Answered {
    Answered {
        name: "error.status".to_owned(),
        place: place.clone(),
        fit: Fit::Unknown(format!("the contract has no error `{name}`")),
        expected: format!("the documented answer `{name}`"),
        observed: "nothing to compare with".to_owned(),
        reading: None,
    }
}
