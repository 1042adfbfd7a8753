//! How an imposed fault comes to strike a request whose body is still to come.

use std::time::Duration;

use tokio::time::sleep;

use super::record::Meeting;
use super::strike::{LIFTED, ended_by};
use crate::fault::{ConnectionOp, Op, RequestOp};
use crate::journal::Ended;
use crate::server::intake::{Body, Cut};
use crate::server::wire::Wire;

/// What becomes of the request.
pub(in crate::server) enum Approach {
    /// It is served like any other, having been struck or not.
    Served,
    /// It is struck: this is to be played.
    Strikes(&'static [Op]),
    /// Its body did not come as far as that.
    Over(Ended, Cut),
}

/// Does what comes before the strike.
pub(in crate::server) async fn approach(meeting: &Meeting, body: &mut Body, wire: &mut Wire) -> Approach {
    let mut program = meeting.active().fault.imposed();
    while let [Op::Request(op), rest @ ..] = program {
        let step = tokio::select! {
            biased;
            () = meeting.lifted() => Step::Spares(LIFTED),
            step = request(op, meeting, body, wire) => step,
        };
        match step {
            Step::GoesOn => program = rest,
            Step::Spares(why) => {
                meeting.note(|record| record.remark = Some(why.to_owned()));
                return Approach::Served;
            }
            Step::Over(cut) => {
                let ended = if let Cut::Left(left) = cut { ended_by(left) } else { Ended::ClosedByMock };
                return Approach::Over(ended, cut);
            }
            Step::Strikes => break,
        }
    }
    match program {
        [] | [Op::Connection(ConnectionOp::Served)] => {
            meeting.strikes(body.stored());
            Approach::Served
        }
        program => Approach::Strikes(program),
    }
}

enum Step {
    GoesOn,
    Strikes,
    Spares(&'static str),
    Over(Cut),
}

async fn request(op: &RequestOp, meeting: &Meeting, body: &mut Body, wire: &mut Wire) -> Step {
    let bindings = &meeting.active().bindings;
    match op {
        RequestOp::AwaitExpectation if body.is_awaited() => Step::GoesOn,
        RequestOp::AwaitExpectation => Step::Spares("the peer does not wait for 100 Continue"),
        RequestOp::Read(bytes) => {
            let bytes = bytes.value(bindings);
            body.invite(wire).await;
            match body.read_to(bytes, wire).await {
                Ok(()) if body.length() < bytes => Step::Spares("the body of the request is shorter"),
                Ok(()) => Step::GoesOn,
                Err(cut) => Step::Over(cut),
            }
        }
        RequestOp::ReadSlowly { every, bytes } => {
            // Who leaves meanwhile has seen it.
            meeting.strikes(body.stored());
            body.invite(wire).await;
            let pause = Duration::from_millis(every.value(bindings));
            slowly(body, wire, pause, bytes.value(bindings)).await.map_or_else(Step::Over, |()| Step::GoesOn)
        }
        RequestOp::ReadRest | RequestOp::HalfClose => Step::Strikes,
    }
}

async fn slowly(body: &mut Body, wire: &mut Wire, pause: Duration, bytes: u64) -> Result<(), Cut> {
    wire.hold_little();
    while !body.is_whole() {
        sleep(pause).await;
        body.read_to(body.length() + bytes, wire).await?;
    }
    Ok(())
}
