//! Opens a ledger's directory and puts the API on top of it: what `serve`, `demo`, `bench` and the tests have in common.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::key::{Algorithm, KeyId, PublicKey, SecretKey};
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use zeroize::Zeroizing;

use crate::api::access::LocalTokens;
use crate::api::{Api, Codes, OwnTrust, Pages, REPORTING, VERIFYING};
use crate::http_client::{HttpClient, HttpError};
use crate::sequencer::{Clock, Home, Ledger, OpenOptions, SequencerError};
pub use crate::witness::feeder::Pace;
use crate::witness::feeder::Witnesses;
use crate::witness::gate::Gate;
use crate::witness::records::Records;

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
    /// The policy with the witnesses is not one of this ledger.
    #[error("{path} has no log line with this ledger's own key; it should be {vkey}")]
    OtherLog {
        /// Which file.
        path: String,
        /// The log's vkey.
        vkey: String,
    },
    /// There were none at the start, and a start asks them before anything is signed.
    #[error("the server was started without witnesses; to give it its first ones, start it again")]
    FirstWitnesses,
    /// A name in `--skip-witness` is no witness.
    #[error("{path} names no witness {name:?}")]
    NoWitness {
        /// Which file.
        path: String,
        /// As given.
        name: String,
    },
    /// Witnesses cannot be reached from here at all.
    #[error("cannot ask witnesses")]
    Http(#[from] HttpError),
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

/// Which witnesses a server has, and how it asks them.
#[derive(Clone, Debug, Default)]
pub struct Witnessing {
    /// Policy with their lines and the quorum; without it the ledger's own policy.txt, if that has any.
    pub policy: Option<PathBuf>,
    /// Certificates (PEM) to know them by, beside the machine's.
    pub ca: Option<PathBuf>,
    /// Those that a start goes without.
    pub skip: Vec<String>,
    /// How often.
    pub pace: Pace,
}

/// Time that a witness has for an answer.
const WITNESS_TIMEOUT: Duration = Duration::from_secs(10);

/// [`open_witnessed`] with the witnesses of the ledger's own policy.txt, if it has any.
pub fn open(
    home: &Home,
    secrets: Secrets,
    clock: Clock,
    progress: Box<dyn Fn(u64, u64)>,
) -> Result<Arc<Api>, StartError> {
    open_witnessed(home, secrets, clock, progress, Witnessing::default())
}

/// Opens the ledger in `home` under its policy files. `progress` hears of a long replay: entries done, entries in all. The
/// witnesses are asked before anything is signed; whoever serves the API starts asking them for more (`Witnesses::start`).
pub fn open_witnessed(
    home: &Home,
    secrets: Secrets,
    clock: Clock,
    progress: Box<dyn Fn(u64, u64)>,
    witnessing: Witnessing,
) -> Result<Arc<Api>, StartError> {
    let origin = origin(home)?;
    let trust = own_trust(home)?;
    let genesis_keys = trust
        .authority
        .keys()
        .iter()
        .filter(|key| !key.name().as_str().ends_with("/status"))
        .map(|key| KeyId::of(Algorithm::Ed25519, key.public_key().as_bytes()))
        .collect();
    let Secrets { log, status, access } = secrets;
    let asked = asked(home, &trust.policy, &vkey(&origin, log.public()), &witnessing)?;
    let options = OpenOptions { origin: origin.clone(), log_key: log, genesis_keys, clock, progress };
    let (ledger, witnesses) = match asked {
        None => (Arc::new(Ledger::open(home, options)?), None),
        Some(asked) => {
            let http = HttpClient::new(witnessing.ca.as_deref(), WITNESS_TIMEOUT)?;
            let records = Records::new(home.witnesses());
            let gate = Gate {
                policy: asked.clone(),
                records: records.clone(),
                // Its connections belong to the gate's own runtime.
                http: HttpClient::new(witnessing.ca.as_deref(), WITNESS_TIMEOUT)?,
                skip: witnessing.skip,
                pause: witnessing.pace.first_retry,
            };
            let ledger = Ledger::open_through(home, options, Box::new(|found| Ok(gate.check(found)?)))?;
            let ledger = Arc::new(ledger);
            let witnesses = Witnesses::new(Arc::clone(&ledger), asked, records, &http, witnessing.pace);
            (ledger, Some(Arc::new(witnesses)))
        }
    };
    let tokens = LocalTokens::new(origin.as_str(), SecretKey::from_seed(&access));
    Ok(Arc::new(Api {
        ledger,
        tokens,
        pages: Pages::new(&access),
        codes: Codes::new(&access),
        status_key: status,
        trust: ArcSwap::from_pointee(trust),
        operators: operators(home)?,
        verifying: Semaphore::new(VERIFYING),
        reporting: Arc::new(Semaphore::new(REPORTING)),
        witnesses,
    }))
}

/// Keys of the operators; none where there is no file of them.
fn operators(home: &Home) -> Result<Vec<PublicKey>, StartError> {
    let path = home.operators();
    if !path.exists() {
        return Ok(Vec::new());
    }
    let content = |_| StartError::Content {
        path: path.display().to_string(),
        what: "a list of operators' keys, one vkey a line",
    };
    let keys = AuthorityFile::parse(&text(&path)?).map_err(content)?;
    Ok(keys.keys().iter().map(|key| key.public_key().clone()).collect())
}

/// Reads a running server's trust files and its witnesses' policy again. All of it takes force, or on an error none.
///
/// A witness that is new here may know of more than this ledger ever signed; it then answers so in its first round, and
/// that is an alarm like any other day.
pub async fn reload(api: &Api, home: &Home, log: &PublicKey, witnessing: &Witnessing) -> Result<(), StartError> {
    let trust = own_trust(home)?;
    // A witness that a start went without may be gone by now.
    let witnessing = Witnessing { skip: Vec::new(), ..witnessing.clone() };
    let asked = asked(home, &trust.policy, &vkey(api.ledger.origin(), log), &witnessing)?;
    let count = asked.as_ref().map_or(0, |asked| asked.witnesses().len());
    match (&api.witnesses, asked) {
        (Some(witnesses), asked) => witnesses.replace(asked.unwrap_or_else(|| trust.policy.clone())).await,
        (None, Some(_)) => return Err(StartError::FirstWitnesses),
        (None, None) => {}
    }
    api.trust.store(Arc::new(trust));
    tracing::info!(witnesses = count, "the trust files were read again and are in force");
    Ok(())
}

/// The policy whose witnesses are asked; `None` if there are none.
fn asked(home: &Home, own: &Policy, vkey: &VerifierKey, witnessing: &Witnessing) -> Result<Option<Policy>, StartError> {
    let path = witnessing.policy.clone().unwrap_or_else(|| home.policy()).display().to_string();
    let given = witnessing.policy.as_deref().map(|path| policy(path, &text(path)?)).transpose()?;
    let asked = given.as_ref().unwrap_or(own);
    let is_witness = |name: &String| asked.witnesses().iter().any(|witness| witness.name == *name);
    if let Some(name) = witnessing.skip.iter().find(|name| !is_witness(name)) {
        return Err(StartError::NoWitness { path, name: name.clone() });
    }
    if asked.witnesses().is_empty() {
        return Ok(None);
    }
    // Cosignatures are counted under this policy: with another log in it, none ever would be.
    if !asked.logs().iter().any(|known| known.key == *vkey) {
        return Err(StartError::OtherLog { path, vkey: vkey.to_string() });
    }
    Ok(Some(asked.clone()))
}

/// The operator's two trust files.
fn own_trust(home: &Home) -> Result<OwnTrust, StartError> {
    let authority_path = home.authority();
    let authority_text = text(&authority_path)?;
    let authority = AuthorityFile::parse(&authority_text).map_err(|_| StartError::Content {
        path: authority_path.display().to_string(),
        what: "a list of authority keys, one vkey a line",
    })?;
    let policy_text = text(&home.policy())?;
    let policy = policy(&home.policy(), &policy_text)?;
    Ok(OwnTrust { policy, authority, policy_text, authority_text })
}

/// The log's own key, as policies name it.
fn vkey(origin: &Origin, log: &PublicKey) -> VerifierKey {
    let name = KeyName::parse(origin.as_str()).expect("an origin is a key name");
    VerifierKey::new(name, KeyType::Note, log.clone())
}

fn policy(path: &Path, text: &str) -> Result<Policy, StartError> {
    let content = |_| StartError::Content { path: path.display().to_string(), what: "a C2SP tlog-policy" };
    Policy::parse(text).map_err(content)
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
