//! Judges a posting against the state, in exactly the order of rules.md 2: the first failure is the answer. Changes nothing.

use crate::access::{Access, Memo};
use crate::case::{Case, Check, Said, Stop, ensure};
use crate::flag::Flag;
use crate::policy::{InForce, number};
use crate::posting::{Message, Prepared, Signature};
use crate::prepare::{NoBatches, verify};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, KeyRow, Status};
use crate::rules;
use crate::state::{Entries, Read, ReadError};
use crate::threshold;
use xuefen_core::key::PublicKey;
use xuefen_core::proto::statement::Body;
use xuefen_core::statement::Statement;
use xuefen_core::time::{Timestamp, WindowError, check_window};

/// What acceptance brings with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// It counts for nothing until someone countersigns.
    pub pending: bool,
    /// Remarks.
    pub flags: Vec<Flag>,
    /// The policy that it was judged by, if a rule asked: what makes the rows need not work it out again.
    pub(crate) policy: Option<InForce>,
}

/// The verdict on a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It enters the log.
    Accept(Effects),
    /// The same statement is in the log already; its first receipt is the answer.
    Replay {
        /// Its leaf index.
        index: u64,
    },
    /// It is refused.
    Refuse(Refusal),
}

/// Judges a posting that would be logged at `logged_at`, Unix seconds.
pub fn decide(state: &(impl Read + Entries), prepared: &Prepared, logged_at: i64) -> Result<Decision, ReadError> {
    match judge(&Memo::new(state), state, prepared, logged_at) {
        Ok(effects) => Ok(Decision::Accept(effects)),
        Err(Stop::Replay(index)) => Ok(Decision::Replay { index }),
        Err(Stop::Refused(refusal)) => Ok(Decision::Refuse(*refusal)),
        Err(Stop::Read(error)) => Err(error),
    }
}

/// The one ordered list of checks (rules.md 2). Checks whose input is missing pass: the fault in the input has its own.
fn judge(state: &impl Read, entries: &dyn Entries, prepared: &Prepared, logged_at: i64) -> Result<Effects, Stop> {
    let unreadable =
        || prepared.faults.first().cloned().unwrap_or_else(|| Refusal::new(Rejection::NonCanonical, "statement"));
    let statement = prepared.statement().ok_or_else(unreadable)?;
    let body = statement.message().body.as_ref().ok_or_else(unreadable)?;
    let mut case = Case {
        state,
        entries,
        prepared,
        issuer: statement.issuer(),
        issued_at: statement.issued_at().seconds(),
        logged_at,
        institution: None,
        authority: None,
        charter: None,
        keys: Vec::new(),
        policy: std::cell::OnceCell::new(),
    };
    // Canonical, size, version and kind, ledger.
    case.faults(Rejection::WrongLedger)?;
    let reused = seen_before(&case, statement)?;
    case.authority = state.authority(case.issuer)?;
    case.institution = state.institution(case.issuer)?;
    case.charter = state.charter(case.issuer)?;
    time_window(&case, statement)?;
    issuer(&case, body)?;
    case.faults(Rejection::AttestationMalformed)?;
    keys(&mut case, body)?;
    signatures(&case, statement)?;
    if let Some(index) = reused {
        return Err(Refusal::new(Rejection::NonceReused, "statement.nonce").existing(index).into());
    }
    rules::cosigners(&case, body)?;
    rules::may(&case, body)?;
    rules::references(&case, body)?;
    // Commitment, tags, values, nullifier key, learner's signature.
    case.faults(Rejection::LearnerSignatureWrong)?;
    rules::duplicates(&case, body)?;
    rules::recording(&case, body)?;
    case.faults(Rejection::RegionMalformed)?;
    let mut effects = rules::of_kind(&case, body)?;
    effects.flags = threshold::judge(rules::breaches(case.state, &Said::in_case(&case), body)?)?;
    // Nothing may be left; a rule that forgot to ask for its faults must not let one through.
    case.faults(*Rejection::ALL.last().expect("there are rejections"))?;
    effects.policy = case.policy.into_inner();
    Ok(effects)
}

/// The same statement is the first receipt, whatever attests it. Another one under its nonce is told only after a good
/// signature: else anyone could ask who used which nonce.
fn seen_before(case: &Case<'_, impl Read>, statement: &Statement<Message>) -> Result<Option<u64>, Stop> {
    let Some(key) = &case.prepared.nonce else { return Ok(None) };
    let Some((index, _)) = case.state.newest(key)? else { return Ok(None) };
    let damaged = || ReadError::Damaged { key: key.clone(), index };
    let first = case.state.entry(index)?.ok_or_else(damaged)?;
    // Sent again as it was, it would make the same leaf: the tree tells, and no entry need be read.
    let again = case.prepared.draft().zip(Timestamp::new(first.logged_at));
    let again = again.and_then(|(draft, logged_at)| draft.write(logged_at, &mut Vec::new()).ok());
    let same = again.is_some() && again == case.entries.leaf_hash(index)?;
    // Attested otherwise, or another statement.
    let same = same || case.entries.statement_hash(index)?.ok_or_else(damaged)? == statement.leaf_hash();
    if same { Err(Stop::Replay(index)) } else { Ok(Some(index)) }
}

