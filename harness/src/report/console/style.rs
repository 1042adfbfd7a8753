//! Colours and line breaking of the console report.

use std::io::IsTerminal;

use crate::report::console::printable::printable;

/// Columns that the console report fills.
pub(crate) const WIDTH: usize = 100;

/// Whether colours are written, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    colour: bool,
}

impl Palette {
    /// No colours.
    pub fn plain() -> Self {
        Self { colour: false }
    }

    /// Colours.
    pub fn coloured() -> Self {
        Self { colour: true }
    }

    /// Colours when standard output is a terminal, `NO_COLOR` is unset or empty, and nobody refused them.
    pub fn of_stdout(refused: bool) -> Self {
        Self { colour: !refused && wanted() && std::io::stdout().is_terminal() }
    }

    /// The same for standard error.
    pub fn of_stderr(refused: bool) -> Self {
        Self { colour: !refused && wanted() && std::io::stderr().is_terminal() }
    }

    /// Whether colours are written.
    pub fn has_colour(self) -> bool {
        self.colour
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A label in a column of its own and a text behind it, broken at spaces; every line begins at the same column.
pub(crate) fn labelled(indent: usize, label: &str, text: &str, palette: Palette) -> String {
    let column = indent + LABEL;
    let mut out = String::new();
    for (index, line) in wrapped(&printable(text), WIDTH.saturating_sub(column)).iter().enumerate() {
        match index {
            0 => out.push_str(&format!("{:indent$}{}", "", palette.dim(&format!("{label:LABEL$}")))),
            _ => out.push_str(&" ".repeat(column)),
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A label and a command behind it, never broken, so that it can be copied.
pub(crate) fn command(indent: usize, label: &str, text: &str, palette: Palette) -> String {
    format!("{:indent$}{}{}\n", "", palette.dim(&format!("{label:LABEL$}")), printable(text))
}

/// Columns of a label.
const LABEL: usize = 10;

/// The text in lines of at most `width` characters; a word longer than that keeps a line of its own, so that an
/// address can be copied whole.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let fits = line.chars().count() + 1 + word.chars().count() <= width;
            match line.is_empty() {
                true => line.push_str(word),
                false if fits => {
                    line.push(' ');
                    line.push_str(word);
                }
                false => lines.push(std::mem::replace(&mut line, word.to_owned())),
            }
        }
        lines.push(line);
    }
    lines
}
