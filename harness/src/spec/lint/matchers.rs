//! Questions that no answer can fit.

use std::collections::BTreeSet;

use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::path::{Corner, Field, View};
use crate::spec::language::value::{Value, ValueKind};
use crate::spec::lint::walk::Item;
use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::word::suggestion;

/// Reports a matcher that contradicts itself, or that the part it is asked of can never fit.
pub(super) fn impossible(item: &Item<'_>, problems: &mut Diagnostics) {
    match item {
        Item::Asked(path, matcher, _) => {
            contradiction(matcher, problems);
            if path.views.is_empty() {
                part(path.corner, &path.field, matcher, problems);
            } else if [View::Number, View::Seconds, View::Milliseconds]
                .iter()
                .any(|it| path.views.contains(it))
            {
                literals(matcher, &mut |one, value| {
                    if value.is_string() {
                        refuse(one, format!("a number is never the text {value}"), problems);
                    }
                });
            }
        }
        Item::Matcher(matcher) => contradiction(matcher, problems),
        Item::Status(matcher) => {
            contradiction(matcher, problems);
            part(Corner::Got, &Field::Status, matcher, problems);
        }
        _ => {}
    }
}

fn part(corner: Corner, field: &Field, matcher: &Matcher, problems: &mut Diagnostics) {
    let words: &[&str] = match (field, corner) {
        (Field::Ending, Corner::Played) => &["complete", "cut", "stalled", "none"],
        (Field::Ending, _) => &["clean", "unmarked", "error_event", "broken", "open"],
        _ => &[],
    };
    literals(matcher, &mut |matcher, value| {
        let wrong = match field {
            Field::Status if !value.is_u64() => Some(format!("a status is a number, never {value}")),
            Field::Status if !value.as_u64().is_some_and(|status| (100..=599).contains(&status)) => {
                Some(format!("no status is {value}: they go from 100 to 599"))
            }
            Field::Ending if !value.as_str().is_some_and(|word| words.contains(&word)) => {
                let help = suggestion(value.as_str().unwrap_or_default(), words.iter().copied());
                let title = format!("`{}.ending` is never {value}", corner.word());
                problems.push(Diagnostic::error(matcher.place.clone(), title).help(help));
                None
            }
            Field::Failed | Field::Stream | Field::Retry(_) if !value.is_boolean() => {
                Some(format!("`{field}` is true or false, never {value}"))
            }
            Field::Count | Field::Events if !value.is_u64() => {
                Some(format!("`{field}` counts, and is never {value}"))
            }
            Field::Elapsed if !value.is_number() => Some(format!("`{field}` is in seconds, never {value}")),
            Field::Header(_) | Field::Reason if value.is_null() || value.is_object() || value.is_array() => {
                Some(format!("`{field}` is a text, never {value}"))
            }
            _ => None,
        };
        if let Some(title) = wrong {
            refuse(matcher, title, problems);
        }
    });
    if *field == Field::Status && statuses(matcher).is_some_and(|fitting| fitting.is_empty()) {
        refuse(matcher, "no status fits: they go from 100 to 599".to_owned(), problems);
    }
}

fn contradiction(matcher: &Matcher, problems: &mut Diagnostics) {
    match &matcher.kind {
        MatcherKind::AnyOf(several) => {
            if several.is_empty() {
                refuse(matcher, "nothing fits an empty list".to_owned(), problems);
            }
            several.iter().for_each(|one| contradiction(one, problems));
        }
        MatcherKind::AllOf(several) => {
            let has = |wanted: fn(&MatcherKind) -> bool| several.iter().find(|one| wanted(&one.kind));
            if several.is_empty() {
                refuse(matcher, "an empty matcher asks nothing".to_owned(), problems);
            }
            if let Some(absent) = has(|kind| matches!(kind, MatcherKind::Absent)) {
                refuse(absent, "what is absent cannot fit anything else as well".to_owned(), problems);
            }
            if let (Some(least), Some(most)) = (bound(matcher, true), bound(matcher, false))
                && least > most
            {
                refuse(matcher, format!("nothing is at least {least} and at most {most}"), problems);
            }
            several.iter().for_each(|one| contradiction(one, problems));
        }
        MatcherKind::Min(value) | MatcherKind::Max(value) => {
            if matches!(&value.kind, ValueKind::Literal(literal) if literal.is_string()) {
                let title = format!("`{value}` is no number");
                problems.push(
                    Diagnostic::error(value.place.clone(), title)
                        .help("write a number, a duration or a reference".to_owned()),
                );
            }
        }
        MatcherKind::Not(inner) => contradiction(inner, problems),
        _ => {}
    }
}

fn refuse(matcher: &Matcher, title: String, problems: &mut Diagnostics) {
    problems.push(Diagnostic::error(matcher.place.clone(), title));
}

/// The literals one of which the part would have to equal; what stands behind a `not` is free to be impossible.
fn literals<'m>(matcher: &'m Matcher, found: &mut dyn FnMut(&'m Matcher, &'m serde_json::Value)) {
    match &matcher.kind {
        MatcherKind::Equals(value) => {
            if let ValueKind::Literal(literal) = &value.kind {
                found(matcher, literal);
            }
        }
        MatcherKind::AnyOf(several) | MatcherKind::AllOf(several) => {
            several.iter().for_each(|one| literals(one, found));
        }
        _ => {}
    }
}

/// The literal lower or upper bound that a matcher sets.
fn bound(matcher: &Matcher, lower: bool) -> Option<f64> {
    match &matcher.kind {
        MatcherKind::Min(value) if lower => number(value),
        MatcherKind::Max(value) if !lower => number(value),
        MatcherKind::AllOf(several) => several.iter().find_map(|one| bound(one, lower)),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match &value.kind {
        ValueKind::Literal(literal) => literal.as_f64(),
        _ => None,
    }
}

/// The statuses that fit, where that can be told from the matcher alone.
pub(super) fn statuses(matcher: &Matcher) -> Option<BTreeSet<u16>> {
    let all = || 100..=599u16;
    let keep = |fits: &dyn Fn(f64) -> bool| all().filter(|status| fits(f64::from(*status))).collect();
    #[expect(clippy::float_cmp, reason = "statuses are whole numbers, which floats hold exactly")]
    match &matcher.kind {
        MatcherKind::Equals(value) => number(value).map(|wanted| keep(&|status| status == wanted)),
        MatcherKind::Min(value) => number(value).map(|least| keep(&|status| status >= least)),
        MatcherKind::Max(value) => number(value).map(|most| keep(&|status| status <= most)),
        MatcherKind::AnyOf(several) => {
            let sets: Option<Vec<BTreeSet<u16>>> = several.iter().map(statuses).collect();
            sets.map(|sets| sets.into_iter().flatten().collect())
        }
        MatcherKind::AllOf(several) => {
            let sets: Option<Vec<BTreeSet<u16>>> = several.iter().map(statuses).collect();
            sets.map(|sets| all().filter(|status| sets.iter().all(|set| set.contains(status))).collect())
        }
        MatcherKind::Not(inner) => {
            statuses(inner).map(|set| all().filter(|status| !set.contains(status)).collect())
        }
        MatcherKind::Present => Some(all().collect()),
        _ => None,
    }
}
