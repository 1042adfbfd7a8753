//! Problems of spec files, each pointing at the place it is at.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::spec::read::node::Source;
use crate::spec::read::place::Place;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// Probably not what was meant.
    Warning,
}

/// A problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What it points at.
    pub place: Place,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// What stands at the caret.
    pub label: Option<String>,
    /// What to do, such as the nearest valid word.
    pub help: Option<String>,
    /// The file's whole text, so that the line can be shown.
    pub source: Option<Arc<str>>,
}

/// Problems in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostic {
    /// An error at a place.
    pub fn error(place: Place, title: impl Into<String>) -> Self {
        Self { place, severity: Severity::Error, title: title.into(), label: None, help: None, source: None }
    }

    /// A warning at a place.
    pub fn warning(place: Place, title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, title) }
    }

    /// Says more at the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// The problem with its line and a caret, for a terminal with or without colours.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(140);
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&self.title);
        let mut group = match &self.source {
            Some(text) if self.place.line > 0 => title.element(self.snippet(text)),
            _ => title.element(Level::NOTE.message(format!("at {}", self.place))),
        };
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        let report: [Group<'_>; 1] = [group];
        renderer.render(&report)
    }

    fn snippet<'a>(&'a self, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let start = floor(text, self.place.start);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(text, self.place.end).clamp(start, line_end).max(word_end(text, start, line_end));
        let mark = AnnotationKind::Primary.span(start..end);
        let mark = match &self.label {
            Some(label) => mark.label(label),
            None => mark,
        };
        Snippet::source(text).path(&*self.place.file).line_start(1).fold(true).annotation(mark)
    }
}

impl Diagnostics {
    /// Adds one, unless the same is said of the same place already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let same = |known: &Diagnostic| known.place == diagnostic.place && known.title == diagnostic.title;
        if !self.0.iter().any(same) {
            self.0.push(diagnostic);
        }
    }

    /// Adds all of these.
    pub fn extend(&mut self, others: Self) {
        others.0.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Gives those of this file its text, so that they can show their line.
    pub fn attach(&mut self, source: &Source) {
        for diagnostic in self.0.iter_mut().filter(|diagnostic| diagnostic.place.file == source.name) {
            diagnostic.source = Some(Arc::clone(&source.text));
        }
    }

    /// Sorts them by file and position.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (&a.place.file, a.place.start, a.severity, &a.title).cmp(&(
                &b.place.file,
                b.place.start,
                b.severity,
                &b.title,
            ))
        });
    }

    /// Whether an error is among them.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, rendered one below the other.
    pub fn render(&self, colours: bool) -> String {
        let rendered: Vec<String> = self.0.iter().map(|diagnostic| diagnostic.render(colours)).collect();
        rendered.join("\n\n")
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A place of which only the beginning is known is marked up to the end of its first word.
fn word_end(text: &str, start: usize, line_end: usize) -> usize {
    let rest = &text[start..line_end];
    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
    match rest.chars().next() {
        Some(first) => start + word.max(first.len_utf8()),
        None => start,
    }
}
