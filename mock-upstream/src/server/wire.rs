//! A connection with what was read off it and not yet taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::tls::Rewound;

/// Bytes that are read ahead while a reply is written.
const MOST_AHEAD: usize = 1 << 16;
/// What is asked of the network at once: a request is mostly shorter.
const READ: usize = 1 << 12;
/// What is asked of it while a long body comes in.
const LONG_READ: usize = 1 << 16;

/// What carries the bytes.
#[derive(Debug)]
pub(super) enum Socket {
    /// TCP as it is.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<Rewound>>),
}

impl Socket {
    /// The TCP connection below, for its options.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => &stream.get_ref().0.stream,
        }
    }

    /// Sends FIN without the close_notify of TLS; `None` where there is no TLS to announce it.
    pub(super) async fn close_unannounced(&mut self) -> Option<io::Result<()>> {
        match self {
            Self::Tcp(_) => None,
            Self::Tls(stream) => Some(stream.get_mut().0.shutdown().await),
        }
    }
}

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) socket: Socket,
    ahead: BytesMut,
    left: Option<Left>,
}

/// How the peer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Closed,
    Reset,
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, ahead: BytesMut::new(), left: None }
    }

    /// Whether it carries no TLS.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.socket, Socket::Tcp(_))
    }

    /// The connection with what has come before what is to come, as it was before anything was read; `wrote` is set
    /// once anything is written on it. TLS comes back.
    pub(super) fn rewind(self, wrote: Arc<AtomicBool>) -> Result<Rewound, Self> {
        match self.socket {
            Socket::Tcp(stream) => Ok(Rewound { ahead: self.ahead, stream, wrote }),
            Socket::Tls(_) => Err(self),
        }
    }

    /// What has come and was not taken.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Takes so many bytes of what has come.
    pub(super) fn take(&mut self, count: usize) {
        self.ahead.advance(count);
        // The room that a long body needed is not kept for the life of the connection.
        if self.ahead.is_empty() && self.ahead.capacity() > LONG_READ {
            self.ahead = BytesMut::new();
        }
    }

    /// Reads more, as much as has come; how the peer left if it did. Nothing is lost when the future is dropped.
    pub(super) async fn more(&mut self) -> Result<(), Left> {
        self.read(READ).await
    }

    /// The same with a longer reach.
    pub(super) async fn more_of_body(&mut self) -> Result<(), Left> {
        self.read(LONG_READ).await
    }

    async fn read(&mut self, most: usize) -> Result<(), Left> {
        if self.left.is_none() {
            self.ahead.reserve(most);
            let read = self.socket.read_buf(&mut self.ahead).await;
            self.note(&read);
        }
        self.left.map_or(Ok(()), Err)
    }

    /// How the peer has left, as far as it was noticed.
    pub(super) fn left(&self) -> Option<Left> {
        self.left
    }

    /// Waits until the peer leaves. What it sends meanwhile is kept for the next request.
    pub(super) async fn leaves(&mut self) -> Left {
        loop {
            if let Some(left) = self.left {
                return left;
            }
            if self.ahead.len() >= MOST_AHEAD {
                return std::future::pending().await;
            }
            // How it left is asked for at the top.
            let _ = self.more().await;
        }
    }

    /// Notices without waiting whether the peer has left.
    pub(super) fn look(&mut self) {
        // Who waits later asks again, so that nobody has to be woken.
        let mut context = Context::from_waker(Waker::noop());
        while self.left.is_none() && self.ahead.len() < MOST_AHEAD {
            self.ahead.reserve(READ);
            let read = std::pin::pin!(self.socket.read_buf(&mut self.ahead)).poll(&mut context);
            match read {
                Poll::Ready(read) => self.note(&read),
                Poll::Pending => return,
            }
        }
    }

    fn note(&mut self, read: &io::Result<usize>) {
        match read {
            Ok(0) => self.left = self.left.or(Some(Left::Closed)),
            Ok(_) => {}
            // Under TLS, a FIN that was not announced is an error; many clients leave so.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.left = Some(Left::Closed),
            Err(_) => self.left = Some(Left::Reset),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
