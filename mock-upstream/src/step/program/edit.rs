//! Changes to the healthy reply: what it says, and the JSON in which it says it.

use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;

use super::Stage;
use super::reply::body;
use crate::dialect::{Content, Dialect, Event, EventRole, Healthy};
use crate::fault::{AnswerOp, Edit, Pick, Spot};
use crate::script::{Reply, ToolCall, Usage};

/// The reply with what the operation says in place of what the script says.
pub(super) fn said(reply: &Reply, op: &AnswerOp) -> Reply {
    let mut reply = reply.clone();
    if let Some(model) = &op.model {
        reply.model = Some(model.clone());
    }
    if let Some(text) = &op.text {
        reply.answer = Some(text.clone());
    }
    if let Some(usage) = op.usage {
        reply.usage = Some(Usage { prompt: usage.input, completion: usage.output });
    }
    if !op.tool_calls.is_empty() {
        let calls = op.tool_calls.iter();
        reply.tool_calls = calls
            .map(|call| ToolCall { name: call.name.clone(), arguments: call.arguments.clone() })
            .collect();
    }
    reply
}

/// The healthy reply with these changes.
///
/// # Errors
/// A change that finds nothing to change.
pub(super) fn edited(healthy: Healthy, edits: &[Edit], stage: &Stage<'_>) -> Result<Healthy, String> {
    let content = match &healthy.content {
        Content::Whole(body) => {
            let draft = Draft::of(body, 0..body.len(), EventRole::Finish);
            let mut draft = draft.ok_or("the healthy reply is not JSON")?;
            for edit in edits {
                if !draft.change(edit, &healthy, stage)? {
                    return Err(format!("the healthy reply has no place `{}`", edit.spot()));
                }
            }
            Content::Whole(draft.bytes()?)
        }
        Content::Events(events) => Content::Events(edited_events(events, edits, &healthy, stage)?),
    };
    Ok(Healthy { content, ..healthy })
}

fn edited_events(
    events: &[Event],
    edits: &[Edit],
    healthy: &Healthy,
    stage: &Stage<'_>,
) -> Result<Vec<Event>, String> {
    let dialect = stage.answer.dialect;
    let draft = |event: &Event| Draft::of(&event.bytes, dialect.document(&event.bytes)?, event.role);
    let mut drafts: Vec<Option<Draft>> = events.iter().map(draft).collect();
    for edit in edits {
        let with = drafts.iter_mut().flatten().filter(|draft| draft.has(edit, dialect));
        let mut with: Vec<&mut Draft> = match edit.pick() {
            Pick::Every => with.collect(),
            Pick::Finish => with.filter(|draft| draft.role == EventRole::Finish).collect(),
            Pick::First => with.take(1).collect(),
            Pick::Last => with.last().into_iter().collect(),
        };
        if with.is_empty() {
            return Err(format!("no such event of the healthy stream has a place `{}`", edit.spot()));
        }
        for draft in &mut with {
            draft.change(edit, healthy, stage)?;
        }
    }
    let rewritten = |(event, draft): (&Event, Option<Draft>)| match draft {
        Some(draft) if draft.changed => {
            Ok(Event { bytes: dialect.reframed(draft.bytes()?), role: event.role })
        }
        _ => Ok(event.clone()),
    };
    events.iter().zip(drafts).map(rewritten).collect()
}

/// A document that is being changed, and what stands around it.
struct Draft {
    before: Bytes,
    document: Value,
    behind: Bytes,
    role: EventRole,
    changed: bool,
    /// What is written in place of the stand-ins.
    written: Vec<Bytes>,
}

impl Draft {
    /// The document at this place in these bytes; none when it is not JSON.
    fn of(bytes: &Bytes, at: Range<usize>, role: EventRole) -> Option<Self> {
        let document = serde_json::from_slice(bytes.get(at.clone())?).ok()?;
        let (before, behind) = (bytes.slice(..at.start), bytes.slice(at.end..));
        Some(Self { before, document, behind, role, changed: false, written: Vec::new() })
    }

    fn has(&self, edit: &Edit, dialect: Dialect) -> bool {
        match edit.spot() {
            Spot::Place(place) => !dialect.places(*place, &self.document).is_empty(),
            Spot::Pointer(pointer) if edit.adds() => parent_of(&self.document, pointer).is_some(),
            Spot::Pointer(pointer) => self.document.pointer(pointer).is_some(),
        }
    }

    /// Makes the change; whether there was anything to change.
    fn change(&mut self, edit: &Edit, healthy: &Healthy, stage: &Stage<'_>) -> Result<bool, String> {
        if !self.has(edit, stage.answer.dialect) {
            return Ok(false);
        }
        self.changed = true;
        let pointers = match edit.spot() {
            Spot::Place(place) => stage.answer.dialect.places(*place, &self.document),
            Spot::Pointer(pointer) => vec![pointer.clone()],
        };
        for pointer in pointers {
            match edit {
                Edit::Set { to, .. } => put(&mut self.document, &pointer, to.clone())?,
                Edit::Write { content, .. } => {
                    let stand_in = stand_in(self.written.len());
                    self.written.push(body(content, healthy, stage)?);
                    put(&mut self.document, &pointer, Value::String(stand_in))?;
                }
                Edit::Remove { .. } => remove(&mut self.document, &pointer)?,
                Edit::Keep { items, .. } => list(&mut self.document, &pointer)?.truncate(*items),
                Edit::Reverse { .. } => list(&mut self.document, &pointer)?.reverse(),
            }
        }
        Ok(true)
    }

    /// The bytes around the document as they were, the document without spaces.
    fn bytes(self) -> Result<Bytes, String> {
        let mut text = self.document.to_string().into_bytes();
        for (at, written) in self.written.iter().enumerate() {
            let quoted = Value::String(stand_in(at)).to_string();
            let found: Vec<usize> = memchr::memmem::find_iter(&text, &quoted).collect();
            let [at] = found[..] else {
                return Err("the reply has the words that stand in for a change".into());
            };
            text.splice(at..at + quoted.len(), written.iter().copied());
        }
        Ok([&self.before[..], &text, &self.behind].concat().into())
    }
}

/// What stands in for a value that is no JSON; of a character that nobody uses in a reply.
fn stand_in(number: usize) -> String {
    format!("\u{e000}{number}\u{e000}")
}

fn parent_of<'d>(document: &'d Value, pointer: &str) -> Option<&'d Value> {
    let (parent, _) = pointer.rsplit_once('/')?;
    document.pointer(parent).filter(|parent| parent.is_object() || document.pointer(pointer).is_some())
}

fn put(document: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    if let Some(old) = document.pointer_mut(pointer) {
        *old = value;
        return Ok(());
    }
    let (fields, name) = parent(document, pointer)?;
    fields.insert(name, value);
    Ok(())
}

fn remove(document: &mut Value, pointer: &str) -> Result<(), String> {
    let (fields, name) = parent(document, pointer)?;
    fields.shift_remove(&name).map(drop).ok_or_else(|| format!("`{pointer}` is no field"))
}

fn parent<'d>(
    document: &'d mut Value,
    pointer: &str,
) -> Result<(&'d mut serde_json::Map<String, Value>, String), String> {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    let fields = document.pointer_mut(parent).and_then(Value::as_object_mut);
    Ok((fields.ok_or_else(|| format!("`{pointer}` is no field"))?, name.to_owned()))
}

fn list<'d>(document: &'d mut Value, pointer: &str) -> Result<&'d mut Vec<Value>, String> {
    let list = document.pointer_mut(pointer).and_then(Value::as_array_mut);
    list.ok_or_else(|| format!("`{pointer}` is no list"))
}
