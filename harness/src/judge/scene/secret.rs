//! Finds texts that must not show, plain and encoded, and masks keys in what is said to people.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

use crate::arrange::names::secret::Secret;
use crate::observe::{Observation, Observed};
use crate::spec::contract::{Auth, Contract};
use crate::wire::exchange::Request;

/// Shorter texts occur by chance.
const SHORTEST: usize = 12;

/// All secrets of an observation, ready to be sought.
pub(in crate::judge) struct Seeker {
    needles: Vec<Arc<Needle>>,
    /// What the client itself sends as its key.
    credentials: Vec<Arc<Needle>>,
}

/// One text that is sought.
pub(in crate::judge) struct Needle {
    pub(in crate::judge) kind: String,
    text: memmem::Finder<'static>,
    /// As it looks inside base64, by alignment and alphabet.
    base64: Vec<memmem::Finder<'static>>,
    /// `host:port`, which is another address when a digit follows.
    address: bool,
}

impl Seeker {
    pub(in crate::judge) fn new<'o>(
        observation: &Observation,
        contract: &Contract,
        exchanges: impl Iterator<Item = &'o Observed>,
    ) -> Self {
        let mut credentials: Vec<Arc<Needle>> = Vec::new();
        for observed in exchanges {
            for text in credentials_of(&observed.exchange.request, contract) {
                let known = |known: &Arc<Needle>| known.text.needle() == text.as_bytes();
                if text.len() >= SHORTEST && !credentials.iter().any(known) {
                    credentials.push(Needle::ready("credential", &text));
                }
            }
        }
        let needles = observation.secrets.iter().filter_map(Needle::sought).collect();
        Self { needles, credentials }
    }

    /// The texts worth seeking.
    pub(in crate::judge) fn needles(&self) -> impl Iterator<Item = &Needle> + Clone {
        self.needles.iter().map(|needle| &**needle)
    }

    /// The client's own keys, which a gateway may know.
    pub(in crate::judge) fn credentials(&self) -> impl Iterator<Item = &Needle> + Clone {
        self.credentials.iter().map(|needle| &**needle)
    }

    /// The text without keys; a text in which a key is encoded otherwise is withheld whole.
    pub(in crate::judge) fn mask(&self, text: &str) -> String {
        let mut masked = Cow::Borrowed(text);
        let keys = || self.needles.iter().filter(|n| n.kind == "key").chain(&self.credentials);
        for needle in keys() {
            for form in std::iter::once(&needle.text).chain(&needle.base64) {
                if form.find(masked.as_bytes()).is_some() {
                    let form = String::from_utf8_lossy(form.needle());
                    masked = Cow::Owned(masked.replace(&*form, "[key]"));
                }
            }
        }
        let seen = Haystack::new(masked.as_bytes());
        match keys().any(|needle| needle.shows(&seen).is_some()) {
            true => "[a text that holds an encoded key]".to_owned(),
            false => masked.into_owned(),
        }
    }
}

impl Needle {
    fn sought(secret: &Secret) -> Option<Arc<Self>> {
        let needle = Self::ready(&secret.kind, &secret.text);
        (secret.text.len() >= SHORTEST || needle.address).then_some(needle)
    }

    /// The needle of a text; one gateway's few secrets are sought in one answer after the other.
    fn ready(kind: &str, text: &str) -> Arc<Self> {
        READY.with_borrow_mut(|ready| {
            let known = |needle: &&Arc<Self>| needle.kind == kind && needle.text.needle() == text.as_bytes();
            if let Some(needle) = ready.iter().find(known) {
                return needle.clone();
            }
            let needle = Arc::new(Self::new(kind, text));
            ready.truncate(MOST_READY - 1);
            ready.insert(0, needle.clone());
            needle
        })
    }

