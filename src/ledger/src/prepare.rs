//! The stateless part of judging a posting, for a pool of threads: strict reading, signatures, commitment, the form of
//! payloads and public bodies, HMACs, and the entry's encoding up to `logged_at`.

use crate::access::Access;
use crate::facts::Facts;
use crate::posting::{
    Attested, Context, Form, KeyLookup, Message, Prepared, RawPosting, Secrets, Signature, Sources, VerifiedBatches,
};
use crate::rejection::{Refusal, Rejection};
use crate::rows;
use crate::rules;
use crate::state::{Key, Read, ReadError};
use prost::bytes::Bytes;
use xuefen_core::attestation::{Attestation, AttestationError, Claim};
use xuefen_core::entry::{Draft, MAX_ATTESTATIONS, MAX_BYTES};
use xuefen_core::key::PublicKey;
use xuefen_core::kinds::Kind;
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::statement::{Statement, StatementError, StatementRule};

/// What `prepare` is lent.
struct Lent<'a> {
    context: &'a Context,
    keys: &'a dyn KeyLookup,
    cache: &'a dyn VerifiedBatches,
}

/// Does all the work on a posting that needs no state. Failures are kept by rank, never turned into a verdict.
#[must_use]
pub fn prepare(
    posting: RawPosting,
    context: &Context,
    secrets: &dyn Secrets,
    keys: &dyn KeyLookup,
    sources: &dyn Sources,
    cache: &dyn VerifiedBatches,
) -> Prepared {
    let RawPosting { statement, attestations: raw, payload } = posting;
    let mut faults = Vec::new();
    let length = entry_length(&statement, &raw);
    if length > MAX_BYTES {
        let detail = format!("{length} bytes");
        faults.push(Refusal::new(Rejection::TooLarge, "statement").detail(detail));
    }
    let attestations = parse_attestations(&raw, &mut faults);
    let statement = match Statement::<Message>::parse(statement) {
        Ok(statement) => statement,
        Err(error) => {
            faults.push(unreadable(error));
            return finish(Form::Unreadable, Vec::new(), faults, Facts::None, payload);
        }
    };
    judge_head(&statement, context, &mut faults);
    let lent = Lent { context, keys, cache };
    let attested = attest(&statement, &attestations, &lent, &mut faults);
    judge_payload(&statement, payload.as_ref(), &mut faults);
    let mut facts = Facts::judge(&statement, payload.as_ref(), secrets, &mut faults);
    read_sources(&mut facts, &attested, sources);
    judge_nullifier_key(&statement, payload.as_ref(), &facts, &mut faults);
    if let Some(body) = &statement.message().body {
        rules::form(body, &mut faults);
    }
    let form = encode(statement, attestations, &faults);
    finish(form, attested, faults, facts, payload)
}

/// Does what [`prepare`] left undone because its snapshot did not have a key, with the keys that the state has by now: looks
/// at those signatures, and if all are good reads the outcomes that the posting rests on. For the one thread that decides;
/// rare, for keys that were registered a moment ago.
pub fn complete(state: &impl Read, prepared: &mut Prepared, sources: &dyn Sources) -> Result<(), ReadError> {
    let Some(statement) = prepared.form.statement() else { return Ok(()) };
    for attested in &mut prepared.attested {
        let Signature::UnknownKey(attestation) = &attested.signature else { continue };
        let row = state.key_row(rows::key_short(&attested.key))?.filter(|row| row.id == attested.key.0.0);
        let Some(key) = row.and_then(|row| PublicKey::parse(&row.public_key).ok()) else { continue };
        if let Ok(signature) = verify(statement, attestation, &key, &NoBatches) {
            attested.signature = signature;
        }
    }
    read_sources(&mut prepared.facts, &prepared.attested, sources);
    Ok(())
}

/// Reads the outcomes that a posting rests on. A stranger's is refused before anyone reads a learner's payload for it.
fn read_sources(facts: &mut Facts, attested: &[Attested], sources: &dyn Sources) {
    if !attested.iter().all(|attested| matches!(attested.signature, Signature::Good)) {
        return;
    }
    match facts {
        Facts::Outcome(facts) => facts.sources = crate::sources::read(facts, sources),
        Facts::Decide(facts) => {
            let used = facts.sources.iter().chain(&facts.members).copied();
            facts.opened = crate::sources::open(used, sources);
        }
        _ => {}
    }
}

/// For the rare signature that is verified on the thread that decides.
pub(crate) struct NoBatches;

