//! Steps 2 to 5, item by item in the order of the log, so that nothing is believed on the word of a later entry.

use super::{Attested, Authority, CommitmentFault, ItemAt, Reason, Step, StepResult};
use crate::attestation::{AttestationError, Claim};
use crate::checkpoint::Checkpoint;
use crate::entry::Entry;
use crate::key::KeyId;
use crate::presentation::{Item, Presentation};
use crate::statement::StatementMessage;
use crate::tree::verify_inclusion;
use std::collections::BTreeMap;

/// The worst reason so far: a failure before what could not be checked, else the first.
#[derive(Default)]
pub(super) struct Tally(pub(super) Option<Reason>);

impl Tally {
    pub(super) fn add(&mut self, reason: Reason) {
        let worse = self.0.as_ref().is_none_or(|known| !known.is_failure() && reason.is_failure());
        if worse {
            self.0 = Some(reason);
        }
    }

    /// Takes in a result and says whether it was good.
    fn good(&mut self, result: Result<(), Reason>) -> bool {
        result.map_err(|reason| self.add(reason)).is_ok()
    }

    pub(super) fn into_result(self) -> StepResult {
        self.0.map_or(StepResult::Pass, StepResult::from)
    }
}

/// Results of steps 2 to 5 over all items.
pub(super) struct Judged {
    pub(super) commitment: Tally,
    pub(super) attestation: Tally,
    /// Step 4, worth something only if `attestation` passed.
    pub(super) authority: Result<(), Reason>,
    pub(super) inclusion: Tally,
    /// Known keys that attest the subject.
    pub(super) signers: Vec<KeyId>,
    /// Number of the subject's attestations by other keys.
    pub(super) unknown_signers: usize,
}

impl Judged {
    const fn nothing() -> Self {
        Self {
            commitment: Tally(None),
            attestation: Tally(None),
            authority: Err(Reason::Depends(Step::Attestation)),
            inclusion: Tally(None),
            signers: Vec::new(),
            unknown_signers: 0,
        }
    }
}

/// The entries of a presentation, parsed.
pub(super) struct Entries<M> {
    pub(super) subject: Entry<M>,
    /// In the order of the file.
    authority: Vec<Entry<M>>,
}

impl<M: StatementMessage> Entries<M> {
    /// Parses all entries; `None` if that is not possible for each, with the reasons in the tally.
    pub(super) fn parse(presentation: &Presentation, tally: &mut Tally) -> Option<Self> {
        let mut parse = |item: &Item, at| {
            let entry = Entry::parse(item.entry.clone());
            entry.map_err(|error| tally.add(Reason::Entry { item: at, error })).ok()
        };
        let subject = parse(&presentation.subject, ItemAt::Subject);
        // All of them, so that a failure is found behind one that cannot be checked.
        let authority: Vec<_> =
            presentation.authority.iter().map(|item| parse(item, ItemAt::Authority(item.index))).collect();
        Some(Self { subject: subject?, authority: authority.into_iter().collect::<Option<_>>()? })
    }
}

/// Steps 2 to 5.
pub(super) fn judge<M, A>(
    presentation: &Presentation,
    entries: &Entries<M>,
    checkpoint: &Checkpoint,
    authority: &mut A,
) -> Judged
where
    M: StatementMessage,
    A: Authority<M> + ?Sized,
{
    let mut judge = Judge { checkpoint, claims: BTreeMap::new(), judged: Judged::nothing() };
    let subject = &presentation.subject;
    let items = || presentation.authority.iter().zip(&entries.authority);
    // Ascending by index, the subject in its place: an item at or above it counts for nothing in 4.
    for (item, entry) in items().filter(|(item, _)| item.index < subject.index) {
        judge.learn(item, entry, authority);
    }
    judge.subject(subject, &entries.subject, authority);
    for (item, entry) in items().filter(|(item, _)| item.index >= subject.index) {
        judge.learn(item, entry, authority);
    }
    judge.judged
}

struct Judge<'a> {
    checkpoint: &'a Checkpoint,
    /// Signatures that have been verified, with their result: items of one batch share theirs (formats.md 2).
    claims: BTreeMap<Claim, Result<(), AttestationError>>,
    judged: Judged,
}

