//! `--real-time`: limits as long as the page says, for gateways that the harness configures, and refused for others.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway_conformance::plan::select::Selection;
use gateway_conformance::run::engine;
use gateway_conformance::run::outcome::{LimitInForce, RunStanding};
use gateway_conformance::run::request::{Request, RequestError, resolve};
use tempfile::TempDir;
use tokio::sync::watch;

/// The shipped Cogito contract, with a page that names three seconds; the built-in target declares one.
fn specs() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/cogito");
    let folder = dir.path().join("cogito");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let contract = fs::read_to_string(folder.join("contract.yaml")).unwrap();
    let documented = contract.replace("    upstream: {}\n", "    upstream: 3s\n");
    assert_ne!(contract, documented);
    fs::write(folder.join("contract.yaml"), documented).unwrap();
    dir
}

fn asked(specs: &TempDir, target: Option<PathBuf>) -> Request {
    Request {
        contract: Some("cogito".to_owned()),
        target: target.map(|path| path.display().to_string()),
        specs: Some(specs.path().to_owned()),
        selection: Selection {
            globs: vec!["sweep::silent[operation=chat,stream=false]".to_owned()],
            shard: None,
        },
        real_time: true,
        ..Request::default()
    }
}

#[test]
fn a_silent_upstream_is_given_up_after_the_documented_time() {
    let specs = specs();
    let (plan, options) = resolve(&asked(&specs, None)).unwrap().remove(0);
    assert!(options.replay.ends_with("--real-time"), "{}", options.replay);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let report = runtime.block_on(engine::certify(plan, options, stopped, &|_| {})).unwrap();
    // The contract's check is red where the gateway gives up before its limit, so a pass means that it waited.
    assert_eq!(report.standing, RunStanding::Conforming(0), "{:#?}", report.cases);
    let three = Duration::from_secs(3);
    let limit = LimitInForce {
        name: "upstream".to_owned(),
        length: three,
        documented: Some(three),
        configurations: Vec::new(),
    };
    assert!(report.real_time && report.limits == [limit], "{:?}", report.limits);
    assert!(report.cases[0].duration >= three, "{:?}", report.cases[0].duration);
}

#[test]
fn a_gateway_that_the_harness_does_not_configure_has_to_be_configured_as_documented() {
    let specs = specs();
    let target = |configuration: &str| {
        let path = specs.path().join("mine.yaml");
        let text =
            format!("target: mine\ncontract: cogito\nconfigurations: {{ default: {{ {configuration} }} }}\n");
        fs::write(&path, text).unwrap();
        resolve(&asked(&specs, Some(path)))
    };
    let launch = |arguments: &str| format!("launch: {{ command: [gw{arguments}], ready: GET /health }}");
    for shorter in ["attach: http://127.0.0.1:9".to_owned(), launch("")] {
        let refused = target(&format!("{shorter}, limits: {{ upstream: 1s }}"));
        let Err(RequestError::Usage(why)) = refused else {
            panic!("{refused:?}", refused = refused.map(|_| ()))
        };
        assert!(why.contains("`upstream` is 3s on the page") && why.contains("$(limit.upstream)"), "{why}");
        target(&shorter).unwrap();
        target(&format!("{shorter}, limits: {{ upstream: 3s }}")).unwrap();
    }
    let told = launch(", --timeout, $(limit.upstream)");
    let (plan, _) = target(&format!("{told}, limits: {{ upstream: 1s }}, patience: 5s")).unwrap().remove(0);
    let configuration = &plan.target.configurations[0];
    assert_eq!(configuration.limits[0].1, Duration::from_secs(3));
    assert_eq!(configuration.patience, None, "what suited a second does not suit three");
}
