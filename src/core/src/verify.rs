//! Verification of a presentation: one function, the eight steps of formats.md 5.
//!
//! All steps are evaluated, and each gives a result with a reason. A step whose input did not pass is could-not-check.
//! Overall, and within a step, failure goes before could-not-check goes before pass.
//!
//! No sentence for people and no rule about kinds stands here: the first is made from [`Reason`], the second asked of an
//! [`Authority`].

mod authority;
mod items;
mod reason;

pub use authority::{Attested, Authority, AuthorityReason};
pub use reason::{CommitmentFault, ItemAt, Reason, Step};

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::disclosure::Disclosed;
use crate::entry::Entry;
use crate::holder::{self, HolderProof};
use crate::policy::Policy;
use crate::presentation::Presentation;
use crate::statement::StatementMessage;
use crate::status::{self, Status};
use crate::time::MAX_AHEAD_SECONDS;
use crate::tree::LeafIndex;
use items::{Entries, Judged, Tally};

/// What the verifier brings: whom to trust, the time, and what is asked for. Keys of authorities are brought by the
/// [`Authority`].
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// Logs, witnesses and quorum.
    pub policy: &'a Policy,
    /// Unix seconds, by the verifier's clock.
    pub now: u64,
    /// Oldest status note to accept, in seconds.
    pub status_max_age: u64,
    /// A holder proof, if one is asked for.
    pub holder: Option<HolderAsked<'a>>,
}

/// The holder proof that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct HolderAsked<'a> {
    /// What the verifier sent to the holder.
    pub request: holder::Request<'a>,
    /// Oldest proof to accept, in seconds.
    pub max_age: u64,
}

/// Result of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// Everything that the step looks at holds.
    Pass,
    /// Step 8 only: no holder proof was asked for.
    NotAsked,
    /// Nothing is wrong as far as can be told, and not enough is known.
    CouldNotCheck(Reason),
    /// Something is wrong.
    Fail(Reason),
}

/// The overall answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every step passed, or was not asked for.
    Pass,
    /// No step failed and some could not be checked.
    CouldNotCheck,
    /// A step failed.
    Fail,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Report<M> {
    results: [StepResult; 8],
    /// The policy says `quorum none`: the log alone vouches for the tree, and whoever shows the result must say so.
    pub quorum_none: bool,
    /// What the file shows, if step 1 passed. Worth as much as the results say.
    pub shown: Option<Shown<M>>,
}

/// What a presentation shows.
#[derive(Clone, Debug)]
pub struct Shown<M> {
    /// Leaf index of the subject.
    pub index: LeafIndex,
    /// The subject.
    pub entry: Entry<M>,
    /// Its shown fields. Only those of a report whose step 2 passed are the ones that were logged.
    pub disclosed: Vec<Disclosed>,
    /// The checkpoint that everything is proven against.
    pub checkpoint: Checkpoint,
    /// Names of the policy's witnesses that cosigned it, with the times (Unix seconds). Empty unless step 6 passed.
    pub cosigned: Vec<(String, u64)>,
    /// The status note, if it is signed by a status key and can be read.
    pub status: Option<Status>,
}

impl StepResult {
    /// As the vectors and the interfaces name it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotAsked => "not-asked",
            Self::CouldNotCheck(_) => "could-not-check",
            Self::Fail(_) => "fail",
        }
    }

    /// Why it is not a pass.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Pass | Self::NotAsked => None,
            Self::CouldNotCheck(reason) | Self::Fail(reason) => Some(reason),
        }
    }

    const fn passed(&self) -> bool {
        matches!(self, Self::Pass)
    }

    const fn verdict(&self) -> Verdict {
        match self {
            Self::Pass | Self::NotAsked => Verdict::Pass,
            Self::CouldNotCheck(_) => Verdict::CouldNotCheck,
            Self::Fail(_) => Verdict::Fail,
        }
    }
}

impl From<Reason> for StepResult {
    fn from(reason: Reason) -> Self {
        if reason.is_failure() { Self::Fail(reason) } else { Self::CouldNotCheck(reason) }
    }
}

impl From<Result<(), Reason>> for StepResult {
    fn from(result: Result<(), Reason>) -> Self {
        result.map_or_else(Self::from, |()| Self::Pass)
    }
}

impl Verdict {
    /// As the vectors and the interfaces name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::CouldNotCheck => "could-not-check",
            Self::Fail => "fail",
        }
    }
}

impl<M> Report<M> {
    /// Result of a step.
    #[must_use]
    pub const fn step(&self, step: Step) -> &StepResult {
        &self.results[step as usize - 1]
    }

    /// All results in their order.
    pub fn steps(&self) -> impl Iterator<Item = (Step, &StepResult)> {
        Step::ALL.into_iter().zip(&self.results)
    }

    /// The overall answer: the worst of the steps.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.results.iter().map(StepResult::verdict).max().unwrap_or(Verdict::Fail)
    }
}

