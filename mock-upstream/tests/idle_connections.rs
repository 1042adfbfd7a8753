//! As many idle connections as the file limit allows: nothing stops, and whoever is connected is served.
//!
//! The clients are processes of their own, since each has a limit of its own: this program, started again. It is also alone
//! in its own process, so that no other test runs out of files.

#![expect(clippy::unwrap_used, reason = "a test says what failed by its backtrace")]

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use mock_upstream::{Markers, MockUpstream, Options, Provider, ProviderOptions, ScenarioSpec};
use rlimit::Resource;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::timeout;

/// Far longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The limit of files unless `MOCK_UPSTREAM_IDLE_MOST` says otherwise, so that the test takes seconds; ports for
/// connections to one address are there for 20,000.
const MOST: u64 = 5_000;
/// Files that the first clients leave to the server.
const SPARE: u64 = 200;
/// What the second clients may open: more than that, and less than what the kernel keeps for a server that accepts nothing.
const MORE: u64 = 600;
/// Where a client learns whom to bother and how many files it may open.
const TARGET: &str = "MOCK_UPSTREAM_IDLE_TARGET";
const FILES: &str = "MOCK_UPSTREAM_IDLE_FILES";
const TEST: &str = "idle_connections_up_to_the_limit_stop_nobody";

#[test]
fn idle_connections_up_to_the_limit_stop_nobody() {
    match env::var(TARGET) {
        Ok(target) => occupy(target.parse().unwrap(), env::var(FILES).unwrap().parse().unwrap()),
        Err(_) => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(serve()),
    }
}

/// The client: connects until it may open no more files, says how often, and stays until its input ends.
fn occupy(target: SocketAddr, files: u64) {
    limit_files(files);
    let mut idle = Vec::new();
    let why = loop {
        match TcpStream::connect_timeout(&target, PATIENCE) {
            Ok(stream) => idle.push(stream),
            Err(error) => break error,
        }
    };
    println!("idle {} {why}", idle.len());
    std::io::stdin().lines().for_each(drop);
}

/// Sets how many files this process may open; how many it may now.
fn limit_files(files: u64) -> u64 {
    let (_, hard) = Resource::NOFILE.get().unwrap();
    let files = files.min(hard);
    Resource::NOFILE.set(files, hard).unwrap();
    files
}

/// A client's process; ended when it is dropped, whatever else happens.
struct Idlers {
    child: Child,
    connections: usize,
    /// Open as long as it lives: it would fail to say that it has ended.
    _output: BufReader<ChildStdout>,
}

impl Idlers {
    fn start(target: SocketAddr, files: u64) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env(TARGET, target.to_string())
            .env(FILES, files.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map(Result::unwrap);
        let said = lines.find_map(|line| line.split_once("idle ").map(|(_, said)| said.to_owned())).unwrap();
        let (connections, why) = said.split_once(' ').unwrap();
        assert!(why.contains("Too many open files"), "{said}");
        Self { child, connections: connections.parse().unwrap(), _output: output }
    }
}

impl Drop for Idlers {
    fn drop(&mut self) {
        // It ends with its input; where it does not, it has ended.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A connection whose socket was made while there were files left.
struct Visitor {
    stream: tokio::net::TcpStream,
    request: String,
}

impl Visitor {
    async fn connect(socket: TcpSocket, provider: &Provider, word: &str) -> Self {
        let body = format!(r#"{{"model":"gpt-5","messages":[{{"role":"user","content":"{word}"}}]}}"#);
        let length = body.len();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let stream = timeout(PATIENCE, socket.connect(provider.addr())).await.unwrap().unwrap();
        Self { stream, request }
    }

    async fn ask(&mut self) {
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
    }

    /// Reads one reply; it has to be the healthy one.
    async fn is_answered(&mut self) {
        let mut reply = Vec::new();
        let whole = async {
            while !reply.ends_with(b"\"system_fingerprint\":null}") {
                assert_ne!(self.stream.read_buf(&mut reply).await.unwrap(), 0, "the mock closed");
            }
        };
        timeout(PATIENCE, whole).await.expect("an answer within the patience");
        assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

async fn serve() {
    let most = env::var("MOCK_UPSTREAM_IDLE_MOST").map_or(MOST, |most| most.parse().unwrap());
    let limit = limit_files(most);
    let options = Options { providers: vec![ProviderOptions::named("first")], ..Options::default() };
    let mock = MockUpstream::start(options).await.unwrap();
    let provider = mock.provider("first").unwrap();
    let scenario = mock.open(ScenarioSpec::named("beside the idle ones"));
    let word = Markers::seeded(1).fresh();
    scenario.mark(word.as_str(), 1).unwrap();
    let socket = || TcpSocket::new_v4().unwrap();
    let (first, second, third) = (socket(), socket(), socket());

    let mut old = Visitor::connect(first, &provider, word.as_str()).await;
    old.ask().await;
    old.is_answered().await;

    let many = Idlers::start(provider.addr(), limit - SPARE);
    assert!(many.connections as u64 > limit - 2 * SPARE, "{} connections", many.connections);
    let mut new = Visitor::connect(second, &provider, word.as_str()).await;
    for visitor in [&mut old, &mut new] {
        visitor.ask().await;
        visitor.is_answered().await;
    }

    let more = Idlers::start(provider.addr(), MORE);
    let mut waiting = Visitor::connect(third, &provider, word.as_str()).await;
    waiting.ask().await;
    let out_of_files = async {
        while std::fs::File::open("/dev/null").is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, out_of_files).await.expect("the server has no files left");
    for visitor in [&mut old, &mut new] {
        visitor.ask().await;
        visitor.is_answered().await;
    }
    assert!((scenario.arrivals(), provider.connections()) < (6, many.connections + more.connections));
    drop(more);
    waiting.is_answered().await;

    let dropped = timeout(PATIENCE, provider.drop_idle_connections()).await.expect("they are closed in time");
    assert!(dropped >= many.connections, "{dropped} of {}", many.connections);
    drop(many);
    assert_eq!((scenario.arrivals(), mock.unclaimed().len(), mock.unreadable()), (6, 0, 0));
}
