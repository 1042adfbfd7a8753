//! Plays the operations over the events of a stream.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Map;

use super::{event_edit, event_form};
use crate::dialect::{Event, EventRole};
use crate::fault::{Bindings, EventPart, EventSpan, ForEver, Fragment, InStream};
use crate::step::{Answer, Score};

/// Writes the events of a span.
pub(super) fn events(score: &mut Score<'_>, span: &EventSpan, bindings: &Bindings) -> Result<(), String> {
    for event in spanned(score, span, bindings)? {
        score.foreign_event(&event.bytes);
    }
    Ok(())
}

/// The events of a span, which count as written from now on.
///
/// # Errors
/// The stream does not have them.
pub(super) fn spanned<'a>(
    score: &mut Score<'a>,
    span: &EventSpan,
    bindings: &Bindings,
) -> Result<&'a [Event], String> {
    let coming = score.coming();
    let up_to = |fits: &dyn Fn(EventRole) -> bool| coming.iter().take_while(|event| fits(event.role)).count();
    let count = match span {
        EventSpan::Next(count) => up_to(&|role| role == EventRole::Part).min(size(count.value(bindings))),
        EventSpan::Exactly(count) => {
            let count = size(count.value(bindings));
            if count > coming.len() {
                return Err(format!("the stream has no {count} events here"));
            }
            count
        }
        EventSpan::UntilType(name) => {
            let at = coming.iter().position(|event| event_edit::is_type(&event.bytes, name));
            at.ok_or_else(|| format!("the stream has no event `{name}` here"))?
        }
        EventSpan::UntilFinish => up_to(&|role| role == EventRole::Part),
        EventSpan::UntilDone if !score.has_end_mark() => {
            return Err("the stream has no mark at its end that could be missing".into());
        }
        EventSpan::UntilDone => up_to(&|role| role != EventRole::Done),
        EventSpan::Rest => coming.len(),
    };
    score.pass(count);
    Ok(&coming[..count])
}

/// Writes an event that is not in the healthy stream.
pub(super) fn in_stream(score: &mut Score<'_>, event: &InStream, answer: &Answer<'_>) -> Result<(), String> {
    let (dialect, stream) = (answer.dialect, score.stream());
    let bytes = match event {
        InStream::Error => dialect.error_event(&Map::new(), &stream, &answer.scene),
        InStream::ErrorWith(fields) => dialect.error_event(fields, &stream, &answer.scene),
        InStream::Data(text) => dialect.data_event(text, &stream),
        InStream::Verbatim(text) => Bytes::copy_from_slice(text.as_bytes()),
        InStream::Ending(how) => {
            let event = dialect.ending(*how, &stream, &answer.scene);
            event.ok_or_else(|| format!("no stream here ends as {how:?}"))?
        }
        InStream::Again => score.latest_event().ok_or("no event was written that could come again")?,
    };
    score.foreign_event(&bytes);
    Ok(())
}

/// Writes a part of the next event.
pub(super) fn part(score: &mut Score<'_>, part: &EventPart, bindings: &Bindings) -> Result<(), String> {
    if matches!(part, EventPart::IntoCharacter) {
        let wide = |event: &Event| into_character(&event.bytes).is_some();
        let at =
            score.coming().iter().position(wide).ok_or("the stream has no character of several bytes")?;
        for event in &score.coming()[..at] {
            score.foreign_event(&event.bytes);
        }
        score.pass(at);
    }
    let event = score.coming().first().ok_or("the stream has no event left that could break off")?;
    let most = event.bytes.len().saturating_sub(1);
    let length = match part {
        EventPart::Bytes(count) => size(count.value(bindings)).min(most),
        EventPart::IntoCharacter => into_character(&event.bytes).unwrap_or(most),
    };
    score.fragment(&event.bytes.slice(..length));
    Ok(())
}

/// How many bytes there are up to the first byte, included, of the first character that has several.
fn into_character(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| !byte.is_ascii()).map(|at| at + 1)
}

/// Writes bytes that complete no event.
pub(super) fn fragment(score: &mut Score<'_>, fragment: &Fragment, bindings: &Bindings) {
    let bytes = match fragment {
        Fragment::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
        Fragment::Hex(hex) => Bytes::copy_from_slice(hex.bytes()),
        Fragment::Filler(count) => Bytes::from(vec![b'x'; size(count.value(bindings))]),
    };
    score.fragment(&bytes);
}

/// Writes the same again and again.
pub(super) fn for_ever(
    score: &mut Score<'_>,
    for_ever: &ForEver,
    bindings: &Bindings,
    answer: &Answer<'_>,
) -> Result<(), String> {
    let begun = score.mark();
    super::play(score, &for_ever.of, &super::Stage { bindings, answer })?;
    score.repeat_since(begun, Duration::from_millis(for_ever.every.value(bindings)))
}

/// Writes the next events in another form.
pub(super) use event_form::play as in_form;

/// Writes the next event with other content.
pub(super) use event_edit::play as edited;

/// A number as a size in memory.
pub(super) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
