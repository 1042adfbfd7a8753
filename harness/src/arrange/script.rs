//! From the written turns to the mock's script, every reference resolved.

use std::collections::BTreeMap;
use std::time::Duration;

use mock_upstream::fault::{Catalogue, Premise};
use mock_upstream::script as mock;
use serde_json::Value as Json;

use crate::arrange::request::text;
use crate::spec::case::{Hold, Play, Then, Turn};
use crate::spec::language::value::{Missing, Names};

/// Compiles turns into a script whose last turn repeats; `answer` is what its healthy replies say, and `late` how late this
/// machine is known to wake who waits.
///
/// # Errors
/// A reference that nothing is bound to, or a turn that the mock cannot play.
pub fn compile(
    turns: &[Turn],
    names: &dyn Names,
    limits: &[(String, Duration)],
    late: Duration,
    answer: &str,
) -> Result<mock::Script, Missing> {
    let turns = turns
        .iter()
        .map(|turn| compiled(turn, names, limits, late, answer))
        .collect::<Result<Vec<_>, _>>()?;
    let script = mock::Script::of(turns);
    script.check().map_err(|error| Missing(error.to_string()))?;
    Ok(script)
}

/// What the fault finds to strike: the case's own answer, and what it needs beside.
fn prey(fault: &str, answer: &str) -> mock::Reply {
    let Some(Premise { answer: more, tool_calls }) =
        Catalogue::shipped().get(fault).map(|fault| &fault.given)
    else {
        return reply(answer);
    };
    if !tool_calls.is_empty() {
        return mock::Reply { tool_calls: tool_calls.clone(), ..mock::Reply::default() };
    }
    reply(&more.as_ref().map_or_else(|| answer.to_owned(), |more| format!("{answer} {more}")))
}

/// The script of a provider about which a case says nothing.
pub fn healthy(answer: &str) -> mock::Script {
    mock::Script::of([mock::Turn::play(mock::Play::Ok(reply(answer)))])
}

fn compiled(
    turn: &Turn,
    names: &dyn Names,
    limits: &[(String, Duration)],
    late: Duration,
    answer: &str,
) -> Result<mock::Turn, Missing> {
    let hold = turn.hold.iter().map(|hold| held(hold, limits, late)).collect::<Result<Vec<_>, _>>()?;
    let play = match &turn.play {
        Play::Ok(patch) => mock::Play::Ok(healthy_reply(patch.resolve(names)?, answer)?),
        Play::Status { status, reason, headers, body } => mock::Play::Status(mock::StatusPlay {
            status: number(&status.resolve(names)?, "a status")?,
            reason: reason
                .as_ref()
                .map(|reason| reason.resolve(names))
                .transpose()?
                .map(|reason| text(&reason)),
            headers: resolved(headers, names)?
                .into_iter()
                .map(|(name, value)| (name, text(&value)))
                .collect(),
            body: body.as_ref().map(|body| body.resolve(names)).transpose()?.map(content),
            written: mock::Written::Whole,
        }),
        Play::Events { count, between, then } => mock::Play::Events(mock::EventsPlay {
            events: number(&count.resolve(names)?, "a number of events")?,
            hold: between.iter().map(|hold| held(hold, limits, late)).collect::<Result<Vec<_>, _>>()?,
            then: afterwards(then, names)?,
            reply: reply(answer),
        }),
        Play::Fault { name, params } => {
            let name = text(&name.resolve(names)?);
            let params = resolved(params, names)?.into_iter().collect::<BTreeMap<_, _>>();
            mock::Play::Fault(mock::FaultPlay { reply: prey(&name, answer), name, params })
        }
    };
    Ok(mock::Turn { hold, spare: turn.spare, ..mock::Turn::play(play) })
}

/// Client, gateway and mock each may be woken late, which all comes on top of a hold: one that ends just inside a limit ends
/// so much sooner, but not sooner than at half of it.
fn held(hold: &Hold, limits: &[(String, Duration)], late: Duration) -> Result<mock::Hold, Missing> {
    Ok(match hold {
        Hold::For(duration) => mock::Hold::For(*duration),
        Hold::Limit { limit, inside } => {
            let length = limits.iter().find(|(name, _)| **name == ***limit).map(|(_, length)| *length);
            let length = length.ok_or_else(|| Missing(format!("nothing declares the limit `{limit}`")))?;
            let margin = (length / 10).max(Duration::from_millis(100));
            let sooner = margin.max(Duration::from_millis(100) + late * 3).min(length / 2);
            mock::Hold::For(if *inside { length.saturating_sub(sooner) } else { length + margin })
        }
        Hold::Until { moment, at_most } => {
            mock::Hold::Until(mock::Gate { gate: moment.value.to_string(), at_most: *at_most })
        }
    })
}

fn afterwards(then: &Then, names: &dyn Names) -> Result<mock::AfterEvents, Missing> {
    Ok(match then {
        Then::Finish => mock::AfterEvents::Finish,
        Then::Cut => mock::AfterEvents::Cut,
        Then::Reset => mock::AfterEvents::Reset,
        Then::Stall => mock::AfterEvents::Stall,
        Then::End => mock::AfterEvents::End,
        Then::ErrorEvent(body) => match body.resolve(names)? {
            Json::Object(error) => mock::AfterEvents::ErrorEvent(mock::ErrorEvent { error }),
            other => return Err(Missing(format!("an error event carries a map of fields, not {other}"))),
        },
    })
}

fn healthy_reply(patch: Json, answer: &str) -> Result<mock::Reply, Missing> {
    let mut patched: mock::Reply =
        serde_json::from_value(patch).map_err(|error| Missing(format!("not a healthy reply: {error}")))?;
    patched.answer.get_or_insert_with(|| answer.to_owned());
    Ok(patched)
}

fn reply(answer: &str) -> mock::Reply {
    mock::Reply { answer: Some(answer.to_owned()), ..mock::Reply::default() }
}

fn content(body: Json) -> mock::Body {
    match body {
        Json::String(text) => mock::Body::Text(text),
        json => mock::Body::Json(json),
    }
}

fn resolved(
    entries: &[(String, crate::spec::language::value::Value)],
    names: &dyn Names,
) -> Result<Vec<(String, Json)>, Missing> {
    entries.iter().map(|(name, value)| Ok((name.clone(), value.resolve(names)?))).collect()
}

fn number<N: TryFrom<u64>>(value: &Json, what: &str) -> Result<N, Missing> {
    value
        .as_u64()
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| Missing(format!("{value} is not {what}")))
}

/// The script of a provider that fails every request.
pub fn failing() -> mock::Script {
    mock::Script::of([mock::Turn::play(mock::Play::Status(mock::StatusPlay::of(500)))])
}
