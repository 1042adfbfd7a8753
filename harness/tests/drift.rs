//! What the built-in gateway answers to each case, held against `snapshots/drift/`: undocumented behaviour that changed is
//! seen here, and nowhere a verdict depends on it. Review with `cargo insta review`.

use std::path::Path;

use gateway_conformance::baseline::drift::{self, Mode, Write};
use gateway_conformance::report::console;
use gateway_conformance::report::console::style::Palette;
use gateway_conformance::run::engine;
use gateway_conformance::run::request::{self, Request};
use tokio::sync::watch;

#[test]
fn the_built_in_gateway_answers_as_it_did() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots/drift");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (plan, options) in request::resolve(&Request::default()).unwrap() {
        let target = plan.target.name.value.clone();
        let (_stop, stopped) = watch::channel(false);
        let report = runtime.block_on(engine::certify(plan, options, stopped, &|_| {})).unwrap();
        assert_eq!(report.stopped, None);
        let answers: Vec<(String, String)> =
            report.cases.iter().map(|case| (case.id.clone(), case.snapshot.join("\n"))).collect();
        let mode = Mode { write: Write::from_env(), whole: true };
        let drift = drift::compare(&snapshots, &target, &answers, mode).unwrap();
        assert!(drift.is_clean(), "{}", console::drift::render(&drift, Palette::plain()));
    }
}
