//! A gateway that keeps the page, with something in front of it that does as a test says.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use reference_gateway::{Config, Gateway};
use tokio::runtime::Runtime;

use crate::program::UPSTREAM_KEY;

/// A front; stopped when it is dropped.
pub(crate) struct Front {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopping: Arc<AtomicBool>,
    _behind: Option<(Runtime, Gateway)>,
}

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `METHOD /path`.
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Front {
    /// In front of the reference gateway, whose upstream is the mock at `mock`. Whatever the reference gateway answers is
    /// given to `play`, which answers the client; it may count or hold what it likes.
    pub(crate) fn of_the_reference_gateway(
        mock: u16,
        play: impl Fn(&Asked, Vec<u8>, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let config = Config::cogito(format!("http://127.0.0.1:{mock}"), UPSTREAM_KEY);
        let mut config = config;
        config.limits.upstream = std::time::Duration::from_secs(1);
        config.limits.idle = config.limits.upstream;
        let gateway = runtime.block_on(reference_gateway::start(config)).unwrap();
        let behind = gateway.addr();
        let mut front = Self::alone(move |asked, stream| play(asked, forward(behind, asked)?, stream));
        front._behind = Some((runtime, gateway));
        front
    }

    /// In front of nothing.
    pub(crate) fn alone(
        play: impl Fn(&Asked, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        thread::spawn({
            let (asked, stopping, play) = (asked.clone(), stopping.clone(), Arc::new(play));
            move || {
                for stream in listener.incoming() {
                    if stopping.load(Ordering::Acquire) {
                        return;
                    }
                    let (asked, play, stopping) = (asked.clone(), play.clone(), stopping.clone());
                    thread::spawn(move || {
                        // A client that leaves ends its connection's thread, and that is all.
                        let _ = serve(stream?, &asked, &stopping, &*play);
                        io::Result::Ok(())
                    });
                }
            }
        });
        Self { address, asked, stopping, _behind: None }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the listener: who comes next is refused.
    pub(crate) fn crash(&self) {
        self.stopping.store(true, Ordering::Release);
        // Wakes the thread that accepts; it may be gone already.
        let _ = TcpStream::connect(self.address);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.crash();
    }
}

/// The status of a whole answer.
pub(crate) fn status(answer: &[u8]) -> u16 {
    String::from_utf8_lossy(&answer[9..12]).parse().unwrap()
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// An answer as a provider that is paid for would give it.
pub(crate) fn completion() -> Vec<u8> {
    let body = r#"{"id":"chatcmpl-B9MBs8","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":"Of course."}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
    answer(200, "", body.as_bytes())
}

/// Keeps the connection open until the client leaves.
pub(crate) fn hold(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(|_| ())
}

/// Whether the client has left: no gateway need ask anybody else for it.
pub(crate) fn has_left(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    match seen {
        Ok(length) => length == 0,
        Err(error) => error.kind() != io::ErrorKind::WouldBlock,
    }
}

fn serve(
    mut stream: TcpStream,
    all: &Mutex<Vec<Asked>>,
    stopping: &AtomicBool,
    play: &dyn Fn(&Asked, &mut TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    let asked = read(&mut stream)?;
    all.lock().unwrap().push(asked.clone());
    if stopping.load(Ordering::Acquire) {
        return Ok(());
    }
    play(&asked, &mut stream)
}

fn read(stream: &mut TcpStream) -> io::Result<Asked> {
    let mut data = Vec::new();
    let mut buffer = [0; 4096];
    let mut more = |data: &mut Vec<u8>| {
        let length = stream.read(&mut buffer)?;
        data.extend_from_slice(&buffer[..length]);
        if length == 0 { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) } else { Ok(()) }
    };
    let end = loop {
        match data.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => break at + 4,
            None => more(&mut data)?,
        }
    };
    let head = String::from_utf8_lossy(&data[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
    });
    while data.len() < end + length.unwrap_or(0) {
        more(&mut data)?;
    }
    let line = head.split(" HTTP/").next().unwrap_or_default().to_owned();
    Ok(Asked { line, head, body: String::from_utf8_lossy(&data[end..]).into_owned() })
}

fn forward(to: SocketAddr, asked: &Asked) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(asked.head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes())?;
    stream.write_all(asked.body.as_bytes())?;
    let mut answer = Vec::new();
    // A stream that breaks is passed on as far as it came.
    let _ = stream.read_to_end(&mut answer);
    if answer.len() < 12 { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) } else { Ok(answer) }
}

/// Asks the gateway at `url` the same.
pub(crate) fn pass(url: &str, asked: &Asked) -> io::Result<Vec<u8>> {
    forward(url.trim_start_matches("http://").parse().unwrap(), asked)
}
