//! Changes that a proof names in the JSON of the healthy reply.

use serde_json::Value;

use crate::fault::{Changes, Piece};

/// The JSON with these changes, without spaces; `bytes` says what pieces stand for.
///
/// # Errors
/// A change for which the document has no place.
pub(super) fn changed(
    json: &[u8],
    changes: &Changes,
    bytes: impl Fn(&[Piece]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    let mut document: Value =
        serde_json::from_slice(json).map_err(|error| format!("the healthy reply is not JSON: {error}"))?;
    for (pointer, value) in &changes.set {
        put(&mut document, pointer, value.clone())?;
    }
    for (pointer, count) in &changes.fill {
        put(&mut document, pointer, Value::String("x".repeat(*count)))?;
    }
    for pointer in &changes.remove {
        let (parent, name) = parent(&mut document, pointer)?;
        let gone = parent.as_object_mut().and_then(|fields| fields.shift_remove(&name));
        gone.ok_or_else(|| format!("no `{pointer}`"))?;
    }
    for (pointer, items) in &changes.keep {
        list(&mut document, pointer)?.truncate(*items);
    }
    for pointer in &changes.reversed {
        list(&mut document, pointer)?.reverse();
    }
    verbatim(document, changes, bytes)
}

/// A control character that JSON escapes and no healthy reply has marks where other bytes belong.
fn verbatim(
    mut document: Value,
    changes: &Changes,
    bytes: impl Fn(&[Piece]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    for (number, pointer) in changes.verbatim.keys().enumerate() {
        put(&mut document, pointer, Value::String(format!("\u{1}{number}")))?;
    }
    let mut text = document.to_string().into_bytes();
    for (number, pieces) in changes.verbatim.values().enumerate() {
        let mark = format!("\"\\u0001{number}\"");
        let (before, behind) = split(&text, mark.as_bytes()).ok_or("a mark is lost")?;
        text = [before, &bytes(pieces)?, behind].concat();
    }
    Ok(text)
}

fn split<'t>(text: &'t [u8], at: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let found = memchr::memmem::find(text, at)?;
    Some((&text[..found], &text[found + at.len()..]))
}

fn put(document: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let (parent, name) = parent(document, pointer)?;
    match parent {
        Value::Object(fields) => {
            fields.insert(name, value);
        }
        parent => {
            let at: Option<usize> = name.parse().ok();
            let item = at.and_then(|at| parent.get_mut(at)).ok_or_else(|| format!("no `{pointer}`"))?;
            *item = value;
        }
    }
    Ok(())
}

fn list<'d>(document: &'d mut Value, pointer: &str) -> Result<&'d mut Vec<Value>, String> {
    let list = document.pointer_mut(pointer).and_then(Value::as_array_mut);
    list.ok_or_else(|| format!("no list `{pointer}`"))
}

fn parent<'d>(document: &'d mut Value, pointer: &str) -> Result<(&'d mut Value, String), String> {
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(|| format!("`{pointer}` is no pointer"))?;
    let parent = document.pointer_mut(parent).ok_or_else(|| format!("no parent of `{pointer}`"))?;
    Ok((parent, name.to_owned()))
}
