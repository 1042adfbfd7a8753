//! An authority of the mock's own, made when it starts, and what it certifies.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};

use crate::fault::{CertificateFlaw, Op, TlsOp};

/// The names of a provider that listens on this machine.
const NAMES: [&str; 3] = ["127.0.0.1", "::1", "localhost"];
/// A name that no provider has; the domain is reserved for such uses (RFC 2606).
const OTHER_NAME: &str = "other.example";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Some clients trust nothing that is valid for longer than 398 days.
const VALID: Duration = Duration::from_secs(90 * 24 * 3600);
/// What ALPN decides between; HTTP/1.1 is also what a peer gets that offers nothing.
const PROTOCOLS: [&str; 1] = ["http/1.1"];

/// The authority that certifies the providers of a mock.
#[derive(Debug)]
pub(in crate::server) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    healthy: Arc<ServerConfig>,
}

impl Authority {
    /// A new one with new keys.
    pub(in crate::server) fn new() -> io::Result<Self> {
        let issuer = issuer("mock-upstream").map_err(io::Error::other)?;
        let healthy =
            serving(config()?.with_no_client_auth(), leaf(&issuer, None).map_err(io::Error::other)?)?;
        Ok(Self { issuer, healthy })
    }

    /// Its certificate, for clients to trust.
    pub(in crate::server) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// What a healthy provider serves TLS with.
    pub(in crate::server) fn healthy(&self) -> &Arc<ServerConfig> {
        &self.healthy
    }

    /// What this program does its handshakes with.
    ///
    /// # Errors
    /// The certificate or the configuration cannot be made.
    pub(in crate::server) fn for_program(&self, program: &[Op]) -> io::Result<Arc<ServerConfig>> {
        let own = program.iter().find_map(|op| match op {
            Op::Tls(TlsOp::Certificate(flaw)) => Some(self.flawed(*flaw)),
            Op::Tls(TlsOp::DemandCertificate) => Some(self.demanding()),
            Op::Tls(TlsOp::Choose(protocol)) => Some(Ok(self.choosing(protocol))),
            _ => None,
        });
        own.unwrap_or_else(|| Ok(Arc::clone(&self.healthy)))
    }

    fn flawed(&self, flaw: CertificateFlaw) -> io::Result<Arc<ServerConfig>> {
        let leaf = leaf(&self.issuer, Some(flaw)).map_err(io::Error::other)?;
        serving(config()?.with_no_client_auth(), leaf)
    }

    fn choosing(&self, protocol: &str) -> Arc<ServerConfig> {
        let mut chosen = ServerConfig::clone(&self.healthy);
        chosen.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(chosen)
    }

    fn demanding(&self) -> io::Result<Arc<ServerConfig>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).map_err(io::Error::other)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let builder = config()?.with_client_cert_verifier(verifier.map_err(io::Error::other)?);
        serving(builder, leaf(&self.issuer, None).map_err(io::Error::other)?)
    }
}

/// A certificate and its key.
struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

fn issuer(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = valid(CertificateParams::new(Vec::new())?);
    let key = KeyPair::generate()?;
    // Two authorities of one name would be taken for one another.
    let own = params
        .key_identifier(&key)
        .iter()
        .take(4)
        .fold(String::new(), |own, byte| format!("{own}{byte:02x}"));
    params.distinguished_name.push(DnType::CommonName, format!("{name} test authority {own}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, key)
}

fn leaf(issuer: &CertifiedIssuer<'_, KeyPair>, flaw: Option<CertificateFlaw>) -> Result<Leaf, rcgen::Error> {
    let names: &[&str] = if flaw == Some(CertificateFlaw::WrongName) { &[OTHER_NAME] } else { &NAMES };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = valid(CertificateParams::new(names)?);
    params.distinguished_name.push(DnType::CommonName, "mock-upstream provider");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    match flaw {
        Some(CertificateFlaw::Expired) => {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 3, 1));
        }
        Some(CertificateFlaw::NotYetValid) => {
            (params.not_before, params.not_after) = (date_time_ymd(2120, 1, 1), date_time_ymd(2120, 3, 1));
        }
        _ => {}
    }
    let key = KeyPair::generate()?;
    let certificate = match flaw {
        Some(CertificateFlaw::SelfSigned) => params.self_signed(&key)?,
        Some(CertificateFlaw::UnknownCa) => params.signed_by(&key, &*self::issuer("unknown")?)?,
        _ => params.signed_by(&key, issuer)?,
    };
    Ok(Leaf { certificate: certificate.der().clone(), key })
}

fn valid(mut params: CertificateParams) -> CertificateParams {
    let now = SystemTime::now();
    // A client's clock may be a little behind.
    (params.not_before, params.not_after) = ((now - DAY).into(), (now + VALID).into());
    params
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn config() -> io::Result<ConfigBuilder<ServerConfig, WantsVerifier>> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)
}

fn serving(
    builder: ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
    Leaf { certificate, key }: Leaf,
) -> io::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = builder.with_single_cert(vec![certificate], key).map_err(io::Error::other)?;
    config.alpn_protocols = PROTOCOLS.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(Arc::new(config))
}
