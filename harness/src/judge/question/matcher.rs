//! Matchers held against a part, with three answers: it fits, it does not, it cannot be told.

use serde_json::Value as Json;

use crate::judge::scene::Scene;
use crate::judge::scene::part::Part;
use crate::judge::scene::view::numeric;
use crate::spec::language::matcher::{Matcher, MatcherKind};
use crate::spec::language::value::{Names, Value};

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::judge) enum Fit {
    Held,
    Broken,
    /// It cannot be told, and why.
    Unknown(String),
}

impl Fit {
    /// Both; one that is broken decides.
    pub(in crate::judge) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Broken, _) | (_, Self::Broken) => Self::Broken,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            _ => Self::Held,
        }
    }

    /// Either; one that holds decides.
    pub(in crate::judge) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Held, _) | (_, Self::Held) => Self::Held,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            _ => Self::Broken,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Held => Self::Broken,
            Self::Broken => Self::Held,
            unknown => unknown,
        }
    }

    pub(in crate::judge) fn when(holds: bool) -> Self {
        if holds { Self::Held } else { Self::Broken }
    }
}

/// Holds the part against the matcher. Of an attempt that never was only `absent` can be said, and nothing under `not`.
pub(in crate::judge) fn fits(matcher: &Matcher, part: &Part, names: &dyn Names) -> Fit {
    match &matcher.kind {
        MatcherKind::AnyOf(all) => all.iter().map(|m| fits(m, part, names)).fold(Fit::Broken, Fit::or),
        MatcherKind::AllOf(all) => all.iter().map(|m| fits(m, part, names)).fold(Fit::Held, Fit::and),
        _ if part.partly => of_beginning(matcher, part, names),
        MatcherKind::Absent => Fit::when(part.value.is_none()),
        _ if part.unreached => Fit::Unknown("no attempt reached the upstream".to_owned()),
        MatcherKind::Present => Fit::when(part.value.is_some()),
        MatcherKind::Not(inner) => fits(inner, part, names).not(),
        MatcherKind::Once => Fit::when(part.lines == 1),
        MatcherKind::Equals(value) => against(value, part, names, equal),
        MatcherKind::Min(value) => against(value, part, names, |part, value| size(part) >= numeric(value)),
        MatcherKind::Max(value) => against(value, part, names, |part, value| size(part) <= numeric(value)),
        MatcherKind::Contains(value) => against(value, part, names, contains),
        MatcherKind::Matches(pattern) => match pattern.regex() {
            Ok(regex) => Fit::when(part.as_text().is_some_and(|text| regex.is_match(&text))),
            Err(error) => Fit::Unknown(format!("not a regular expression: {error}")),
        },
        MatcherKind::Schema(schema) => match (schema.validator(), &part.value) {
            (Ok(validator), Some(value)) => Fit::when(validator.is_valid(value)),
            (Ok(_), None) => Fit::Broken,
            (Err(error), _) => Fit::Unknown(format!("not a JSON schema: {error}")),
        },
    }
}

/// Of a body of which only the beginning was kept can be said what stands there, and nothing of what does not.
fn of_beginning(matcher: &Matcher, part: &Part, names: &dyn Names) -> Fit {
    let there = match &matcher.kind {
        MatcherKind::Not(inner) => return fits(inner, part, names).not(),
        MatcherKind::Present => part.value.is_some(),
        MatcherKind::Contains(value) => against(value, part, names, contains) == Fit::Held,
        MatcherKind::Matches(pattern) => pattern.regex().is_ok_and(|regex| {
            let text = part.as_text().unwrap_or_default();
            // What reaches the end of what was kept may go on otherwise.
            regex.find(&text).is_some_and(|found| found.end() < text.len())
        }),
        _ => false,
    };
    if there { Fit::Held } else { Fit::Unknown("only the beginning of the body was kept".to_owned()) }
}

/// What the matcher asks for, with the real values.
pub(in crate::judge) fn describe(scene: &Scene<'_>, matcher: &Matcher, names: &dyn Names) -> String {
    let value = |value: &Value| match value.resolve(names) {
        Ok(json) => scene.quote(&json),
        Err(missing) => format!("a value that is missing ({missing})"),
    };
    let all = |all: &[Matcher], joint: &str| {
        let each: Vec<String> = all.iter().map(|m| describe(scene, m, names)).collect();
        each.join(joint)
    };
    match &matcher.kind {
        MatcherKind::Equals(v) => value(v),
        MatcherKind::AnyOf(any) => format!("one of {}", all(any, ", ")),
        MatcherKind::AllOf(every) => all(every, " and "),
        MatcherKind::Min(v) => format!("at least {}", value(v)),
        MatcherKind::Max(v) => format!("at most {}", value(v)),
        MatcherKind::Matches(pattern) => format!("a text matching /{pattern}/"),
        MatcherKind::Contains(v) => format!("containing {}", value(v)),
        MatcherKind::Not(inner) => format!("anything but {}", describe(scene, inner, names)),
        MatcherKind::Absent => "absent".to_owned(),
        MatcherKind::Present => "present".to_owned(),
        MatcherKind::Once => "exactly one such header line".to_owned(),
        MatcherKind::Schema(_) => "JSON that the schema accepts".to_owned(),
    }
}

/// Compares with a value that may hold references; an absent part never compares.
fn against(value: &Value, part: &Part, names: &dyn Names, compare: impl Fn(&Part, &Json) -> bool) -> Fit {
    match value.resolve(names) {
        Err(missing) => Fit::Unknown(missing.0),
        Ok(value) => Fit::when(part.value.is_some() && compare(part, &value)),
    }
}

/// Equal as JSON; text on the wire also equals a number or a word written the same way.
fn equal(part: &Part, value: &Json) -> bool {
    match (&part.value, value) {
        (Some(Json::String(text)), Json::Number(_) | Json::Bool(_)) if part.textual => {
            let written = value.to_string();
            *text == written
        }
        (Some(found), value) => same(found, value),
        (None, _) => false,
    }
}

/// JSON equality in which `1` and `1.0` are one number.
pub(in crate::judge) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => {
            x == y || ((x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64())
        }
        (Json::Array(x), Json::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(a, b)| same(a, b)),
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, a)| y.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The part's size; a header's text counts where it is a number. `None` is below and above nothing.
fn size(part: &Part) -> Option<f64> {
    match part.value.as_ref()? {
        Json::String(text) if part.textual => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        value => numeric(value),
    }
}

fn contains(part: &Part, value: &Json) -> bool {
    match &part.value {
        Some(Json::Array(members)) => members.iter().any(|member| same(member, value)),
        Some(Json::String(text)) => match value {
            Json::String(sought) => text.contains(sought.as_str()),
            sought => text.contains(&sought.to_string()),
        },
        _ => false,
    }
}
