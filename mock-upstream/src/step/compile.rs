//! From a turn and the request that it answers to steps.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::{Head, Plan, Score, Step, frame, program};
use crate::dialect::{Content, Dialect, EventRole, Healthy, Scene};
use crate::fault::{Bindings, Catalogue, Lane, Op, Strikes};
use crate::script::{
    AfterEvents, EventsPlay, FaultPlay, Headers, NamedPlay, Play, Reply, Request, StatusPlay, Turn,
};

/// Everything that a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What the script says.
    pub turn: &'a Turn,
    /// The request.
    pub request: &'a Request,
    /// The provider's dialect.
    pub dialect: Dialect,
    /// The provider and the moment.
    pub scene: Scene<'a>,
}

/// Turns what the script says into steps.
pub fn compile(answer: &Answer<'_>) -> Plan {
    let answer = &Answer { dialect: answer.dialect.speaking_to(answer.request), ..*answer };
    match &answer.turn.play {
        Play::Ok(reply) => ok(answer, reply),
        Play::Status(status) => self::status(answer, status),
        Play::Named(named) => self::named(answer, named),
        Play::Events(events) => self::events(answer, events),
        Play::Fault(fault) => self::fault(answer, fault),
    }
}

/// The loud reply to a request that no script answers.
pub fn unscripted(request: &Request, unix_time: u64, why: &str) -> Plan {
    loud(request, unix_time, "mock_upstream_unscripted", why)
}

fn ok(answer: &Answer<'_>, reply: &Reply) -> Plan {
    let mut healthy = answer.dialect.healthy(answer.request, reply, &answer.scene);
    let head = Head::new(healthy.status, None, std::mem::take(&mut healthy.headers));
    let mut score = score(answer, &healthy);
    score.decisive_holds(&answer.turn.hold);
    score.whole_healthy(head);
    Plan { instead: healthy.refused.clone(), ..score.plan() }
}

fn status(answer: &Answer<'_>, play: &StatusPlay) -> Plan {
    let own = answer.dialect.refusal(play.status, &answer.scene);
    let mut headers = own.headers.clone();
    let body = play.body.as_ref().map_or_else(
        || own.body(),
        |body| {
            headers.set("content-type", body.content_type());
            body.bytes()
        },
    );
    headers.override_with(&play.headers);
    let mut score = score(answer, &own);
    score.decisive_holds(&answer.turn.hold);
    score.written(Head::new(play.status, play.reason.as_deref(), headers), &body, play.written);
    score.plan()
}

fn named(answer: &Answer<'_>, play: &NamedPlay) -> Plan {
    let Some(mut own) = answer.dialect.error(&play.reply, &answer.scene) else {
        return inapplicable(answer, &format!("no provider here documents an error named `{}`", play.reply));
    };
    own.headers.override_with(&play.headers);
    let mut score = score(answer, &own);
    score.decisive_holds(&answer.turn.hold);
    score.whole(Head::new(own.status, None, own.headers.clone()), &own.body());
    score.plan()
}

fn events(answer: &Answer<'_>, play: &EventsPlay) -> Plan {
    let healthy = answer.dialect.healthy(answer.request, &play.reply, &answer.scene);
    if healthy.lane() == Lane::Plain {
        let why = "the script plays events, and the request asks for a plain reply";
        return inapplicable(answer, healthy.refused.as_deref().unwrap_or(why));
    }
    let mut score = score(answer, &healthy);
    score.decisive_holds(&answer.turn.hold);
    score.head(Head::new(healthy.status, None, healthy.headers.clone()), frame::Framing::Chunked);
    score.events(|role| role == EventRole::Part, usize::try_from(play.events).unwrap_or(usize::MAX));
    score.decisive_holds(&play.hold);
    match &play.then {
        AfterEvents::Finish => {
            score.events(|_| true, usize::MAX);
            score.end();
        }
        AfterEvents::Cut => score.last(Step::Close),
        AfterEvents::End => score.end(),
        AfterEvents::Reset => {
            score.wait(RESET_PAUSE);
            score.last(Step::Reset);
        }
        AfterEvents::Stall => score.last(Step::Hang),
        AfterEvents::ErrorEvent(event) => {
            score.foreign_event(&answer.dialect.error_event(&event.error, &score.stream(), &answer.scene));
            score.decide();
            score.end();
        }
    }
    score.plan()
}

