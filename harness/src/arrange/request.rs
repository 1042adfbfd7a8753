//! The request of a send: the operation's example, patched as the step says.

use bytes::Bytes;
use serde_json::Value as Json;

use crate::spec::case::Send;
use crate::spec::contract::{Auth, Contract, Protocol};
use crate::spec::language::value::{Missing, Names, Reference};
use crate::spec::target::Target;
use crate::wire::exchange::Request;

/// Builds the request of a send. `credential` is the key to present, `None` for none.
///
/// # Errors
/// A reference that nothing is bound to, or a pointer that leads nowhere in the body.
pub fn build(
    send: &Send,
    contract: &Contract,
    target: &Target,
    credential: Option<&str>,
    names: &dyn Names,
) -> Result<Request, Missing> {
    let names = &WithModel { names, model: send.model.as_ref().map(|model| model.as_str()) };
    let (method, path) = line(send, contract, target, names)?;
    let body = body(send, contract, names)?;
    let mut headers: Vec<(String, String)> = Vec::new();
    if !body.is_empty() {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    let protocol = protocol(send, contract);
    headers.extend(protocol.iter().flat_map(|protocol| protocol.headers.iter().cloned()));
    let way = send.auth.as_ref().map(|way| way.as_str());
    headers.extend(credential.map(|key| auth(protocol, way, target, key)));
    replace(&mut headers, send, names)?;
    Ok(Request { method, target: path, headers, body })
}

/// The same bytes as an earlier request of this operation, but for the headers that the send names, and for the credential
/// where another is given.
///
/// # Errors
/// A reference that nothing is bound to.
pub fn again(
    earlier: &Request,
    operation: Option<&str>,
    send: &Send,
    contract: &Contract,
    target: &Target,
    credential: Option<&str>,
    names: &dyn Names,
) -> Result<Request, Missing> {
    let mut request = earlier.clone();
    if let Some(key) = credential {
        let (name, value) = auth(spoken(operation, contract), None, target, key);
        request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        request.headers.push((name, value));
    }
    replace(&mut request.headers, send, names)?;
    Ok(request)
}

fn replace(headers: &mut Vec<(String, String)>, send: &Send, names: &dyn Names) -> Result<(), Missing> {
    for (name, value) in &send.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        match value.resolve(names)? {
            Json::Null => {}
            value => headers.push((name.clone(), text(&value))),
        }
    }
    Ok(())
}

/// A value as it stands in a header or a request line: texts without quotes, everything else as JSON.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(
    send: &Send,
    contract: &Contract,
    target: &Target,
    names: &dyn Names,
) -> Result<(String, String), Missing> {
    let written = match (&send.raw_line, &send.operation) {
        (Some(line), _) => text(&line.resolve(names)?),
        (None, Some(operation)) => route(operation, contract, target)
            .ok_or_else(|| Missing(format!("the operation `{operation}` has no route")))?,
        (None, None) => return Err(Missing("the send names neither an operation nor a raw_line".to_owned())),
    };
    let (method, path) = written.split_once(' ').unwrap_or((written.as_str(), "/"));
    let path = path.trim();
    Ok((method.to_owned(), path.to_owned()))
}

/// The route of an operation, `METHOD /path`: the target's where it binds one, else the documented one.
pub fn route(operation: &str, contract: &Contract, target: &Target) -> Option<String> {
    let bound =
        target.operations.iter().find(|(name, _)| **name == operation).map(|(_, route)| route.clone());
    let documented = || contract.names.operations.iter().find(|known| *known.name == operation);
    bound.or_else(|| documented().map(|operation| operation.route.clone()))
}

fn body(send: &Send, contract: &Contract, names: &dyn Names) -> Result<Bytes, Missing> {
    if let Some(raw) = &send.raw {
        return Ok(match raw.resolve(names)? {
            Json::String(text) => Bytes::from(text),
            other => Bytes::from(other.to_string()),
        });
    }
    let example = send
        .operation
        .as_ref()
        .and_then(|operation| contract.requests.iter().find(|request| *request.operation == **operation))
        .and_then(|request| request.example.as_ref());
    let Some(example) = example else {
        return Ok(Bytes::new());
    };
    let mut body = example.resolve(names)?;
    if send.stream == Some(true) {
        set(&mut body, "/stream", Json::Bool(true))?;
    }
    for (pointer, value) in &send.set {
        set(&mut body, pointer, value.resolve(names)?)?;
    }
    if let Some(patch) = &send.patch {
        match patch.resolve(names)? {
            Json::Object(places) => {
                for (pointer, value) in places {
                    set(&mut body, &pointer, value)?;
                }
            }
            other => return Err(Missing(format!("`set` takes a map of places, and {patch} is {other}"))),
        }
    }
    for pointer in &send.drop {
        remove(&mut body, pointer)?;
    }
    Ok(Bytes::from(body.to_string()))
}

