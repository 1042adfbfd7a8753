use std::path::PathBuf;
use std::time::Duration;

use gateway_conformance::arrange::credentials::mask::Mask;
use gateway_conformance::arrange::process::{Process, Program};
use tokio::io::AsyncReadExt;
use tokio::net::UnixListener;
use tokio::time::timeout;

use crate::{Ground, KEY, PATIENCE};

fn sh(script: &str) -> Program {
    Program { name: "sh".into(), args: vec!["-c".into(), script.into()], env: Vec::new(), dir: None }
}

async fn until_ended(process: &mut Process) -> String {
    let ended = async {
        loop {
            if let Some(status) = process.ended().await {
                return status.to_string();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, ended).await.unwrap()
}

/// A FIFO whose writers are the processes under test: its end of file proves that all of them are gone.
struct Alive {
    path: PathBuf,
}

impl Alive {
    fn new(ground: &Ground) -> Self {
        let path = ground.path().join("alive");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        Self { path }
    }

    /// A leader and a grandchild that hold the FIFO open; the grandchild ignores SIGTERM.
    fn script(&self) -> String {
        format!(
            "exec 3>{}; echo up >&3; (trap '' TERM; while :; do sleep 1; done) & echo started; wait",
            self.path.display()
        )
    }

    /// Opens it for reading: returns once a writer has it open too.
    async fn reader(&self) -> tokio::fs::File {
        let mut file = timeout(PATIENCE, tokio::fs::File::open(&self.path)).await.unwrap().unwrap();
        let mut up = [0; 3];
        timeout(PATIENCE, file.read_exact(&mut up)).await.unwrap().unwrap();
        file
    }
}

async fn until_gone(mut reader: tokio::fs::File) {
    let mut rest = Vec::new();
    timeout(PATIENCE, reader.read_to_end(&mut rest)).await.expect("a process is still there").unwrap();
}

#[tokio::test]
async fn dropping_kills_grandchildren_too() {
    let ground = Ground::new();
    let alive = Alive::new(&ground);
    let process = Process::start(&sh(&alive.script()), Mask::default()).unwrap();
    let reader = alive.reader().await;
    drop(process);
    until_gone(reader).await;
}

#[tokio::test]
async fn stopping_ends_what_ignores_being_asked() {
    let ground = Ground::new();
    let alive = Alive::new(&ground);
    let process = Process::start(&sh(&alive.script()), Mask::default()).unwrap();
    let reader = alive.reader().await;
    timeout(PATIENCE, process.stop()).await.unwrap();
    until_gone(reader).await;
}

#[tokio::test]
async fn what_an_ended_leader_left_running_is_killed() {
    let ground = Ground::new();
    let alive = Alive::new(&ground);
    let script = alive.script().replace("wait", "exit 3");
    let mut process = Process::start(&sh(&script), Mask::default()).unwrap();
    let reader = alive.reader().await;
    assert_eq!(until_ended(&mut process).await, "exit status: 3");
    until_gone(reader).await;
    assert_eq!(process.last_lines(), ["started"]);
}

#[tokio::test]
async fn the_last_lines_of_both_streams_are_kept_without_secrets() {
    let script = format!("echo out; echo 'err {KEY}' >&2; printf unended; exit 7");
    let mut process = Process::start(&sh(&script), Mask::new([KEY])).unwrap();
    assert_eq!(until_ended(&mut process).await, "exit status: 7");
    let mut lines = process.last_lines();
    lines.sort();
    assert_eq!(lines, ["err [hidden]", "out", "unended"]);
}

#[tokio::test]
async fn a_signal_is_told_as_one() {
    let mut process = Process::start(&sh("kill -9 $$"), Mask::default()).unwrap();
    assert_eq!(until_ended(&mut process).await, "signal: 9 (SIGKILL)");
}

#[tokio::test]
async fn proxy_variables_are_not_handed_on_unless_given() {
    let ground = Ground::new();
    let program = Program {
        env: vec![("https_proxy".into(), "given".into()), ("ADDED".into(), "yes".into())],
        dir: Some(ground.path().into()),
        ..sh("env | grep -i proxy | sort; echo \"$ADDED\"; pwd -P")
    };
    let mut process = Process::start(&program, Mask::default()).unwrap();
    until_ended(&mut process).await;
    let dir = ground.path().canonicalize().unwrap();
    assert_eq!(process.last_lines(), ["https_proxy=given", "yes", dir.to_str().unwrap()]);
}

#[tokio::test]
async fn a_relative_program_is_sought_from_its_folder_and_what_is_missing_is_said() {
    let ground = Ground::new();
    std::fs::write(ground.path().join("plain"), "no program").unwrap();
    let at = |name: &str, dir: PathBuf| Program { name: name.into(), dir: Some(dir), ..sh("") };
    let words = |program: Program| program.explain(&Process::start(&program, Mask::default()).unwrap_err());
    let dir = ground.path().to_owned();
    assert_eq!(
        words(at("no-such-program-x", dir.clone())),
        "the program `no-such-program-x` was not found in PATH"
    );
    let shown = dir.display();
    assert_eq!(
        words(at("./gone", dir.clone())),
        format!("the program `./gone` was not found (looked from {shown})")
    );
    assert_eq!(words(at("./plain", dir.clone())), "the program `./plain` may not be executed");
    assert_eq!(
        words(at("sh", dir.join("nowhere"))),
        format!("the working directory `{shown}/nowhere` does not exist")
    );
    // A socket stands for whatever else cannot be executed.
    let _socket = UnixListener::bind(dir.join("socket")).unwrap();
    assert!(words(at("./socket", dir)).contains("may not be executed"));
}
