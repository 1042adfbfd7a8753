//! Reads texts with references.

use std::fmt;
use std::str::FromStr;

use serde_json::Value as Json;

use super::{Part, Reference, Value, ValueKind};
use crate::spec::language::duration;
use crate::spec::language::path::{Corner, Unreadable};
use crate::spec::read::place::Place;
use crate::spec::read::word::suggestion;

/// The first words of references that are not paths.
const HEADS: [&str; 9] =
    ["model", "credential", "value", "limit", "canary", "prompt", "date", "port", "provider"];
/// What a provider has.
const PROVIDER_FIELDS: [&str; 7] = ["url", "key", "host", "port", "https_url", "ca_file", "ca_pem"];
/// The kinds of canaries.
const CANARIES: [&str; 6] = ["host", "key", "org", "request_id", "stack", "code"];
/// The most that `fill` may build, in repetitions.
pub const MOST_FILL: u64 = 10_000_000;

impl Value {
    /// Reads JSON as a value of the language; every part of it takes the one place.
    ///
    /// # Errors
    /// The first reference that cannot be read.
    pub fn parse(json: &Json, place: &Place) -> Result<Self, Unreadable> {
        let kind = match json {
            Json::String(text) => text_kind(text)?,
            Json::Array(items) => {
                ValueKind::List(items.iter().map(|item| Self::parse(item, place)).collect::<Result<_, _>>()?)
            }
            Json::Object(entries) => {
                let entry = |(key, value): (&String, &Json)| Ok((key.clone(), Self::parse(value, place)?));
                let entries: Vec<(String, Self)> =
                    entries.iter().map(entry).collect::<Result<_, Unreadable>>()?;
                Self::fill(&entries)?.unwrap_or(ValueKind::Map(entries))
            }
            scalar => ValueKind::Literal(scalar.clone()),
        };
        Ok(Self { place: place.clone(), kind })
    }

    /// The generator, where these entries are `fill` and `times` and nothing else.
    ///
    /// # Errors
    /// `times` that is no number or too many.
    pub(crate) fn fill(entries: &[(String, Self)]) -> Result<Option<ValueKind>, Unreadable> {
        let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        let (Some(unit), Some(times), 2) = (get("fill"), get("times"), entries.len()) else {
            return Ok(None);
        };
        match &times.kind {
            ValueKind::Literal(Json::Number(number))
                if number.as_u64().is_some_and(|times| times <= MOST_FILL) =>
            {
                Ok(Some(ValueKind::Fill {
                    unit: Box::new(unit.clone()),
                    times: number.as_u64().unwrap_or(0),
                }))
            }
            _ => Err(Unreadable::new(format!("`times` has to be a number up to {MOST_FILL}"), None)),
        }
    }
}

/// The kind of a text: a literal where it holds no reference. `$$(` writes `$(`.
///
/// # Errors
/// A reference that cannot be read.
pub(crate) fn text_kind(text: &str) -> Result<ValueKind, Unreadable> {
    let mut parts: Vec<Part> = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        if rest[..at].ends_with('$') {
            literal.push_str(&rest[..at - 1]);
            literal.push_str("$(");
            rest = &rest[at + 2..];
            continue;
        }
        literal.push_str(&rest[..at]);
        let inside = &rest[at + 2..];
        let Some(end) = inside.find(')') else {
            return Err(Unreadable::new(
                format!("`{}` is not closed", &rest[at..]),
                "close it with `)`, or write `$$(` for the two characters themselves".to_owned(),
            ));
        };
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal)));
        }
        parts.push(Part::Reference(inside[..end].parse()?));
        rest = &inside[end + 1..];
    }
    literal.push_str(rest);
    if parts.is_empty() {
        return Ok(ValueKind::Literal(Json::String(literal)));
    }
    if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(ValueKind::Template(parts))
}

impl FromStr for Reference {
    type Err = Unreadable;

