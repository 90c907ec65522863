//! The facts as rows of the state (`rows.rs`, "the dump format"), to be held against those of an index.
//!
//! Tables that only speed up counting ([`Table::is_counter`]) are left out on both sides, and so are the rows of erased
//! entries.

use super::Auditor;
use super::book::{AccountFact, Book, Institution, KeyFact, Offer, Outcome, Seen, Standing, State, Waiting, What};
use super::published;
use super::remarks::Remark;
use crate::rows::{self, AccountKey, Short};
use crate::state::{Direction, Key, MAX_VALUE, Query, ReadError, Row, Table};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use xuefen_core::hash::{Context, Deriver, Hash};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::Name;

/// A row that the index and the audit do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row.
    pub key: Key,
    /// The entry that wrote it, or ought to have.
    pub index: u64,
    /// Its value in the index.
    pub state: Option<Vec<u8>>,
    /// Its value by the audit.
    pub audit: Option<Vec<u8>>,
}

/// Every row that the entries made.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// By key and entry.
    all: BTreeMap<Key, BTreeMap<u64, Vec<u8>>>,
    /// Keys of those of the last entry.
    last: BTreeSet<Key>,
}

/// Tables whose values begin with the number of their continuations.
const LONG: [Table; 9] = [
    Table::RunsOf,
    Table::Institution,
    Table::Waiting,
    Table::Offer,
    Table::Standing,
    Table::Policies,
    Table::Filed,
    Table::Charter,
    Table::Use,
];

/// Takes the rows of one entry.
pub(super) struct Dump<'a> {
    rows: &'a mut Rows,
    index: u64,
}

impl Dump<'_> {
    pub(super) const fn index(&self) -> u64 {
        self.index
    }

    pub(super) fn put<T: Serialize>(&mut self, key: Key, value: &T) {
        let bytes = postcard::to_stdvec(value).expect("rows are plain structs, which postcard always encodes");
        self.put_bytes(key, &bytes);
    }

    pub(super) fn put_bytes(&mut self, key: Key, bytes: &[u8]) {
        if !key.table().is_some_and(|table| LONG.contains(&table)) {
            self.set(key, bytes.to_vec());
            return;
        }
        let (first, rest) = bytes.split_at(bytes.len().min(MAX_VALUE - 1));
        let parts: Vec<&[u8]> = rest.chunks(MAX_VALUE - 1).collect();
        for (number, part) in (0_u8..).zip(&parts) {
            let mut name = vec![Table::Part.byte(), number];
            name.extend_from_slice(key.as_bytes());
            self.set(Key::from_bytes(name), part.to_vec());
        }
        let mut value = vec![u8::try_from(parts.len()).expect("an entry of 64 KiB has no 255 parts")];
        value.extend_from_slice(first);
        self.set(key, value);
    }

    fn set(&mut self, key: Key, value: Vec<u8>) {
        self.rows.last.insert(key.clone());
        self.rows.all.entry(key).or_default().insert(self.index, value);
    }
}

impl Rows {
    /// Writes what an entry changed.
    pub(super) fn write(&mut self, index: u64, book: &mut Book) {
        self.last.clear();
        let mut dump = Dump { rows: self, index };
        entries(book, &mut dump);
        parties(book, &mut dump);
        offers(book, &mut dump);
        learners(book, &mut dump);
        super::conversion::tables(book, &mut dump);
    }

    /// `derive_key(INTERNAL_STATE, u64be size || for each key ascending, for each entry ascending: u16be len || key ||
    /// u64be index || u32be len || value)`. Keys begin with their table's number.
    pub(super) fn digest(&self, size: u64) -> Hash {
        let mut digest = Deriver::new(Context::InternalState);
        digest.update(&size.to_be_bytes());
        for (key, rows) in &self.all {
            for (index, value) in rows {
                if table_of(key).is_some_and(Table::is_counter) {
                    continue;
                }
                let key = key.as_bytes();
                digest.update(&u16::try_from(key.len()).expect("keys are below 512 bytes").to_be_bytes());
                digest.update(key);
                digest.update(&index.to_be_bytes());
                digest.update(&u32::try_from(value.len()).expect("values are cut at 3,000 bytes").to_be_bytes());
                digest.update(value);
            }
        }
        digest.finish()
    }
}

/// Remarks that rest on other entries' payloads: a counter, and the only one that the audit keeps too.
const REMARKS: Table = Table::CountedFlags;

impl<S> Auditor<S> {
    /// Whether the audit can say what a table holds: of counters only remarks, and these while no payload was erased.
    fn knows(&self, table: Option<Table>) -> bool {
        table.is_none_or(|table| !table.is_counter() || (table == REMARKS && self.counts.erased == 0))
    }

