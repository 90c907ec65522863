//! Answers for people: institutions, keys, offers, accounts and their outcomes. Reads only; what an entry's status is
//! stands in [`status`](crate::status), what a presentation needs in [`authority`](crate::authority).

pub mod conversions;

use crate::access::Access;
use crate::case::policy_of;
use crate::flag::Flag;
use crate::policy::InForce;
use crate::rows::{
    self, AccountKey, AccountRow, CharterRow, DisplayRow, EntryRow, EvaluationRow, FiledRow, HeadcountRow,
    InspectionRow, InstitutionRow, KeyRow, OfferRow, OutcomeRow, Short, StandingOf, StandingRow,
};
use crate::state::{Direction, Key, Query, Read, ReadError, Table};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use xuefen_core::key::KeyId;
use xuefen_core::kinds::Kind;

pub use crate::authority::authority_chain;
pub use crate::digest::state_digest;
pub use crate::status::{EntryStatus, Review, issuer_status, status, status_with};
pub use crate::tier::assurance_tier;

/// An institution as of the reader's size.
pub fn institution(state: &impl Read, id: &str) -> Result<Option<InstitutionRow>, ReadError> {
    state.institution(id)
}

/// An authority as of the reader's size.
pub fn authority(state: &impl Read, id: &str) -> Result<Option<rows::AuthorityRow>, ReadError> {
    state.authority(id)
}

/// An entry as it was logged.
pub fn entry(state: &impl Read, index: u64) -> Result<Option<EntryRow>, ReadError> {
    state.entry(index)
}

