//! One posting before the state: what every rule may look at, and how a rule says no.

use crate::access::Access;
use crate::facts::Facts;
use crate::policy::{self, InForce};
use crate::posting::Prepared;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{AuthorityRow, CharterRow, EntryRow, InstitutionRow, KeyRow, OfferRow, RoleRow, StandingRow};
use crate::state::{Entries, Read, ReadError};
use std::borrow::Cow;
use std::cell::OnceCell;
use xuefen_core::proto::{AuthorityRole, EntryRef};

/// Why a walk through the checks ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A rule says no.
    Refused(Box<Refusal>),
    /// The statement is in the log already.
    Replay(u64),
    /// State could not be read.
    Read(ReadError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The answer of a check.
pub(crate) type Check = Result<(), Stop>;

/// Refuses unless `good`.
pub(crate) fn ensure(good: bool, rejection: Rejection, field: impl Into<Cow<'static, str>>) -> Check {
    if good { Ok(()) } else { Err(Refusal::new(rejection, field).into()) }
}

/// A posting, its issuer and its keys.
pub(crate) struct Case<'a, S: ?Sized> {
    pub(crate) state: &'a S,
    pub(crate) entries: &'a dyn Entries,
    pub(crate) prepared: &'a Prepared,
    pub(crate) issuer: &'a str,
    pub(crate) issued_at: i64,
    pub(crate) logged_at: i64,
    /// The issuer as an institution.
    pub(crate) institution: Option<InstitutionRow>,
    /// The issuer as an authority.
    pub(crate) authority: Option<AuthorityRow>,
    /// The issuer as a consortium with a charter.
    pub(crate) charter: Option<CharterRow>,
    /// The registered keys among the attesting ones.
    pub(crate) keys: Vec<KeyRow>,
    /// Worked out when it is first asked for.
    pub(crate) policy: OnceCell<InForce>,
}

impl<S: Read + ?Sized> Case<'_, S> {
    pub(crate) const fn facts(&self) -> &Facts {
        &self.prepared.facts
    }

    /// The policy in force for the issuer when the entry is logged.
    pub(crate) fn policy(&self) -> Result<&InForce, ReadError> {
        let region = self.institution.as_ref().map_or("", |row| &row.region);
        once(&self.policy, || policy::in_force(self.state, region, self.logged_at))
    }

    /// Tells the first stateless fault of a rank up to `last`.
    pub(crate) fn faults(&self, last: Rejection) -> Check {
        match self.prepared.faults.first() {
            Some(fault) if fault.rejection <= last => Err(fault.clone().into()),
            _ => Ok(()),
        }
    }

    /// Keys of the issuer among the attesting ones; of a consortium with a charter, those of its members.
    pub(crate) fn own_keys(&self) -> impl Iterator<Item = &KeyRow> {
        let seated = |key: &KeyRow| {
            let seats = self.charter.iter().flat_map(|charter| &charter.seats);
            key.role.is_none() && seats.into_iter().any(|(member, _)| *member == key.owner)
        };
        self.keys.iter().filter(move |key| key.owner == self.issuer || seated(key))
    }

    /// Whether a key of the issuer with this role attests.
    pub(crate) fn acts_as(&self, role: AuthorityRole) -> bool {
        let has = |it: &RoleRow| it.role == role as i32;
        self.own_keys().any(|key| key.role.as_ref().is_some_and(has))
    }

    /// Whether the issuer attests as the institution it is.
    pub(crate) fn acts_as_institution(&self) -> bool {
        self.institution.is_some() && self.own_keys().any(|key| key.role.is_none())
    }

    /// Whether the issuer attests as an authority over this region: the nation, or the region's province.
    pub(crate) fn acts_over(&self, region: &str) -> bool {
        self.own_keys().filter_map(KeyRow::accredits).any(|of| of.is_empty() || crate::ids::same_province(of, region))
    }

    /// Whether the issuer attests as an authority over an institution.
    pub(crate) fn is_authority_over(&self, id: &str) -> Result<bool, ReadError> {
        let region = self.state.institution(id)?.map_or_else(String::new, |row| row.region);
        Ok(self.acts_over(&region))
    }

    /// Whether the issuer is `id`, or took it over, directly or through others.
    pub(crate) fn speaks_for(&self, id: &str) -> Result<bool, ReadError> {
        if self.issuer == id {
            return Ok(true);
        }
        Ok(predecessors(self.state, self.institution.as_ref())?.iter().any(|predecessor| predecessor == id))
    }

    /// The entry that a reference names: there, and with that leaf hash.
    pub(crate) fn target(&self, reference: Option<&EntryRef>, field: &str) -> Result<(u64, EntryRow), Stop> {
        let unknown = || Refusal::new(Rejection::ReferenceUnknown, field.to_owned());
        let reference = reference.ok_or_else(unknown)?;
        let row = self.state.entry(reference.index)?.ok_or_else(unknown)?;
        let leaf_hash = self.entries.leaf_hash(reference.index)?.ok_or_else(unknown)?;
        if leaf_hash.as_ref() != &reference.leaf_hash[..] {
            return Err(Refusal::new(Rejection::ReferenceMismatch, format!("{field}.leaf_hash")).into());
        }
        Ok((reference.index, row))
    }

    /// The offer of an index, if there is one; in force or not.
    pub(crate) fn offer(&self, index: u64, field: &str) -> Result<OfferRow, Stop> {
        let unknown = || Refusal::new(Rejection::ReferenceUnknown, field.to_owned());
        if let Some(offer) = self.state.offer(index)? {
            return Ok(offer);
        }
        let known = self.state.entry(index)?.is_some();
        let wrong = || Refusal::new(Rejection::ReferenceWrongKind, field.to_owned());
        Err(if known { wrong() } else { unknown() }.into())
    }

    /// Refuses unless the entry of an index is in force now.
    pub(crate) fn in_force(&self, index: u64, field: &str) -> Check {
        let standing = self.state.standing(index)?;
        if is_in_force(&standing, self.logged_at) {
            return Ok(());
        }
        Err(Refusal::new(Rejection::ReferenceNotInForce, field.to_owned()).into())
    }
}

