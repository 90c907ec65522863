//! The facts as rows of the state (`rows.rs`, "the dump format"), to be held against those of an index.
//!
//! Tables that only speed up counting ([`Table::is_counter`]) are left out on both sides, and so are the rows of erased
//! entries.

use super::Auditor;
use super::book::{
    Account, AccountFact, Book, Institution, KeyFact, Logged, Offer, Outcome, Standing, State, Waiting, What,
};
use crate::posting::Secrets;
use crate::rows::{self, AccountKey, Short};
use crate::state::{Key, MAX_VALUE, Query, ReadError, Row, Table};
use serde::Serialize;
use std::collections::BTreeMap;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::Name;

/// A row that the index and the audit do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row.
    pub key: Key,
    /// The index's: the entry that wrote it, and its value.
    pub index: Option<(u64, Vec<u8>)>,
    /// The audit's.
    pub audit: Option<(u64, Vec<u8>)>,
}

/// The newest row of each key.
struct Dump(BTreeMap<Key, (u64, Vec<u8>)>);

/// Tables whose values begin with the number of their continuations.
const LONG: [Table; 6] =
    [Table::Institution, Table::Waiting, Table::Offer, Table::Account, Table::Standing, Table::Line];

impl Dump {
    fn put<T: Serialize>(&mut self, key: Key, by: u64, value: &T) {
        let bytes = postcard::to_stdvec(value).expect("rows are plain structs, which postcard always encodes");
        self.put_bytes(key, by, bytes);
    }

    fn put_bytes(&mut self, key: Key, by: u64, bytes: Vec<u8>) {
        if !key.table().is_some_and(|table| LONG.contains(&table)) {
            self.0.insert(key, (by, bytes));
            return;
        }
        let (first, rest) = bytes.split_at(bytes.len().min(MAX_VALUE - 1));
        let parts: Vec<&[u8]> = rest.chunks(MAX_VALUE - 1).collect();
        for (number, part) in (0_u8..).zip(&parts) {
            let mut name = vec![Table::Part.byte(), number];
            name.extend_from_slice(key.as_bytes());
            self.0.insert(Key::from_bytes(name), (by, part.to_vec()));
        }
        let mut value = vec![u8::try_from(parts.len()).expect("an entry of 64 KiB has no 255 parts")];
        value.extend_from_slice(first);
        self.0.insert(key, (by, value));
    }
}

impl<S: Secrets> Auditor<S> {
    /// The newest row of each key, ascending; counters left out.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let book = &self.book;
        let mut dump = Dump(BTreeMap::new());
        entries(book, &mut dump);
        parties(book, &mut dump);
        offers(book, &mut dump);
        learners(book, &mut dump);
        dump.0.into_iter().map(|(key, (index, value))| Row { key, index, value }).collect()
    }
}

/// Where the index's rows are not the audit's; at most `limit` of them.
pub fn compare<S: Secrets>(
    auditor: &Auditor<S>,
    state: &impl Query,
    erased: impl Fn(u64) -> bool,
    limit: usize,
) -> Result<Vec<Difference>, ReadError> {
    let mut mine: BTreeMap<Key, (u64, Vec<u8>)> =
        auditor.rows().into_iter().map(|row| (row.key, (row.index, row.value))).collect();
    let mut differences = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| !table.is_counter()) {
        let mut after: Option<Key> = None;
        loop {
            let page = state.scan(&[table.byte()], after.as_ref(), 1_000)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for row in page {
                let counter = table == Table::Part && row.key.as_bytes().get(2) == Some(&Table::Line.byte());
                let audit = mine.remove(&row.key);
                if counter || (table.is_private() && erased(row.index)) {
                    continue;
                }
                let index = Some((row.index, row.value));
                if audit != index {
                    differences.push(Difference { key: row.key, index, audit });
                }
            }
        }
    }
    let unseen = mine.into_iter().map(|(key, row)| Difference { key, index: None, audit: Some(row) });
    differences.extend(unseen);
    differences.truncate(limit);
    Ok(differences)
}

fn names(names: &[Name]) -> Vec<rows::NameRow> {
    names.iter().map(|name| rows::NameRow { language: name.language.clone(), text: name.text.clone() }).collect()
}

