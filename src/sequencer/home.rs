//! The directory of a ledger: which file is where. Paths only; each part reads and writes its own.

use std::path::{Path, PathBuf};

/// A ledger's directory.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The ledger in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Segments, head file and lock: the source of truth. Back this up.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Master key, key ring, pepper. Back this up apart from the journal, and keep its backups short.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault")
    }

    /// Everything derived. May be deleted at any time.
    pub fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    /// Signs checkpoints and nothing else.
    pub fn log_key(&self) -> PathBuf {
        self.0.join("keys/log.key")
    }

    /// Signs status notes and nothing else.
    pub fn status_key(&self) -> PathBuf {
        self.0.join("keys/status.key")
    }

    /// Signs access tokens and seals page tokens of this server.
    pub fn access_key(&self) -> PathBuf {
        self.0.join("keys/access.key")
    }

    /// The origin, one line.
    pub fn origin(&self) -> PathBuf {
        self.0.join("origin")
    }

    /// What verifiers trust: the log and its witnesses (C2SP tlog-policy).
    pub fn policy(&self) -> PathBuf {
        self.0.join("policy.txt")
    }

    /// What the ledger's witnesses cosigned, as far as it knows.
    pub fn witnesses(&self) -> PathBuf {
        self.0.join("witnesses")
    }

    /// What verifiers trust: authority and status keys, one vkey a line.
    pub fn authority(&self) -> PathBuf {
        self.0.join("authority.txt")
    }

    /// The server's certificate chain (PEM).
    pub fn tls_certificate(&self) -> PathBuf {
        self.0.join("tls/cert.pem")
    }

    /// The server's TLS key (PEM).
    pub fn tls_key(&self) -> PathBuf {
        self.0.join("tls/key.pem")
    }
}