    pub(in crate::judge) fn new(kind: &str, text: &str) -> Self {
        let address = text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && !host.contains('/')
                && !port.is_empty()
                && port.bytes().all(|b| b.is_ascii_digit())
        });
        let mut base64: Vec<String> = (0..3).flat_map(|shift| aligned(text.as_bytes(), shift)).collect();
        base64.dedup();
        let finder = |text: &str| memmem::Finder::new(text).into_owned();
        let base64 = base64.iter().map(|code| finder(code)).collect();
        Self { kind: kind.to_owned(), text: finder(text), base64, address }
    }

    /// How the text shows there; `None` when it does not.
    pub(in crate::judge) fn shows(&self, haystack: &Haystack<'_>) -> Option<&'static str> {
        haystack.forms.iter().find_map(|(form, bytes)| {
            if self.is_in(bytes) {
                return Some(*form);
            }
            let coded = self.base64.iter().any(|code| code.find(bytes).is_some());
            coded.then_some("in base64")
        })
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        let whole = |hay: &[u8], at: usize| {
            let before = at.checked_sub(1).and_then(|i| hay.get(i));
            let after = hay.get(at + self.text.needle().len());
            !self.address
                || (!before.is_some_and(|b| b.is_ascii_alphanumeric() || b"-.".contains(b))
                    && !after.is_some_and(u8::is_ascii_digit))
        };
        // Host names mean the same in either case.
        if self.kind == "host" {
            let (hay, needle) = (bytes.to_ascii_lowercase(), self.text.needle().to_ascii_lowercase());
            return memmem::find_iter(&hay, &needle).any(|at| whole(&hay, at));
        }
        self.text.find_iter(bytes).any(|at| whole(bytes, at))
    }
}

thread_local! {
    /// Needles made last, the newest first.
    static READY: RefCell<Vec<Arc<Needle>>> = const { RefCell::new(Vec::new()) };
}

/// The secrets of a few instances of a gateway.
const MOST_READY: usize = 64;

/// Bytes in every form a secret could be read from.
pub(in crate::judge) struct Haystack<'a> {
    forms: Vec<(&'static str, Cow<'a, [u8]>)>,
}

impl<'a> Haystack<'a> {
    pub(in crate::judge) fn new(bytes: &'a [u8]) -> Self {
        let mut forms = vec![("plain", Cow::Borrowed(bytes))];
        // Most texts hold nothing that could be decoded, and every answer is sought through.
        for _ in 0..2 {
            let last = &*forms[forms.len() - 1].1;
            if memchr::memchr(b'\\', last).is_none() {
                break;
            }
            let unescaped = json_unescaped(last);
            forms.push(("JSON-escaped", Cow::Owned(unescaped)));
        }
        for at in 0..forms.len() {
            let text = &*forms[at].1;
            if memchr::memchr(b'%', text).is_some() {
                let decoded: Vec<u8> = percent_encoding::percent_decode(text).collect();
                forms.push(("percent-encoded", Cow::Owned(decoded)));
            }
        }
        Self { forms }
    }
}

/// What a request carries as its credential.
fn credentials_of(request: &Request, contract: &Contract) -> Vec<String> {
    let own = contract.protocols.iter().flat_map(|p| &p.auth).filter_map(|way| match way {
        Auth::Header(name) => Some(name.as_str()),
        Auth::Bearer => None,
    });
    let names: Vec<&str> = ["authorization", "x-api-key", "api-key"].into_iter().chain(own).collect();
    let carries = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let keys = request.headers.iter().filter(|(name, _)| carries(name));
    keys.map(|(_, value)| value.rsplit(' ').next().unwrap_or(value).to_owned()).collect()
}

/// The characters that stand for `text` in base64 when `shift` bytes precede it in its group of three; the characters
/// that it shares with its neighbours are left out.
fn aligned(text: &[u8], shift: usize) -> [String; 2] {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(text);
    let first = [0, 2, 3][shift];
    let last = padded.len() * 8 / 6;
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| engine.encode(&padded)[first..last].to_owned())
}

