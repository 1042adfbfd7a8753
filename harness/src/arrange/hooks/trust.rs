//! Which certificates are trusted, for the client under test conditions and for admin calls alike.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// The system's certificates and those given.
#[derive(Clone, Debug)]
pub struct Trust {
    config: ClientConfig,
}

/// Why certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The PEM text holds none.
    #[error("the trusted authority's file holds no PEM certificate")]
    NoCertificate,
    /// One is not readable, or the verifier refuses it.
    #[error("the trusted authority's certificate cannot be used: {0}")]
    Unusable(String),
}

impl Trust {
    /// Reads `extra`, certificates in PEM.
    ///
    /// # Errors
    /// When `extra` holds no certificate, or one that cannot be used.
    pub fn new(extra: Option<&[u8]>) -> Result<Self, TrustError> {
        let unusable = |error: &dyn std::fmt::Display| TrustError::Unusable(error.to_string());
        let roots = match extra {
            None => Vec::new(),
            Some(pem) => CertificateDer::pem_slice_iter(pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| unusable(&error))?,
        };
        if extra.is_some() && roots.is_empty() {
            return Err(TrustError::NoCertificate);
        }
        let mut extra_only = RootCertStore::empty();
        for root in &roots {
            extra_only.add(root.clone()).map_err(|error| unusable(&error))?;
        }
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let config = match Verifier::new_with_extra_roots(roots, provider) {
            Ok(verifier) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
            }
            // A machine without certificates of its own (a bare container) still reaches plain gateways and `extra`.
            Err(_) => builder.with_root_certificates(extra_only).with_no_client_auth(),
        };
        Ok(Self { config })
    }

    /// A TLS configuration of one's own.
    pub fn client_config(&self) -> ClientConfig {
        self.config.clone()
    }
}

/// The cryptography of the whole process, installed on first use; what else speaks TLS in it then uses the same.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            // An error means that somebody installed one before, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            CryptoProvider::get_default()
                .cloned()
                .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
        })
        .clone()
}
