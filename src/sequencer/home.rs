//! The directory of a ledger: which file is where. Paths only; each part reads and writes its own.

use std::path::{Path, PathBuf};

/// A ledger's directory.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
    checkpoint_file: Option<PathBuf>,
}

impl Home {
    /// The ledger in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), checkpoint_file: None }
    }

    /// The same with its checkpoint file elsewhere, if a place is named.
    #[must_use]
    pub fn with_checkpoint_file(self, checkpoint_file: Option<PathBuf>) -> Self {
        Self { checkpoint_file, ..self }
    }

    /// The newest signed checkpoint once more. Better where a restore of the directory does not reach it.
    pub fn checkpoint_file(&self) -> PathBuf {
        self.checkpoint_file.clone().unwrap_or_else(|| self.dir.join("checkpoint"))
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Segments, head file and lock: the source of truth. Back this up.
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Master key, key ring, pepper. Back this up apart from the journal, and keep its backups short.
    pub fn vault(&self) -> PathBuf {
        self.dir.join("vault")
    }

    /// Everything derived. May be deleted at any time.
    pub fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// Signs checkpoints and nothing else.
    pub fn log_key(&self) -> PathBuf {
        self.dir.join("keys/log.key")
    }

    /// Signs status notes and nothing else.
    pub fn status_key(&self) -> PathBuf {
        self.dir.join("keys/status.key")
    }

    /// Signs access tokens and seals page tokens of this server.
    pub fn access_key(&self) -> PathBuf {
        self.dir.join("keys/access.key")
    }

    /// Logs the operator in; made with the ledger. Others' keys are added to [`Self::operators`].
    pub fn operator_key(&self) -> PathBuf {
        self.dir.join("keys/operator.key")
    }

    /// Who may log in as operator, one vkey a line. Read at start.
    pub fn operators(&self) -> PathBuf {
        self.dir.join("operators.txt")
    }

    /// The origin, one line.
    pub fn origin(&self) -> PathBuf {
        self.dir.join("origin")
    }

    /// What verifiers trust: the log and its witnesses (C2SP tlog-policy).
    pub fn policy(&self) -> PathBuf {
        self.dir.join("policy.txt")
    }

    /// What the ledger's witnesses cosigned, as far as it knows.
    pub fn witnesses(&self) -> PathBuf {
        self.dir.join("witnesses")
    }

    /// What verifiers trust: authority and status keys, one vkey a line.
    pub fn authority(&self) -> PathBuf {
        self.dir.join("authority.txt")
    }

    /// The server's certificate chain (PEM).
    pub fn tls_certificate(&self) -> PathBuf {
        self.dir.join("tls/cert.pem")
    }

    /// The server's TLS key (PEM).
    pub fn tls_key(&self) -> PathBuf {
        self.dir.join("tls/key.pem")
    }
}
