//! A suspect is asked again by itself, on a gateway that was just seen to be well: cool-downs, breakers and neighbours make
//! an answer wrong that is right.

use std::time::Duration;

use crate::arrange::Setting;
use crate::arrange::hooks;
use crate::fuzz::finding::{Answered, Found, Signature, Suspect};
use crate::fuzz::ground::Ground;
use crate::fuzz::shrink;
use crate::fuzz::worker::{Line, Performed};
use crate::generate::campaign::Case;
use crate::run::stage::guard::foreign;

/// Looks into a suspect: the finding, made as simple as can be, where it comes back.
///
/// # Errors
/// In words, when the gateway is not well any more, or the mock cannot be asked.
pub async fn look_into(line: &mut Line<'_, '_>, suspect: Suspect) -> Result<Option<Found>, String> {
    let ground = line.ground;
    let _alone = ground.gates[line.instance].write().await;
    line.kept.close();
    well(line).await?;
    let Some(first) = shows(line, &suspect.case, &suspect.signature).await? else { return Ok(None) };
    if first.foreign {
        ground.stage.stop(foreign(
            &first.suspects.first().map_or_else(String::new, |(signature, _)| signature.label.clone()),
        ));
        return Ok(None);
    }
    let (simple, probes) = shrink::simplest(line, &suspect, first).await?;
    // What is said is what came back the last time it was asked.
    well(line).await?;
    let last = match shows(line, &simple.case, &suspect.signature).await? {
        Some(last) => last,
        None => return Ok(None),
    };
    Ok(Some(found(suspect, last, probes)))
}

/// Sends a case by itself; what came of it, where the signature is among it.
pub async fn shows(
    line: &mut Line<'_, '_>,
    case: &Case,
    signature: &Signature,
) -> Result<Option<Performed>, String> {
    let performed = line.perform(vec![case.clone()], true).await?.pop();
    Ok(performed.filter(|performed| performed.suspects.iter().any(|(known, _)| known == signature)))
}

/// Waits until the gateway serves a plain request through the mock, resetting it where the target says how.
///
/// # Errors
/// In words, when it does not.
pub async fn well(line: &mut Line<'_, '_>) -> Result<(), String> {
    let mut last = String::new();
    for attempt in 0..MOST_WAITS {
        match is_well(line).await? {
            None => return Ok(()),
            Some(why) => last = why,
        }
        line.kept.close();
        reset(line.ground, line.instance).await;
        if attempt > 0 {
            tokio::time::sleep(WAIT).await;
        }
    }
    Err(format!(
        "the gateway does not serve a plain request any more ({last}): what it answers after that says nothing"
    ))
}

/// What came back instead of a success that the mock gave; none where it did.
async fn is_well(line: &mut Line<'_, '_>) -> Result<Option<String>, String> {
    let case = line.ground.plain();
    let performed = line.perform(vec![case], true).await?;
    let unwell = performed.iter().flat_map(|performed| &performed.observed).find_map(|observed| {
        let status = observed.exchange.head.as_ref().map(|head| head.status);
        let served =
            status.is_some_and(|status| (200..300).contains(&status)) && !observed.attempts.is_empty();
        let body = String::from_utf8_lossy(&observed.exchange.body[..observed.exchange.body.len().min(200)]);
        let status =
            status.map_or_else(|| format!("{:?}", observed.exchange.end), |status| status.to_string());
        (!served).then(|| format!("{status}, {} requests upstream: {body}", observed.attempts.len()))
    });
    Ok(unwell)
}

async fn reset(ground: &Ground<'_>, instance: usize) {
    let Some(call) = &ground.running.written.reset else { return };
    let instance = &ground.running.instances[instance];
    let names = ground.names(instance);
    let setting =
        Setting { names: &names, base_dir: &ground.stage.options.base_dir, mask: &ground.stage.mask };
    // Whether it helped is seen by the next plain request.
    let _ = ground.stage.admin.perform(instance.gateway.base_url(), call, &setting, hooks::DEADLINE).await;
}

fn found(suspect: Suspect, last: Performed, probes: Option<u32>) -> Found {
    let finding = last.suspects.iter().find(|(known, _)| *known == suspect.signature);
    let finding = finding.map_or(suspect.finding, |(_, finding)| finding.clone());
    let answer = last.observed.last().map(|observed| {
        let exchange = &observed.exchange;
        let head = exchange.head.as_ref();
        let headers = head.map(|head| head.headers.as_slice()).unwrap_or_default();
        let status = head.map(|head| head.status);
        let played = observed.attempts.last().and_then(|attempt| attempt.played.as_ref());
        Answered {
            status,
            handed_on: status.is_some_and(|status| {
                status >= 400 && played.is_some_and(|played| played.status == Some(status))
            }),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
                .collect(),
            body: String::from_utf8_lossy(&exchange.body[..exchange.body.len().min(2000)]).into_owned(),
            attempts: observed.attempts.len(),
        }
    });
    Found {
        signature: suspect.signature,
        finding,
        number: suspect.case.number,
        phase: suspect.case.phase,
        times: 1,
        requests: last.observed.iter().map(|observed| observed.exchange.request.clone()).collect(),
        script: last.script.as_ref().and_then(|script| serde_json::to_value(script).ok()),
        answer: answer.unwrap_or_default(),
        shrunk_by: probes,
        case: last.case,
    }
}

/// How often a gateway that is not well is asked again, and how long is waited in between.
const MOST_WAITS: u32 = 6;
const WAIT: Duration = Duration::from_millis(500);
