//! Plays a fault's program over the healthy reply.

mod head;

use std::time::Duration;

use bytes::Bytes;

use super::{Answer, Head, Score, Step, recode};
use crate::dialect::{Dialect, EventRole, Scene};
use crate::fault::{self, Bindings, Content, EventSpan, InStream, Op, Refusal, ReplyOp, RequestOp, TlsOp};

/// Plays the operations in order.
///
/// # Errors
/// Why the program cannot be played to this request.
pub(super) fn play(
    score: &mut Score<'_>,
    program: &[Op],
    bindings: &Bindings,
    answer: &Answer<'_>,
) -> Result<(), String> {
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
            Op::Refusal(refusal) => self::refusal(score, refusal, bindings, answer.dialect, answer.scene),
            Op::Idle => score.idle(),
            Op::AwaitReuse => score.then(Step::AwaitReuse),
            over_the_reply => {
                if let Some(why) = &score.healthy().refused {
                    return Err(why.clone());
                }
                play_over_reply(score, over_the_reply, bindings, answer)?;
            }
        }
    }
    Ok(())
}

/// Plays the operations to a request whose body is still to come.
///
/// # Errors
/// One of them needs the whole request.
pub(super) fn play_before_body(
    score: &mut Score<'_>,
    program: &[Op],
    bindings: &Bindings,
    dialect: Dialect,
    scene: Scene<'_>,
) -> Result<(), String> {
    for op in program {
        match op {
            Op::Wait(time) => score.wait(Duration::from_millis(time.value(bindings))),
            Op::Raw(text) => score.raw(Bytes::copy_from_slice(text.as_bytes())),
            Op::Refusal(refusal) => self::refusal(score, refusal, bindings, dialect, scene),
            Op::Request(RequestOp::HalfClose) => score.last(Step::HalfClose),
            Op::Request(RequestOp::ReadRest) => score.then(Step::ReadRest),
            Op::Close => score.last(Step::Close),
            Op::Reset => score.last(Step::Reset),
            Op::Hang => score.then(Step::Hang),
            other => return Err(format!("{other:?} needs the whole request")),
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
    score.decide();
}

fn play_over_reply(
    score: &mut Score<'_>,
    op: &Op,
    bindings: &Bindings,
    answer: &Answer<'_>,
) -> Result<(), String> {
    match op {
        Op::Reply(reply) => self::reply(score, reply, answer)?,
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
        Op::Wait(_)
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
        | Op::Tls(_) => {}
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

fn reply(score: &mut Score<'_>, reply: &ReplyOp, answer: &Answer<'_>) -> Result<(), String> {
    let head = head_of(score, reply.content_type.as_deref());
    let healthy = score.healthy().body();
    let body = match &reply.content {
        Content::Healthy => {
            score.whole_healthy(head);
            return Ok(());
        }
        Content::FirstHalf => healthy.slice(..(healthy.len() / 2).max(1).min(healthy.len())),
        Content::Empty => Bytes::new(),
        Content::NullAnswer => null_answer(answer, &healthy)?,
        Content::ErrorObject => answer.dialect.refusal(500, &answer.scene).body(),
        Content::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
    };
    score.whole(head, &body);
    Ok(())
}

fn head_of(score: &Score<'_>, content_type: Option<&str>) -> Head {
    let healthy = score.healthy();
    let mut headers = healthy.headers.clone();
    if let Some(content_type) = content_type {
        headers.set("content-type", content_type);
    }
    Head::new(healthy.status, None, headers)
}

fn null_answer(answer: &Answer<'_>, healthy: &[u8]) -> Result<Bytes, String> {
    let mut document: serde_json::Value = serde_json::from_slice(healthy).map_err(|e| e.to_string())?;
    let places = answer.dialect.places(fault::Place::Answer, &document);
    if places.is_empty() {
        return Err("the healthy reply has no field for an answer".into());
    }
    for place in places {
        if let Some(value) = document.pointer_mut(&place) {
            *value = serde_json::Value::Null;
        }
    }
    Ok(Bytes::from(document.to_string()))
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
