//! What is wrong in a file, shown with its line and a caret.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_saphyr::Location;

/// A file's text under the name by which the user knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wrong {
    /// The bytes of the text that it is about.
    pub(super) at: Range<usize>,
    pub(super) title: String,
    pub(super) help: Option<String>,
}

/// Something wrong, ready to be shown.
#[derive(Debug)]
pub(super) struct Rendered(String);

impl Source<'_> {
    /// The bytes that a location covers; the start of the text when it has none.
    pub(super) fn range(self, location: Option<Location>) -> Range<usize> {
        let Some(location) = location else { return 0..0 };
        let span = location.span();
        let start = match span.byte_offset() {
            Some(offset) => self.floor(offset),
            None => self.offset(location.line(), location.column()),
        };
        let end = self.floor(start as u64 + span.byte_len().unwrap_or(0)).max(start);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        start..end.min(line_end)
    }

    /// The start of the character that this byte is of.
    fn floor(self, offset: u64) -> usize {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// The byte at a line and a column, both counted from 1.
    fn offset(self, line: u64, column: u64) -> usize {
        let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        let start: usize = self.text.split_inclusive('\n').take(before).map(str::len).sum();
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        start + line.chars().take(column).map(char::len_utf8).sum::<usize>()
    }

    /// The message with file, line, column and a caret.
    pub(super) fn render(self, wrong: &Wrong) -> Rendered {
        let mark = AnnotationKind::Primary.span(wrong.at.clone());
        let snippet = Snippet::source(self.text).path(self.name).line_start(1).fold(true).annotation(mark);
        let mut group = Level::ERROR.primary_title(&wrong.title).element(snippet);
        if let Some(help) = &wrong.help {
            group = group.element(Level::HELP.message(help));
        }
        let report: [Group<'_>; 1] = [group];
        let text = Renderer::plain().decor_style(DecorStyle::Ascii).term_width(140).render(&report);
        // The command line begins every error in this way itself.
        Rendered(text.strip_prefix("error: ").unwrap_or(&text).to_owned())
    }
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rendered {}
