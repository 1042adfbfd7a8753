//! A connection that remembers the head as it came and what was read too early.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A head longer than this is remembered only by the parser.
const MOST_HEAD: usize = 1 << 20;
/// Bytes that are read ahead while a reply is written.
const MOST_AHEAD: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    /// What was read behind the current request.
    ahead: BytesMut,
    /// What the parser has been given since the request began, up to the end of the head.
    head: BytesMut,
    head_whole: bool,
    left: Option<Left>,
}

/// How the peer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Closed,
    Reset,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, ahead: BytesMut::new(), head: BytesMut::new(), head_whole: false, left: None }
    }

    /// Prepares for the next request, which begins with these bytes.
    pub(super) fn rewind(&mut self, mut behind: BytesMut) {
        behind.extend_from_slice(&self.ahead);
        self.ahead = behind;
        self.head.clear();
        self.head_whole = false;
    }

    /// The bytes of the head in the order and case in which they came.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
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
            let read = self.stream.read_buf(&mut self.ahead).await;
            self.note(&read);
        }
    }

    /// Notices without waiting whether the peer has left.
    pub(super) fn look(&mut self) {
        while self.left.is_none() && self.ahead.len() < MOST_AHEAD {
            let read = self.stream.try_read_buf(&mut self.ahead);
            if matches!(&read, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                return;
            }
            self.note(&read);
        }
    }

    fn note(&mut self, read: &io::Result<usize>) {
        match read {
            Ok(0) => self.left = self.left.or(Some(Left::Closed)),
            Ok(_) => {}
            Err(_) => self.left = Some(Left::Reset),
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        if self.head_whole || self.head.len() >= MOST_HEAD {
            return;
        }
        // The blank line may have begun in what came before.
        let from = self.head.len().saturating_sub(3);
        self.head.extend_from_slice(bytes);
        if let Some(at) = memmem::find(&self.head[from..], b"\r\n\r\n") {
            self.head.truncate(from + at + 4);
            self.head_whole = true;
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.ahead.is_empty() {
            let read = std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
            let read = read.map(|()| buf.filled().len() - before);
            self.note(&read);
            read?;
        } else {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead[..count]);
            self.ahead.advance(count);
        }
        self.remember(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
