//! Sentences for people: texts of the gateway's made safe and short.

use std::time::Duration;

/// The most characters quoted.
const LONGEST: usize = 200;

/// The text with control characters escaped, cut where it gets long.
pub(in crate::judge) fn excerpt(text: &str) -> String {
    excerpt_of(text, text.len())
}

/// The same, of a text that was `total` bytes long before it was shortened.
pub(in crate::judge) fn excerpt_of(text: &str, total: usize) -> String {
    let mut out = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == LONGEST {
            out.push_str(&format!("… ({total} bytes in all)"));
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// A duration with as many digits as matter.
pub(in crate::judge) fn duration(d: Duration) -> String {
    match d.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        ms => format!("{}.{:03} s", ms / 1000, ms % 1000),
    }
}

/// `1 attempt`, `3 attempts`.
pub(in crate::judge) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Characters that turn or hide the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_safe_and_short() {
        assert_eq!(excerpt("a\u{1b}[31m\r\nb\u{202e}é"), "a\\u{1b}[31m\\r\\nb\\u{202e}é");
        let long = excerpt(&"é".repeat(300));
        assert!(long.starts_with(&"é".repeat(200)) && long.ends_with("… (600 bytes in all)"), "{long}");
    }

    #[test]
    fn durations_and_counts_are_read_easily() {
        assert_eq!(duration(Duration::from_micros(12_900)), "12 ms");
        assert_eq!(duration(Duration::from_millis(60_000)), "60 s");
        assert_eq!(duration(Duration::from_millis(1_250)), "1.250 s");
        assert_eq!((count(1, "attempt"), count(0, "attempt")), ("1 attempt".into(), "0 attempts".into()));
    }
}
