//! Credentials and other secret texts, found and hidden in every form they travel in.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;

/// What is shown in place of a secret.
pub const HIDDEN: &str = "[hidden]";

/// Shorter texts are no secrets: hiding them would only tear holes into other words.
const SHORTEST: usize = 4;

/// Below this many characters an encoded form would be met by chance.
const SHORTEST_ENCODED: usize = 8;

/// Hides known secret texts; clones know the same ones.
#[derive(Clone, Default)]
pub struct Mask {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    forms: Vec<String>,
    pattern: Option<Regex>,
}

impl Known {
    fn take(&mut self, secret: &str) {
        self.forms.extend(forms(secret));
    }

    fn compile(&mut self) {
        // The alternatives are tried in order, and the longest must win.
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        self.forms.dedup();
        let alternatives: Vec<_> = self.forms.iter().map(|form| alternative(form)).collect();
        let pattern = (!self.forms.is_empty()).then(|| Regex::new(&alternatives.join("|")));
        self.pattern = pattern.and_then(Result::ok);
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

impl Mask {
    /// A mask for these texts; those under four characters are left out.
    pub fn new<T: AsRef<str>>(secrets: impl IntoIterator<Item = T>) -> Self {
        let mut known = Known::default();
        secrets.into_iter().for_each(|secret| known.take(secret.as_ref()));
        known.compile();
        Self { known: Arc::new(RwLock::new(known)) }
    }

    /// Hides one more from now on, in every clone.
    pub fn hide(&self, secret: &str) {
        if !self.finds(secret) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.take(secret);
            known.compile();
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text with every secret replaced by [`HIDDEN`].
    pub fn text(&self, text: &str) -> String {
        self.replaced(text, HIDDEN)
    }

    /// The text with every secret replaced by `shown`.
    pub fn replaced(&self, text: &str, shown: &str) -> String {
        match &self.known().pattern {
            Some(pattern) => pattern.replace_all(text, regex::NoExpand(shown)).into_owned(),
            None => text.to_owned(),
        }
    }

    /// Whether a secret is in the text.
    pub fn finds(&self, text: &str) -> bool {
        self.known().pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

/// The text as it is, JSON-escaped, percent-encoded (fully, and leaving what a URL may hold; hexadecimal digits in upper
/// case) and in base64 at each alignment, plain and URL-safe; empty for texts under four characters.
pub fn forms(text: &str) -> Vec<String> {
    if text.chars().count() < SHORTEST {
        return Vec::new();
    }
    let quoted = serde_json::Value::from(text).to_string();
    let mut forms = vec![
        text.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(text, RESERVED).to_string(),
    ];
    for before in 0..3 {
        let bytes = [&[0; 2][..before], text.as_bytes()].concat();
        // Characters that also carry bits of a neighbour differ from place to place.
        let whole = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            if whole.len() >= SHORTEST_ENCODED {
                forms.push(encoded[whole.clone()].to_owned());
            }
        }
    }
    let mut distinct = Vec::new();
    for form in forms {
        if !distinct.contains(&form) {
            distinct.push(form);
        }
    }
    distinct
}

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A pattern for one form, in which `%2F` also meets `%2f`.
fn alternative(form: &str) -> String {
    let mut pattern = String::new();
    let mut rest = form;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        let escape = after.get(..3).unwrap_or(after);
        pattern.push_str(&regex::escape(before));
        pattern.push_str(&format!("(?i-u:{})", regex::escape(escape)));
        rest = &after[escape.len()..];
    }
    pattern.push_str(&regex::escape(rest));
    pattern
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "sk-live/ä\"q+7?zz~1";

    #[test]
    fn every_form_is_hidden() {
        let mask = Mask::new([SECRET]);
        let percent = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
        for text in [
            format!("a{SECRET}b"),
            serde_json::json!({"k": SECRET}).to_string(),
            format!("?k={percent}&"),
            format!("?k={}&", percent.to_lowercase()),
            utf8_percent_encode(SECRET, RESERVED).to_string(),
        ] {
            let shown = mask.text(&text);
            assert!(shown.contains(HIDDEN) && !shown.contains("live") && !shown.contains("zz"), "{shown}");
        }
        for before in ["", "u", "us", "usr", "user:"] {
            let encoded = STANDARD.encode(format!("{before}{SECRET}"));
            assert!(mask.finds(&encoded), "{before}: {encoded}");
            assert!(mask.text(&encoded).len() <= HIDDEN.len() + before.len() * 2 + 8);
        }
    }

    #[test]
    fn a_longer_secret_is_hidden_whole_and_a_short_text_not_at_all() {
        let mask = Mask::new(["abcd", "abcdefgh", "x"]);
        assert_eq!(mask.text("x abcdefgh abcd"), "x [hidden] [hidden]");
        assert_eq!(Mask::new(["", "k"]).text("k"), "k");
        assert_eq!(mask.replaced("abcd", "$KEY"), "$KEY");
        let clone = mask.clone();
        mask.hide("later-key");
        assert_eq!(clone.text("abcd later-key"), "[hidden] [hidden]");
    }
}