impl VerifiedBatches for NoBatches {
    fn contains(&self, _: &Claim) -> bool {
        false
    }

    fn insert(&self, _: Claim) {}
}

fn finish(
    form: Form,
    attested: Vec<Attested>,
    mut faults: Vec<Refusal>,
    facts: Facts,
    payload: Option<Payload>,
) -> Prepared {
    // Stable: of two faults of one rank, the first found is told.
    faults.sort_by_key(|fault| fault.rejection);
    let nonce = form.statement().map(|statement| rows::nonce(statement.issuer(), statement.nonce().as_bytes()));
    Prepared { form, nonce, attested, faults, facts, payload }
}

/// Bytes of the entry, with the longest `logged_at` there is.
fn entry_length(statement: &Bytes, attestations: &[Bytes]) -> usize {
    let field = |bytes: &Bytes| 1 + prost::length_delimiter_len(bytes.len()) + bytes.len();
    let logged_at = 1 + 8;
    field(statement) + attestations.iter().map(field).sum::<usize>() + logged_at
}

fn unreadable(error: StatementError) -> Refusal {
    match error {
        StatementError::NewerVersion(version) => {
            Refusal::new(Rejection::VersionUnknown, "statement.version").detail(format!("version {version}"))
        }
        StatementError::NonCanonical => Refusal::new(Rejection::NonCanonical, "statement"),
        StatementError::Rule(rule) => Refusal::new(
            Rejection::StatementMalformed,
            match rule {
                StatementRule::Version => "statement.version",
                StatementRule::Ledger => "statement.ledger",
                StatementRule::Issuer => "statement.issuer",
                StatementRule::Nonce => "statement.nonce",
                StatementRule::IssuedAt => "statement.issued_at",
                StatementRule::Body => "statement.body",
                StatementRule::Commitment => "statement.body.commitment",
            },
        ),
    }
}

fn parse_attestations(raw: &[Bytes], faults: &mut Vec<Refusal>) -> Vec<Attestation> {
    let malformed =
        |at: usize, what: &str| Refusal::new(Rejection::AttestationMalformed, format!("attestations[{at}].{what}"));
    if !(1..=MAX_ATTESTATIONS).contains(&raw.len()) {
        faults
            .push(Refusal::new(Rejection::AttestationMalformed, "attestations").detail(format!("{} given", raw.len())));
    }
    let mut attestations: Vec<Attestation> = Vec::with_capacity(raw.len().min(MAX_ATTESTATIONS));
    for (at, bytes) in raw.iter().take(MAX_ATTESTATIONS).enumerate() {
        match Attestation::parse(bytes) {
            Ok(attestation) => {
                if attestations.last().is_some_and(|last| last.key_id() >= attestation.key_id()) {
                    faults.push(malformed(at, "key_id").detail("not ascending"));
                }
                attestations.push(attestation);
            }
            Err(AttestationError::NonCanonical) => {
                faults.push(Refusal::new(Rejection::NonCanonical, format!("attestations[{at}]")));
            }
            Err(_) => faults.push(malformed(at, "key_id")),
        }
    }
    attestations
}

fn judge_head(statement: &Statement<Message>, context: &Context, faults: &mut Vec<Refusal>) {
    if let Some(field) = statement.message().body.as_ref().and_then(rules::not_enabled) {
        faults.push(Refusal::new(Rejection::KindNotEnabled, field));
    }
    if statement.ledger() != context.origin.as_str() {
        faults.push(Refusal::new(Rejection::WrongLedger, "statement.ledger"));
    }
}

/// What each attestation is worth. Signatures of postings that fail before are not looked at.
fn attest(
    statement: &Statement<Message>,
    attestations: &[Attestation],
    lent: &Lent<'_>,
    faults: &mut Vec<Refusal>,
) -> Vec<Attested> {
    let introduced = statement.message().body.as_ref().map(rules::introduced_keys).unwrap_or_default();
    if let Some(Body::Genesis(body)) = &statement.message().body {
        let trusted = |attestation: &Attestation| {
            let key = attestation.key_id();
            lent.context.genesis_keys.contains(&key) && rules::genesis_names(body, key)
        };
        if !attestations.iter().any(trusted) {
            faults.push(Refusal::new(Rejection::GenesisUntrusted, "attestations"));
        }
    }
    let sound = faults.iter().all(|fault| fault.rejection > Rejection::AttestationMalformed);
    let mut attested = Vec::with_capacity(attestations.len());
    for (at, attestation) in attestations.iter().enumerate() {
        let key = attestation.key_id();
        let public =
            introduced.iter().find(|public| public.id() == key).cloned().or_else(|| lent.keys.public_key(&key));
        let signature = match public {
            _ if !sound => Ok(Signature::Bad("not looked at")),
            Some(public) => verify(statement, attestation, &public, lent.cache),
            None => attestation.batch_root(statement.leaf_hash()).map(|_| Signature::UnknownKey(attestation.clone())),
        };
        let signature = signature.unwrap_or_else(|error| {
            let what = if error == AttestationError::BatchSize { "batch_size" } else { "path" };
            faults.push(Refusal::new(Rejection::AttestationMalformed, format!("attestations[{at}].{what}")));
            Signature::Bad("not looked at")
        });
        attested.push(Attested { key, signature });
    }
    attested
}

