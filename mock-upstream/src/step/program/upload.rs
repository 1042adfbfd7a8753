//! Plays a fault's program to a request whose body is still to come.

use std::time::Duration;

use bytes::Bytes;

use crate::dialect::{Dialect, Scene};
use crate::fault::{Bindings, Op, RequestOp};
use crate::step::{Score, Step};

/// Plays the operations in order.
///
/// # Errors
/// One of them needs the whole request.
pub(in crate::step) fn play(
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
            Op::Refusal(refusal) => super::refusal(score, refusal, bindings, dialect, scene),
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
