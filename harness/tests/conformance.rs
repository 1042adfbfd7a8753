//! Runs cases against a gateway, a case a test: `GATEWAY_TARGET=file.yaml cargo test --test conformance`, or
//! `GATEWAY_URL`, `GATEWAY_CONTRACT` and `GATEWAY_KEY`. Without them the built-in gateway is the target. `GATEWAY_MOCK` and
//! `GATEWAY_MOCK_TOKEN_FILE` name a mock that is served already.
//!
//! The selected cases start in the engine together and a test only awaits its result, so that waits overlap whatever the
//! number of test threads.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use gateway_conformance::judge::verdict::Verdict;
use gateway_conformance::plan::case::Readiness;
use gateway_conformance::report;
use gateway_conformance::run::engine::{self, Event};
use gateway_conformance::run::outcome::{CaseReport, Outcome};
use gateway_conformance::run::request::resolved::{MockAt, Options, Plan};
use gateway_conformance::run::request::{self, Request};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
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
    if arguments.list {
        libtest_mimic::run(&arguments, trials).exit();
    }
    if trials.is_empty() {
        eprintln!("no case was planned, which proves nothing");
        return ExitCode::from(2);
    }
    let wanted =
        |id: &str| trials.iter().any(|trial| trial.name() == id && !arguments.is_filtered_out(trial));
    let engines: Vec<_> = requests
        .into_iter()
        .map(|(mut plan, options)| {
            plan.cases.retain(|case| wanted(&case.id));
            let board = board.clone();
            std::thread::spawn(move || run(plan, options, &board))
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    for engine in engines {
        // An engine that panicked has told the board nothing, and its tests have failed for that.
        let _ = engine.join();
    }
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

fn run(plan: Plan, options: Options, board: &Board) {
    if plan.cases.is_empty() {
        return;
    }
    let ids: Vec<String> = plan.cases.iter().map(|case| case.id.clone()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        let (_stop, stopped) = watch::channel(false);
        let told = |event| {
            if let Event::Ended(report) = event {
                board.post(report.id.clone(), Ok(*report));
            }
        };
        runtime.block_on(engine::certify(plan, options, stopped, &told)).map_err(|error| error.to_string())
    });
    match outcome {
        Ok(report) => report.cases.into_iter().for_each(|case| board.post(case.id.clone(), Ok(case))),
        Err(why) => ids.into_iter().for_each(|id| board.post(id, Err(why.clone()))),
    }
}

/// Where the engines post what came of cases, and tests wait for it.
#[derive(Default)]
struct Board {
    posted: Mutex<Posted>,
    changed: Condvar,
}

type Posted = HashMap<String, Result<CaseReport, String>>;

impl Board {
    fn posted(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, id: String, report: Result<CaseReport, String>) {
        self.posted().insert(id, report);
        self.changed.notify_all();
    }

    fn verdict(&self, id: &str) -> Result<Completion, Failed> {
        let mut posted = self.posted();
        let report = loop {
            match posted.get(id) {
                Some(report) => break report.clone(),
                None => posted = self.changed.wait(posted).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(posted);
        let report = report.map_err(|why| Failed::from(format!("inconclusive: {why}")))?;
        match &report.outcome {
            Outcome::Judged(judgement) => match &judgement.verdict {
                Verdict::Pass => Ok(Completion::Completed),
                Verdict::Fail(_) => Err(Failed::from(report::console::case(&report))),
                Verdict::Inconclusive(why) => Err(Failed::from(format!("inconclusive: {why}"))),
            },
            Outcome::NotApplicable(reason) => Ok(Completion::ignored_with(reason.clone())),
            Outcome::Unready(why) => Err(Failed::from(format!("inconclusive: {why}"))),
            Outcome::Error(why) => Err(Failed::from(format!("harness error, not the gateway's: {why}"))),
        }
    }
}
