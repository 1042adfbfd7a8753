//! What goes wrong with TLS.

use serde::{Deserialize, Serialize};

/// What is done to a handshake, or to the end of a connection that carries TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsOp {
    /// Reads until the peer's ClientHello is whole. A peer that speaks no TLS is served instead, and not struck.
    AwaitHello,
    /// Writes a fatal alert of this number as a plain record (RFC 8446, section 6).
    Alert(u8),
    /// Writes the beginning of a true answer to the ClientHello.
    Answer(Beginning),
    /// Does the handshake with a certificate that nobody should trust.
    Certificate(CertificateFlaw),
    /// Does the handshake and demands a certificate of the mock's own authority from the peer.
    DemandCertificate,
    /// Does the handshake and chooses this protocol by ALPN. A peer that does not offer it is served instead, and not
    /// struck.
    Choose(String),
    /// Closes the connection with FIN, without the close_notify that has to come before.
    CloseUnannounced,
}

/// How much of the answer to a ClientHello is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// The record with the ServerHello.
    ServerHello,
    /// The first half of that record.
    HalfServerHello,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFlaw {
    /// It is signed with its own key.
    SelfSigned,
    /// It is signed by an authority that nobody knows.
    UnknownCa,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is another host's.
    WrongName,
}

impl TlsOp {
    /// Whether it is done before a request is read, so that it is imposed on a provider.
    pub(in crate::fault) fn needs_no_request(&self) -> bool {
        *self != Self::CloseUnannounced
    }
}