/// Time for the peer to read what came before a reset, which some systems discard.
const RESET_PAUSE: Duration = Duration::from_millis(20);

fn fault(answer: &Answer<'_>, play: &FaultPlay) -> Plan {
    let Some(fault) = Catalogue::shipped().get(&play.name) else {
        return inapplicable(answer, &format!("there is no fault `{}`", play.name));
    };
    let healthy = answer.dialect.healthy(answer.request, &play.reply.given(&fault.given), &answer.scene);
    let lane = healthy.lane();
    let played = match (fault.program(lane), fault.bind(&play.params)) {
        (_, Err(error)) => Err(error.to_string()),
        _ if fault.strikes.needs_provider() => {
            Err(format!("the fault `{}` is imposed on a provider, not played by a turn", fault.id))
        }
        _ if !fault.happens_in(&answer.dialect.to_string()) => Err(format!(
            "the fault `{}` happens in {} alone, and the provider speaks {}",
            fault.id,
            fault.dialects.join(" and "),
            answer.dialect
        )),
        (None, _) => Err(format!("the fault `{}` cannot strike a {lane:?} reply", fault.id)),
        (Some(program), Ok(bindings)) => {
            let stage = program::Stage { bindings: &bindings, answer };
            program::prepared(program, healthy.clone(), &play.reply, &stage).and_then(|prepared| {
                let mut score = score(answer, &prepared);
                score.holds(&answer.turn.hold);
                program::play(&mut score, program, &stage)?;
                if fault.strikes == Strikes::Head {
                    score.strikes_in_the_head();
                }
                if !score.is_decided() {
                    score.estranged_from(whole(answer, &healthy));
                }
                Ok(score.plan())
            })
        }
    };
    let plan = played.unwrap_or_else(|why| inapplicable(answer, healthy.refused.as_deref().unwrap_or(&why)));
    Plan { fault: Some(fault.id.clone()), ..plan }
}

/// What is done to a request of which the head has been read, and perhaps a part of its body.
pub(crate) fn strike(
    program: &[Op],
    bindings: &Bindings,
    request: &Request,
    dialect: Dialect,
    scene: Scene<'_>,
) -> Plan {
    let nothing = nothing();
    let mut score = Score::new(&nothing, request, scene.unix_time);
    let dialect = dialect.speaking_to(request);
    match program::upload::play(&mut score, program, bindings, dialect, scene) {
        Ok(()) => score.plan(),
        Err(why) => loud(request, scene.unix_time, "mock_upstream_inapplicable", &why),
    }
}

/// The healthy reply, nothing done to it.
fn whole<'a>(answer: &Answer<'a>, healthy: &'a Healthy) -> Score<'a> {
    let mut score = score(answer, healthy);
    score.whole_healthy(Head::new(healthy.status, None, healthy.headers.clone()));
    score
}

fn score<'a>(answer: &Answer<'a>, healthy: &'a Healthy) -> Score<'a> {
    Score::new(healthy, answer.request, answer.scene.unix_time)
}

fn inapplicable(answer: &Answer<'_>, why: &str) -> Plan {
    loud(answer.request, answer.scene.unix_time, "mock_upstream_inapplicable", why)
}

fn loud(request: &Request, unix_time: u64, kind: &str, why: &str) -> Plan {
    let error = json!({"error": {"message": why, "type": kind, "param": null, "code": kind}});
    let body = Bytes::from(error.to_string());
    let nothing = nothing();
    let mut score = Score::new(&nothing, request, unix_time);
    score.whole(Head::new(501, None, nothing.headers.clone()), &body);
    Plan { instead: Some(why.to_owned()), ..score.plan() }
}

/// The reply under which there is none.
fn nothing() -> Healthy {
    Healthy {
        status: 501,
        headers: Headers::from_iter([("content-type", "application/json")]),
        content: Content::Whole(Bytes::new()),
        refused: None,
    }
}
