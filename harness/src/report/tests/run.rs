//! Builds runs as the engine would hand them on.

use std::time::Duration;

use crate::judge::verdict::{Finding, Findings, Judgement, Verdict};
use crate::observe::redact::Transcript;
use crate::run::outcome::{CaseReport, ClaimReport, LimitInForce, Outcome, RunReport, RunStanding, Standing};
use crate::spec::contract::Level;
use crate::spec::read::place::Place;

/// Every outcome, every standing, a finding in many cases, hostile text from the gateway.
pub(super) fn everything() -> RunReport {
    let mut cases = vec![case("example::auth::revoked-key", &["EX-01", "EX-06"], judged(Verdict::Pass))];
    for status in [429, 500, 502, 503] {
        for stream in ["false", "true"] {
            let id = format!("example::upstream::status-passes-through[status={status},stream={stream}]");
            let findings = vec![code_finding(status), type_finding()];
            cases.push(case(&id, &["EX-16"], judged(Verdict::Fail(Findings::synthetic(findings)))));
        }
    }
    cases.push(hostile());
    cases.push(advised());
    cases.push(case(
        "example::fault::refused",
        &["EX-15"],
        judged(Verdict::Inconclusive(
            "the control request was answered 401: check `credentials.valid`".into(),
        )),
    ));
    cases.push(case(
        "example::billing::switched-off",
        &["EX-12"],
        Outcome::Unready(
            "the target binds no state `billing_off`; bind it under `states:` or list it under `lacks:`"
                .into(),
        ),
    ));
    cases.push(case(
        "example::trial::ended",
        &["EX-14"],
        Outcome::NotApplicable("lacks trial: staging has no trials".into()),
    ));
    cases.push(case(
        "example::fault::reset",
        &["EX-15"],
        Outcome::Error("the mock's listener could not be opened: address in use".into()),
    ));
    RunReport {
        contract: ("example".into(), "Example Gateway".into()),
        target: ("mine".into(), Some("1.4.2".into())),
        limits: vec![
            limit("upstream", 60_000, Some(60), &[]),
            limit("half_open", 1_500, Some(30), &["default", "chain"]),
            limit("half_open", 2_000, None, &["limited"]),
        ],
        mocked: true,
        real_time: false,
        specs_digest: "9f".repeat(32),
        seed: 7,
        cases,
        claims: claims(),
        readings: vec![(
            "R-retry".into(),
            vec!["EX-17".into()],
            "the page says \"in seconds\" and shows a date in an example; whole seconds are asked for, since that is what its text promises".into(),
        )],
        stopped: None,
        duration: Duration::from_millis(12_340),
        host_delay: Duration::from_millis(3),
        standing: RunStanding::Nonconforming(2),
    }
}

fn limit(name: &str, ms: u64, documented: Option<u64>, configurations: &[&str]) -> LimitInForce {
    LimitInForce {
        name: name.into(),
        length: Duration::from_millis(ms),
        documented: documented.map(Duration::from_secs),
        configurations: configurations.iter().map(|name| (*name).into()).collect(),
    }
}

/// Nothing to complain of.
pub(super) fn clean() -> RunReport {
    let mut run = everything();
    run.cases.truncate(1);
    run.claims.truncate(1);
    run.readings.clear();
    run.limits.clear();
    run.standing = RunStanding::Conforming(0);
    run
}

fn claims() -> Vec<ClaimReport> {
    let claim = |id: &str, level, says: &str, consequence: Option<&str>, standing| ClaimReport {
        id: id.into(),
        level,
        says: says.into(),
        page: "https://docs.example/errors".into(),
        consequence: consequence.map(str::to_owned),
        standing,
    };
    vec![
        claim("EX-01", Level::Must, "Every failure has the one envelope.", None, Standing::Verified(9)),
        claim(
            "EX-12",
            Level::Must,
            "While billing is not configured every call is answered 503 and the upstream is not called.",
            None,
            Standing::NotExercised("no case that cites it could run".into()),
        ),
        claim(
            "EX-14",
            Level::Must,
            "An ended trial is answered 402.",
            None,
            Standing::Waived("staging has no trials".into()),
        ),
        claim(
            "EX-15",
            Level::Must,
            "A provider that cannot be reached becomes 502.",
            None,
            Standing::NotExercised("its cases could not be told".into()),
        ),
        claim(
            "EX-16",
            Level::Must,
            "The upstream's status is passed through, with the code `upstream_STATUS`.",
            Some("Dashboards that count by code lump every provider failure together."),
            Standing::Violated(8),
        ),
        claim(
            "EX-17",
            Level::Must,
            "Retry-After is on every 429 and 503, in whole seconds.",
            None,
            Standing::Violated(1),
        ),
        claim("EX-06", Level::Should, "A failed request has an id.", None, Standing::Weak(1)),
    ]
}

