//! TLS: a given authority is trusted, an unknown one is not, and a cut is told from an end.

use std::sync::Arc;

use gateway_conformance::act::{Client, ClientOptions};
use gateway_conformance::arrange::hooks::trust::TrustError;
use gateway_conformance::wire::exchange::{Break, End, Exchange};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{PATIENCE, get, within};

struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    Authority { pem: issuer.pem(), server: Arc::new(server) }
}

async fn exchange(authority: &Authority, trusted: bool, announced: bool) -> Exchange {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(authority.server.clone());
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(tcp).await else { return };
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello").await.unwrap();
        stream.flush().await.unwrap();
        if announced {
            stream.shutdown().await.unwrap();
        }
    });
    let trusted_ca = trusted.then(|| authority.pem.clone().into_bytes());
    let client = Client::new(ClientOptions { trusted_ca }).unwrap();
    let recorded = client.exchange(&url, get("/"), &within(PATIENCE), None).await;
    server.await.unwrap();
    recorded
}

#[tokio::test]
async fn a_given_authority_is_trusted() {
    let recorded = exchange(&authority(), true, true).await;
    assert_eq!((&recorded.body[..], recorded.end), (&b"hello"[..], End::Complete));
}

#[tokio::test]
async fn an_unknown_authority_is_refused_in_words() {
    let recorded = exchange(&authority(), false, true).await;
    assert!(
        matches!(&recorded.end, End::Broken(Break::Transport(text)) if text.contains("certificate")),
        "{:?}",
        recorded.end
    );
}

#[tokio::test]
async fn an_end_without_the_closing_alert_is_early() {
    let recorded = exchange(&authority(), true, false).await;
    assert_eq!((&recorded.body[..], recorded.end), (&b"hello"[..], End::Broken(Break::ClosedEarly)));
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let error = Client::new(ClientOptions { trusted_ca: Some(b"nothing".to_vec()) }).unwrap_err();
    assert_eq!(error, TrustError::NoCertificate);
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let error = Client::new(ClientOptions { trusted_ca: Some(broken) }).unwrap_err();
    assert!(matches!(error, TrustError::Unusable(_)), "{error}");
}