/// Verifies the bytes of a `.xuefen.json` file. `authority` starts with the keys that the verifier trusts, and learns from
/// the file; it must not be used again for another one.
pub fn verify<M, A>(file: &[u8], trust: &Trust<'_>, authority: &mut A) -> Report<M>
where
    M: StatementMessage,
    A: Authority<M> + ?Sized,
{
    let quorum_none = trust.policy.quorum_is_none();
    // 1 parse, canonical form
    let (presentation, entries, checkpoint) = match parse::<M>(file) {
        Ok(parsed) => parsed,
        Err(reason) => return Report { results: not_parsed(trust, reason), quorum_none, shown: None },
    };
    // 2 commitment, 3 attestations, 4 authority, 5 inclusion: item by item, since later ones rest on earlier ones
    let Judged { commitment, attestation, authority: judged, inclusion, signers, unknown_signers } =
        items::judge(&presentation, &entries, &checkpoint, authority);
    let commitment = commitment.into_result();
    let attestation = attestation.into_result();
    let judged = if attestation.passed() { judged.into() } else { Reason::Depends(Step::Attestation).into() };
    let inclusion = inclusion.into_result();
    // 6 checkpoint signature and witness quorum
    let (checkpoint_result, cosigned) = accept(&presentation.checkpoint, trust.policy);
    // 7 status
    let leaf_hash = entries.subject.leaf_hash();
    let (status_result, status) = check_status(&presentation, &checkpoint, leaf_hash, trust, authority);
    // 8 holder, if asked for
    let disclosed = &presentation.subject.disclosure.disclosed;
    let subject = Attested {
        index: presentation.subject.index,
        entry: &entries.subject,
        disclosed: if commitment.passed() { disclosed } else { &[] },
        signers: &signers,
        unknown_signers,
    };
    let holder = match trust.holder {
        None => StepResult::NotAsked,
        Some(_) if !commitment.passed() => Reason::Depends(Step::Commitment).into(),
        Some(asked) => check_holder(&presentation, &checkpoint, &subject, asked, trust.now, authority).into(),
    };
    let results = [
        StepResult::Pass,
        commitment,
        attestation,
        judged,
        inclusion,
        checkpoint_result.into(),
        status_result.into(),
        holder,
    ];
    let (index, entry) = (presentation.subject.index, entries.subject);
    let disclosed = presentation.subject.disclosure.disclosed;
    Report { results, quorum_none, shown: Some(Shown { index, entry, disclosed, checkpoint, cosigned, status }) }
}

/// Step 1: the file, each of its entries, and the three lines of the checkpoint, whose signature lines belong to step 6.
fn parse<M: StatementMessage>(file: &[u8]) -> Result<(Presentation, Entries<M>, Checkpoint), Reason> {
    let presentation = Presentation::parse(file).map_err(Reason::Presentation)?;
    let mut tally = Tally::default();
    let entries = Entries::parse(&presentation, &mut tally);
    let checkpoint = Checkpoint::parse_note(&presentation.checkpoint);
    let checkpoint = checkpoint.map_err(|error| tally.add(Reason::CheckpointText(error))).ok();
    match (entries, checkpoint, tally.0) {
        (Some(entries), Some(checkpoint), None) => Ok((presentation, entries, checkpoint)),
        (_, _, reason) => Err(reason.expect("whatever is not there has its reason in the tally")),
    }
}

/// The results when step 1 did not pass: nothing else has its input.
fn not_parsed(trust: &Trust<'_>, reason: Reason) -> [StepResult; 8] {
    let mut results = Step::ALL.map(|_| Reason::Depends(Step::Parse).into());
    results[0] = reason.into();
    if trust.holder.is_none() {
        results[7] = StepResult::NotAsked;
    }
    results
}

/// Step 6, and who cosigned.
fn accept(note: &str, policy: &Policy) -> (Result<(), Reason>, Vec<(String, u64)>) {
    match policy.accept(note) {
        Ok(accepted) => {
            let cosigned = accepted.cosigned.into_iter().map(|(witness, time)| (witness.name.clone(), time));
            (Ok(()), cosigned.collect())
        }
        Err(error) => (Err(Reason::Checkpoint(error)), Vec::new()),
    }
}

/// Step 7, and what the note says.
fn check_status<M, A: Authority<M> + ?Sized>(
    presentation: &Presentation,
    checkpoint: &Checkpoint,
    leaf_hash: Hash,
    trust: &Trust<'_>,
    authority: &A,
) -> (Result<(), Reason>, Option<Status>) {
    let Some(note) = &presentation.status else { return (Err(Reason::StatusAbsent), None) };
    let mut keys = authority.status_keys(&checkpoint.origin);
    // Whatever the authority hands out: a status key is named after its log, and signs nothing else.
    let name = format!("{}/status", checkpoint.origin);
    keys.retain(|key| key.name().as_str() == name);
    let keys: Vec<_> = keys.iter().collect();
    let (index, now, max_age) = (presentation.subject.index, trust.now, trust.status_max_age);
    let (status, judged) = status::check(note, &keys, status::Context { checkpoint, index, leaf_hash, now, max_age });
    // Unsigned, a note is nobody's word.
    (judged.map_err(Reason::Status), status.filter(|_| !keys.is_empty()))
}

/// Step 8.
fn check_holder<M, A: Authority<M> + ?Sized>(
    presentation: &Presentation,
    checkpoint: &Checkpoint,
    subject: &Attested<'_, M>,
    asked: HolderAsked<'_>,
    now: u64,
    authority: &A,
) -> Result<(), Reason> {
    let proof: &HolderProof = presentation.holder.as_ref().ok_or(Reason::HolderAbsent)?;
    let holder::Request { audience, challenge } = asked.request;
    if proof.audience != audience || proof.challenge != challenge {
        return Err(Reason::HolderOther);
    }
    let fields = presentation.subject.disclosure.field_commitments().unwrap_or_default();
    let shown =
        holder::Shown { origin: checkpoint.origin.as_str(), subject: subject.entry.leaf_hash(), fields: &fields };
    if !proof.verify(shown) {
        return Err(Reason::HolderSignature);
    }
    if !authority.binds(subject, &proof.key) {
        return Err(Reason::HolderKey);
    }
    let fresh = proof.time <= now.saturating_add(MAX_AHEAD_SECONDS.unsigned_abs())
        && now.saturating_sub(proof.time) <= asked.max_age;
    if fresh { Ok(()) } else { Err(Reason::HolderTime { time: proof.time }) }
}
