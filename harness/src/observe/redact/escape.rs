//! Characters that would act on a terminal or mislead a reader, made visible.

/// The text with control and invisible formatting characters escaped; line feeds too.
pub(super) fn controls(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    shown
}

/// Whether a character does something other than being seen: controls, directions of writing, joiners, marks, tags.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped_and_what_reads_is_not() {
        assert_eq!(controls("a\u{1b}[2J\r\n\tb\u{202e}\u{feff}"), r"a\u{1b}[2J\r\n\tb\u{202e}\u{feff}");
        assert_eq!(controls("naïve \"日本\" \\ $KEY '"), "naïve \"日本\" \\ $KEY '");
        assert!(!controls("\u{9b}31m\0\u{7f}\u{2066}\u{e0041}").chars().any(acts));
    }
}
