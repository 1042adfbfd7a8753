//! Words that tell to which scenario a request belongs, and where they are found in it.

use std::fmt;
use std::sync::LazyLock;

use memchr::memmem;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::journal::Carrier;
use crate::script::Request;

/// What every marker begins with.
pub const PREFIX: &str = "zuqi";
/// The letters of a marker.
pub const LENGTH: usize = 16;

const CONSONANTS: &[u8; 16] = b"bcdfghklmnprstvw";
const VOWELS: &[u8; 5] = b"aeiou";
const SYLLABLES: usize = (LENGTH - PREFIX.len()) / 2;
/// How many markers there are: 80 syllables to the power of six.
const WORDS: u64 = (CONSONANTS.len() * VOWELS.len()).pow(SYLLABLES as u32) as u64;
/// Odd and not a multiple of five, hence coprime to `WORDS`: the walk visits every word once.
const STRIDE: u64 = 162_001_349_527;

/// A word of sixteen lower-case letters that can be spoken, unlikely to occur otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker([u8; LENGTH]);

impl Marker {
    /// The marker that this word is; `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::shaped(word.as_bytes())
    }

    fn shaped(word: &[u8]) -> Option<Self> {
        let fits = word.starts_with(PREFIX.as_bytes()) && word.iter().all(u8::is_ascii_lowercase);
        word.try_into().ok().filter(|_| fits).map(Self)
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        // Letters, whichever way it was made.
        std::str::from_utf8(&self.0).unwrap_or(PREFIX)
    }

    fn numbered(mut number: u64) -> Self {
        let mut word = [0; LENGTH];
        let (prefix, syllables) = word.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        for letters in syllables.chunks_exact_mut(2) {
            let syllable = (number % 80) as usize;
            number /= 80;
            letters.copy_from_slice(&[CONSONANTS[syllable / 5], VOWELS[syllable % 5]]);
        }
        Self(word)
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Marker({self})")
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An endless source of markers, none of which comes twice.
#[derive(Debug, Clone)]
pub struct Markers {
    next: u64,
}

impl Markers {
    /// The source of this seed: equal seeds give equal markers.
    pub fn seeded(seed: u64) -> Self {
        // One round of a 64-bit mixer, so that neighbouring seeds begin far apart.
        let mixed =
            (seed ^ (seed >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self { next: (mixed ^ (mixed >> 29)) % WORDS }
    }

    /// The next marker.
    pub fn fresh(&mut self) -> Marker {
        let marker = Marker::numbered(self.next);
        self.next = (self.next + STRIDE) % WORDS;
        marker
    }
}

/// Everything in a request that has the shape of a marker, with the place where it first stood.
pub fn find(request: &Request) -> Vec<(Carrier, Marker)> {
    let mut found = Vec::new();
    let mut note = |carrier: &dyn Fn() -> Carrier, text: &[u8]| {
        for marker in shaped(text) {
            if !found.iter().any(|(_, known)| *known == marker) {
                found.push((carrier(), marker));
            }
        }
    };
    note(&|| Carrier::Body, &request.body);
    if has_escapes(&request.body)
        && let Ok(document) = serde_json::from_slice(&request.body)
    {
        each_text(&document, &mut |text| note(&|| Carrier::Body, text.as_bytes()));
    }
    note(&|| Carrier::Target, request.target.as_bytes());
    if request.target.contains('%') {
        let decoded: Vec<u8> = percent_decode_str(&request.target).collect();
        note(&|| Carrier::Target, &decoded);
    }
    for (name, value) in &request.headers {
        note(&|| Carrier::Header(name.to_ascii_lowercase()), value);
    }
    found
}

/// Whether letters may be written as numbers.
fn has_escapes(body: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', body).any(|at| body.get(at + 1) == Some(&b'u'))
}

fn shaped(text: &[u8]) -> impl Iterator<Item = Marker> {
    /// Made once: most texts are shorter than what making it costs.
    static FINDER: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(PREFIX));
    FINDER.find_iter(text).filter_map(|at| Marker::shaped(text.get(at..at + LENGTH)?))
}

fn each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, visit)),
        Value::Object(fields) => {
            for (name, value) in fields {
                visit(name);
                each_text(value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