/// Verifies one attestation; an error is one of its form.
pub(crate) fn verify(
    statement: &Statement<Message>,
    attestation: &Attestation,
    key: &PublicKey,
    cache: &dyn VerifiedBatches,
) -> Result<Signature, AttestationError> {
    let claim: Claim = match attestation.claim(statement.leaf_hash(), key) {
        Ok(claim) => claim,
        Err(error @ (AttestationError::BatchSize | AttestationError::Inclusion)) => return Err(error),
        Err(AttestationError::OtherAlgorithm) => return Ok(Signature::Bad("names another algorithm than its key's")),
        Err(_) => return Ok(Signature::Bad("is not 64 bytes long")),
    };
    if cache.contains(&claim) {
        return Ok(Signature::Good);
    }
    if claim.verify(key).is_err() {
        return Ok(Signature::Bad("does not verify"));
    }
    cache.insert(claim);
    Ok(Signature::Good)
}

fn judge_payload(statement: &Statement<Message>, payload: Option<&Payload>, faults: &mut Vec<Refusal>) {
    let fault = match (statement.commitment(), payload) {
        (None, None) => return,
        (None, Some(_)) => Rejection::PayloadUnexpected,
        (Some(_), None) => Rejection::PayloadMissing,
        (Some(commitment), Some(payload)) if payload.commitment(&statement.nonce()) == commitment => return,
        (Some(_), Some(_)) => Rejection::CommitmentMismatch,
    };
    let field = if fault == Rejection::CommitmentMismatch { "statement.body.commitment" } else { "payload" };
    faults.push(Refusal::new(fault, field));
}

/// A record that supersedes none derives its own key; one that does is held against its predecessor by `decide`.
fn judge_nullifier_key(
    statement: &Statement<Message>,
    payload: Option<&Payload>,
    facts: &Facts,
    faults: &mut Vec<Refusal>,
) {
    let (Facts::Outcome(facts), Some(payload)) = (facts, payload) else { return };
    let Some(Body::RecordOutcome(body)) = &statement.message().body else { return };
    let derived = NullifierKey::derive(payload.seed(), &statement.nonce());
    if body.supersedes.is_none() && facts.nullifier_key.is_some_and(|key| key != *derived.as_bytes()) {
        faults.push(Refusal::new(
            Rejection::NullifierKeyWrong,
            crate::facts::field(xuefen_core::kinds::tags::NULLIFIER_KEY),
        ));
    }
}

/// The entry up to `logged_at`, if its parts have the right form.
fn encode(statement: Statement<Message>, attestations: Vec<Attestation>, faults: &[Refusal]) -> Form {
    if faults.iter().any(|fault| fault.rejection <= Rejection::AttestationMalformed) {
        return Form::Statement(Box::new(statement));
    }
    // Count, order and length were looked at, so this does not fail; if it did, the posting would count as unreadable.
    Draft::new(statement, attestations).map_or(Form::Unreadable, |draft| Form::Entry(Box::new(draft)))
}

/// Keys that `decide` will ask for, as far as they are known without state. For prefetching; asking more or fewer is no
/// fault.
#[must_use]
pub fn reads(prepared: &Prepared) -> Vec<Key> {
    let Some(statement) = prepared.statement() else { return Vec::new() };
    let issuer = statement.issuer();
    let mut keys = vec![rows::institution(issuer), rows::authority(issuer)];
    keys.extend(prepared.nonce.clone());
    keys.extend(prepared.attested.iter().map(|attested| rows::key(rows::key_short(&attested.key))));
    if let Some(body) = &statement.message().body {
        rules::reads(Kind::of(body), body, issuer, &prepared.facts, &mut keys);
    }
    keys
}