/// An entry as the rules that remark on it see it: before it is accepted, and when its rows are made.
pub(crate) struct Said<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) logged_at: i64,
    pub(crate) facts: &'a Facts,
    /// Worked out when it is first asked for.
    pub(crate) policy: &'a OnceCell<InForce>,
}

impl<'a> Said<'a> {
    pub(crate) const fn in_case<S: ?Sized>(case: &'a Case<'_, S>) -> Self {
        Self { issuer: case.issuer, logged_at: case.logged_at, facts: &case.prepared.facts, policy: &case.policy }
    }

    /// The policy in force when it is logged.
    pub(crate) fn policy<S: Read + ?Sized>(&self, state: &S) -> Result<&'a InForce, ReadError> {
        once(self.policy, || policy_of(state, self.issuer, self.logged_at))
    }
}

/// What a cell holds, put there first if need be.
pub(crate) fn once<T>(cell: &OnceCell<T>, work_out: impl FnOnce() -> Result<T, ReadError>) -> Result<&T, ReadError> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let value = work_out()?;
    Ok(cell.get_or_init(|| value))
}

/// The policy that binds an issuer at a time: that of the nation, and of the province where an institution sits.
pub(crate) fn policy_of<S: Read + ?Sized>(state: &S, issuer: &str, time: i64) -> Result<InForce, ReadError> {
    let region = state.institution(issuer)?.map_or_else(String::new, |row| row.region);
    policy::in_force(state, &region, time)
}

/// Neither pending nor superseded, suspended or revoked at a time.
pub(crate) fn is_in_force(standing: &StandingRow, time: i64) -> bool {
    use crate::rows::Force;
    let force = match &standing.force {
        Force::InForce => true,
        Force::Suspended { until, .. } => *until <= time,
        Force::Revoked { .. } => false,
    };
    force && !standing.pending && standing.superseded_by.is_none()
}

/// Most institutions that a chain of mergers is followed through.
const PREDECESSORS: usize = 64;

/// Everyone whom an institution took over, directly or through others.
pub(crate) fn predecessors<S: Read + ?Sized>(
    state: &S,
    institution: Option<&InstitutionRow>,
) -> Result<Vec<String>, ReadError> {
    let mut all = institution.map(|row| row.predecessors.clone()).unwrap_or_default();
    let mut next = 0;
    while next < all.len() && all.len() < PREDECESSORS {
        if let Some(row) = state.institution(&all[next])? {
            for older in row.predecessors {
                if !all.contains(&older) {
                    all.push(older);
                }
            }
        }
        next += 1;
    }
    Ok(all)
}