fn half(hash: &[u8; 32]) -> Short {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

fn entry(entry: &Logged) -> rows::EntryRow {
    rows::EntryRow {
        leaf_hash: entry.leaf_hash.0,
        statement_hash: entry.statement_hash.0,
        kind: Kind::ALL.iter().position(|kind| *kind == entry.kind).and_then(|at| u8::try_from(at).ok()).unwrap_or(0),
        outcome_kind: u8::try_from(entry.outcome_kind).unwrap_or(0),
        issuer: entry.issuer.clone(),
        issued_at: entry.issued_at,
        logged_at: entry.logged_at,
        keys: entry.keys.iter().map(rows::key_short).collect(),
        supersedes: entry.supersedes,
        imported: entry.imported,
    }
}

fn standing(standing: &Standing) -> rows::StandingRow {
    let force = match (standing.revoked, standing.suspended) {
        (Some((reason, by)), _) => rows::Force::Revoked { reason, by },
        (None, Some((until, by))) => rows::Force::Suspended { until, by },
        (None, None) => rows::Force::InForce,
    };
    let countersignature = |it: &super::book::Countersigned| rows::Countersignature {
        party: it.party.clone(),
        index: it.index,
        logged_at: it.logged_at,
        keys: it.keys.iter().map(rows::key_short).collect(),
        by_authority: it.by_authority,
    };
    rows::StandingRow {
        force,
        superseded_by: standing.superseded_by,
        pending: standing.pending,
        completed_by: standing.completed_by,
        countersignatures: standing.countersigned.iter().map(countersignature).collect(),
    }
}

fn entries(book: &Book, dump: &mut Dump) {
    for (index, logged) in (0_u64..).zip(&book.entries) {
        if let Some(logged) = logged {
            dump.put(rows::entry(index), index, &entry(logged));
        }
    }
    for ((issuer, nonce), index) in &book.nonces {
        dump.put_bytes(rows::nonce(issuer, nonce), *index, Vec::new());
    }
    for (index, it) in &book.standings {
        dump.put(rows::standing(*index), it.by, &standing(it));
    }
    for (index, waiting) in &book.waiting {
        let bytes = match waiting {
            Waiting::Accredit(body) => prost::Message::encode_to_vec(body),
            Waiting::Change(body) => prost::Message::encode_to_vec(body),
        };
        dump.put_bytes(rows::by_index(Table::Waiting, *index), *index, bytes);
    }
}

fn key(key: &KeyFact) -> rows::KeyRow {
    let role = |(role, region): &(xuefen_core::proto::AuthorityRole, String)| rows::RoleRow {
        role: *role as i32,
        region: region.clone(),
    };
    let end = |end: &super::book::KeyEnded| rows::KeyEnd {
        at: end.at,
        by: end.by,
        ground: end.ground,
        compromised_since: end.compromised_since,
    };
    rows::KeyRow {
        id: key.public.id().0.0,
        algorithm: i32::from(key.public.algorithm().number()),
        public_key: *key.public.as_bytes(),
        owner: key.owner.clone(),
        role: key.role.as_ref().map(role),
        custodian: key.custodian.clone(),
        valid_from: key.from,
        valid_until: key.until,
        entry: key.entry,
        replaces: key.replaces.map(|(old, until)| (rows::key_short(&old), until)),
        end: key.end.as_ref().map(end),
    }
}

fn institution(it: &Institution) -> rows::InstitutionRow {
    let status = |state: &State| match state {
        State::InForce => rows::Status::InForce,
        State::Suspended { until, ground } => rows::Status::Suspended { until: *until, ground: *ground },
        State::Revoked { ground, since } => rows::Status::Revoked { ground: *ground, retroactive_since: *since },
        State::Merged { successor } => rows::Status::Merged { successor: successor.clone() },
    };
    let periods = it.states.iter();
    let accreditations = it.accreditations.iter();
    rows::InstitutionRow {
        kind: it.rights.kind,
        sector: it.rights.sector,
        region: it.rights.region.clone(),
        parent: it.rights.parent.clone(),
        outcome_kinds: it.rights.outcome_kinds.clone(),
        families: it.rights.families.clone(),
        full_ladder: it.rights.full_ladder.clone(),
        may_import: it.rights.may_import,
        highest_skill_level: it.rights.highest_skill_level,
        names: it
            .names
            .iter()
            .map(|(from, by, list)| rows::NamesPeriod { from: *from, by: *by, names: names(list) })
            .collect(),
        periods: periods
            .map(|(from, by, state)| rows::Period { from: *from, by: *by, status: status(state) })
            .collect(),
        accreditations: accreditations
            .map(|&(from, entry, completed_by)| rows::AccreditationRow { from, entry, completed_by })
            .collect(),
        predecessors: it.took_over.clone(),
    }
}

fn parties(book: &Book, dump: &mut Dump) {
    let mut newest: BTreeMap<&str, (u64, Short)> = BTreeMap::new();
    for (id, it) in &book.keys {
        dump.put(rows::key(rows::key_short(id)), it.by, &key(it));
        let last = newest.entry(&it.owner).or_insert((it.entry, rows::key_short(id)));
        if it.entry > last.0 {
            *last = (it.entry, rows::key_short(id));
        }
    }
    for (owner, (by, key)) in newest {
        dump.put_bytes(rows::keys_of(owner), by, key.to_vec());
    }
    for (id, it) in &book.authorities {
        let row = rows::AuthorityRow { names: names(&it.names), entry: it.entry };
        dump.put(rows::authority(id), it.by, &row);
    }
    for (id, it) in &book.institutions {
        dump.put(rows::institution(id), it.by, &institution(it));
    }
}

fn offer(offer: &Offer) -> rows::OfferRow {
    let teaching = |it: &super::book::Teaching| rows::CourseRow {
        minutes: it.minutes,
        practice_minutes: it.practice_minutes,
        credit_millis: it.credit_millis,
        recording_rule: (it.rule != 0).then_some(it.rule),
        scale: it.scale.clone(),
    };
    let body = match &offer.what {
        What::Rule(rule) => rows::OfferBody::RecordingRule(rows::RecordingRuleRow {
            effective_from: rule.effective_from,
            hour_minutes: rule.hour_minutes,
            theory_hours_per_credit: rule.theory_hours_per_credit,
            practice_hours_per_credit: rule.practice_hours_per_credit,
            step_millis: rule.step_millis,
        }),
        What::Course(it) => rows::OfferBody::Course(teaching(it)),
        What::Module(it) => rows::OfferBody::Module(teaching(it)),
        What::Family(it) => rows::OfferBody::Family(rows::FamilyRow {
            outcome_kind: it.outcome_kind,
            levels: u32::try_from(it.levels.len()).unwrap_or(u32::MAX),
            occupation: it.occupation.clone(),
            validity_days: it.validity_days,
        }),
    };
    rows::OfferRow { owner: offer.owner.clone(), code: offer.code.clone(), version: offer.version, body }
}

fn offers(book: &Book, dump: &mut Dump) {
    for ((owner, kind, code), (version, by)) in &book.versions {
        dump.put(rows::display(owner, *kind, code), *by, &rows::DisplayRow { version: *version });
    }
    for (index, it) in &book.offers {
        dump.put(rows::offer(*index), *index, &offer(it));
        // Ascending, so the newest of an owner stays.
        dump.put_bytes(rows::offers_of(&it.owner), *index, Vec::new());
    }
}

fn account(fact: &AccountFact) -> rows::AccountRow {
    rows::AccountRow {
        entry: fact.entry,
        opener: fact.opener.clone(),
        document: half(&fact.document),
        alias_of: fact.kept_as.map(AccountKey),
        aliases: fact.aliases.iter().copied().map(AccountKey).collect(),
    }
}

fn outcome(outcome: &Outcome) -> rows::OutcomeRow {
    rows::OutcomeRow {
        account: AccountKey(outcome.account),
        course: rows::course(outcome.offer, &outcome.run, outcome.attempt),
        nullifier_key: rows::nullifier_key(&outcome.nullifier_key),
        valid_through: outcome.valid_through.and_then(|day| i32::try_from(day).ok()),
    }
}

fn learners(book: &Book, dump: &mut Dump) {
    for (id, fact) in &book.accounts {
        dump.put(rows::account(AccountKey(*id)), fact.by, &account(fact));
    }
    for (document, (id, by)) in &book.documents {
        let id: Account = *id;
        dump.put_bytes(rows::document(half(document)), *by, id.to_vec());
    }
    for (index, it) in &book.outcomes {
        dump.put(rows::outcome(*index), *index, &outcome(it));
        dump.put_bytes(rows::outcomes_of(AccountKey(it.account)), *index, Vec::new());
    }
    for ((issuer, source), index) in &book.sources {
        dump.put_bytes(rows::source(issuer, source), *index, Vec::new());
    }
}
