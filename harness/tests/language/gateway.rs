//! A gateway of a test's own: it does with each request what the test says, and passes on what an upstream answers.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A gateway; stopped when it is dropped.
pub(crate) struct Gateway {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What the upstream answered, whole.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Whoever asked, waiting for the answer.
pub(crate) struct Client<'s> {
    pub(crate) asked: &'s Asked,
    stream: &'s mut TcpStream,
}

impl Gateway {
    /// Does this with every request, several at once.
    pub(crate) fn that(serve: impl Fn(&mut Client<'_>) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let serve = Arc::new(serve);
        thread::spawn({
            let stopping = stopping.clone();
            move || {
                for stream in listener.incoming() {
                    if stopping.load(Ordering::Acquire) {
                        return;
                    }
                    let serve = serve.clone();
                    thread::spawn(move || {
                        let mut stream = stream?;
                        let asked = Asked::read(&mut stream)?;
                        // A client that leaves ends its connection's thread, and that is all.
                        serve(&mut Client { asked: &asked, stream: &mut stream })
                    });
                }
            }
        });
        Self { address, stopping }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Asked {
    fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let head = read_head(stream)?;
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, path) = (word(), word());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0)];
        stream.read_exact(&mut body)?;
        Ok(Self { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The key, however it came.
    pub(crate) fn key(&self) -> Option<&str> {
        let bearer = self.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        bearer.or_else(|| self.header("x-api-key"))
    }
}

impl Client<'_> {
    /// Answers with JSON.
    pub(crate) fn answer(&mut self, status: u16, headers: &str, body: &str) -> io::Result<()> {
        self.answer_as("application/json", status, headers, body.as_bytes())
    }

    pub(crate) fn answer_as(
        &mut self,
        kind: &str,
        status: u16,
        headers: &str,
        body: &[u8],
    ) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat())
    }

    /// Passes the request on, and the answer back as it comes.
    pub(crate) fn relay(&mut self, upstream: &str) -> io::Result<()> {
        let mut upstream = self.call(upstream)?;
        let mut piece = [0; 16 * 1024];
        loop {
            let read = upstream.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            self.stream.write_all(&piece[..read])?;
        }
    }

    /// Passes the request on and takes the whole answer, without its framing.
    pub(crate) fn fetch(&self, upstream: &str) -> io::Result<Fetched> {
        let mut upstream = self.call(upstream)?;
        let head = read_head(&mut upstream)?;
        let mut body = Vec::new();
        upstream.read_to_end(&mut body)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(502);
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Ok(Fetched { status, body: if chunked { unchunked(&body) } else { body } })
    }

    fn call(&self, upstream: &str) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(upstream)?;
        let Asked { method, path, headers, body } = self.asked;
        let passed = headers.iter().filter(|(name, _)| {
            !["host", "connection", "content-length", "authorization", "x-api-key"].contains(&name.as_str())
        });
        let passed: String = passed.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {upstream}\r\nconnection: close\r\ncontent-length: {}\r\n{passed}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        Ok(stream)
    }
}

fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(chunk) = rest.get(end + 2..end + 2 + size).filter(|chunk| !chunk.is_empty()) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
