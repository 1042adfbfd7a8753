//! Runs cases against a gateway, a case a test: `GATEWAY_TARGET=file.yaml cargo test --test conformance`, or
//! `GATEWAY_URL`, `GATEWAY_CONTRACT` and `GATEWAY_KEY`. Without them the built-in gateway is the target. `GATEWAY_MOCK` and
//! `GATEWAY_MOCK_TOKEN_FILE` name a mock that is served already.
//!
//! The selected cases start in the engine together and a test only awaits its result, so that waits overlap whatever the
//! number of test threads. Of the built-in gateway's whole runs more is asked: see `whole`.

mod board;
mod generated;
mod whole;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use board::Board;
use futures_util::future::join_all;
use gateway_conformance::plan::case::Readiness;
use gateway_conformance::run::engine::{self, Event};
use gateway_conformance::run::request::resolved::{MockAt, Options, Plan};
use gateway_conformance::run::request::{self, Request};
use gateway_conformance::run::stage::machine::Machine;
use libtest_mimic::{Arguments, Trial};
use mock_upstream::control::Token;
use tokio::sync::watch;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let requests = match requests() {
        Ok(requests) => requests,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let board = Arc::new(Board::default());
    let mut trials = Vec::new();
    for (plan, _) in &requests {
        for case in &plan.cases {
            let (id, board) = (case.id.clone(), board.clone());
            let ignored = matches!(case.ready, Readiness::Lacks(..));
            trials.push(
                Trial::ignorable_test(case.id.clone(), move || board.verdict(&id)).with_ignored_flag(ignored),
            );
        }
    }
    let builtin = requests.iter().filter(|(plan, _)| whole::is_builtin(plan));
    let whole: Vec<Trial> = builtin.flat_map(|(plan, _)| whole::trials(plan, &board)).collect();
    let generated = requests.iter().filter_map(|(plan, options)| generated::trial(plan, options, &board));
    let generated: Vec<Trial> = generated.collect();
    if arguments.list {
        trials.extend(whole.into_iter().chain(generated));
        libtest_mimic::run(&arguments, trials).exit();
    }
    if trials.is_empty() {
        eprintln!("no case was planned, which proves nothing");
        return ExitCode::from(2);
    }
    let mut plans = requests;
    for (plan, _) in &mut plans {
        let about = format!("whole::{}::", plan.contract.name.value);
        let asked = |trial: &Trial| trial.name().starts_with(&about) && !arguments.is_filtered_out(trial);
        if !whole.iter().any(asked) {
            let wanted: HashSet<&str> =
                trials.iter().filter(|trial| !arguments.is_filtered_out(trial)).map(Trial::name).collect();
            plan.cases.retain(|case| wanted.contains(case.id.as_str()));
        }
    }
    trials.extend(whole.into_iter().chain(generated));
    plans.retain(|(plan, _)| !plan.cases.is_empty());
    let engines = std::thread::spawn({
        let board = board.clone();
        move || run(plans, &board)
    });
    let conclusion = libtest_mimic::run(&arguments, trials);
    // An engine that panicked has told the board nothing, and its tests have failed for that.
    let _ = engines.join();
    conclusion.exit_code()
}

/// What is to be run: the target of the environment, else every contract that the built-in gateway keeps.
fn requests() -> Result<Vec<(Plan, Options)>, String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut wanted = Request { contract: variable("GATEWAY_CONTRACT"), ..Request::default() };
    if let Some(file) = variable("GATEWAY_TARGET") {
        // Tests run in their package's folder, while the user named the file from where `cargo` was called.
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let path = PathBuf::from(&file);
        let path = if path.exists() { path } else { root.join(path) };
        wanted.target = Some(path.to_string_lossy().into_owned());
    } else if let Some(url) = variable("GATEWAY_URL") {
        wanted.attach = Some((url, variable("GATEWAY_KEY")));
    }
    let at = mock_at(variable("GATEWAY_MOCK"), variable("GATEWAY_MOCK_TOKEN_FILE"))?;
    let resolved = request::resolve(&wanted).map_err(|problem| problem.to_string())?;
    let on = |(plan, options)| (plan, Options { mock: at.clone(), ..options });
    Ok(resolved.into_iter().map(on).collect())
}

/// A mock that is served already, where one is named.
fn mock_at(url: Option<String>, token_file: Option<String>) -> Result<MockAt, String> {
    let Some(url) = url else { return Ok(MockAt::Here) };
    let read = |file: String| {
        Token::read(Path::new(&file)).map_err(|error| format!("GATEWAY_MOCK_TOKEN_FILE={file}: {error}"))
    };
    Ok(MockAt::Remote { url, token: token_file.map(read).transpose()? })
}

/// Runs the plans side by side on one machine.
fn run(plans: Vec<(Plan, Options)>, board: &Board) {
    let _posting = board.posting();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let ids = plans.iter().flat_map(|(plan, _)| &plan.cases).map(|case| case.id.clone());
            return ids.for_each(|id| board.post(id, Err(error.to_string())));
        }
    };
    let (_stop, stopped) = watch::channel(false);
    let told = |event| {
        if let Event::Ended(report) = event {
            board.post(report.id.clone(), Ok(*report));
        }
    };
    runtime.block_on(async {
        let machine = Machine::new(Options::default().jobs);
        let runs = plans.into_iter().map(async |(plan, options)| {
            let ids: Vec<String> = plan.cases.iter().map(|case| case.id.clone()).collect();
            match engine::certify_beside(&machine, plan, options, stopped.clone(), &told).await {
                Ok(report) => report.cases.into_iter().for_each(|case| board.post(case.id.clone(), Ok(case))),
                Err(why) => ids.into_iter().for_each(|id| board.post(id, Err(why.to_string()))),
            }
        });
        join_all(runs).await;
    });
}
