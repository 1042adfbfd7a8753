//! A generated request as it goes out to this target: its route, its key, its headers.

use bytes::Bytes;

use crate::arrange::request::{presented, route};
use crate::generate::campaign::Sent;
use crate::generate::http::{Framing, Key};
use crate::run::stage::{Instance, Stage};
use crate::wire::exchange::Request;

/// The request to an instance, and the offsets in its body at which it is written apart.
pub fn built(
    stage: &Stage,
    instance: &Instance,
    operation: &str,
    sent: Sent,
    key: &str,
) -> (Request, Vec<usize>) {
    let line = route(operation, &stage.contract, &stage.target).unwrap_or_else(|| "POST /".to_owned());
    let (method, path) = line.split_once(' ').unwrap_or(("POST", "/"));
    let Sent { body, dress, .. } = sent;
    let method = dress.method.clone().unwrap_or_else(|| method.to_owned());
    let target = dress.path.as_ref().map_or_else(|| path.to_owned(), |written| written.replace("{}", path));
    let mut headers: Vec<(String, String)> = Vec::new();
    match &dress.content_type {
        Some(lines) => headers.extend(lines.iter().map(|line| ("Content-Type".to_owned(), line.clone()))),
        None if body.is_empty() && dress.method.is_some() => {}
        None => headers.push(("Content-Type".to_owned(), "application/json".to_owned())),
    }
    let known = stage.contract.names.operations.iter().find(|known| known.name.value == operation);
    let protocol = known.and_then(|known| stage.contract.protocol(&known.protocol));
    headers.extend(protocol.iter().flat_map(|protocol| protocol.headers.iter().cloned()));
    headers.extend(credential(presented(operation, &stage.contract, &stage.target, key), key, dress.key));
    for (name, value) in &instance.headers {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.clone(), value.clone()));
        }
    }
    headers.extend(dress.headers.iter().cloned());
    let mut cuts = Vec::new();
    let body = match dress.framing {
        Framing::Length => body,
        Framing::Split => {
            cuts = vec![0, body.len() / 2];
            body
        }
        Framing::Chunked(size) => {
            headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
            chunked(&body, size)
        }
    };
    (Request { method, target, headers, body: Bytes::from(body) }, cuts)
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut coded = Vec::with_capacity(body.len() * 2);
    for piece in body.chunks(size.max(1)) {
        coded.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        coded.extend_from_slice(piece);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n\r\n");
    coded
}

/// The header lines of the credential, as they are to be wrong.
fn credential((name, valid): (String, String), key: &str, wrong: Key) -> Vec<(String, String)> {
    let with = |key: &str, other: &str| valid.replace(key, other);
    let value = match wrong {
        Key::Valid => valid,
        Key::Absent => return Vec::new(),
        Key::Empty => String::new(),
        Key::SchemeAlone => with(key, "").trim_end().to_owned(),
        Key::Bare if valid == key => return vec![("X-Key".to_owned(), key.to_owned())],
        Key::Bare => key.to_owned(),
        Key::OtherScheme => format!("Basic {key}"),
        Key::Cut => with(key, &key[..key.len().saturating_sub(1)]),
        Key::Longer => with(key, &format!("{key}x")),
        Key::CaseTurned => with(key, &turned(key)),
        Key::Foreign => with(key, "never-issued-by-anyone-4f1d9c27"),
        Key::Long => with(key, &"k".repeat(6000)),
        Key::Quoted => with(key, &format!("\"{key}\"")),
        Key::Listed => with(key, &format!("{key}, other-key")),
        Key::BeyondAscii => with(key, "klíč-ключ"),
    };
    vec![(name, value)]
}

/// The key with the case of its letters turned; one without letters is made longer.
fn turned(key: &str) -> String {
    let turn = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let turned: String = key.chars().map(turn).collect();
    if turned == key { format!("{key}X") } else { turned }
}
