//! What every check looks at, and where it says what it found.

use super::book::{Book, KeyFact};
use super::{Fault, PayloadOf};
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use xuefen_core::entry::Entry;
use xuefen_core::key::KeyId;
use xuefen_core::kinds::Kind;
use xuefen_core::kinds::tags::Tag;
use xuefen_core::payload::Payload;
use xuefen_core::proto;
use xuefen_core::proto::statement::Body;

/// What a good entry does to the facts. Done only if nothing at all was found.
pub(super) type Change = Box<dyn FnOnce(&mut Book)>;

/// Collects faults. Checks go on after one: the order in which they are asked does not matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Judge {
    faults: Vec<(Fault, String)>,
}

impl Judge {
    pub(super) fn fault(&mut self, holds: bool, fault: Fault, detail: impl FnOnce() -> String) -> bool {
        if !holds {
            self.faults.push((fault, detail()));
        }
        holds
    }

    /// The entry should have been refused unless this holds; says whether it does.
    pub(super) fn unless(&mut self, holds: bool, rejection: Rejection, detail: impl FnOnce() -> String) -> bool {
        self.fault(holds, Fault::Refusable(rejection), detail)
    }

    pub(super) const fn is_content(&self) -> bool {
        self.faults.is_empty()
    }

    /// Every fault once, in order of precedence.
    pub(super) fn all(&self) -> Vec<Fault> {
        let faults: BTreeSet<Fault> = self.faults.iter().map(|(fault, _)| *fault).collect();
        faults.into_iter().collect()
    }

    /// The fault that takes precedence.
    pub(super) fn verdict(self) -> Option<(Fault, String)> {
        self.faults.into_iter().min_by_key(|(fault, _)| *fault)
    }
}

/// One entry under judgement.
pub(super) struct Case<'a> {
    pub(super) index: u64,
    pub(super) entry: &'a Entry<proto::Statement>,
    pub(super) body: &'a Body,
    pub(super) kind: Kind,
    pub(super) issuer: &'a str,
    pub(super) issued_at: i64,
    pub(super) logged_at: i64,
    pub(super) payload: &'a PayloadOf,
    /// Every attesting key, known or not.
    pub(super) key_ids: Vec<KeyId>,
    /// Those that the ledger knew before this entry.
    pub(super) signers: Vec<KeyFact>,
    /// Members of the consortium that the issuer is.
    pub(super) seats: Vec<String>,
}

impl<'a> Case<'a> {
    /// None for an entry without a body, which core does not let through.
    pub(super) fn new(
        index: u64,
        entry: &'a Entry<proto::Statement>,
        payload: &'a PayloadOf,
        book: &Book,
    ) -> Option<Self> {
        let statement = entry.statement();
        let body = statement.message().body.as_ref()?;
        let key_ids: Vec<KeyId> =
            entry.attestations().iter().map(xuefen_core::attestation::Attestation::key_id).collect();
        let signers = key_ids.iter().filter_map(|id| book.keys.get(id).cloned()).collect();
        Some(Self {
            index,
            entry,
            body,
            kind: Kind::of(body),
            issuer: statement.issuer(),
            issued_at: statement.issued_at().seconds(),
            logged_at: entry.logged_at().seconds(),
            payload,
            key_ids,
            signers,
            seats: book
                .charters
                .get(statement.issuer())
                .map(|(charter, _, _)| charter.seats.iter().map(|seat| seat.institution.clone()).collect())
                .unwrap_or_default(),
        })
    }

    /// The payload, if it is there.
    pub(super) const fn present(&self) -> Option<&'a Payload> {
        match self.payload {
            PayloadOf::Present(payload) => Some(payload),
            PayloadOf::Erased | PayloadOf::None => None,
        }
    }

    /// A value of the payload; empty if there is none.
    pub(super) fn value(&self, tag: Tag) -> &'a [u8] {
        let number = xuefen_core::commitment::Tag::new(tag.number);
        self.present().zip(number).and_then(|(payload, number)| payload.value(number)).unwrap_or_default()
    }

    /// A value as text; empty if there is none.
    pub(super) fn text(&self, tag: Tag) -> &'a str {
        std::str::from_utf8(self.value(tag)).unwrap_or_default()
    }

    /// A value as a number, if there is one.
    pub(super) fn number(&self, tag: Tag) -> Option<u64> {
        xuefen_core::payload::integer(self.value(tag)).ok()
    }

    /// A value of exactly N bytes.
    pub(super) fn bytes<const N: usize>(&self, tag: Tag) -> Option<[u8; N]> {
        self.value(tag).try_into().ok()
    }

    /// The issuer's own accrediting keys among the signers: the region of each.
    pub(super) fn accredits_in(&self) -> Vec<&str> {
        self.signers.iter().filter(|key| key.owner == self.issuer).filter_map(KeyFact::accredits).collect()
    }

    /// Whether the issuer signed as an institution.
    pub(super) fn signs_as_institution(&self) -> bool {
        self.signers
            .iter()
            .any(|key| key.role.is_none() && (key.owner == self.issuer || self.seats.contains(&key.owner)))
    }
}