fn time_window(case: &Case<'_, impl Read>, statement: &Statement<Message>) -> Check {
    let logged_at = Timestamp::new(case.logged_at).unwrap_or(Timestamp::MAX);
    let age = case.logged_at.saturating_sub(case.issued_at);
    let oldest = case.policy()?.span(&number::STATEMENT_AGE);
    let (rejection, detail) = match check_window(statement.issued_at(), logged_at, oldest) {
        Ok(()) => return Ok(()),
        Err(WindowError::Ahead) => (Rejection::IssuedInFuture, format!("{age} s before the ledger's time")),
        Err(WindowError::TooOld) => {
            (Rejection::StatementTooOld, format!("{age} s before the ledger's time, at most {oldest}"))
        }
    };
    Err(Refusal::new(rejection, "statement.issued_at").detail(detail).into())
}

/// Issuer known, and in force at both times. Authorities end by their keys.
fn issuer(case: &Case<'_, impl Read>, body: &Body) -> Check {
    let genesis = matches!(body, Body::Genesis(genesis) if genesis.keys.iter().any(|key| key.authority == case.issuer));
    let known = genesis || case.authority.is_some() || case.institution.is_some();
    ensure(known, Rejection::IssuerUnknown, "statement.issuer")?;
    let Some(institution) = case.institution.as_ref().filter(|_| case.authority.is_none()) else { return Ok(()) };
    let times = [case.issued_at, case.logged_at].map(|time| (time, institution.status_at(time)));
    for (rejection, stands) in [
        (Rejection::IssuerNotInForce, (|status| status.is_some()) as fn(Option<&Status>) -> bool),
        (Rejection::IssuerSuspended, |status| !matches!(status, Some(Status::Suspended { .. }))),
        (Rejection::IssuerEnded, |status| !matches!(status, Some(Status::Revoked { .. } | Status::Merged { .. }))),
    ] {
        if let Some((time, _)) = times.iter().find(|(_, status)| !stands(*status)) {
            return Err(Refusal::new(rejection, "statement.issuer").detail(format!("at {time}")).into());
        }
    }
    let dissolved = case.charter.as_ref().is_some_and(|charter| charter.seats.is_empty());
    ensure(!dissolved, Rejection::IssuerEnded, "statement.issuer")
}

/// Every key known, one of them the issuer's, all in force at both times.
fn keys(case: &mut Case<'_, impl Read>, body: &Body) -> Check {
    let introduced = rules::introduced_keys(body);
    let mut own_is_introduced = false;
    for (at, attested) in case.prepared.attested.iter().enumerate() {
        if let Some(row) = case.state.key_row(rows::key_short(&attested.key))?.filter(|row| row.id == attested.key.0.0)
        {
            case.keys.push(row);
        } else if introduced.iter().any(|key| key.id() == attested.key) {
            own_is_introduced |= matches!(body, Body::Genesis(_));
        } else {
            return Err(Refusal::new(Rejection::KeyUnknown, format!("attestations[{at}].key_id")).into());
        }
    }
    let own = own_is_introduced || case.own_keys().any(|key| rules::may_sign(key, body));
    ensure(own, Rejection::KeyNotIssuers, "attestations")?;
    for key in &case.keys {
        in_force(case, key)?;
    }
    Ok(())
}

/// A key in force at both times, of a party that is in force too.
fn in_force(case: &Case<'_, impl Read>, key: &KeyRow) -> Check {
    let times = [case.issued_at, case.logged_at];
    let owner =
        if key.owner == case.issuer || key.role.is_some() { None } else { case.state.institution(&key.owner)? };
    let stands = |time| owner.as_ref().is_none_or(|owner| owner.status_at(time) == Some(&Status::InForce));
    match times.into_iter().find(|time| !key.valid_at(*time) || !stands(*time)) {
        None => Ok(()),
        Some(time) => {
            let detail = format!("key {} at {time}", xuefen_core::Hash(key.id));
            Err(Refusal::new(Rejection::KeyNotInForce, "attestations").detail(detail).into())
        }
    }
}

/// Signatures that the pool could not look at are verified here: their keys were registered a moment ago.
fn signatures(case: &Case<'_, impl Read>, statement: &Statement<Message>) -> Check {
    for (at, attested) in case.prepared.attested.iter().enumerate() {
        let why = match &attested.signature {
            Signature::Good => continue,
            Signature::Bad(why) => why,
            Signature::UnknownKey(attestation) => {
                let row = case.keys.iter().find(|row| row.id == attested.key.0.0);
                let key = row.and_then(|row| PublicKey::parse(&row.public_key).ok());
                match key.map(|key| verify(statement, attestation, &key, &NoBatches)) {
                    Some(Ok(Signature::Good)) => continue,
                    Some(Ok(Signature::Bad(why))) => why,
                    _ => "does not verify",
                }
            }
        };
        let refusal = Refusal::new(Rejection::BadSignature, format!("attestations[{at}].signature"));
        return Err(refusal.detail(why).into());
    }
    Ok(())
}