fn code_finding(status: u16) -> Finding {
    Finding {
        check: "got.error.code".into(),
        level: Level::Must,
        claims: vec!["EX-16".into()],
        exchange: "step 1".into(),
        expected: format!("\"upstream_{status}\""),
        observed: if status == 429 { "\"rate_limited\"".into() } else { "\"upstream_error\"".into() },
        written_at: place("example/upstream.yaml", 12),
        reading: None,
    }
}

fn type_finding() -> Finding {
    Finding {
        check: "closed.type".into(),
        expected: "\"api_error\"".into(),
        observed: "absent (502)".into(),
        written_at: place("example/contract.yaml", 70),
        ..code_finding(500)
    }
}

fn hostile() -> CaseReport {
    let finding = Finding {
        check: "got.headers.retry-after".into(),
        level: Level::Must,
        claims: vec!["EX-17".into()],
        exchange: "step 1".into(),
        expected: "matches ^(0|[1-9][0-9]*)$, exactly one such header".into(),
        observed: "\"\u{1b}[2J\u{1b}[31msoon\u{202e}\r|<script>`\"".into(),
        written_at: place("example/contract.yaml", 88),
        reading: Some("R-retry".into()),
    };
    let mut case = case(
        "example::headers::retry-after[sent={retry-after: soon}]",
        &["EX-17"],
        judged(Verdict::Fail(Findings::synthetic(vec![finding]))),
    );
    case.transcript[1].response.push("retry-after: \u{1b}[2Jsoon".into());
    case.beside = (1..=6).map(|n| format!("example::other::case-{n}")).collect();
    case
}

fn advised() -> CaseReport {
    let mut outcome = judged(Verdict::Pass);
    if let Outcome::Judged(judgement) = &mut outcome {
        judgement.shoulds.push(Finding {
            check: "got.headers.x-request-id".into(),
            level: Level::Should,
            claims: vec!["EX-06".into()],
            exchange: "step 1".into(),
            expected: "present".into(),
            observed: "absent".into(),
            written_at: place("example/auth.yaml", 31),
            reading: None,
        });
        judgement.undocumented.push("405 to PATCH /v1/chat/completions".into());
        judgement.recorded.push(("received.count".into(), "3".into()));
    }
    case("example::auth::no-key", &["EX-06"], outcome)
}

fn judged(verdict: Verdict) -> Outcome {
    Outcome::Judged(Box::new(Judgement {
        verdict,
        shoulds: Vec::new(),
        checks: Vec::new(),
        recorded: Vec::new(),
        undocumented: Vec::new(),
        readings: Vec::new(),
        foreign_answers: 0,
    }))
}

fn case(id: &str, claims: &[&str], outcome: Outcome) -> CaseReport {
    let exchange = |name: &str| Transcript {
        name: name.into(),
        request: vec![
            "POST /v1/chat/completions HTTP/1.1".into(),
            "authorization: <credential>".into(),
            "{\"model\":\"m\"}".into(),
        ],
        response: vec!["HTTP/1.1 502 Bad Gateway".into(), "{\"error\":{}}".into(), "whole".into()],
        upstream: vec!["1 attempt: 503, complete".into()],
        curl: format!(
            "curl -sS http://127.0.0.1:8080/v1/chat/completions -H \"authorization: Bearer $KEY\" -d '{{\"model\":\"{name}\"}}'"
        ),
    };
    let ran = matches!(outcome, Outcome::Judged(_));
    CaseReport {
        id: id.into(),
        written_at: place("example/upstream.yaml", 9),
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        configuration: "default".into(),
        transcript: if ran { ["control", "step 1", "liveness"].map(exchange).to_vec() } else { Vec::new() },
        duration: Duration::from_millis(41),
        upstream_attempts: usize::from(ran),
        beside: Vec::new(),
        replay: format!(
            "gateway-conformance run --contract example --target mine.yaml --seed 7 --case '{id}'"
        ),
        outcome,
        served: true,
        snapshot: Vec::new(),
    }
}

fn place(file: &str, line: usize) -> Place {
    Place { file: file.into(), line, column: 5, start: 0, end: 0 }
}
