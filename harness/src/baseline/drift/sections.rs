//! The text of a snapshot file: one answer, or several under the axes they belong to.

/// Answers by axes, in the order written; a case without axes has the empty text as its axes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sections(Vec<(String, String)>);

impl Sections {
    /// Reads a file's text.
    pub(super) fn parse(text: &str) -> Self {
        let text = normalised(text);
        let mut sections = Self::default();
        let mut lines: Vec<&str> = Vec::new();
        let mut axes: Option<&str> = None;
        for line in text.lines() {
            match line.strip_prefix(MARK) {
                None => lines.push(line),
                Some(next) => {
                    sections.close(axes, &lines);
                    lines.clear();
                    axes = Some(next);
                }
            }
        }
        sections.close(axes, &lines);
        if sections.0.is_empty() {
            sections.push("", text);
        }
        sections
    }

    /// The file's text.
    pub(super) fn render(&self) -> String {
        match self.0.as_slice() {
            [(axes, text)] if axes.is_empty() => escaped(text),
            several => {
                let shown: Vec<String> =
                    several.iter().map(|(axes, text)| format!("{MARK}{axes}\n{}", escaped(text))).collect();
                shown.join("\n\n")
            }
        }
    }

    pub(super) fn get(&self, axes: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == axes).map(|(_, text)| text.as_str())
    }

    pub(super) fn push(&mut self, axes: &str, text: String) {
        self.0.push((axes.to_owned(), text));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(axes, text)| (axes.as_str(), text.as_str()))
    }

    fn close(&mut self, axes: Option<&str>, lines: &[&str]) {
        let unescaped =
            |line: &&str| line.strip_prefix(ESCAPE).filter(|rest| marks(rest)).unwrap_or(line).to_owned();
        let text = normalised(&lines.iter().map(unescaped).collect::<Vec<_>>().join("\n"));
        // What stands before the first mark belongs to a case without axes, and is there only where something is.
        if axes.is_some() || !text.is_empty() {
            self.push(axes.unwrap_or_default(), text);
        }
    }
}

/// Lines without their ends' differences and without blank lines around: what insta keeps of a text.
pub(super) fn normalised(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.join("\n").trim_matches(['\n', '\r']).trim_end().to_owned()
}

/// Begins the line that names a section.
const MARK: &str = "==== ";
/// Goes before a line of an answer that would read as such a line.
const ESCAPE: char = '\\';

fn escaped(text: &str) -> String {
    let escape = |line: &str| if marks(line) { format!("{ESCAPE}{line}") } else { line.to_owned() };
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn marks(line: &str) -> bool {
    line.trim_start_matches(ESCAPE).starts_with(MARK)
}