/// The protocol that a send speaks: its operation's, or the one that a raw line names, or the contract's first.
pub fn protocol<'c>(send: &Send, contract: &'c Contract) -> Option<&'c Protocol> {
    let named = send.protocol.as_ref().and_then(|name| contract.protocol(name));
    named.or_else(|| spoken(send.operation.as_ref().map(|operation| operation.as_str()), contract))
}

/// The protocol of an operation; the contract's first where there is none.
fn spoken<'c>(operation: Option<&str>, contract: &'c Contract) -> Option<&'c Protocol> {
    let operation = contract.names.operations.iter().find(|known| Some(known.name.as_str()) == operation);
    let named = operation.and_then(|operation| contract.protocol(&operation.protocol));
    named.or_else(|| contract.protocols.first())
}

/// The header that presents a key of an operation as its protocol's first way, or the target, has it.
pub fn presented(operation: &str, contract: &Contract, target: &Target, key: &str) -> (String, String) {
    auth(spoken(Some(operation), contract), None, target, key)
}

/// The header that presents a key. What the target says of it goes before the protocol's first way, but not before one that
/// the send asks for.
fn auth(protocol: Option<&Protocol>, way: Option<&str>, target: &Target, key: &str) -> (String, String) {
    if let (Some(header), None) = (&target.key_header, way) {
        return (header.clone(), key.to_owned());
    }
    let ways = protocol.map(|protocol| protocol.auth.as_slice()).unwrap_or_default();
    let chosen = match way {
        Some(word) => ways.iter().find(|way| way.word().eq_ignore_ascii_case(word)),
        None => ways.first(),
    };
    match chosen {
        Some(Auth::Header(header)) => (header.clone(), key.to_owned()),
        Some(Auth::Bearer) | None => ("Authorization".to_owned(), format!("Bearer {key}")),
    }
}

/// Sets a place of a JSON document; the last step of the pointer may be new, `-` appends to a list.
fn set(document: &mut Json, pointer: &str, value: Json) -> Result<(), Missing> {
    if pointer.is_empty() {
        *document = value;
        return Ok(());
    }
    let (parent, last) = split(pointer)?;
    match document.pointer_mut(parent) {
        Some(Json::Object(map)) => {
            map.insert(unescape(last), value);
            Ok(())
        }
        Some(Json::Array(list)) if last == "-" => {
            list.push(value);
            Ok(())
        }
        Some(Json::Array(list)) => match last.parse::<usize>().ok().and_then(|index| list.get_mut(index)) {
            Some(place) => {
                *place = value;
                Ok(())
            }
            None => Err(Missing(format!("the body has no place {pointer}"))),
        },
        _ => Err(Missing(format!("the body has no place {pointer}"))),
    }
}

fn remove(document: &mut Json, pointer: &str) -> Result<(), Missing> {
    let (parent, last) = split(pointer)?;
    let gone = match document.pointer_mut(parent) {
        Some(Json::Object(map)) => map.shift_remove(&unescape(last)).is_some(),
        Some(Json::Array(list)) => match last.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    };
    if gone { Ok(()) } else { Err(Missing(format!("the body has no place {pointer} to drop"))) }
}

fn split(pointer: &str) -> Result<(&str, &str), Missing> {
    pointer.rsplit_once('/').ok_or_else(|| Missing(format!("`{pointer}` is not a JSON pointer")))
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// `model: ROLE` of a send takes the place of whatever model the example names.
struct WithModel<'n> {
    names: &'n dyn Names,
    model: Option<&'n str>,
}

impl Names for WithModel<'_> {
    fn reference(&self, reference: &Reference) -> Result<Json, Missing> {
        match (reference, self.model) {
            (Reference::Model(_), Some(role)) => self.names.reference(&Reference::Model(role.to_owned())),
            _ => self.names.reference(reference),
        }
    }
}
