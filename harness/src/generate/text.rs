//! Texts: words, what breaks parsers and displays, and what a pattern describes.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::SBoxedStrategy;
use proptest::string::string_regex;
use serde_json::Value;

use super::schema::{MARKER, count};

/// The texts that a node of a schema describes.
pub(super) fn strategy(node: &Value) -> SBoxedStrategy<String> {
    if let Some(pattern) = node.get("pattern").and_then(Value::as_str) {
        return of_pattern(pattern);
    }
    if node.get("x-prompt") == Some(&Value::Bool(true)) {
        return free(0..=60).prop_map(|text| format!("{MARKER} {text}").trim_end().to_owned()).sboxed();
    }
    let least = count(node, "minLength").unwrap_or(0);
    let most = count(node, "maxLength").unwrap_or(usize::MAX).min(least + 40);
    free(least..=most)
}

/// The simplest text that a node describes.
pub(super) fn minimal(node: &Value) -> String {
    if let Some(pattern) = node.get("pattern").and_then(Value::as_str) {
        return sample(pattern);
    }
    if node.get("x-prompt") == Some(&Value::Bool(true)) {
        return MARKER.to_owned();
    }
    "a".repeat(count(node, "minLength").unwrap_or(0))
}

/// The simplest text that a pattern describes.
pub(super) fn sample(pattern: &str) -> String {
    super::tree::simplest(&of_pattern(pattern)).unwrap_or_default()
}

/// Anchors go: what is made is the whole text.
fn of_pattern(pattern: &str) -> SBoxedStrategy<String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    match string_regex(inner) {
        Ok(strategy) => strategy.sboxed(),
        // The confirmation of every valid body shows a pattern that cannot be made.
        Err(_) => Just(String::new()).sboxed(),
    }
}

/// Any text of so many characters: mostly words, at times what few programs expect.
fn free(length: RangeInclusive<usize>) -> SBoxedStrategy<String> {
    let (least, most) = (*length.start(), *length.end());
    let any = prop_oneof![
        12 => words(),
        2 => proptest::collection::vec(any::<char>().prop_filter("no control characters", |c| !c.is_control()), 0..12)
            .prop_map(|chars| chars.into_iter().collect::<String>()),
        1 => select(NAUGHTY).prop_map(str::to_owned),
    ];
    any.prop_map(move |text| {
        let mut text: String = text.chars().take(most).collect();
        while text.chars().count() < least {
            text.push('a');
        }
        text
    })
    .sboxed()
}

fn words() -> SBoxedStrategy<String> {
    match string_regex("([a-z]{1,8}( [a-z]{1,8}){0,4})?") {
        Ok(words) => words.sboxed(),
        Err(_) => Just(String::new()).sboxed(),
    }
}

/// Texts that are valid everywhere and surprise somewhere.
const NAUGHTY: &[&str] = &[
    " ",
    "0",
    "null",
    "undefined",
    "None",
    "true",
    "NaN",
    "-1",
    "1e308",
    "\"",
    "\\",
    "\\u0041",
    "'; --",
    "<script>alert(1)</script>",
    "${HOME}",
    "{{7*7}}",
    "%00%0a%s",
    "../../etc/passwd",
    "data: [DONE]",
    "\n\ndata: {}\n\n",
    "line one\nline two\r\nline three\ttab",
    "{\"error\":{\"message\":\"x\"}}",
    "[DONE]",
    "\u{00A0}\u{2003}\u{3000}",
    "\u{200B}\u{200D}\u{FEFF}",
    "\u{202E}right to left",
    "e\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "𝒜𐍈𠜎",
    "ÅÄÖ ß İi",
    "日本語 한국어 العربية עברית",
    "\u{FFFD}\u{FFFE}",
    "\u{2028}\u{2029}",
];
