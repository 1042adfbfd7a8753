//! Whole replies with a status, fields and a body of their own.

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::words::{spoken, spoken_in};
use super::{Stage, fill, hex};
use crate::dialect::Healthy;
use crate::fault::{Catalogue, Content, ErrorContent, Place, ReplyOp};
use crate::headers::Headers;
use crate::script::{Play, Reply, Request};
use crate::step::{Answer, Head, Score};

/// Writes the reply.
///
/// # Errors
/// A content that this reply cannot have.
pub(super) fn play(score: &mut Score<'_>, op: &ReplyOp, stage: &Stage<'_>) -> Result<(), String> {
    let healthy = score.healthy();
    let head = head(op, healthy, stage);
    if op.content == Content::Healthy {
        score.whole_healthy(head);
    } else {
        let body = body(&op.content, healthy, stage)?;
        score.whole(head, &body);
    }
    Ok(())
}

fn head(op: &ReplyOp, healthy: &Healthy, stage: &Stage<'_>) -> Head {
    let scripted = op.status.as_ref().map(|status| status_of(status.value(stage.bindings)));
    let (status, mut headers) = match (&op.content, scripted) {
        (Content::Error(content), scripted) => {
            let own = error(content, stage);
            (scripted.unwrap_or(own.status), own.headers)
        }
        (Content::Healthy, Some(status)) => (status, healthy.headers.clone()),
        (_, Some(status)) => (status, stage.answer.dialect.refusal(status, &stage.answer.scene).headers),
        (_, None) => (healthy.status, healthy.headers.clone()),
    };
    if let Content::Json(_) = op.content {
        headers.set("content-type", "application/json");
    }
    if let Some(content_type) = &op.content_type {
        headers.set("content-type", content_type);
    }
    for name in &op.without {
        headers.remove(name);
    }
    headers
        .override_with(&Headers::from_iter(op.set.iter().map(|(name, value)| (name, spoken(value, stage)))));
    Head::new(status, op.reason.as_deref(), headers)
}

/// The bytes of a content.
///
/// # Errors
/// A content that this reply cannot have.
pub(super) fn body(content: &Content, healthy: &Healthy, stage: &Stage<'_>) -> Result<Bytes, String> {
    let answer = stage.answer;
    Ok(match content {
        Content::Healthy => healthy.body(),
        Content::FirstHalf => {
            let healthy = healthy.body();
            healthy.slice(..(healthy.len() / 2).max(1).min(healthy.len()))
        }
        Content::Document => document(answer)?,
        Content::Empty => Bytes::new(),
        Content::NullAnswer => null_answer(&healthy.body(), stage)?,
        Content::ErrorObject => answer.dialect.refusal(500, &answer.scene).body(),
        Content::Error(content) => error(content, stage).body(),
        Content::Json(value) => Bytes::from(spoken_in(value, stage).to_string()),
        Content::Text(text) => Bytes::from(spoken(text, stage)),
        Content::Hex(digits) => hex(digits)?,
        Content::Fill { text, times } => fill(text, times.value(stage.bindings)),
        Content::Parts(parts) => {
            let mut all = BytesMut::new();
            for part in parts {
                all.extend_from_slice(&body(part, healthy, stage)?);
            }
            all.freeze()
        }
    })
}

fn error(content: &ErrorContent, stage: &Stage<'_>) -> Healthy {
    let (dialect, scene) = (stage.answer.dialect, &stage.answer.scene);
    let documented = content.name.as_ref().and_then(|name| dialect.error(name, scene));
    documented.unwrap_or_else(|| dialect.refusal(status_of(content.status.value(stage.bindings)), scene))
}

fn status_of(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn null_answer(healthy: &[u8], stage: &Stage<'_>) -> Result<Bytes, String> {
    let mut document: Value = serde_json::from_slice(healthy).map_err(|e| e.to_string())?;
    let places = stage.answer.dialect.places(Place::Answer, &document);
    if places.is_empty() {
        return Err("the healthy reply has no field for an answer".into());
    }
    for place in places {
        if let Some(value) = document.pointer_mut(&place) {
            *value = Value::Null;
        }
    }
    Ok(Bytes::from(document.to_string()))
}

/// What the request would get if it asked for no stream.
fn document(answer: &Answer<'_>) -> Result<Bytes, String> {
    let refused = || "this request does not ask for a stream by a field".to_owned();
    let mut asked: Value = serde_json::from_slice(&answer.request.body).map_err(|_| refused())?;
    *asked.get_mut("stream").ok_or_else(refused)? = false.into();
    let request = Request { body: Bytes::from(asked.to_string()), ..answer.request.clone() };
    let says = match &answer.turn.play {
        Play::Fault(play) => {
            let fault = Catalogue::shipped().get(&play.name);
            fault.map_or_else(|| play.reply.clone(), |fault| play.reply.given(&fault.given))
        }
        _ => Reply::default(),
    };
    Ok(answer.dialect.healthy(&request, &says, &answer.scene).body())
}
