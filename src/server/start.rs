//! Opens a ledger's directory and puts the API on top of it: what `serve`, `demo`, `bench` and the tests have in common.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::key::{Algorithm, KeyId, SecretKey};
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use zeroize::Zeroizing;

use crate::api::access::LocalTokens;
use crate::api::{Api, Codes, Pages, VERIFYING};
use crate::sequencer::{Clock, Home, Ledger, OpenOptions, SequencerError};

/// Why a ledger could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file of the ledger's directory cannot be read.
    #[error("cannot read {path}; is this the directory of a ledger? 'xuefen init' makes one")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of the ledger's directory is not what it should be.
    #[error("{path} is not {what}")]
    Content {
        /// Which file.
        path: String,
        /// What was expected.
        what: &'static str,
    },
    /// The ledger itself did not open.
    #[error("cannot open the ledger")]
    Ledger(#[from] SequencerError),
}

/// Reads the origin of the ledger in `home`.
pub fn origin(home: &Home) -> Result<Origin, StartError> {
    let path = home.origin();
    let content = || StartError::Content { path: path.display().to_string(), what: "an origin" };
    Origin::parse(text(&path)?.trim_end_matches('\n')).map_err(|_| content())
}

/// The secrets of a server. Whoever starts it reads them from their files.
pub struct Secrets {
    /// Signs checkpoints and nothing else.
    pub log: SecretKey,
    /// Signs status notes and nothing else.
    pub status: SecretKey,
    /// Seed of the key that signs access tokens; page tokens are sealed with what is derived from it.
    pub access: Zeroizing<[u8; 32]>,
}

/// Opens the ledger in `home` under its policy files. `progress` hears of a long replay: entries done, entries in all.
pub fn open(
    home: &Home,
    secrets: Secrets,
    clock: Clock,
    progress: Box<dyn Fn(u64, u64)>,
) -> Result<Arc<Api>, StartError> {
    let origin = origin(home)?;
    let authority_path = home.authority();
    let authority_text = text(&authority_path)?;
    let authority = AuthorityFile::parse(&authority_text).map_err(|_| StartError::Content {
        path: authority_path.display().to_string(),
        what: "a list of authority keys, one vkey a line",
    })?;
    let policy_path = home.policy();
    let policy_text = text(&policy_path)?;
    let policy = Policy::parse(&policy_text)
        .map_err(|_| StartError::Content { path: policy_path.display().to_string(), what: "a C2SP tlog-policy" })?;
    let genesis_keys = authority
        .keys()
        .iter()
        .filter(|key| !key.name().as_str().ends_with("/status"))
        .map(|key| KeyId::of(Algorithm::Ed25519, key.public_key().as_bytes()))
        .collect();
    let Secrets { log, status, access } = secrets;
    let options = OpenOptions { origin: origin.clone(), log_key: log, genesis_keys, clock, progress };
    let ledger = Arc::new(Ledger::open(home, options)?);
    let tokens = LocalTokens::new(origin.as_str(), SecretKey::from_seed(&access));
    Ok(Arc::new(Api {
        ledger,
        tokens,
        pages: Pages::new(&access),
        codes: Codes::new(&access),
        status_key: status,
        policy,
        authority,
        policy_text,
        authority_text,
        verifying: Semaphore::new(VERIFYING),
    }))
}

/// The machine's clock.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

fn text(path: &Path) -> Result<String, StartError> {
    fs::read_to_string(path).map_err(|source| StartError::File { path: path.display().to_string(), source })
}
