//! A connection of its own for each exchange, plain or TLS, and what its failures mean.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::origin::Origin;
use super::response::Silence;
use crate::arrange::hooks::trust::Trust;
use crate::wire::exchange::Break;

/// Opens connections.
pub(super) struct Connector {
    tls: TlsConnector,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(trust: &Trust) -> Self {
        let mut config = trust.client_config();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Resolves, connects and, for https, shakes hands.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Connection, Break> {
        let tcp = TcpStream::connect((origin.host.as_str(), origin.port))
            .await
            .map_err(|error| failed(&error, || format!("connecting to {}:{}", origin.host, origin.port)))?;
        tcp.set_nodelay(true).map_err(|error| Break::Transport(error.to_string()))?;
        if !origin.tls {
            return Ok(Connection::Plain(tcp));
        }
        let name = ServerName::try_from(origin.host.clone()).map_err(|error| {
            Break::Transport(format!("`{}` cannot be in a certificate: {error}", origin.host))
        })?;
        let tls = self
            .tls
            .connect(name, tcp)
            .await
            .map_err(|error| failed(&error, || format!("TLS handshake with {}", origin.host)))?;
        Ok(Connection::Tls(Box::new(tls)))
    }
}

fn failed(error: &io::Error, doing: impl FnOnce() -> String) -> Break {
    match error.kind() {
        ErrorKind::ConnectionRefused => Break::Refused,
        _ if is_reset(error) => Break::Reset,
        _ => Break::Transport(format!("{}: {error}", doing())),
    }
}

/// Whether the other side tore the connection down with RST.
pub(super) fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            _ if is_reset(&error) => Self::Reset,
            // TLS that ends without its closing alert.
            ErrorKind::UnexpectedEof => Self::ClosedUnannounced,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// An open connection.
pub(super) enum Connection {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