/// How many of the first `size` entries were logged by a time, Unix seconds: the log's clock never runs backwards.
pub fn size_at(state: &impl Read, size: u64, time: i64) -> Result<u64, ReadError> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        match state.entry(middle)? {
            Some(row) if row.logged_at <= time => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The entry that binds a device key, and the account it is bound to as that is kept now; `None` if it is not bound any more.
pub fn device_binding(state: &impl Read, key: &[u8; 32]) -> Result<Option<(u64, AccountKey)>, ReadError> {
    let Some((_, row)) = state.value::<rows::DeviceRow>(&rows::device(key))? else { return Ok(None) };
    let kept = account(state, row.account)?.map_or(row.account, |(kept, _)| kept);
    Ok(row.unbound_by.is_none().then_some((row.entry, kept)))
}

/// What later entries did to an entry.
pub fn standing(state: &impl Read, index: u64) -> Result<StandingRow, ReadError> {
    state.standing(index)
}

/// Remarks on an entry. Those on a private kind tell of its payload: only for who may read that.
pub fn flags(state: &impl Read, index: u64) -> Result<Vec<Flag>, ReadError> {
    let mut flags = Vec::new();
    for key in [rows::flags(index), rows::counted_flags(index)] {
        let found: Option<(u64, Vec<rows::FlagRow>)> = state.value(&key)?;
        for row in found.into_iter().flat_map(|(_, rows)| rows) {
            flags.push(Flag::of_row(row).ok_or_else(|| ReadError::Damaged { key: key.clone(), index })?);
        }
    }
    Ok(flags)
}

/// The policy that binds an institution at a time; of whoever is none, the nation's alone. An entry was judged by that of its
/// `logged_at`, as of its index.
pub fn policy_in_force(state: &impl Read, id: &str, time: i64) -> Result<InForce, ReadError> {
    policy_of(state, id, time)
}

/// The private part of an outcome; `None` if it was erased.
pub fn outcome(state: &impl Read, index: u64) -> Result<Option<OutcomeRow>, ReadError> {
    state.outcome(index)
}

/// A key by its id.
pub fn key(state: &impl Read, id: &KeyId) -> Result<Option<KeyRow>, ReadError> {
    Ok(state.key_row(rows::key_short(id))?.filter(|row| row.id == id.0.0))
}

/// The newest version of what an owner publishes under a code.
pub fn display(state: &impl Read, owner: &str, kind: Kind, code: &str) -> Result<Option<DisplayRow>, ReadError> {
    Ok(state.display(&rows::display(owner, kind, code))?.map(|(_, row)| row))
}

/// An offer or standard by its entry.
pub fn offer(state: &impl Read, index: u64) -> Result<Option<OfferRow>, ReadError> {
    state.offer(index)
}

/// The id in a key of one text.
fn text_id(key: &Key) -> Option<String> {
    let (length, id) = key.as_bytes().get(1..)?.split_first()?;
    (usize::from(*length) == id.len()).then(|| std::str::from_utf8(id).ok().map(str::to_owned)).flatten()
}

fn table<T: DeserializeOwned>(
    state: &impl Query,
    table: Table,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<(String, T)>, ReadError> {
    let mut found = Vec::new();
    for row in state.scan(&[table.byte()], after, limit)? {
        let damaged = || ReadError::Damaged { key: row.key.clone(), index: row.index };
        let id = text_id(&row.key).ok_or_else(damaged)?;
        let (_, value) = state.value(&row.key)?.ok_or_else(damaged)?;
        found.push((id, value));
    }
    Ok(found)
}

/// Institutions in the order of their keys (shorter ids first), after the id `after`, at most `limit`.
pub fn institutions(
    state: &impl Query,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, InstitutionRow)>, ReadError> {
    table(state, Table::Institution, after.map(rows::institution).as_ref(), limit)
}

/// Authorities in the order of their keys, after the id `after`, at most `limit`.
pub fn authorities(
    state: &impl Query,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, rows::AuthorityRow)>, ReadError> {
    table(state, Table::Authority, after.map(rows::authority).as_ref(), limit)
}

/// Keys of an institution or authority, oldest first.
pub fn keys_of(state: &impl Query, owner: &str) -> Result<Vec<KeyRow>, ReadError> {
    let list = rows::keys_of(owner);
    let mut keys = Vec::new();
    for (index, value) in state.history(&list, None, Direction::Ascending, usize::MAX)? {
        let damaged = |_| ReadError::Damaged { key: list.clone(), index };
        for id in postcard::from_bytes::<Vec<Short>>(&value).map_err(damaged)? {
            keys.extend(state.key_row(id)?);
        }
    }
    Ok(keys)
}

/// Offers and standards of an owner from entry `from` on, ascending, at most `limit`.
pub fn offers_of(
    state: &impl Query,
    owner: &str,
    from: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, OfferRow)>, ReadError> {
    let list = rows::offers_of(owner);
    let mut offers = Vec::new();
    for (index, _) in state.history(&list, from, Direction::Ascending, limit)? {
        let offer = state.offer(index)?.ok_or_else(|| ReadError::Damaged { key: list.clone(), index })?;
        offers.push((index, offer));
    }
    Ok(offers)
}

/// Entries of an issuer, newest first, from entry `from` downwards, at most `limit`. The next page begins below the last
/// index.
pub fn issued_by(state: &impl Query, issuer: &str, from: Option<u64>, limit: usize) -> Result<Vec<u64>, ReadError> {
    let rows = state.history(&rows::issued_by(issuer), from, Direction::Descending, limit)?;
    Ok(rows.into_iter().map(|(index, _)| index).collect())
}

/// The whole ids of the keys that attest an entry, in its order.
pub fn attesting_keys(state: &impl Read, entry: &EntryRow) -> Result<Vec<KeyId>, ReadError> {
    let whole = |short: &Short| {
        // A key that attests was registered with it or before.
        let damaged = || ReadError::Damaged { key: rows::key(*short), index: 0 };
        Ok(KeyId(xuefen_core::Hash(state.key_row(*short)?.ok_or_else(damaged)?.id)))
    };
    entry.keys.iter().map(whole).collect()
}

/// The version that held at a time of what an entry is a version of.
pub fn version_at(state: &impl Read, index: u64, time: i64) -> Result<Option<(u64, OfferRow)>, ReadError> {
    crate::versions::holding(state, index, (time, time))
}

/// Pathways that are called so: the newest version of each, by the entry of its first version that is. Several pathways
/// have one label.
pub fn pathways(state: &impl Query, label: &str) -> Result<Vec<(u64, OfferRow)>, ReadError> {
    let mut found: Vec<(u64, OfferRow)> = Vec::new();
    for (index, _) in state.history(&rows::label(label), None, Direction::Ascending, usize::MAX)? {
        let Some((newest, offer)) = crate::versions::holding(state, index, (i64::MAX, i64::MAX))? else { continue };
        if !found.iter().any(|(known, _)| *known == newest) {
            found.push((newest, offer));
        }
    }
    Ok(found)
}

/// What a standing is held equal to at a time, in this direction: entries and what they say, oldest first.
pub fn equivalents(state: &impl Read, from: &StandingOf, time: i64) -> Result<Vec<(u64, OfferRow)>, ReadError> {
    let listed: Vec<u64> = state.value(&rows::equivalent(from))?.map(|(_, list)| list).unwrap_or_default();
    let mut found = Vec::new();
    for index in listed {
        // A later version may hold something else equal.
        found.extend(version_at(state, index, time)?.filter(|(holding, _)| *holding == index));
    }
    Ok(found)
}

/// Who signs for a consortium; `None` if it has no charter.
pub fn charter(state: &impl Read, consortium: &str) -> Result<Option<CharterRow>, ReadError> {
    state.charter(consortium)
}

/// Evaluations of an institution, oldest first, with their entries. Of two for one scheme and year the later counts.
pub fn evaluations(state: &impl Query, institution: &str) -> Result<Vec<(u64, EvaluationRow)>, ReadError> {
    let key = rows::evaluations(institution);
    let mut found: Vec<(u64, EvaluationRow)> = Vec::new();
    for (index, value) in state.history(&key, None, Direction::Ascending, usize::MAX)? {
        let row: EvaluationRow =
            postcard::from_bytes(&value).map_err(|_| ReadError::Damaged { key: key.clone(), index })?;
        found.retain(|(_, known)| (&known.scheme, known.year) != (&row.scheme, row.year));
        found.push((index, row));
    }
    Ok(found)
}

/// The headcount of an institution on a day (days since 1970-01-01 in UTC+8), and the entry that declared it last.
pub fn headcount(state: &impl Read, institution: &str, day: u32) -> Result<Option<(u64, HeadcountRow)>, ReadError> {
    state.value(&rows::headcount(institution, day))
}

/// The inspection that an entry began.
pub fn inspection(state: &impl Read, commitment: u64) -> Result<Option<InspectionRow>, ReadError> {
    state.inspection(commitment)
}

/// Everyone whom an institution took over, directly or through others.
pub fn predecessors(state: &impl Read, institution: &InstitutionRow) -> Result<Vec<String>, ReadError> {
    crate::case::predecessors(state, Some(institution))
}

/// Majors that an institution filed for a level in a year; `None` if it filed none or the filing is not in force.
pub fn filed(
    state: &impl Read,
    institution: &str,
    (level, year): (u32, u32),
    time: i64,
) -> Result<Option<FiledRow>, ReadError> {
    let Some((_, row)) = state.value::<FiledRow>(&rows::filed(institution, level, year))? else { return Ok(None) };
    Ok(crate::case::is_in_force(&state.standing(row.entry)?, time).then_some(row))
}

/// An account, by an id of it: the kept account's key and row if the id is an alias.
pub fn account(state: &impl Read, account: AccountKey) -> Result<Option<(AccountKey, AccountRow)>, ReadError> {
    let Some(kept) = state.kept(account)? else { return Ok(None) };
    Ok(state.account(kept)?.map(|row| (kept, row)))
}

/// The account of a document, by its HMAC: for whoever may ask, never for a refusal.
pub fn account_of_document(state: &impl Read, document: Short) -> Result<Option<AccountKey>, ReadError> {
    let Some((_, account)) = state.value(&rows::document(document))? else { return Ok(None) };
    state.kept(account)
}

/// Outcomes of an account, under its id and all its aliases, from entry `from` on, ascending, at most `limit`. The next page
/// begins after the last index.
pub fn outcomes(state: &impl Query, id: AccountKey, from: Option<u64>, limit: usize) -> Result<Vec<u64>, ReadError> {
    let Some((kept, row)) = account(state, id)? else { return Ok(Vec::new()) };
    let mut all = BTreeSet::new();
    for id in std::iter::once(kept).chain(row.aliases) {
        let history = state.history(&rows::outcomes_of(id), from, Direction::Ascending, limit)?;
        all.extend(history.into_iter().map(|(index, _)| index));
    }
    Ok(all.into_iter().take(limit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posting::Secrets;
    use crate::testing::{TestSecrets, World};

    #[test]
    fn a_time_has_a_size() {
        let mut world = World::furnished();
        let (first, size) = (world.now, world.state.size());
        world.now += 100;
        let school = world.school.id.clone();
        let later = world.open(&school, 4, [8; 16], "110101199003070001");
        let at = |time| size_at(&world.state, world.state.size(), time).expect("memory");
        assert_eq!([at(first - 1), at(first), at(first + 99), at(first + 100)], [0, size, size, later + 1]);
    }

    #[test]
    fn lists_are_pages() {
        let world = World::furnished();
        let all = institutions(&world.state, None, 9).expect("memory");
        assert_eq!(all.len(), 3);
        let next = institutions(&world.state, Some(&all[0].0), 1).expect("memory");
        assert_eq!(next, all[1..2]);
        let authorities = authorities(&world.state, None, 9).expect("memory");
        assert_eq!(authorities.len(), 3);
        assert_eq!(keys_of(&world.state, &world.ministry.id).expect("memory").len(), 3);
        assert_eq!(keys_of(&world.state, &world.school.id).expect("memory").len(), 1);
        let offers = offers_of(&world.state, &world.body.id, None, 9).expect("memory");
        assert_eq!(
            offers.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
            [world.named["family"], world.named["skill"]]
        );
        // Before the first accreditation there was none.
        let before = world.state.as_of(world.named["school"]);
        assert_eq!(institutions(&before, None, 9).expect("memory"), []);
    }

    #[test]
    fn an_issuers_entries_are_listed_newest_first_as_of_a_size() {
        let world = World::furnished();
        let of = |issuer: &str| -> Vec<u64> {
            let entries = world.entries.iter().zip(0..);
            let own = entries.filter(|((entry, _), _)| entry.statement().issuer() == issuer);
            let mut own: Vec<u64> = own.map(|(_, index)| index).collect();
            own.reverse();
            own
        };
        for party in [&world.ministry, &world.school, &world.body] {
            let all = of(&party.id);
            assert!(!all.is_empty());
            assert_eq!(issued_by(&world.state, &party.id, None, 99).expect("memory"), all);
            assert_eq!(issued_by(&world.state, &party.id, None, 1).expect("memory"), all[..1]);
            assert_eq!(issued_by(&world.state, &party.id, Some(all[0]), 99).expect("memory"), all);
            let below = all[0].checked_sub(1);
            assert_eq!(issued_by(&world.state, &party.id, below, 99).expect("memory"), all[1..]);
            let before = world.state.as_of(all[0]);
            assert_eq!(issued_by(&before, &party.id, None, 99).expect("memory"), all[1..]);
            for index in all {
                let row = entry(&world.state, index).expect("memory").expect("logged");
                let attestations = world.entries[usize::try_from(index).expect("small")].0.attestations();
                let ids: Vec<_> = attestations.iter().map(xuefen_core::attestation::Attestation::key_id).collect();
                assert_eq!(attesting_keys(&world.state, &row).expect("memory"), ids);
            }
        }
        assert_eq!(issued_by(&world.state, "nobody", None, 9).expect("memory"), Vec::<u64>::new());
    }

    #[test]
    fn outcomes_of_a_merged_account_are_those_of_all_its_ids() {
        let mut world = World::furnished();
        let school = world.school.id.clone();
        world.open(&school, 4, [8; 16], "110101199003070001");
        let (body, mut values) = world.course_outcome();
        let first = world.outcome(&school, body.clone(), &values, 4);
        let first = world.accept(first);
        values[0].1 = vec![8; 16];
        values[1].1 = b"2".to_vec();
        let second = world.outcome(&school, body.clone(), &values, 4);
        let second = world.accept(second);
        let (merge, payload) = world.merger([7; 16], [8; 16]);
        let posting = world.private(&school, merge, &payload, &[4, 5]);
        world.accept(posting);
        // Posted under the alias, it is the kept account's.
        values[1].1 = b"3".to_vec();
        values[8].1 = b"autumn".to_vec();
        let third = world.outcome(&school, body, &values, 4);
        let third = world.accept(third);
        for id in [[7; 16], [8; 16]] {
            let id = TestSecrets.account_key(&id);
            let page = |from, limit| outcomes(&world.state, id, from, limit).expect("memory");
            assert_eq!(page(None, 9), [first, second, third]);
            assert_eq!(page(None, 1), [first]);
            assert_eq!(page(Some(first + 1), 2), [second, third]);
        }
        assert_eq!(world.rebuilt(), world.state);
    }
}