    /// Reads what stands between `$(` and `)`.
    fn from_str(written: &str) -> Result<Self, Unreadable> {
        let (head, rest) = written.split_once('.').unwrap_or((written, ""));
        let name = |form: &str| match rest {
            "" => Err(Unreadable::new(format!("`$({written})` names nothing"), format!("write `$({form})`"))),
            _ if rest.contains('.') => Err(Unreadable::new(
                format!("`$({written})` has one dot too many"),
                format!("write `$({form})`"),
            )),
            _ => Ok(rest.to_owned()),
        };
        match head {
            "model" => name("model.NAME").map(Self::Model),
            "credential" => name("credential.NAME").map(Self::Credential),
            "value" => name("value.NAME").map(Self::Bound),
            "limit" => name("limit.NAME").map(Self::Limit),
            "canary" => one_of(written, name("canary.KIND")?, &CANARIES).map(Self::Canary),
            "prompt" if rest.is_empty() => Ok(Self::Prompt),
            "port" if rest.is_empty() => Ok(Self::Port),
            "date" => match rest.strip_prefix("in.") {
                Some(ahead) => duration::parse(ahead).map(Self::DateIn),
                None => Err(Unreadable::new(
                    format!("`$({written})` is no date"),
                    "write `$(date.in.9s)`".to_owned(),
                )),
            },
            "provider" => match rest.split_once('.') {
                Some((provider, field)) if !provider.is_empty() => {
                    let field = one_of(written, field.to_owned(), &PROVIDER_FIELDS)?;
                    Ok(Self::Provider { name: provider.to_owned(), field })
                }
                _ => Err(Unreadable::new(
                    format!("`$({written})` does not say what of the provider"),
                    "write `$(provider.NAME.url)`".to_owned(),
                )),
            },
            "for" => Err(Unreadable::new(
                format!("`$({written})` names no axis of a `for`"),
                "only a case has axes, and only those it lists".to_owned(),
            )),
            _ => path(head, written),
        }
    }
}

/// A path; a slip in its first word is more likely one in the word of another reference where it has no corner at all.
fn path(head: &str, written: &str) -> Result<Reference, Unreadable> {
    written.parse().map(Reference::Path).map_err(|error: Unreadable| {
        if Corner::ALL.iter().any(|corner| written.split('.').any(|word| word == corner.word())) {
            return error;
        }
        let words = HEADS.into_iter().chain(["for"]).chain(Corner::ALL.map(Corner::word));
        Unreadable::new(format!("`$({written})` is no reference"), suggestion(head, words))
    })
}

fn one_of(written: &str, word: String, known: &[&str]) -> Result<String, Unreadable> {
    if known.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(Unreadable::new(format!("`$({written})` is no reference"), suggestion(&word, known.iter().copied())))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "$({path})"),
            Self::Model(name) => write!(f, "$(model.{name})"),
            Self::Credential(name) => write!(f, "$(credential.{name})"),
            Self::Bound(name) => write!(f, "$(value.{name})"),
            Self::Limit(name) => write!(f, "$(limit.{name})"),
            Self::Canary(kind) => write!(f, "$(canary.{kind})"),
            Self::Prompt => f.write_str("$(prompt)"),
            Self::DateIn(ahead) => write!(f, "$(date.in.{})", duration::written(*ahead)),
            Self::Port => f.write_str("$(port)"),
            Self::Provider { name, field } => write!(f, "$(provider.{name}.{field})"),
        }
    }
}

impl fmt::Display for Value {
    /// Texts as they are written, everything else as JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ValueKind::Literal(Json::String(text)) => f.write_str(text),
            ValueKind::Template(_) => f.write_str(self.written().as_str().unwrap_or_default()),
            _ => write!(f, "{}", self.written()),
        }
    }
}

impl Value {
    /// The value as JSON with its references as they are written.
    pub fn written(&self) -> Json {
        match &self.kind {
            ValueKind::Literal(value) => value.clone(),
            ValueKind::Template(parts) => {
                let part = |part: &Part| match part {
                    Part::Text(text) => text.replace("$(", "$$("),
                    Part::Reference(reference) => reference.to_string(),
                };
                Json::String(parts.iter().map(part).collect())
            }
            ValueKind::List(items) => items.iter().map(Self::written).collect(),
            ValueKind::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.written())).collect())
            }
            ValueKind::Fill { unit, times } => serde_json::json!({"fill": unit.written(), "times": times}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_shown() {
        for written in [
            "upstream_$(played.status)",
            "$(first.got.error.code)",
            "$(model.chat)",
            "$(credential.valid)",
            "$(value.over_limit)",
            "$(limit.upstream)",
            "$(canary.request_id)",
            "$(prompt)",
            "$(date.in.9s)",
            "$(port)",
            "$(provider.first.url)/v1",
            "plain",
        ] {
            let value = Value::parse(&Json::from(written), &Place::generated("test")).unwrap();
            assert_eq!(value.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_nearest_word() {
        let help = |written: &str| text_kind(written).unwrap_err().help.unwrap();
        assert_eq!(help("$(modle.chat)"), "did you mean `model`?");
        assert_eq!(help("$(canary.hots)"), "did you mean `host`?");
        assert_eq!(help("$(played.statsu)"), "did you mean `status`?");
        assert_eq!(help("$(provider.first.ulr)"), "did you mean `url`?");
        for written in
            ["$(", "$()", "$(model)", "$(model.a.b)", "$(date.9s)", "$(for.x)", "$(prompt.x)", "$(.)"]
        {
            assert!(text_kind(written).is_err(), "{written}");
        }
    }
}
