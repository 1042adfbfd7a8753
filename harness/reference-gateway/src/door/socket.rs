//! The socket under the HTTP parser: where the parser answers for itself, the personality's words take the place
//! of its empty 400 or 431.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection whose refusals below HTTP read like all others.
///
/// The parser offers no hook for what it sends when a request cannot be parsed. It is recognised here: a final
/// response head is being written though no request has been handed to the service that it could belong to.
pub(crate) struct Socket<F> {
    stream: TcpStream,
    requests: Requests,
    answered: usize,
    refusal: F,
    /// What is still to be written in place of the parser's own words.
    instead: Option<Bytes>,
}

/// Counts the requests that reached the service.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<AtomicUsize>);

impl Requests {
    pub(crate) fn saw_one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<F: Fn() -> Bytes> Socket<F> {
    /// `refusal` gives the bytes of a whole response.
    pub(crate) fn new(stream: TcpStream, refusal: F) -> Self {
        Self { stream, requests: Requests::default(), answered: 0, refusal, instead: None }
    }

    pub(crate) fn requests(&self) -> Requests {
        self.requests.clone()
    }

    fn every_request_is_answered(&self) -> bool {
        self.answered >= self.requests.0.load(Ordering::SeqCst)
    }
}

/// Whether `bytes` begins a response that is not an interim one.
fn begins_a_head(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && bytes.get(8..10) != Some(b" 1")
}

impl<F: Fn() -> Bytes + Unpin> AsyncWrite for Socket<F> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let head = begins_a_head(bytes);
        if this.instead.is_none() && head && this.every_request_is_answered() {
            this.instead = Some((this.refusal)());
        }
        if let Some(instead) = &mut this.instead {
            while instead.has_remaining() {
                let written = ready!(Pin::new(&mut this.stream).poll_write(cx, instead))?;
                instead.advance(written);
            }
            // Nothing follows a refusal on this connection.
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        this.answered += usize::from(head && written > 0);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<F: Unpin> AsyncRead for Socket<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}
