//! Writes an event of the healthy stream with other content.

use bytes::Bytes;
use serde_json::{Value, json};

use super::events::size;
use crate::dialect::Dialect;
use crate::fault::{Bindings, EventEdit, Spot};
use crate::step::{Answer, Score};

/// Writes the next event with these changes.
///
/// # Errors
/// There is no such event, or nothing at a spot that is named.
pub(super) fn play(
    score: &mut Score<'_>,
    edit: &EventEdit,
    bindings: &Bindings,
    answer: &Answer<'_>,
) -> Result<(), String> {
    let next = score.coming().first().ok_or("the stream has no event left that could be changed")?;
    let event = match edit.spoil {
        Some(how) => {
            let spoilt = answer.dialect.spoil(&next.bytes, how);
            spoilt
                .ok_or_else(|| format!("the framing of the next event has nothing that breaks as {how:?}"))?
        }
        None => edited(&next.bytes, edit, bindings, answer.dialect)?,
    };
    if !edit.copy {
        score.pass(1);
    }
    score.foreign_event(&event);
    Ok(())
}

/// Whether the event has this type: as its name, or as the `type` of its JSON.
pub(super) fn is_type(event: &[u8], name: &str) -> bool {
    Lines::of(event).is_ok_and(|lines| {
        let named = lines.before.lines().any(|line| line.strip_prefix("event: ") == Some(name));
        named || lines.json().is_ok_and(|data| data["type"] == name)
    })
}

fn edited(event: &[u8], edit: &EventEdit, bindings: &Bindings, dialect: Dialect) -> Result<Bytes, String> {
    let lines = Lines::of(event)?;
    let mut data = lines.json()?;
    let healthy = data.clone();
    let pointers = |spot: &Spot| pointers(spot, dialect, &healthy);
    for (spot, value) in &edit.set {
        for pointer in pointers(spot)? {
            put(&mut data, &pointer, value.clone())?;
        }
    }
    for (spot, count) in &edit.fill {
        let filler = "x".repeat(size(count.value(bindings)));
        for pointer in pointers(spot)? {
            put(&mut data, &pointer, json!(filler))?;
        }
    }
    for spot in &edit.remove {
        for pointer in pointers(spot)? {
            let (parent, name) = parent(&mut data, &pointer)?;
            let gone = parent.as_object_mut().and_then(|fields| fields.shift_remove(name));
            gone.ok_or_else(|| nothing_at(&pointer))?;
        }
    }
    let mut raw = Vec::new();
    for (at, (spot, hex)) in edit.set_bytes.iter().enumerate() {
        for pointer in pointers(spot)? {
            let stand_in = format!("(bytes {at})");
            put(&mut data, &pointer, json!(stand_in))?;
            raw.push((stand_in, hex.bytes()));
        }
    }
    let data = raw.into_iter().fold(data.to_string().into_bytes(), |data, (stand_in, bytes)| {
        match memchr::memmem::find(&data, stand_in.as_bytes()) {
            Some(at) => [&data[..at], bytes, &data[at + stand_in.len()..]].concat(),
            None => data,
        }
    });
    Ok([lines.before.as_bytes(), b"data: ", &data, b"\n\n"].concat().into())
}

/// A server-sent event with one line of data.
struct Lines<'a> {
    before: &'a str,
    data: &'a str,
}

impl<'a> Lines<'a> {
    fn of(event: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(event).ok();
        let text = text.and_then(|text| text.strip_suffix("\n\n"));
        let at = text.and_then(|text| {
            if text.starts_with("data: ") { Some(0) } else { text.find("\ndata: ").map(|at| at + 1) }
        });
        match (text, at) {
            (Some(text), Some(at)) => Ok(Self { before: &text[..at], data: &text[at + "data: ".len()..] }),
            _ => Err("the events of this stream are not server-sent events".to_owned()),
        }
    }

    fn json(&self) -> Result<Value, String> {
        serde_json::from_str(self.data).map_err(|_| "the event carries no JSON".to_owned())
    }
}

fn pointers(spot: &Spot, dialect: Dialect, data: &Value) -> Result<Vec<String>, String> {
    let found = match spot {
        Spot::Pointer(pointer) => vec![pointer.clone()],
        Spot::Place(place) => dialect.places(*place, data),
    };
    if found.is_empty() { Err(nothing_at(&spot.to_string())) } else { Ok(found) }
}

fn put(data: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let (parent, name) = parent(data, pointer)?;
    match parent {
        Value::Object(fields) => {
            fields.insert(name.to_owned(), value);
        }
        parent => {
            let at: Option<usize> = name.parse().ok();
            let item = at.and_then(|at| parent.get_mut(at)).ok_or_else(|| nothing_at(pointer))?;
            *item = value;
        }
    }
    Ok(())
}

fn parent<'d, 'p>(data: &'d mut Value, pointer: &'p str) -> Result<(&'d mut Value, &'p str), String> {
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(|| nothing_at(pointer))?;
    let parent = data.pointer_mut(parent).ok_or_else(|| nothing_at(pointer))?;
    Ok((parent, name))
}

fn nothing_at(spot: &str) -> String {
    format!("the next event has no `{spot}`")
}
