//! Plays a fault's program over the healthy reply.

mod edit;
mod head;
mod reply;
mod words;

use std::time::Duration;

use bytes::Bytes;

use super::{Answer, Head, Score, Step, recode};
use crate::dialect::{EventRole, Healthy};
use crate::fault::{Bindings, EventSpan, InStream, Op};
use crate::script::Reply;

/// What a program is played with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'a> {
    /// The parameters.
    pub(super) bindings: &'a Bindings,
    /// The turn, the request and the provider.
    pub(super) answer: &'a Answer<'a>,
}

/// The healthy reply as the program wants it.
///
/// # Errors
/// Why the program has nothing to change in it.
pub(super) fn prepared(
    program: &[Op],
    healthy: Healthy,
    reply: &Reply,
    stage: &Stage<'_>,
) -> Result<Healthy, String> {
    let mut healthy = healthy;
    if healthy.refused.is_some() {
        return Ok(healthy);
    }
    let mut reply = reply.clone();
    for op in program {
        match op {
            Op::Answer(says) => {
                reply = edit::said(&reply, says);
                let other = stage.answer.dialect.healthy(stage.answer.request, &reply, &stage.answer.scene);
                if other == healthy {
                    return Err("the reply to this request says nothing of that kind".into());
                }
                healthy = other;
            }
            Op::Edit(edits) => healthy = edit::edited(healthy, edits, stage)?,
            _ => break,
        }
    }
    Ok(healthy)
}

/// Plays the operations in order.
///
/// # Errors
/// Why the program cannot be played to this request.
pub(super) fn play(score: &mut Score<'_>, program: &[Op], stage: &Stage<'_>) -> Result<(), String> {
    let bindings = stage.bindings;
    for op in program {
        match op {
            Op::Wait(time) => score.wait(Duration::from_millis(time.value(bindings))),
            Op::Raw(text) => score.raw(Bytes::copy_from_slice(text.as_bytes())),
            Op::RawHex(digits) => score.raw(hex(digits)?),
            Op::RawFill { text, times } => score.raw(fill(text, times.value(bindings))),
            Op::Close => score.last(Step::Close),
            Op::Reset => score.last(Step::Reset),
            Op::Hang => score.last(Step::Hang),
            Op::Refuse => return Err("a refused connection is played by the provider, not by a turn".into()),
            over_the_reply => {
                if let Some(why) = &score.healthy().refused {
                    return Err(why.clone());
                }
                play_over_reply(score, over_the_reply, stage)?;
            }
        }
    }
    Ok(())
}

fn play_over_reply(score: &mut Score<'_>, op: &Op, stage: &Stage<'_>) -> Result<(), String> {
    let Stage { bindings, answer } = stage;
    match op {
        Op::Reply(reply) => reply::play(score, reply, stage)?,
        Op::Head(head) => head::play(score, head, bindings),
        Op::Body(extent) => score.body(*extent),
        Op::Events(span) => events(score, span, bindings)?,
        Op::Event(InStream::Error) => {
            let event = answer.dialect.error_event(&serde_json::Map::new(), &score.stream(), &answer.scene);
            score.foreign_event(&event);
        }
        Op::BareBody(extent) => score.bare_body(*extent),
        Op::Chunk(chunk) => head::chunk(score, chunk),
        Op::Recode(recoding) => recode::play(score, recoding, bindings)?,
        Op::Keep => score.keep(),
        Op::Event(InStream::Data(text)) => {
            score.foreign_event(&answer.dialect.data_event(text, &score.stream()));
        }
        Op::Event(InStream::Ending(how)) => {
            let event = answer.dialect.ending(*how, &score.stream(), &answer.scene);
            score.foreign_event(&event.ok_or_else(|| format!("no stream here ends as {how:?}"))?);
        }
        Op::HalfEvent => score.half_event(),
        Op::Drip { every, bytes } => {
            let size = usize::try_from(bytes.value(bindings)).unwrap_or(usize::MAX);
            score.drip(Duration::from_millis(every.value(bindings)), size);
        }
        Op::End => score.end(),
        Op::Answer(_)
        | Op::Edit(_)
        | Op::Wait(_)
        | Op::Raw(_)
        | Op::RawHex(_)
        | Op::RawFill { .. }
        | Op::Close
        | Op::Reset
        | Op::Hang
        | Op::Refuse => {}
    }
    Ok(())
}

fn events(score: &mut Score<'_>, span: &EventSpan, bindings: &Bindings) -> Result<(), String> {
    match span {
        EventSpan::Next(count) => {
            let count = usize::try_from(count.value(bindings)).unwrap_or(usize::MAX);
            score.events(|role| role == EventRole::Part, count);
        }
        EventSpan::UntilFinish => score.events(|role| role == EventRole::Part, usize::MAX),
        EventSpan::UntilDone if !score.has_end_mark() => {
            return Err("the stream has no mark at its end that could be missing".into());
        }
        EventSpan::UntilDone => score.events(|role| role != EventRole::Done, usize::MAX),
        EventSpan::Rest => score.events(|_| true, usize::MAX),
    }
    Ok(())
}

fn head_of(score: &Score<'_>) -> Head {
    let healthy = score.healthy();
    Head::new(healthy.status, None, healthy.headers.clone())
}

fn hex(digits: &str) -> Result<Bytes, String> {
    let digits: Vec<u8> = digits.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    bytes.map(Bytes::from).ok_or_else(|| "not hexadecimal digits".to_owned())
}

fn fill(text: &str, times: u64) -> Bytes {
    Bytes::from(text.repeat(usize::try_from(times).unwrap_or(usize::MAX)))
}
