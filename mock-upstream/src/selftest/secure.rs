//! Clients that speak TLS: one that trusts the mock's authority, one that trusts anything, and a ClientHello as bytes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::fault::Distrust;

/// How a client does its handshake.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trust<'a> {
    /// It trusts this authority.
    Authority(&'a str),
    /// It trusts anything.
    Anything,
}

/// Connects and does the handshake; on failure what the client makes of it, and the connection below.
pub(super) async fn connect(
    addr: SocketAddr,
    trust: Trust<'_>,
    offers: &[&str],
) -> Result<TlsStream<TcpStream>, (io::Error, Option<TcpStream>)> {
    let prepared = async {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok((stream, config(trust, offers)?))
    };
    let (stream, config) = prepared.await.map_err(|error| (error, None))?;
    let connecting = TlsConnector::from(config).connect(name(addr), stream).into_fallible().await;
    connecting.map_err(|(error, below)| (error, Some(below)))
}

/// A ClientHello that asks this address for HTTP/1.1.
pub(super) fn hello(addr: SocketAddr) -> io::Result<Vec<u8>> {
    let config = config(Trust::Anything, &["http/1.1"])?;
    let mut connection = ClientConnection::new(config, name(addr)).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a failure of TLS is, if it is one.
pub(super) fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|cause| cause.downcast_ref())
}

/// Why a certificate was not trusted, if that is what failed.
pub(super) fn distrust(error: &io::Error) -> Option<Distrust> {
    let Some(Error::InvalidCertificate(why)) = cause(error) else { return None };
    match why {
        CertificateError::UnknownIssuer => Some(Distrust::UnknownIssuer),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some(Distrust::Expired),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Some(Distrust::NotYetValid)
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some(Distrust::WrongName)
        }
        _ => None,
    }
}

fn name(addr: SocketAddr) -> ServerName<'static> {
    ServerName::IpAddress(addr.ip().into())
}

fn config(trust: Trust<'_>, offers: &[&str]) -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let mut config = match trust {
        Trust::Authority(pem) => {
            let authority = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(io::Error::other)?;
            let mut roots = RootCertStore::empty();
            roots.add(authority).map_err(io::Error::other)?;
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Anything => {
            let verifier = Arc::new(Gullible(provider));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
    };
    config.alpn_protocols = offers.iter().map(|offer| offer.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}

/// Trusts every certificate.
#[derive(Debug)]
struct Gullible(Arc<CryptoProvider>);

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
