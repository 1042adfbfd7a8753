//! The binary, run to its end within a bound, and the target files that it is given.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Far more than any run here takes, so that only one that does not end by itself gets there.
const BOUND: Duration = Duration::from_secs(60);

/// A run that is to be made: its folder holds the target file and gets the report.
pub(crate) struct Program {
    dir: TempDir,
    command: Command,
}

/// A run under way.
pub(crate) struct Running {
    dir: TempDir,
    child: Child,
    told: [thread::JoinHandle<Vec<u8>>; 2],
}

/// A run that has ended.
pub(crate) struct Ended {
    pub(crate) dir: TempDir,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// `run` against this target, with a report.
    pub(crate) fn run(target: &str) -> Self {
        let new = Self::new(target, "run");
        let report = new.dir.path().join("report");
        new.with(&["--fuzz", "0", "--report", report.to_str().unwrap()])
    }

    /// `doctor` against this target.
    pub(crate) fn doctor(target: &str) -> Self {
        Self::new(target, "doctor")
    }

    /// `survey` of this target, written into `survey.json` too.
    pub(crate) fn survey(target: &str) -> Self {
        let new = Self::new(target, "survey");
        let output = new.dir.path().join("survey.json");
        new.with(&["--quiet", "--output", output.to_str().unwrap()])
    }

    fn new(target: &str, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("target.yaml");
        fs::write(&file, target).unwrap();
        // Unlimited memory would hide a buffer without a cap. What is bounded is addresses, which threads reserve too.
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "ulimit -v 4000000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_gateway-conformance"),
            name,
        ]);
        command.arg("--target").arg(&file).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { dir, command }
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let told = [reader(child.stdout.take().unwrap()), reader(child.stderr.take().unwrap())];
        Running { dir: self.dir, child, told }
    }

    pub(crate) fn end(self) -> Ended {
        self.start().end()
    }
}

impl Running {
    pub(crate) fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let begun = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            if begun.elapsed() > BOUND {
                self.child.kill().unwrap();
                panic!("the run had not ended after {BOUND:?}");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let [stdout, stderr] = self.told.map(|told| String::from_utf8(told.join().unwrap()).unwrap());
        Ended { dir: self.dir, code, stdout, stderr }
    }
}

impl Ended {
    pub(crate) fn report(&self) -> Value {
        let file = self.dir.path().join("report/report.json");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {}", self.all()));
        serde_json::from_str(&text).unwrap()
    }

    /// The rows of a survey, each by its fault and lane.
    pub(crate) fn rows(&self) -> BTreeMap<String, Value> {
        let text = fs::read_to_string(self.dir.path().join("survey.json"));
        let text = text.unwrap_or_else(|error| panic!("{error}: {}", self.all()));
        let mut survey: Value = serde_json::from_str(&text).unwrap();
        let Value::Array(rows) = survey["rows"].take() else { panic!("no rows: {}", self.all()) };
        let named = |row: Value| {
            (format!("{} {}", row["fault"].as_str().unwrap(), row["lane"].as_str().unwrap()), row)
        };
        rows.into_iter().map(named).collect()
    }

    /// The outcomes of the cases, each with its id and why.
    pub(crate) fn outcomes(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let report = self.report();
        let cases = report["cases"].as_array().unwrap();
        cases.iter().map(|case| (text(&case["id"]), text(&case["outcome"]), text(&case["why"]))).collect()
    }

    /// What was said, line breaks and runs of blanks folded, so that a sentence can be looked for.
    pub(crate) fn words(&self) -> String {
        self.all().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn all(&self) -> String {
        format!("exit {:?}\n{}\n{}", self.code, self.stdout, self.stderr)
    }

    /// Asserts the exit code and that each of these is said.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, sentences: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.all());
        for sentence in sentences {
            assert!(self.words().contains(sentence), "`{sentence}` is not in {}", self.all());
        }
        assert!(code == 0 || !self.words().contains(" CONFORMING"), "{}", self.all());
    }
}

/// A target of the Cogito contract at `url` whose upstream is the mock at `mock`, else as the built-in one.
pub(crate) fn attached(url: &str, mock: u16) -> String {
    let text = builtin().replace("builtin: cogito", &format!("attach: {url}\n    patience: 3s"));
    format!(
        "{}\nupstream: {{ first: {{ listen: 127.0.0.1:{mock}, key: {UPSTREAM_KEY} }} }}\n",
        text.replace("instances: 4", "instances: 1")
    )
}

/// A target of the Cogito contract that is launched with this command line, whose port is `$(port)`.
pub(crate) fn launched(command: &str, within: &str) -> String {
    let launch = format!("launch: {{ command: {command}, ready: GET /health, within: {within} }}");
    builtin().replace("builtin: cogito", &launch).replace("instances: 4", "instances: 1")
}

fn builtin() -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../specs/targets/builtin-cogito.yaml");
    let text = fs::read_to_string(file).unwrap().replace("target: builtin-cogito", "target: hostile");
    // These gateways call nobody over TLS.
    let (before, over_tls) = text.split_once("  # The same over TLS").unwrap();
    let (_, behind) = over_tls.split_once("\ncredentials:").unwrap();
    format!("{before}\ncredentials:{behind}")
}

/// A port for a mock that a gateway has to know before the mock is there. It lies below those that the system lends to
/// connections, so that nobody gets it in between.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 200).unwrap() * 100;
    loop {
        let port = 11_000 + spread + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).unwrap();
        all
    })
}

/// The key that the gateway sends upstream.
pub(crate) const UPSTREAM_KEY: &str = "sk-upstream-7Qm2vXc9Rt4Lp8Zd";