impl Judge<'_> {
    fn learn<M: StatementMessage, A: Authority<M> + ?Sized>(
        &mut self,
        item: &Item,
        entry: &Entry<M>,
        authority: &mut A,
    ) {
        let at = ItemAt::Authority(item.index);
        let (signers, unknown_signers, attested) = self.attest(at, entry, authority);
        let included = self.include(at, item, entry);
        // All three are evaluated, and only what passed all of them is learned.
        let good = [
            self.judged.commitment.good(check_fields(at, item, entry)),
            self.judged.attestation.good(attested),
            self.judged.inclusion.good(included),
        ];
        if good == [true; 3] {
            let disclosed = &item.disclosure.disclosed;
            authority.learn(&Attested { index: item.index, entry, disclosed, signers: &signers, unknown_signers });
        }
    }

    fn subject<M: StatementMessage, A: Authority<M> + ?Sized>(&mut self, item: &Item, entry: &Entry<M>, authority: &A) {
        let at = ItemAt::Subject;
        let (signers, unknown_signers, attested) = self.attest(at, entry, authority);
        let shown = self.judged.commitment.good(check_fields(at, item, entry));
        if self.judged.attestation.good(attested) {
            let disclosed = if shown { item.disclosure.disclosed.as_slice() } else { &[] };
            let subject = Attested { index: item.index, entry, disclosed, signers: &signers, unknown_signers };
            self.judged.authority = authority.judge(&subject).map_err(Reason::Authority);
        }
        let included = self.include(at, item, entry);
        self.judged.inclusion.good(included);
        (self.judged.signers, self.judged.unknown_signers) = (signers, unknown_signers);
    }

    /// Step 3: the known keys that attest an entry, the number of unknown ones, and the result.
    fn attest<M: StatementMessage, A: Authority<M> + ?Sized>(
        &mut self,
        item: ItemAt,
        entry: &Entry<M>,
        authority: &A,
    ) -> (Vec<KeyId>, usize, Result<(), Reason>) {
        let (mut signers, mut unknown, mut failure) = (Vec::new(), 0, None);
        for attestation in entry.attestations() {
            let id = attestation.key_id();
            let Some(key) = authority.key(&id) else {
                unknown += 1;
                continue;
            };
            let verified = attestation
                .claim(entry.statement().leaf_hash(), key)
                .and_then(|claim| *self.claims.entry(claim).or_insert_with_key(|claim| claim.verify(key)));
            match verified {
                Ok(()) => signers.push(id),
                Err(error) => {
                    failure.get_or_insert(Reason::Attestation { item, key: id, error });
                }
            }
        }
        let result = match failure {
            Some(reason) => Err(reason),
            None if signers.is_empty() => Err(Reason::NoKnownKey { item }),
            None => Ok(()),
        };
        (signers, unknown, result)
    }

    /// Step 5.
    fn include<M: StatementMessage>(&self, at: ItemAt, item: &Item, entry: &Entry<M>) -> Result<(), Reason> {
        let Checkpoint { origin, size, root } = self.checkpoint;
        verify_inclusion(&entry.leaf_hash(), item.index, *size, &item.path, root)
            .map_err(|_| Reason::Inclusion { item: at })?;
        let ledger = entry.statement().ledger();
        if ledger == origin.as_str() { Ok(()) } else { Err(Reason::Ledger { item: at, ledger: ledger.to_owned() }) }
    }
}

/// Step 2.
fn check_fields<M: StatementMessage>(at: ItemAt, item: &Item, entry: &Entry<M>) -> Result<(), Reason> {
    let fields = &item.disclosure;
    let fault = match (entry.statement().commitment(), item.tag_too_large) {
        (_, Some(tag)) => Some(CommitmentFault::TagTooLarge(tag)),
        (None, None) => {
            let none = fields.disclosed.is_empty() && fields.hidden.is_empty();
            (!none).then_some(CommitmentFault::PublicBody)
        }
        (Some(commitment), None) => match fields.commitment() {
            Ok(found) => (found != commitment).then_some(CommitmentFault::Differs),
            Err(error) => Some(CommitmentFault::Lists(error)),
        },
    };
    fault.map_or(Ok(()), |fault| Err(Reason::Commitment { item: at, fault }))
}