/// The bytes with JSON's escapes resolved wherever they stand.
fn json_unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut high: Option<u32> = None;
    while let Some((&byte, tail)) = rest.split_first() {
        let (decoded, after) = match (byte, tail.split_first()) {
            (b'\\', Some((b'u', hex))) => match code_unit(hex) {
                Some(unit) => (unit, &hex[4..]),
                None => (u32::from(byte), tail),
            },
            (b'\\', Some((&escaped, after))) => match escaped {
                b'n' => (10, after),
                b'r' => (13, after),
                b't' => (9, after),
                b'"' | b'\\' | b'/' => (u32::from(escaped), after),
                _ => (u32::from(byte), tail),
            },
            _ => {
                out.push(byte);
                rest = tail;
                continue;
            }
        };
        rest = after;
        match (high.take(), decoded) {
            (_, 0xD800..0xDC00) => high = Some(decoded),
            (Some(high), 0xDC00..0xE000) => {
                push(&mut out, 0x10000 + ((high - 0xD800) << 10) + (decoded - 0xDC00))
            }
            _ => push(&mut out, decoded),
        }
    }
    out
}

fn code_unit(hex: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(hex.get(..4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

fn push(out: &mut Vec<u8>, code: u32) {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shows(kind: &str, text: &str, hay: &[u8]) -> Option<&'static str> {
        Needle::new(kind, text).shows(&Haystack::new(hay))
    }

    #[test]
    fn an_address_is_whole_or_not_that_address() {
        assert_eq!(shows("host", "127.0.0.1:4123", b"at http://127.0.0.1:4123/v1"), Some("plain"));
        assert_eq!(shows("host", "127.0.0.1:4123", b"at http://127.0.0.1:41234/v1"), None);
        assert_eq!(shows("host", "up:80", b"group:80 sup:80"), None);
        assert_eq!(shows("host", "UP.internal:80", b"\"up.INTERNAL:80\""), Some("plain"));
    }

    #[test]
    fn one_text_of_two_kinds_is_two_needles() {
        let kinds = ["key", "host", "key"].map(|kind| Needle::ready(kind, "sk-of-two-kinds").kind.clone());
        assert_eq!(kinds, ["key", "host", "key"]);
    }

    #[test]
    fn short_texts_are_not_sought() {
        let secret = |text: &str| Secret { kind: "key".into(), text: text.into() };
        assert!(Needle::sought(&secret("short")).is_none());
        assert!(Needle::sought(&secret("mock:8080")).is_some());
        assert!(Needle::sought(&secret("sk-abcdefghi")).is_some());
    }

    proptest! {
        #[test]
        fn every_encoding_is_seen(
            text in "[a-zA-Z0-9/+:\"\\\\ é._-]{12,40}",
            before in prop::collection::vec(any::<u8>(), 0..7),
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let around = |middle: &[u8]| [b"<<", middle, b">>"].concat();
            prop_assert!(shows("key", &text, &around(text.as_bytes())).is_some());

            let percent: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
            prop_assert!(shows("key", &text, &around(percent.as_bytes())).is_some(), "{percent}");

            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            prop_assert!(shows("key", &text, &around(escaped.as_bytes())).is_some(), "{escaped}");
            let json = serde_json::to_string(&text).unwrap().replace('/', "\\/");
            prop_assert!(shows("key", &text, json.as_bytes()).is_some(), "{json}");
            let nested = serde_json::to_string(&json).unwrap();
            prop_assert!(shows("key", &text, nested.as_bytes()).is_some(), "{nested}");

            let bytes = [&before[..], text.as_bytes(), &after[..]].concat();
            for code in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                prop_assert!(shows("key", &text, code.as_bytes()).is_some(), "{code}");
            }
        }

        #[test]
        fn other_texts_are_not_taken_for_it(hay in "[a-z0-9%\\\\u/+=]{0,300}") {
            prop_assert_eq!(shows("key", "SK-CANARY-QWERTZUIOP", hay.as_bytes()), None);
        }
    }
}
