//! A campaign beside Schemathesis on the same endpoint: how many requests each sends in a second with every check on, and which
//! of three planted bugs it finds.
//!
//! A measurement, so that `scripts/schemathesis` runs it; `SCHEMATHESIS` names the program.

#![cfg(feature = "reference-gateway")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gateway_conformance::fuzz::engine::{self, Bounds, Outcome};
use gateway_conformance::report::fuzz as report;
use gateway_conformance::run::request::resolved::Options;
use gateway_conformance::run::request::{self, Request};
use gateway_conformance::spec::read::place::{At, Place};
use mock_upstream::MockUpstream;
use mock_upstream::scenario::ScenarioSpec;
use mock_upstream::server::ProviderOptions;
use serde_json::{Value, json};

/// How long each goes on.
const THEIRS: Duration = Duration::from_secs(60);
const OURS: Duration = Duration::from_secs(15);
/// All planted bugs have to be found in this time.
const SOON: Duration = Duration::from_secs(5);
const PATH: &str = "/v1/chat/completions";

/// Planted bugs, and how the labels begin under which they show.
const PLANTED: [(&str, &str); 3] = [
    ("negative-temperature-passes", "/temperature:minimum"),
    ("no-messages-crash", "/messages:minItems"),
    ("half-a-surrogate-crashes", "odd(surrogate"),
];

#[test]
#[ignore = "a measurement: scripts/schemathesis"]
fn a_campaign_is_fifty_times_as_fast_and_finds_what_schemathesis_does_not() {
    let program = PathBuf::from(std::env::var_os("SCHEMATHESIS").expect("scripts/schemathesis sets it"));
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, openapi().to_string()).unwrap();

    let theirs = schemathesis(&program, &document, &[]);
    let ours = campaign(OURS, None);
    let rates = (theirs.requests / THEIRS.as_secs_f64(), rate(&ours));
    println!(
        "sound gateway: Schemathesis {:.0} requests/s, a campaign {:.0}, {:.0} times as many; the first says: {}",
        rates.0,
        rates.1,
        rates.1 / rates.0,
        theirs.failures
    );
    assert_eq!(report::code(&ours, gateway_conformance::spec::contract::Level::Should), 0);

    let names: Vec<&str> = PLANTED.iter().map(|(name, _)| *name).collect();
    for (name, _) in PLANTED {
        println!("{name}: Schemathesis says: {}", schemathesis(&program, &document, &[name]).failures);
    }
    let outcome = campaign(SOON, Some(names.join("+")));
    let mut missed = Vec::new();
    for (name, label) in PLANTED {
        match outcome.found.iter().find(|found| found.signature.label.starts_with(label)) {
            Some(found) => println!("{name}: a campaign of {SOON:?} found {}", found.signature.label),
            None => missed.push(name),
        }
    }
    assert!(missed.is_empty(), "not found in {SOON:?}: {missed:?}");
    assert!(rates.1 >= 50.0 * rates.0, "{rates:?}");
}

/// What Schemathesis said: how many requests it made, and what it found.
struct Said {
    requests: f64,
    failures: String,
}

fn schemathesis(program: &Path, document: &Path, slips: &[&str]) -> Said {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (gateway, _mock, _claim) = runtime.block_on(async {
        let mock = MockUpstream::start(mock_upstream::Options::default()).await.unwrap();
        let provider = mock.add_provider(ProviderOptions::named("first")).await.unwrap();
        // Whatever arrives is answered.
        let claim = mock.claim("first", &mock.open(ScenarioSpec::named("schemathesis")), 0).unwrap();
        let mut config = reference_gateway::Config::cogito(provider.url(), "key");
        for slip in slips {
            config = config.with_slip(reference_gateway::slip(slip).unwrap());
        }
        (reference_gateway::start(config).await.unwrap(), mock, claim)
    });
    let said = Command::new(program)
        .args(["run", "--url", &gateway.url(), "--header", "Authorization: Bearer ck-valid-1"])
        .args(["--max-time", &THEIRS.as_secs().to_string(), "--workers", "8", "--continue-on-failure"])
        .arg(document)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    let line =
        |part: &str| text.lines().find(|line| line.contains(part)).unwrap_or_default().trim().to_owned();
    let generated = line(" generated");
    let requests = generated.split(' ').next().and_then(|count| count.replace(',', "").parse().ok());
    let failures = text.lines().skip_while(|line| !line.starts_with("Failures:")).skip(1);
    let failures: Vec<&str> = failures
        .take_while(|line| line.starts_with(' '))
        .map(|line| line.trim_matches([' ', '❌']))
        .collect();
    Said {
        requests: requests.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&said.stderr))),
        failures: if failures.is_empty() { "nothing".to_owned() } else { failures.join("; ") },
    }
}

/// The endpoint as an OpenAPI document, made from the contract's schema of its requests.
fn openapi() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/requests/chat.json");
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let parts = schema.as_object_mut().unwrap().remove("$defs").unwrap();
    let mut parts = moved(parts);
    let mut request = moved(schema);
    // The one model that there is; both know it.
    request["properties"]["model"] = json!({ "const": "cogito-chat" });
    parts["request"] = request;
    let shown = |description: &str| json!({ "description": description });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "chat completions", "version": "1" },
        "components": { "schemas": parts },
        "paths": { PATH: { "post": {
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/request" } } },
            },
            "responses": { "200": shown("an answer"), "4XX": shown("a refusal") },
        } } },
    })
}

/// A part of the schema at its place in the document, without the words that are ours.
fn moved(part: Value) -> Value {
    match part {
        Value::Object(entries) => {
            let kept = entries
                .into_iter()
                .filter(|(key, _)| !matches!(key.as_str(), "x-prompt" | "$schema" | "$comment"));
            Value::Object(kept.map(|(key, value)| (key, moved(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(moved).collect()),
        Value::String(text) => Value::String(text.replace("#/$defs/", "#/components/schemas/")),
        other => other,
    }
}

/// A campaign of requests to the same endpoint.
fn campaign(time: Duration, mutant: Option<String>) -> Outcome {
    let wanted = Request { contract: Some("cogito".to_owned()), ..Request::default() };
    let (mut plan, options) = request::resolve(&wanted).unwrap().pop().unwrap();
    let name = At::new("embeddings".to_owned(), Place::generated("the measurement"));
    Arc::make_mut(&mut plan.target).lacks.push((name, "one endpoint is measured".to_owned()));
    let bounds = Bounds { time: Some(time), ..Bounds::default() };
    engine::campaign(&plan, Options { jobs: 8, mutant, ..options }, bounds, &engine::never(), &|_| {})
        .unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(outcome: &Outcome) -> f64 {
    outcome.progress.requests as f64 / outcome.progress.elapsed.as_secs_f64()
}
