//! What came of a campaign: for people, by what most often is one cause, and as data.

mod cause;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use cause::{Cause, causes, size};

use crate::fuzz::engine::{Outcome, Progress};
use crate::fuzz::regression::{Regression, body_name};
use crate::report::console::printable::printable;
use crate::spec::contract::Level;
use crate::wire::exchange::Request;

/// One line of progress.
pub fn line(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = progress.requests as f64 / seconds;
    format!(
        "{:.0} s · {} cases · {rate:.0} requests/s · {} of {} labels · {} findings, {} advice",
        seconds, progress.cases, progress.labels.0, progress.labels.1, progress.musts, progress.shoulds
    )
}

/// Everything, for people. `stored` is the folder that the findings were written to, where they were.
pub fn console(outcome: &Outcome, stored: Option<&Path>, replay: &str) -> String {
    let mut text = format!(
        "fuzz {} against {}, seed {}\n{}\n",
        outcome.contract.0,
        outcome.target.0,
        outcome.seed,
        line(&outcome.progress)
    );
    let causes = causes(outcome);
    let (findings, advice): (Vec<_>, Vec<_>) = causes.iter().partition(|cause| cause.level() == Level::Must);
    for (heading, causes) in [(FINDINGS, &findings), (ADVICE, &advice)] {
        if !causes.is_empty() {
            let _ = writeln!(text, "\n{heading}");
        }
        for cause in causes {
            let _ = write!(text, "\n{}", told(outcome, cause, stored, replay));
        }
    }
    for (signature, times) in &outcome.unsteady {
        let _ = writeln!(
            text,
            "\nnot seen again when asked by itself ({times} times): {} {} {} {}",
            signature.operation, signature.label, signature.check, signature.seen
        );
    }
    if outcome.regressions.0 > 0 {
        let (asked, still) = outcome.regressions;
        let _ = writeln!(text, "\n{asked} regressions asked again, {still} still there");
    }
    let _ = writeln!(text, "\n{}", sentence(outcome, findings.len(), advice.len()));
    text
}

/// What came of generated cases behind a run: a line where nothing did.
pub fn beside(outcome: &Outcome) -> String {
    if outcome.found.is_empty() && outcome.stopped.is_none() && outcome.unsteady.is_empty() {
        let Outcome { contract, progress, seed, .. } = outcome;
        return format!(
            "fuzz {}: {} generated cases, seed {seed}, nothing found\n",
            contract.0, progress.cases
        );
    }
    console(outcome, None, "")
}

/// What it amounts to; of so many likely causes are the findings and the advice.
fn sentence(outcome: &Outcome, findings: usize, advice: usize) -> String {
    let counted = |found: usize, causes: usize| {
        format!("{found}, of {causes} likely {}", if causes == 1 { "cause" } else { "causes" })
    };
    let musts = match outcome.progress.musts {
        0 => "no finding".to_owned(),
        musts => format!("findings: {}", counted(musts, findings)),
    };
    let told = match outcome.progress.shoulds {
        0 => musts,
        shoulds => format!("{musts}; advice: {}", counted(shoulds, advice)),
    };
    match &outcome.stopped {
        Some(why) => format!("{told}; stopped: {why}"),
        None => told,
    }
}

fn told(outcome: &Outcome, cause: &Cause<'_>, stored: Option<&Path>, replay: &str) -> String {
    let found = cause.example;
    let sign = if cause.level() == Level::Must { "✗" } else { "!" };
    let claims = match found.finding.claims.as_slice() {
        [] => String::new(),
        claims => format!("  [{}]", claims.join(", ")),
    };
    let mut text = format!("{sign} {}: {} ({}){claims}\n", cause.kind, cause.answer(), cause.check);
    let _ = writeln!(text, "  expected  {}", printable(&found.finding.expected));
    let _ = writeln!(text, "  observed  {}", printable(&found.finding.observed));
    for (operation, labels) in &cause.labels() {
        let shown = labels.iter().take(SHOWN_LABELS).copied().collect::<Vec<_>>().join(", ");
        let more = if labels.len() > SHOWN_LABELS { ", …" } else { "" };
        let _ = writeln!(text, "  {operation:9} {} labels: {shown}{more}", labels.len());
    }
    if cause.alike > 0 {
        let _ = writeln!(text, "  alike     {} labels more, not asked again", cause.alike);
    }
    let _ = writeln!(
        text,
        "  seen      {} times; shown: {} {}, case {} ({})",
        cause.times(),
        found.signature.operation,
        found.signature.label,
        found.number,
        found.phase.word()
    );
    for request in &found.requests {
        let _ = writeln!(text, "  sent      {} {}", request.method, printable(&excerpt(&request.target)));
        let _ =
            writeln!(text, "            {}", printable(&excerpt(&String::from_utf8_lossy(&request.body))));
    }
    if let Some(script) = &found.script {
        let _ = writeln!(text, "  upstream  {}", printable(&excerpt(&script.to_string())));
    }
    let status = found.answer.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let _ = writeln!(
        text,
        "  got       {status}, {} upstream: {}",
        found.answer.attempts,
        printable(&excerpt(&found.answer.body))
    );
    if let Some(folder) = stored {
        let regression = Regression::of(outcome, found);
        let name = regression.name();
        let _ = writeln!(text, "  replay    {replay} {}", folder.join(format!("{name}.json")).display());
        for (at, request) in found.requests.iter().enumerate() {
            let _ = writeln!(text, "  curl      {}", curl(request, &folder.join(body_name(&name, at))));
        }
    }
    text
}

