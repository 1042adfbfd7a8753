//! What is odd about a request beside its body: content types, methods, routes, credentials.

use serde::{Deserialize, Serialize};

use super::label::Label;
use crate::spec::contract::Defect;

/// How a request is addressed and dressed, where that is not the usual way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dress {
    /// Another method.
    pub method: Option<String>,
    /// Another path; `{}` stands for the operation's.
    pub path: Option<String>,
    /// The content type lines, in place of the usual one.
    pub content_type: Option<Vec<String>>,
    /// Headers added.
    pub headers: Vec<(String, String)>,
    /// What is presented in place of the key.
    pub key: Key,
    /// How the body is framed and cut.
    pub framing: Framing,
}

/// What is presented as the credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The valid key.
    #[default]
    Valid,
    /// Nothing.
    Absent,
    /// The header without anything in it.
    Empty,
    /// The scheme, and nothing behind it.
    SchemeAlone,
    /// The key without a scheme; where there is none, under another header.
    Bare,
    /// The key under a scheme of another kind.
    OtherScheme,
    /// The key without its last character.
    Cut,
    /// The key and one more character.
    Longer,
    /// The key with the case of its letters turned.
    CaseTurned,
    /// A key that nobody issued.
    Foreign,
    /// A key of many thousand characters.
    Long,
    /// The key in quotes.
    Quoted,
    /// A list of the key and another.
    Listed,
    /// Characters beyond ASCII.
    BeyondAscii,
}

/// How a body is framed and in which pieces it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// With its length, at once.
    #[default]
    Length,
    /// In chunks of so many bytes.
    Chunked(usize),
    /// With its length, the head and each half of the body written apart.
    Split,
}

/// An odd dress, with its label.
#[derive(Clone, Debug)]
pub struct Oddness {
    /// Its label.
    pub label: Label,
    /// The dress.
    pub dress: Dress,
}

/// Every odd dress, in a fixed order.
pub fn oddnesses() -> Vec<Oddness> {
    let mut all = Vec::new();
    for (name, lines) in CONTENT_TYPES {
        let dress = Dress {
            content_type: Some(lines.iter().map(|&line| line.to_owned()).collect()),
            ..Dress::default()
        };
        all.push(Oddness { label: Label::of("content-type", name, Some(Defect::Odd)), dress });
    }
    for (name, header, value) in HEADERS {
        let dress = Dress {
            headers: vec![((*header).to_owned(), value.repeat(if *name == "long" { 6000 } else { 1 }))],
            ..Dress::default()
        };
        all.push(Oddness { label: Label::of("header", name, Some(Defect::Odd)), dress });
    }
    for method in METHODS {
        let dress = Dress { method: Some((*method).to_owned()), ..Dress::default() };
        all.push(Oddness { label: Label::of("method", method, None), dress });
    }
    for (name, path) in PATHS {
        let dress = Dress { path: Some((*path).to_owned()), ..Dress::default() };
        all.push(Oddness { label: Label::of("route", name, None), dress });
    }
    for (name, key) in KEYS {
        let dress = Dress { key: *key, ..Dress::default() };
        all.push(Oddness { label: Label::of("credential", name, Some(Defect::Unauthorized)), dress });
    }
    all
}

const CONTENT_TYPES: &[(&str, &[&str])] = &[
    ("none", &[]),
    ("text", &["text/plain"]),
    ("form", &["application/x-www-form-urlencoded"]),
    ("multipart", &["multipart/form-data; boundary=b"]),
    ("xml", &["application/xml"]),
    ("capitals", &["APPLICATION/JSON"]),
    ("charset", &["application/json; charset=utf-8"]),
    ("charset-quoted", &["application/json;charset=\"UTF-8\""]),
    ("charset-foreign", &["application/json; charset=utf-16"]),
    ("suffix", &["application/vnd.api+json"]),
    ("garbage", &["json"]),
    ("empty", &[""]),
    ("twice", &["application/json", "application/json"]),
    ("two-kinds", &["application/json", "text/plain"]),
    ("listed", &["application/json, text/plain"]),
];

const HEADERS: &[(&str, &str, &str)] = &[
    ("accept-markup", "Accept", "text/html"),
    ("accept-garbage", "Accept", ";;;"),
    ("accept-none", "Accept", ""),
    ("accept-events", "Accept", "text/event-stream"),
    ("accept-encoding-unknown", "Accept-Encoding", "x-nothing"),
    ("content-encoding-unknown", "Content-Encoding", "x-nothing"),
    ("content-encoding-identity", "Content-Encoding", "identity"),
    ("long", "X-Long", "word "),
    ("beyond-ascii", "X-Note", "žluťoučký kůň"),
    ("origin-foreign", "Origin", "https://elsewhere.example"),
    ("forwarded", "X-Forwarded-For", "::1, unknown, \"_x\""),
    ("override", "X-HTTP-Method-Override", "DELETE"),
    ("cookie-garbage", "Cookie", ";=;a=b;;\"x"),
    ("range", "Range", "bytes=0-0"),
    ("if-none-match", "If-None-Match", "*"),
    ("traceparent-garbage", "traceparent", "00-zz-zz-zz"),
    ("request-id-own", "X-Request-Id", "mine"),
];

const METHODS: &[&str] =
    &["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "post", "PROPFIND"];

const PATHS: &[(&str, &str)] = &[
    ("slash-behind", "{}/"),
    ("slash-twice", "/{}"),
    ("dots", "/v1/../v1{}"),
    ("query", "{}?a=1&a=2"),
    ("query-encoded-zero", "{}?a=%00"),
    ("escape-cut", "{}%"),
    ("escape-wrong", "{}%zz"),
    ("nowhere", "/v1/nowhere"),
    ("root", "/"),
    ("below", "{}/more"),
    (
        "long",
        "/v1/nowhere/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
];

const KEYS: &[(&str, Key)] = &[
    ("absent", Key::Absent),
    ("empty", Key::Empty),
    ("scheme-alone", Key::SchemeAlone),
    ("bare", Key::Bare),
    ("other-scheme", Key::OtherScheme),
    ("cut", Key::Cut),
    ("longer", Key::Longer),
    ("case-turned", Key::CaseTurned),
    ("foreign", Key::Foreign),
    ("long", Key::Long),
    ("quoted", Key::Quoted),
    ("listed", Key::Listed),
    ("beyond-ascii", Key::BeyondAscii),
];
