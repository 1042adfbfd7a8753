//! A YAML text as a tree in which every value and every map key knows its place.

use std::sync::Arc;

use serde_saphyr::{Location, Spanned};

use crate::spec::read::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::read::place::{At, Place};
use raw::{Raw, is_ambiguous, options};

mod raw;

/// A file's name, as diagnostics show it, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// A value of a spec file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: NodeKind,
}

/// The kinds of a value: those of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// `null`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as JSON writes it.
    Number(serde_json::Number),
    /// Every other scalar.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order written.
    Map(Vec<(At<String>, Node)>),
}

impl Source {
    /// Pairs a name with a text.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads the text; scalars that other YAML readers take for something else are warned of.
    ///
    /// # Errors
    /// The first syntax error or duplicate key, where no tree can be had.
    pub fn parse(&self, warnings: &mut Diagnostics) -> Result<Node, Box<Diagnostic>> {
        let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(&self.text, options())
            .map_err(|error| Box::new(self.syntax_error(&error)))?;
        self.node(raw, warnings)
    }

    fn syntax_error(&self, error: &serde_saphyr::Error) -> Diagnostic {
        let place = error.location().map_or_else(|| self.start(), |location| self.place(location));
        if let serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } = error.without_snippet() {
            return Diagnostic::error(place, format!("`{key}` is written twice in one map"))
                .label("reading stopped here");
        }
        let written = error.without_snippet().to_string();
        let told = written.lines().next().unwrap_or_default();
        let told = told.rsplit_once(" at line ").map_or(told, |(head, _)| head);
        Diagnostic::error(place, format!("not readable as YAML: {}", told.trim_start_matches("error: ")))
            .label("reading stopped here")
    }

    fn start(&self) -> Place {
        Place { file: Arc::clone(&self.name), line: 1, column: 1, start: 0, end: 0 }
    }

    /// Locations may lie behind the text (an unexpected end), so that they are brought back to its last byte.
    fn place(&self, location: Location) -> Place {
        let clamp = |offset: u64| {
            let mut offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let span = location.span();
        let Some(told) = span.byte_offset() else { return self.at(location) };
        let start = clamp(told);
        let end = clamp(told + span.byte_len().unwrap_or(0)).max(start);
        let (line, column) = if told < self.text.len() as u64 {
            (usize::try_from(location.line()).unwrap_or(1), usize::try_from(location.column()).unwrap_or(1))
        } else {
            let before = &self.text[..start];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        };
        Place { file: Arc::clone(&self.name), line, column, start, end }
    }

    /// The place of a location that has a line and a column and no offset.
    fn at(&self, location: Location) -> Place {
        let (line, column) = (location.line().max(1), location.column().max(1));
        let lines = self.text.split_inclusive('\n');
        let wanted = usize::try_from(line - 1).unwrap_or(usize::MAX);
        let before: usize = lines.clone().take(wanted).map(str::len).sum();
        let line = self.text[before..].split('\n').next().unwrap_or_default();
        let characters = usize::try_from(column - 1).unwrap_or(usize::MAX);
        let inside = line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at);
        let column = line[..inside].chars().count() + 1;
        let line = self.text[..before].matches('\n').count() + 1;
        Place { file: Arc::clone(&self.name), line, column, start: before + inside, end: before + inside }
    }

    fn node(&self, raw: Spanned<Raw>, warnings: &mut Diagnostics) -> Result<Node, Box<Diagnostic>> {
        let place = self.place(raw.defined);
        let kind = match raw.value {
            Raw::Scalar(text) => self.scalar(text, &place, warnings),
            Raw::List(items) => NodeKind::List(
                items.into_iter().map(|item| self.node(item, warnings)).collect::<Result<_, _>>()?,
            ),
            Raw::Map(entries) => {
                let entry =
                    |(key, value)| Ok::<_, Box<Diagnostic>>((self.key(key)?, self.node(value, warnings)?));
                NodeKind::Map(entries.into_iter().map(entry).collect::<Result<_, Box<Diagnostic>>>()?)
            }
        };
        Ok(Node { place, kind })
    }

    fn key(&self, raw: Spanned<Raw>) -> Result<At<String>, Box<Diagnostic>> {
        let place = self.place(raw.defined);
        match raw.value {
            Raw::Scalar(Some(text)) => Ok(At::new(text, place)),
            Raw::Scalar(None) => Ok(At::new(self.text[place.start..place.end].to_owned(), place)),
            Raw::List(_) | Raw::Map(_) => Err(Box::new(Diagnostic::error(place, "a key has to be a text"))),
        }
    }

    /// The parser's own typing is not asked: a plain scalar is a number where JSON says so, and `true`, `false` and
    /// `null` are themselves; all else is text, so that `no`, `012` and `1_000` mean what they show.
    fn scalar(&self, text: Option<String>, place: &Place, warnings: &mut Diagnostics) -> NodeKind {
        let written = self.text[place.start..place.end].trim_end();
        if text.as_ref().is_some_and(|text| text != written) {
            return NodeKind::Text(text.unwrap_or_default());
        }
        match written {
            "" | "null" | "~" if text.is_none() => return NodeKind::Null,
            "true" => return NodeKind::Bool(true),
            "false" => return NodeKind::Bool(false),
            _ => {}
        }
        if let Ok(number) = serde_json::from_str::<serde_json::Number>(written) {
            return NodeKind::Number(number);
        }
        if is_ambiguous(written) {
            warnings.push(
                Diagnostic::warning(place.clone(), format!("`{written}` is read as the text \"{written}\""))
                    .label("other YAML readers take this for something else")
                    .help(format!("quote it if it is a text ('{written}'), or write it as JSON would")),
            );
        }
        NodeKind::Text(written.to_owned())
    }
}

impl Node {
    /// The value of a key, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(At<String>, Self)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list, or the value itself.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            NodeKind::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON, key order kept.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            NodeKind::Null => serde_json::Value::Null,
            NodeKind::Bool(value) => (*value).into(),
            NodeKind::Number(number) => number.clone().into(),
            NodeKind::Text(text) => text.clone().into(),
            NodeKind::List(items) => items.iter().map(Self::to_json).collect(),
            NodeKind::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, value)| (key.value.clone(), value.to_json())).collect(),
            ),
        }
    }

    /// What it is, in words.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::Text(_) => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}

#[cfg(test)]
mod tests;
