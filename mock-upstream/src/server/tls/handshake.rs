//! The first byte decides between HTTP and TLS; the handshake, and how it fails.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::server::wire::{Socket, Wire};

/// The type of a record that carries a handshake.
const HANDSHAKE: u8 = 22;

/// Waits for the first byte; whether it is one with which a ClientHello begins. No request begins with it.
pub(in crate::server) async fn begins(wire: &mut Wire) -> bool {
    if wire.ahead().is_empty() {
        // Who has left is noticed by who reads on.
        let _ = wire.more().await;
    }
    wire.ahead().first() == Some(&HANDSHAKE)
}

/// What the bytes of a peer amount to.
pub(in crate::server) enum Greeting {
    /// More has to come.
    Part,
    /// A whole ClientHello, and what it offers by ALPN.
    Hello { accepted: Box<rustls::server::Accepted>, offers: Vec<Vec<u8>> },
    /// Anything else; why.
    Other(String),
}

/// Reads a ClientHello without taking it off the wire.
pub(in crate::server) fn greeting(mut bytes: &[u8]) -> Greeting {
    if bytes.first().is_some_and(|first| *first != HANDSHAKE) {
        return Greeting::Other("the peer speaks no TLS".to_owned());
    }
    let mut acceptor = Acceptor::default();
    loop {
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let offers = accepted.client_hello().alpn();
                let offers = offers.into_iter().flatten().map(<[u8]>::to_vec).collect();
                return Greeting::Hello { accepted: Box::new(accepted), offers };
            }
            Ok(None) if bytes.is_empty() => return Greeting::Part,
            Ok(None) => {}
            Err((error, _)) => return Greeting::Other(format!("the ClientHello is none: {error}")),
        }
        if let Err(error) = acceptor.read_tls(&mut bytes) {
            return Greeting::Other(error.to_string());
        }
    }
}

/// Does the handshake; `wrote` is set once the mock has said something. Where ALPN is to decide between protocols, this is the place: the connection says what it chose.
///
/// # Errors
/// Why it failed, and the connection below, unless the peer was silent for too long.
pub(in crate::server) async fn secure(
    wire: Wire,
    config: Arc<ServerConfig>,
    within: Duration,
    wrote: Arc<AtomicBool>,
) -> Result<Wire, (io::Error, Option<Wire>)> {
    let rewound =
        wire.rewind(wrote).map_err(|wire| (io::Error::other("the connection carries TLS"), Some(wire)))?;
    match timeout(within, TlsAcceptor::from(config).accept(rewound).into_fallible()).await {
        Ok(Ok(stream)) => Ok(Wire::new(Socket::Tls(Box::new(stream)))),
        Ok(Err((error, below))) => Err((error, Some(Wire::new(Socket::Tcp(below.stream))))),
        Err(_) => Err((io::ErrorKind::TimedOut.into(), None)),
    }
}
