//! Certificates: the operator's own files, or a throwaway one that a development start makes for loopback.
//!
//! Nothing here decides who may call; that is `auth`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is not PEM of the kind it should be.
    #[error("{path} is not a PEM {what}")]
    Pem {
        /// Which file.
        path: String,
        /// What was expected in it.
        what: &'static str,
    },
    /// The certificate and key do not make a server.
    #[error("the certificate and key do not fit together")]
    Config(#[source] rustls::Error),
    /// A development certificate could not be made.
    #[error("cannot make a development certificate")]
    Generate(#[source] rcgen::Error),
}

/// Reads a certificate chain and its key (PEM) and offers HTTP/2 and HTTP/1.1.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let pem = |path: &Path, what| TlsError::Pem { path: path.display().to_string(), what };
    let chain = CertificateDer::pem_file_iter(certificate)
        .map_err(|_| pem(certificate, "certificate"))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| pem(certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| pem(key, "private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Config)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Config)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Makes a self-signed certificate for loopback, unless there is one already. For `demo` and `serve --dev-tls` only: nobody
/// outside this machine has a reason to trust it.
pub fn ensure_dev_certificate(certificate: &Path, key: &Path) -> Result<(), TlsError> {
    if certificate.exists() && key.exists() {
        return Ok(());
    }
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(TlsError::Generate)?;
    write(key, made.signing_key.serialize_pem().as_bytes(), 0o600)?;
    write(certificate, made.cert.pem().as_bytes(), 0o644)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), TlsError> {
    let wrap = |source| TlsError::File { path: path.display().to_string(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(wrap)?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path).map_err(wrap)?;
    file.write_all(bytes).map_err(wrap)
}