    /// Where these rows of the last entry are not the audit's; counters left out.
    pub fn compare_last(&self, rows: &[Row]) -> Vec<Difference> {
        let index = self.tree.size().0.saturating_sub(1);
        let known = |key: &Key| self.knows(table_of(key));
        let theirs: BTreeMap<&Key, &Vec<u8>> =
            rows.iter().filter(|row| known(&row.key)).map(|row| (&row.key, &row.value)).collect();
        let mine = self.rows.last.iter().filter(|key| known(key));
        let keys: BTreeSet<&Key> = theirs.keys().copied().chain(mine).collect();
        let mut differences = Vec::new();
        for key in keys {
            let state = theirs.get(key).map(|value| (*value).clone());
            let audit = self.rows.last.get(key).and_then(|key| self.rows.all.get(key)?.get(&index).cloned());
            if state != audit {
                differences.push(Difference { key: key.clone(), index, state, audit });
            }
        }
        differences
    }
}

/// The table of a row, or of the one that it goes on with.
fn table_of(key: &Key) -> Option<Table> {
    match key.table() {
        Some(Table::Part) => Key::from_bytes(key.as_bytes().get(2..).unwrap_or_default().to_vec()).table(),
        table => table,
    }
}

/// Where the rows of `state` are not the audit's; at most `limit` of them. `erased` tells whose payload was erased.
///
/// # Errors
/// If the state cannot be read.
pub fn compare<S>(
    auditor: &Auditor<S>,
    state: &impl Query,
    erased: impl Fn(u64) -> bool,
    limit: usize,
) -> Result<Vec<Difference>, ReadError> {
    let mut differences = Vec::new();
    let mut seen = 0;
    for table in Table::ALL.into_iter().filter(|table| auditor.knows(Some(*table))) {
        let mut after: Option<Key> = None;
        loop {
            let page = state.scan(&[table.byte()], after.as_ref(), 1_000)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for row in page {
                let mine = auditor.rows.all.get(&row.key);
                let theirs = state.history(&row.key, None, Direction::Ascending, usize::MAX)?;
                let kept = theirs.into_iter().filter(|(index, _)| !(table.is_private() && erased(*index)));
                let theirs: BTreeMap<u64, Vec<u8>> = kept.map(|(index, value)| (index, value.to_vec())).collect();
                seen += usize::from(mine.is_some());
                tell(&row.key, &theirs, mine.unwrap_or(&BTreeMap::new()), &mut differences);
                if differences.len() >= limit {
                    differences.truncate(limit);
                    return Ok(differences);
                }
            }
        }
    }
    if seen < auditor.rows.all.len() {
        for (key, mine) in &auditor.rows.all {
            if auditor.knows(key.table()) && state.history(key, None, Direction::Ascending, 1)?.is_empty() {
                tell(key, &BTreeMap::new(), mine, &mut differences);
            }
        }
    }
    differences.truncate(limit);
    Ok(differences)
}

fn tell(key: &Key, theirs: &BTreeMap<u64, Vec<u8>>, mine: &BTreeMap<u64, Vec<u8>>, differences: &mut Vec<Difference>) {
    let indices: BTreeSet<u64> = theirs.keys().chain(mine.keys()).copied().collect();
    for index in indices {
        let (index_value, audit_value) = (theirs.get(&index), mine.get(&index));
        if index_value != audit_value {
            let (state, audit) = (index_value.cloned(), audit_value.cloned());
            differences.push(Difference { key: key.clone(), index, state, audit });
        }
    }
}

fn names(names: &[Name]) -> Vec<rows::NameRow> {
    names.iter().map(|name| rows::NameRow { language: name.language.clone(), text: name.text.clone() }).collect()
}

