//! Plays a fault's program over the healthy reply.

mod edit;
mod event_edit;
mod event_form;
mod events;
mod head;
mod reply;
pub(super) mod upload;
mod words;

use std::time::Duration;

use bytes::Bytes;

use super::{Answer, Head, Score, Step, recode};
use crate::dialect::{Dialect, Healthy, Scene};
use crate::fault::{Bindings, Op, Refusal, TlsOp};
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
            Op::Tls(TlsOp::CloseUnannounced) => score.last(Step::CloseUnannounced),
            Op::Reset => score.last(Step::Reset),
            Op::Hang => score.last(Step::Hang),
            Op::Refusal(refusal) => {
                let Answer { dialect, scene, .. } = *stage.answer;
                self::refusal(score, refusal, bindings, dialect, scene);
            }
            Op::Idle => score.idle(),
            Op::AwaitReuse => score.then(Step::AwaitReuse),
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

fn refusal(score: &mut Score<'_>, op: &Refusal, bindings: &Bindings, dialect: Dialect, scene: Scene<'_>) {
    let status = u16::try_from(op.status.value(bindings)).unwrap_or_default();
    let own = dialect.refusal(status, &scene);
    let mut headers = own.headers.clone();
    if op.closing {
        headers.set("connection", "close");
    }
    score.whole(Head::new(own.status, None, headers), &own.body());
    score.decide_first();
    if op.closing {
        score.settle();
    }
}

fn play_over_reply(score: &mut Score<'_>, op: &Op, stage: &Stage<'_>) -> Result<(), String> {
    let Stage { bindings, answer } = stage;
    match op {
        Op::Reply(reply) => reply::play(score, reply, stage)?,
        Op::WaitOneIn { replies, time } => {
            if answer.scene.serial.is_multiple_of(replies.value(bindings).max(1)) {
                score.wait(Duration::from_millis(time.value(bindings)));
            }
        }
        Op::Head(head) => head::play(score, head, bindings),
        Op::Body(extent) => score.body(*extent),
        Op::Events(span) => events::events(score, span, bindings)?,
        Op::Event(event) => events::in_stream(score, event, answer)?,
        Op::BareBody(extent) => score.bare_body(*extent),
        Op::Chunk(chunk) => head::chunk(score, chunk),
        Op::Recode(recoding) => recode::play(score, recoding, bindings)?,
        Op::Keep => score.keep(),
        Op::HalfEvent => score.half_event(),
        Op::EventPart(part) => events::part(score, part, bindings)?,
        Op::EventsAs(form) => events::in_form(score, form, bindings)?,
        Op::EventAs(edit) => events::edited(score, edit, bindings, answer)?,
        Op::Skip(span) => events::spanned(score, span, bindings).map(drop)?,
        Op::Fragment(fragment) => events::fragment(score, fragment, bindings),
        Op::ForEver(for_ever) => events::for_ever(score, for_ever, bindings, answer)?,
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
        | Op::Idle
        | Op::AwaitReuse
        | Op::Refusal(_)
        | Op::Connection(_)
        | Op::Request(_)
        | Op::Http2(_)
        | Op::Tls(_) => {}
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
