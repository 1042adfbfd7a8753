//! A client that knows sockets and no HTTP library: it sends bytes and says what came back, and how it ended.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Reply;

/// Far longer than any proof takes, also on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// How long a silence is watched that must not be broken.
const WATCH: Duration = Duration::from_millis(80);

/// How the peer has ended the connection, if it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Announced by a close_notify where it carries TLS.
    Fin,
    /// Not announced though it carries TLS.
    FinUnannounced,
    Rst,
    Open,
}

/// What carries the bytes.
trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}

pub(super) struct Raw {
    stream: Box<dyn Carrier>,
    /// When it began to connect, as far as that is known.
    opened: Instant,
    sent: Instant,
    unread: Vec<u8>,
    /// How many bytes had come since the latest request, and when.
    came: Vec<(usize, Instant)>,
}

impl Raw {
    pub(super) async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let opened = Instant::now();
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { opened, ..Self::over(stream) })
    }

    /// A client on a connection that exists.
    pub(super) fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let now = Instant::now();
        Self { stream: Box::new(stream), opened: now, sent: now, unread: Vec::new(), came: Vec::new() }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.came.clear();
        self.sent = Instant::now();
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Sends more of what has been begun.
    pub(super) async fn send_on(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Sends nothing more, and reads on.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// A server's clock can begin at the accept, which may be long before this side has sent anything.
    pub(super) fn since_opened(&self) -> Duration {
        self.opened.elapsed()
    }

    pub(super) fn since_sent(&self) -> Duration {
        self.sent.elapsed()
    }

    /// How many bytes had come since the latest request, and how long after it, each time that some came.
    pub(super) fn came(&self) -> impl Iterator<Item = (usize, Duration)> {
        self.came.iter().map(|(count, at)| (*count, at.duration_since(self.sent)))
    }

    /// What has been read and not been taken.
    pub(super) fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Takes the first bytes of what has been read.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.unread.split_off(count.min(self.unread.len()));
        std::mem::replace(&mut self.unread, rest)
    }

    /// Reads on; how the connection has ended when nothing comes any more.
    ///
    /// # Errors
    /// Nothing comes within the patience, or another error than a reset.
    pub(super) async fn more(&mut self) -> io::Result<Option<End>> {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        match read.map_err(|_| io::Error::other(format!("nothing came for {PATIENCE:?}")))? {
            Ok(0) => Ok(Some(End::Fin)),
            Ok(count) => {
                let before = self.came.last().map_or(0, |(count, _)| *count);
                self.came.push((before + count, Instant::now()));
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(Some(End::Rst)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some(End::FinUnannounced)),
            Err(error) => Err(error),
        }
    }

    /// Reads up to the end of the connection, which must come, and tells how it came.
    pub(super) async fn end(&mut self) -> io::Result<End> {
        loop {
            if let Some(end) = self.more().await? {
                return Ok(end);
            }
        }
    }

    /// Reads one whole reply by its own framing.
    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        loop {
            if let Some((reply, length)) = Reply::whole(&self.unread) {
                self.take(length);
                return Ok(reply);
            }
            if let Some(end) = self.more().await? {
                let text = String::from_utf8_lossy(&self.unread).into_owned();
                return Err(io::Error::other(format!("the connection ended ({end:?}) within {text:?}")));
            }
        }
    }

    /// Writes until nothing more is taken; how much was.
    pub(super) async fn write_until_stuck(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match timeout(WATCH, self.stream.write(&bytes[written..])).await {
                Err(_) => break,
                Ok(count) => written += count?,
            }
        }
        Ok(written)
    }

    /// Watches a silence: how the connection has ended, `Open` when the silence lasted.
    pub(super) async fn watch(&mut self) -> io::Result<End> {
        match timeout(WATCH, self.more()).await {
            Err(_) if self.unread.is_empty() => Ok(End::Open),
            Ok(Ok(Some(end))) if self.unread.is_empty() => Ok(end),
            Ok(Err(error)) => Err(error),
            Ok(_) | Err(_) => {
                let text = String::from_utf8_lossy(&self.unread).into_owned();
                Err(io::Error::other(format!("more bytes came: {text:?}")))
            }
        }
    }
}