fn half(hash: &[u8; 32]) -> Short {
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

fn entry(entry: &Seen) -> rows::EntryRow {
    rows::EntryRow {
        kind: Kind::ALL.iter().position(|kind| *kind == entry.kind).and_then(|at| u8::try_from(at).ok()).unwrap_or(0),
        outcome_kind: u8::try_from(entry.outcome_kind).unwrap_or(0),
        issuer: entry.issuer.clone(),
        issued_at: entry.issued_at,
        logged_at: entry.logged_at,
        keys: entry.keys.iter().map(rows::key_short).collect(),
        supersedes: entry.supersedes,
        imported: entry.imported,
        cosigner: entry.cosigner.clone(),
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
        lapses_at: standing.lapses_at.unwrap_or(0),
    }
}

fn entries(book: &mut Book, dump: &mut Dump<'_>) {
    if let Some(Some(logged)) = book.entries.last() {
        dump.put(rows::entry(dump.index), &entry(logged));
        dump.put_bytes(rows::issued_by(&logged.issuer), &[]);
    }
    for ((issuer, nonce), _) in book.nonces.changes() {
        dump.put_bytes(rows::nonce(&issuer, &nonce), &[]);
    }
    for (index, it) in book.standings.changes() {
        dump.put(rows::standing(index), &standing(it));
    }
    for (index, waiting) in book.waiting.changes() {
        let (which, body): (u8, Vec<u8>) = match waiting {
            Waiting::Accredit(body) => (0, prost::Message::encode_to_vec(body)),
            Waiting::Change(body) => (1, prost::Message::encode_to_vec(body)),
        };
        dump.put(rows::by_index(Table::Waiting, index), &(which, body));
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

fn parties(book: &mut Book, dump: &mut Dump<'_>) {
    let mut granted: BTreeMap<String, Vec<Short>> = BTreeMap::new();
    for (id, it) in book.keys.changes() {
        dump.put(rows::key(rows::key_short(&id)), &key(it));
        if it.entry == dump.index {
            granted.entry(it.owner.clone()).or_default().push(rows::key_short(&id));
        }
    }
    for (owner, keys) in granted {
        dump.put(rows::keys_of(&owner), &keys);
    }
    for (id, it) in book.authorities.changes() {
        dump.put(rows::authority(&id), &rows::AuthorityRow { names: names(&it.names), entry: it.entry });
    }
    for (id, it) in book.institutions.changes() {
        dump.put(rows::institution(&id), &institution(it));
    }
}

fn offer(offer: &Offer, tier: Option<&String>) -> rows::OfferRow {
    let teaching = |it: &super::book::Teaching| rows::CourseRow {
        minutes: it.minutes,
        practice_minutes: it.practice_minutes,
        credit_millis: it.credit_millis,
        recording_rule: (it.rule != 0).then_some(it.rule),
        scale: it.scale.clone(),
    };
    let body = published::body(&offer.what).unwrap_or_else(|| match &offer.what {
        What::Rule(rule) => rows::OfferBody::RecordingRule(rows::RecordingRuleRow {
            tier: tier.cloned(),
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
        _ => unreachable!("`published` has made it"),
    });
    rows::OfferRow {
        owner: offer.owner.clone(),
        code: offer.code.clone(),
        version: offer.version,
        previous: offer.previous,
        body,
    }
}

fn offers(book: &mut Book, dump: &mut Dump<'_>) {
    for ((owner, kind, code), version) in book.versions.changes() {
        dump.put(rows::display(&owner, kind, &code), &rows::DisplayRow { version: version.0 });
    }
    for ((owner, programme), runs) in book.announced.changes() {
        dump.put(rows::runs_of(&owner, &programme), &rows::RunsRow { runs: runs.clone() });
    }
    for (province, line) in book.policies.changes() {
        let (owner, code, versions) = (line.owner.clone(), line.code.clone(), line.versions.clone());
        dump.put(rows::policies(&province), &rows::PolicyLineRow { owner, code, versions });
    }
    let tiers = super::offers::tier(dump.index, book);
    for (index, it) in book.offers.changes() {
        dump.put(rows::offer(index), &offer(it, tiers.as_ref()));
        dump.put_bytes(rows::offers_of(&it.owner), &[]);
        if matches!(it.what, What::Conversion(_)) {
            dump.put_bytes(rows::all_rules(), &[]);
        }
    }
    published::tables(book, dump);
}

fn account(fact: &AccountFact) -> rows::AccountRow {
    rows::AccountRow {
        entry: fact.entry,
        opener: fact.opener.clone(),
        document: half(&fact.document),
        alias_of: fact.kept_as.map(AccountKey),
        aliases: fact.aliases.iter().copied().map(AccountKey).collect(),
        devices: fact.devices.iter().map(rows::device_short).collect(),
        amendments: fact.amendments.clone(),
    }
}

fn outcome(outcome: &Outcome) -> rows::OutcomeRow {
    rows::OutcomeRow {
        account: AccountKey(outcome.account),
        course: outcome.holds.unwrap_or_else(|| rows::course(outcome.offer, &outcome.run, outcome.attempt)),
        nullifier_key: rows::nullifier_key(&outcome.nullifier_key),
    }
}

fn remark(remark: &Remark) -> rows::FlagRow {
    rows::FlagRow {
        code: remark.code.number(),
        severity: u8::try_from(remark.severity as i32).unwrap_or(0),
        policy: remark.policy,
        field: remark.field.clone(),
        reason: remark.reason.clone(),
    }
}

fn learners(book: &mut Book, dump: &mut Dump<'_>) {
    for (id, fact) in book.accounts.changes() {
        dump.put(rows::account(AccountKey(id)), &account(fact));
    }
    for (key, it) in book.devices.changes() {
        let row = rows::DeviceRow { account: AccountKey(it.account), entry: it.entry, unbound_by: it.unbound_by };
        dump.put(rows::device(&key), &row);
    }
    for (document, (id, _)) in book.documents.changes() {
        dump.put_bytes(rows::document(half(&document)), id);
    }
    for (index, it) in book.outcomes.changes() {
        dump.put(rows::outcome(index), &outcome(it));
        dump.put_bytes(rows::outcomes_of(AccountKey(it.account)), &[]);
    }
    for ((issuer, source), _) in book.sources.changes() {
        dump.put_bytes(rows::source(&issuer, &source), &[]);
    }
    for ((account, once), _) in book.held.changes() {
        dump.put_bytes(rows::held(AccountKey(account), &once), &[]);
    }
    for ((issuer, team), (result, _)) in book.teams.changes() {
        dump.put(rows::team(&issuer, &team), result);
    }
    for (index, (own, counted)) in book.remarks.changes() {
        for (remarks, key) in [(own, rows::flags(index)), (counted, rows::counted_flags(index))] {
            if !remarks.is_empty() {
                dump.put(key, &remarks.iter().map(remark).collect::<Vec<_>>());
            }
        }
    }
    // Attempts are counters.
    book.attempts.changes();
}
