//! A client that knows sockets and no HTTP library: it sends bytes and says what came back, and how it ended.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far longer than anything here takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long a silence is watched that must not be broken.
pub(crate) const WATCH: Duration = Duration::from_millis(80);

/// How the peer ended the connection, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Fin,
    Rst,
    Open,
}

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    sent: Instant,
    early: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, sent: Instant::now(), early: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.sent = Instant::now();
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) fn since_sent(&self) -> Duration {
        self.sent.elapsed()
    }

    /// Reads so many bytes, fewer only when the connection ends before.
    pub(crate) async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.early);
        while bytes.len() < count {
            match timeout(PATIENCE, self.stream.read_buf(&mut bytes))
                .await
                .expect("bytes within the patience")
            {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        self.early = bytes.split_off(count.min(bytes.len()));
        bytes
    }

    /// Reads up to the end of the connection, which must come.
    pub(crate) async fn read_to_end(&mut self) -> (Vec<u8>, End) {
        let mut bytes = std::mem::take(&mut self.early);
        loop {
            match timeout(PATIENCE, self.stream.read_buf(&mut bytes))
                .await
                .expect("an end within the patience")
            {
                Ok(0) => return (bytes, End::Fin),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return (bytes, End::Rst),
                Err(error) => panic!("unexpected {error}"),
            }
        }
    }

    /// Reads one whole reply by its own framing.
    pub(crate) async fn reply(&mut self) -> Parsed {
        let mut bytes = Vec::new();
        loop {
            if let Some((parsed, length)) = Parsed::whole(&bytes) {
                self.early = bytes.split_off(length);
                return parsed;
            }
            let more = self.read(1).await;
            assert!(!more.is_empty(), "the connection ended within {:?}", String::from_utf8_lossy(&bytes));
            bytes.extend(more);
            bytes.append(&mut self.early);
        }
    }

    /// Watches a silence: whether it lasted, or how it ended.
    pub(crate) async fn watch(&mut self) -> End {
        assert!(self.early.is_empty(), "unexpected bytes {:?}", String::from_utf8_lossy(&self.early));
        let mut bytes = [0; 64];
        match timeout(WATCH, self.stream.read(&mut bytes)).await {
            Err(_) => End::Open,
            Ok(Ok(0)) => End::Fin,
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => End::Rst,
            Ok(other) => panic!("unexpected {other:?} {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}

/// A reply taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) chunks: Vec<Vec<u8>>,
}

impl Parsed {
    /// The first reply in these bytes and its length on the wire, if it is whole.
    pub(crate) fn whole(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = find(bytes, b"\r\n\r\n")? + 4;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let rest = &bytes[end..];
        let field = |name: &str| {
            let line =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix(name).map(str::to_owned));
            line.map(|value| value.trim().to_owned())
        };
        if let Some(length) = field("content-length:") {
            let length: usize = length.parse().unwrap();
            let body = rest.get(..length)?.to_vec();
            return Some((Self { head, body, chunks: Vec::new() }, end + length));
        }
        if field("transfer-encoding:").is_none() {
            return Some((Self { head, body: Vec::new(), chunks: Vec::new() }, end));
        }
        let (mut at, mut chunks) = (0, Vec::new());
        loop {
            let line = find(rest.get(at..)?, b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&rest[at..at + line]).unwrap(), 16).unwrap();
            at += line + 2;
            let chunk = rest.get(at..at + size + 2)?;
            assert_eq!(&chunk[size..], b"\r\n");
            at += size + 2;
            if size == 0 {
                let body = chunks.concat();
                return Some((Self { head, body, chunks }, end + at));
            }
            chunks.push(chunk[..size].to_vec());
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