/// The request as a command; the key is read from the environment.
fn curl(request: &Request, body: &Path) -> String {
    let mut command = format!("curl -sS -X {}", request.method);
    for (name, value) in &request.headers {
        let lower = name.to_ascii_lowercase();
        let value = match lower.as_str() {
            "host" | "content-length" | "transfer-encoding" => continue,
            "authorization" => "Bearer $GATEWAY_KEY".to_owned(),
            "x-api-key" | "api-key" => "$GATEWAY_KEY".to_owned(),
            _ => value.replace('"', "\\\""),
        };
        let _ = write!(command, " -H \"{name}: {}\"", excerpt(&value));
    }
    if !request.body.is_empty() {
        let _ = write!(command, " --data-binary @{}", body.display());
    }
    format!("{command} \"$GATEWAY_URL{}\"", request.target)
}

fn excerpt(text: &str) -> String {
    let shown: String = text.chars().take(LONGEST_SHOWN).collect();
    match text.chars().nth(LONGEST_SHOWN) {
        Some(_) => format!("{shown}… ({} bytes)", text.len()),
        None => shown,
    }
}

/// The campaign as data.
pub fn data(outcome: &Outcome) -> Value {
    let found = outcome.found.iter().map(|found| {
        json!({
            "operation": found.signature.operation,
            "label": found.signature.label,
            "check": found.finding.check,
            "level": format!("{:?}", found.finding.level).to_lowercase(),
            "claims": found.finding.claims,
            "expected": found.finding.expected,
            "observed": found.finding.observed,
            "seen": found.signature.seen.to_string(),
            "times": found.times,
            "case": found.number,
            "phase": found.phase.word(),
            "bytes": size(found),
            "body": found.requests.first().map(|request| excerpt(&String::from_utf8_lossy(&request.body))),
            "status": found.answer.status,
            "probes": found.shrunk_by,
            "regression": found.case.stored,
        })
    });
    let causes = causes(outcome).into_iter().map(|cause| {
        json!({
            "kind": cause.kind,
            "check": cause.check,
            "seen": cause.example.signature.seen.to_string(),
            "level": format!("{:?}", cause.level()).to_lowercase(),
            "labels": cause.labels(),
            "alike": cause.alike,
            "times": cause.times(),
        })
    });
    json!({
        "schema_version": 1,
        "contract": outcome.contract.0,
        "target": outcome.target.0,
        "specs_digest": outcome.specs_digest,
        "seed": outcome.seed,
        "cases": outcome.progress.cases,
        "requests": outcome.progress.requests,
        "seconds": outcome.progress.elapsed.as_secs_f64(),
        "labels": { "covered": outcome.progress.labels.0, "known": outcome.progress.labels.1 },
        "digest": outcome.digest,
        "must": outcome.progress.musts,
        "should": outcome.progress.shoulds,
        "unsteady": outcome.unsteady.len(),
        "regressions": { "asked": outcome.regressions.0, "still": outcome.regressions.1 },
        "stopped": outcome.stopped,
        "causes": causes.collect::<Vec<_>>(),
        "findings": found.collect::<Vec<_>>(),
    })
}

/// The exit code: 1 for a finding of a level that decides, 3 where it could not be told, else 0.
pub fn code(outcome: &Outcome, level: Level) -> u8 {
    if outcome.found.iter().any(|found| found.finding.level >= level) {
        return 1;
    }
    if outcome.stopped.is_some() || outcome.progress.cases == 0 { 3 } else { 0 }
}

/// What stands above the causes, as in the report of a run.
const FINDINGS: &str = "Findings  the page says it, or no gateway may do it; these decide";
/// See [`FINDINGS`].
const ADVICE: &str = "Advice  the page implies it; decides only under --level should";
/// Labels of a cause that are shown of each operation.
const SHOWN_LABELS: usize = 12;
/// Characters of a text that are shown.
const LONGEST_SHOWN: usize = 400;
