//! The chain of authority of formats.md 5, step 4, for the kinds of this ledger: from the keys in `authority.txt` over
//! genesis, authority keys, accreditation and institution keys to the issuer of what is shown.
//!
//! It answers whether the right **existed**, by the same rules as those by which the ledger accepts (rules.md 1 and 2): what
//! the ledger would refuse is not learned, even if an operator logged it. That nothing ended a right is proven by the status
//! note (step 7), never here; ends of keys that happen to stand among the items are taken in all the same.

pub mod charter;

use std::collections::{BTreeMap, BTreeSet};

use crate::Hash;
use crate::authority_file::AuthorityFile;
use crate::key::{Algorithm, KeyId, PublicKey};
use crate::kinds::light::{Body, Statement};
use crate::kinds::{Kind, tags};
use crate::origin::Origin;
use crate::proto::authority_key::Action as AuthorityAction;
use crate::proto::change_institution::Change;
use crate::proto::institution_key::Action as KeyAction;
use crate::proto::{
    AccreditInstitution, AuthorityKey, AuthorityKeyGrant, AuthorityRole, Charter, EntryRef, Genesis, InstitutionKey,
    Name, OutcomeKind, RotateKey,
};
use crate::verify::{Attested, Authority, AuthorityReason};
use crate::vkey::VerifierKey;

/// A rotation by the institution itself takes force after this many seconds (rules.md 2), so that it can be cancelled.
const ROTATION_SECONDS: i64 = 72 * 3_600;

/// What is known of a key.
struct Known {
    public: PublicKey,
    owner: String,
    /// `None` for keys of institutions.
    role: Option<AuthorityRole>,
    /// GB/T 2260 code of the province that an authority's key is bound to, or that authorised an institution's; empty for the
    /// nation.
    region: String,
    from: i64,
    /// Exclusive.
    until: i64,
    /// The key that this one takes over from, with the end that it had before.
    replaces: Option<(KeyId, i64)>,
}

impl Known {
    /// Valid at both times, as rules.md 2 asks of every key.
    const fn valid(&self, issued_at: i64, logged_at: i64) -> bool {
        self.from <= issued_at && issued_at < self.until && self.from <= logged_at && logged_at < self.until
    }

    /// Where it accredits, if it does: "" = everywhere.
    fn accredits(&self) -> Option<&str> {
        (self.role == Some(AuthorityRole::Accredit)).then_some(self.region.as_str())
    }

    /// Takes in accounts.
    fn takes_in(&self) -> bool {
        self.role == Some(AuthorityRole::Intake)
    }
}

/// An accreditation, in force once province and nation have signed.
struct Accredited {
    body: AccreditInstitution,
    leaf_hash: Hash,
    by_nation: bool,
    by_province: bool,
    /// When the institution's first accreditation took force.
    since: Option<i64>,
    names: Vec<Name>,
}

/// Knowledge about authority, built up from the verifier's own keys and the items of one presentation.
pub struct Chain {
    trusted: Vec<VerifierKey>,
    keys: BTreeMap<KeyId, Known>,
    accreditations: BTreeMap<u64, Accredited>,
    /// Institution id to the index of the accreditation in force.
    institutions: BTreeMap<String, u64>,
    /// Who signs for consortia.
    charters: BTreeMap<String, Charter>,
    /// (account, device key) of entries that disclose both.
    bound: BTreeSet<(Vec<u8>, Vec<u8>)>,
    /// The newest `logged_at` learned: the log's clock never runs backwards, whatever an entry claims.
    latest: i64,
}

impl Chain {
    /// Starts from the keys of `authority.txt`. Each of them is trusted for the whole country.
    #[must_use]
    pub fn new(file: &AuthorityFile) -> Self {
        let trusted = file.keys().to_vec();
        let known = |key: &VerifierKey| Known {
            public: key.public_key().clone(),
            owner: key.name().as_str().to_owned(),
            role: Some(AuthorityRole::Accredit),
            region: String::new(),
            from: 0,
            until: i64::MAX,
            replaces: None,
        };
        // A key named `<origin>/status` signs status notes and nothing else.
        let authorities = trusted.iter().filter(|key| !is_status(key));
        let keys = authorities.map(|key| (key.public_key().id(), known(key))).collect();
        Self {
            trusted,
            keys,
            accreditations: BTreeMap::new(),
            institutions: BTreeMap::new(),
            charters: BTreeMap::new(),
            bound: BTreeSet::new(),
            latest: 0,
        }
    }

    /// Names of an institution, if its accreditation is among what was learned.
    #[must_use]
    pub fn names(&self, institution: &str) -> &[Name] {
        self.accreditation(institution).map_or(&[], |accredited| &accredited.names)
    }

    /// The accreditation in force.
    fn accreditation(&self, institution: &str) -> Option<&Accredited> {
        self.accreditations.get(self.institutions.get(institution)?)
    }

    fn region_of(&self, institution: &str) -> Option<&str> {
        self.accreditation(institution).map(|accredited| accredited.body.region.as_str())
    }

    /// `issued_at` and `logged_at`, Unix seconds.
    fn times(&self, item: &Attested<'_, Statement>) -> (i64, i64) {
        let logged_at = item.entry.logged_at().seconds().max(self.latest);
        (item.entry.statement().issued_at().seconds(), logged_at)
    }

    /// The valid keys that signed.
    fn signers<'a>(&'a self, item: &'a Attested<'_, Statement>) -> impl Iterator<Item = &'a Known> {
        let (issued_at, logged_at) = self.times(item);
        let known = item.signers.iter().filter_map(|id| self.keys.get(id));
        known.filter(move |key| key.valid(issued_at, logged_at))
    }

    /// Those of the issuer: what an issuer may do, it does with keys of its own, a consortium with those of its members.
    fn own<'a>(&'a self, item: &'a Attested<'_, Statement>) -> impl Iterator<Item = &'a Known> {
        let issuer = item.entry.statement().issuer();
        let charter = self.charters.get(issuer);
        let seated = move |key: &Known| {
            key.role.is_none() && charter.is_some_and(|charter| charter::has_seat(charter, &key.owner))
        };
        self.signers(item).filter(move |key| key.owner == issuer || seated(key))
    }

    fn accredits(&self, item: &Attested<'_, Statement>) -> bool {
        self.own(item).any(|key| key.accredits().is_some())
    }

    fn is_nation(&self, item: &Attested<'_, Statement>) -> bool {
        self.own(item).any(|key| key.accredits() == Some(""))
    }

    /// Whether the issuer is the nation, or the province of a region.
    fn is_over(&self, item: &Attested<'_, Statement>, region: &str) -> bool {
        self.own(item).filter_map(Known::accredits).any(|own| own.is_empty() || same_province(own, region))
    }

    /// Whether the issuer acts as this institution. A key that a province authorised is the institution's only while that
    /// province is its own: else any province could give itself a key of any institution.
    fn is_institution(&self, item: &Attested<'_, Statement>, institution: &str) -> bool {
        if let Some(charter) = self.charters.get(institution) {
            let issued = item.entry.statement().issuer() == institution;
            return issued && charter::is_quorum(charter, self.members(item));
        }
        let region = self.region_of(institution);
        item.entry.statement().issuer() == institution
            && self.own(item).any(|key| {
                let rightly = key.region.is_empty() || region.is_none_or(|region| same_province(&key.region, region));
                key.role.is_none() && rightly
            })
    }

    fn grant(&mut self, grant: &AuthorityKeyGrant, logged_at: i64) {
        let Some(public) = good_key(grant.algorithm, &grant.public_key) else { return };
        let Ok(role) = AuthorityRole::try_from(grant.role) else { return };
        // A verifier's own key stays as trusted as it was, whatever the log says about it; and no key changes hands.
        self.keys.entry(public.id()).or_insert(Known {
            public,
            owner: grant.authority.clone(),
            role: Some(role),
            region: grant.region.clone(),
            from: grant.valid_from.max(logged_at),
            until: open_end(grant.valid_until),
            replaces: None,
        });
    }

    /// Trusted only through the verifier's own keys, one of which it must name.
    fn is_genesis(&self, item: &Attested<'_, Statement>, body: &Genesis) -> bool {
        let trusted = |id: &KeyId| self.trusted.iter().any(|key| !is_status(key) && key.public_key().id() == *id);
        let national =
            |grant: &&AuthorityKeyGrant| grant.role == AuthorityRole::Accredit as i32 && grant.region.is_empty();
        let mut named = body.keys.iter().filter(national).filter_map(|it| good_key(it.algorithm, &it.public_key));
        item.index.0 == 0 && named.any(|key| trusted(&key.id()) && item.signers.contains(&key.id()))
    }

    /// The nation, or the owner of a key that replaces or ends it.
    fn may_authority_key(&self, item: &Attested<'_, Statement>, body: &AuthorityKey) -> bool {
        let issuer = item.entry.statement().issuer();
        let own = match &body.action {
            None => false,
            Some(AuthorityAction::Grant(it)) => {
                let same = |key: &Known| key.role.is_some_and(|role| role as i32 == it.role) && key.region == it.region;
                it.authority == issuer && self.own(item).any(same)
            }
            Some(AuthorityAction::End(it)) => {
                let ended = KeyId::from_slice(&it.key_id).and_then(|id| self.keys.get(&id));
                self.accredits(item) && ended.is_some_and(|key| key.owner == issuer)
            }
        };
        own || self.is_nation(item)
    }

    /// The institution itself, for rotations and ends; else an authority over it. A new key has signed too: else an
    /// institution could claim a key that it does not hold.
    fn may_institution_key(&self, item: &Attested<'_, Statement>, body: &InstitutionKey) -> bool {
        let holds = |algorithm, public_key: &[u8]| {
            let leaf = item.entry.statement().leaf_hash();
            let good = |key: PublicKey| item.entry.attestations().iter().any(|it| it.verify(leaf, &key).is_ok());
            good_key(algorithm, public_key).is_some_and(good)
        };
        let itself = self.is_institution(item, &body.institution);
        // Without its accreditation among the items, the key says which province it is bound to.
        let over = match self.region_of(&body.institution) {
            Some(region) => self.is_over(item, region),
            None => self.accredits(item),
        };
        match &body.action {
            None => false,
            Some(KeyAction::Authorise(it)) => over && holds(it.algorithm, &it.public_key),
            Some(KeyAction::Rotate(it)) => {
                itself && holds(it.algorithm, &it.public_key) && self.may_replace(item, &body.institution, it)
            }
            Some(KeyAction::End(_)) => itself || over,
        }
    }

    /// Whether the old key, as far as it is known, is the institution's and lasts until the new one takes over.
    fn may_replace(&self, item: &Attested<'_, Statement>, institution: &str, body: &RotateKey) -> bool {
        let (_, logged_at) = self.times(item);
        let Some(id) = KeyId::from_slice(&body.old_key_id) else { return false };
        let lasts = |key: &Known| key.valid(logged_at, logged_at.saturating_add(ROTATION_SECONDS));
        self.keys.get(&id).is_none_or(|key| key.owner == institution && key.role.is_none() && lasts(key))
    }

    fn learn_key(&mut self, item: &Attested<'_, Statement>, institution: &str, action: &KeyAction) {
        let (_, logged_at) = self.times(item);
        match action {
            KeyAction::Authorise(key) => {
                let regions = || self.own(item).filter_map(Known::accredits);
                let region = if regions().any(str::is_empty) { "" } else { regions().next().unwrap_or_default() };
                let region = region.to_owned();
                let (from, until) = (key.valid_from.max(logged_at), open_end(key.valid_until));
                self.institution_key(&key.public_key, institution, region, (from, until), None);
            }
            KeyAction::Rotate(key) => {
                let from = logged_at.saturating_add(ROTATION_SECONDS);
                let region = self.own(item).find(|key| key.role.is_none()).map(|key| key.region.clone());
                let old = KeyId::from_slice(&key.old_key_id).and_then(|id| Some((id, self.keys.get_mut(&id)?)));
                let replaces = old.map(|(id, old)| {
                    let until = old.until;
                    old.until = until.min(from);
                    (id, until)
                });
                let until = i64::MAX;
                let region = region.unwrap_or_default();
                self.institution_key(&key.public_key, institution, region, (from, until), replaces);
            }
            KeyAction::End(end) => {
                self.end(&end.key_id, |key| key.role.is_none() && key.owner == institution, logged_at);
            }
        }
    }

    fn institution_key(
        &mut self,
        public_key: &[u8],
        institution: &str,
        region: String,
        (from, until): (i64, i64),
        replaces: Option<(KeyId, i64)>,
    ) {
        let Ok(public) = PublicKey::parse(public_key) else { return };
        let owner = institution.to_owned();
        self.keys.entry(public.id()).or_insert(Known { public, owner, role: None, region, from, until, replaces });
    }

    /// Ends a key. One that had not yet taken over gives the old one its time back.
    fn end(&mut self, key_id: &[u8], right: impl Fn(&Known) -> bool, logged_at: i64) {
        let Some(key) = KeyId::from_slice(key_id).and_then(|id| self.keys.get_mut(&id)) else { return };
        if !right(key) {
            return;
        }
        key.until = key.until.min(logged_at);
        if logged_at < key.from
            && let Some((old, until)) = key.replaces
            && let Some(old) = self.keys.get_mut(&old)
        {
            old.until = until;
        }
    }

    /// Whether nation and province are among the signers.
    fn parties(&self, item: &Attested<'_, Statement>, region: &str) -> (bool, bool) {
        let regions = || self.signers(item).filter_map(Known::accredits);
        (regions().any(str::is_empty), region.is_empty() || regions().any(|own| same_province(own, region)))
    }

    fn accredit(&mut self, item: &Attested<'_, Statement>, body: &AccreditInstitution) {
        let (by_nation, by_province) = self.parties(item, &body.region);
        let accredited = Accredited {
            body: body.clone(),
            leaf_hash: item.entry.leaf_hash(),
            by_nation,
            by_province,
            since: None,
            names: body.names.clone(),
        };
        self.accreditations.insert(item.index.0, accredited);
        self.complete(item.index.0, self.times(item).1);
    }

    fn countersign(&mut self, item: &Attested<'_, Statement>, target: &EntryRef) {
        let Some(region) = self.accreditations.get(&target.index).map(|known| known.body.region.clone()) else {
            return;
        };
        let (by_nation, by_province) = self.parties(item, &region);
        let (_, logged_at) = self.times(item);
        if let Some(accredited) = self.accreditations.get_mut(&target.index)
            && accredited.leaf_hash.as_ref() == &target.leaf_hash[..]
        {
            accredited.by_nation |= by_nation;
            accredited.by_province |= by_province;
            self.complete(target.index, logged_at);
        }
    }

    /// Puts an accreditation into force once all have signed. It replaces the rights of the one before; that the institution
    /// was accredited since then stays.
    fn complete(&mut self, index: u64, logged_at: i64) {
        let Some(new) = self.accreditations.get(&index) else { return };
        if !new.by_nation || !new.by_province || new.since.is_some() {
            return;
        }
        let institution = new.body.institution.clone();
        let before = self.accreditation(&institution).and_then(|before| before.since);
        if let Some(new) = self.accreditations.get_mut(&index) {
            new.since = Some(before.unwrap_or(logged_at));
        }
        self.institutions.insert(institution, index);
    }

    fn rename(&mut self, institution: &str, names: &[Name]) {
        if let Some(index) = self.institutions.get(institution)
            && let Some(accredited) = self.accreditations.get_mut(index)
        {
            accredited.names = names.to_vec();
        }
    }

    /// Whether the issuer may say this: what the ledger's rules ask of the issuer, as far as the items tell.
    fn may(&self, item: &Attested<'_, Statement>, body: &Body) -> Result<(), AuthorityReason> {
        let issuer = item.entry.statement().issuer();
        let not_allowed = || AuthorityReason::NotAllowed { issuer: issuer.to_owned(), kind: body.kind().name() };
        let ensure = |may: bool| if may { Ok(()) } else { Err(not_allowed()) };
        let accredits = self.accredits(item);
        match body {
            Body::Genesis(body) => ensure(self.is_genesis(item, body)),
            Body::AuthorityKey(body) => ensure(self.may_authority_key(item, body)),
            Body::AccreditInstitution(body) => ensure(self.is_over(item, &body.region)),
            Body::ChangeInstitution(body) => match self.region_of(&body.institution) {
                Some(region) => ensure(self.is_over(item, region)),
                None if accredits => Err(AuthorityReason::ItemMissing { kind: Kind::AccreditInstitution.name() }),
                None => Err(not_allowed()),
            },
            Body::InstitutionKey(body) => ensure(self.may_institution_key(item, body)),
            Body::Other(kind) if is_intake(*kind) && self.own(item).any(Known::takes_in) => Ok(()),
            Body::RecordOutcome(body) => {
                let accredited = self.as_accredited(item)?;
                let named = body.outcome_kind != OutcomeKind::Unspecified as i32;
                ensure(named && accredited.body.outcome_kinds.contains(&body.outcome_kind))
            }
            // Offers and accounts are an institution's; so is a rule below another.
            Body::Other(Kind::Course | Kind::Module) => self.as_accredited(item).map(|_| ()),
            Body::Other(kind) if is_intake(*kind) => self.as_accredited(item).map(|_| ()),
            Body::RecordingRule(body) if !accredits && body.parent_index == 0 => Err(not_allowed()),
            Body::Charter(body) => ensure(self.may_charter(item, body)),
            // What authorities publish for everybody.
            Body::Other(
                Kind::Framework
                | Kind::MajorCatalogue
                | Kind::FiledMajors
                | Kind::EvaluateInstitution
                | Kind::Equivalence
                | Kind::ExamScheme
                | Kind::Pathway,
            ) => ensure(accredits),
            // Anything else that an authority says is said by right of its key.
            _ if accredits => Ok(()),
            _ => self.as_accredited(item).map(|_| ()),
        }
    }

    /// The issuer's accreditation, if it acts as the institution that it was when it issued.
    fn as_accredited(&self, item: &Attested<'_, Statement>) -> Result<&Accredited, AuthorityReason> {
        let issuer = item.entry.statement().issuer();
        let (issued_at, _) = self.times(item);
        let accredited = self.accreditation(issuer).filter(|it| it.since.is_some_and(|since| since <= issued_at));
        let accredited = accredited.ok_or_else(|| AuthorityReason::NotAccredited { issuer: issuer.to_owned() })?;
        if self.is_institution(item, issuer) {
            Ok(accredited)
        } else {
            Err(AuthorityReason::NotByIssuer { issuer: issuer.to_owned() })
        }
    }
}

/// Whether a key of this role may sign a body at all.
fn may_sign(role: Option<AuthorityRole>, body: &Body) -> bool {
    match role {
        None | Some(AuthorityRole::Accredit) => true,
        Some(AuthorityRole::Intake) => is_intake(body.kind()),
        Some(_) => false,
    }
}

/// What concerns accounts.
const fn is_intake(kind: Kind) -> bool {
    matches!(kind, Kind::OpenAccount | Kind::AmendAccount | Kind::BindKey | Kind::UnbindKey | Kind::MergeAccounts)
}

/// A field that an item shows.
fn disclosed(item: &Attested<'_, Statement>, tag: tags::Tag) -> Option<Vec<u8>> {
    let field = item.disclosed.iter().find(|field| field.tag == tag.number)?;
    (!field.value.is_empty()).then(|| field.value.clone())
}

fn is_status(key: &VerifierKey) -> bool {
    key.name().as_str().ends_with("/status")
}

fn good_key(algorithm: i32, public_key: &[u8]) -> Option<PublicKey> {
    (Algorithm::from_number(algorithm) == Some(Algorithm::Ed25519)).then(|| PublicKey::parse(public_key).ok()).flatten()
}

/// 0 = no end.
const fn open_end(until: i64) -> i64 {
    if until == 0 { i64::MAX } else { until }
}

/// The first two digits of a GB/T 2260 code name the province. The nation is none.
fn same_province(a: &str, b: &str) -> bool {
    matches!((a.as_bytes(), b.as_bytes()), ([a, b, ..], [c, d, ..]) if (a, b) == (c, d))
}

impl Authority<Statement> for Chain {
    fn key(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(id).map(|key| &key.public)
    }

    fn learn(&mut self, item: &Attested<'_, Statement>) {
        // What would be refused as a subject teaches nothing.
        let Some(body) = item.entry.statement().message().said() else { return };
        let (_, logged_at) = self.times(item);
        if self.judge(item).is_ok() {
            match body {
                Body::Genesis(genesis) => genesis.keys.iter().for_each(|grant| self.grant(grant, logged_at)),
                Body::AuthorityKey(key) => match &key.action {
                    Some(AuthorityAction::Grant(grant)) => self.grant(grant, logged_at),
                    Some(AuthorityAction::End(end)) => self.end(&end.key_id, |key| key.role.is_some(), logged_at),
                    None => {}
                },
                Body::AccreditInstitution(body) => self.accredit(item, body),
                Body::ChangeInstitution(change) => {
                    if let Some(Change::Rename(rename)) = &change.change {
                        self.rename(&change.institution, &rename.names);
                    }
                }
                Body::InstitutionKey(key) => {
                    if let Some(action) = &key.action {
                        self.learn_key(item, &key.institution, action);
                    }
                }
                Body::Charter(body) => {
                    self.charters.insert(body.consortium.clone(), body.clone());
                }
                Body::Other(Kind::BindKey) => {
                    self.bound.extend(disclosed(item, tags::ACCOUNT).zip(disclosed(item, tags::HOLDER_KEY)));
                }
                Body::Other(Kind::UnbindKey) => {
                    let gone = disclosed(item, tags::ACCOUNT).zip(disclosed(item, tags::HOLDER_KEY));
                    if let Some(gone) = gone {
                        self.bound.remove(&gone);
                    }
                }
                Body::Countersign(body) => {
                    if let Some(target) = &body.target {
                        self.countersign(item, target);
                    }
                }
                _ => {}
            }
        }
        self.latest = logged_at;
    }

    fn judge(&self, subject: &Attested<'_, Statement>) -> Result<(), AuthorityReason> {
        let issuer = subject.entry.statement().issuer().to_owned();
        let body = subject.entry.statement().message().said();
        let body = body.ok_or_else(|| AuthorityReason::NotByIssuer { issuer: issuer.clone() })?;
        if !self.own(subject).any(|key| may_sign(key.role, body)) {
            // An unknown key may be the issuer's, known to someone with more items.
            return Err(if subject.unknown_signers > 0 {
                AuthorityReason::IssuerKeyUnknown { issuer }
            } else {
                AuthorityReason::NotByIssuer { issuer }
            });
        }
        self.may(subject, body)
    }

    fn status_keys(&self, origin: &Origin) -> Vec<VerifierKey> {
        let name = format!("{origin}/status");
        let own = self.trusted.iter().filter(|key| key.name().as_str() == name).cloned();
        let name = crate::vkey::KeyName::parse(&name).expect("an origin with a suffix is a key name");
        let granted =
            self.keys.values().filter(|key| key.role == Some(AuthorityRole::Status) && key.until > self.latest);
        let granted = granted.map(|key| VerifierKey::new(name.clone(), crate::vkey::KeyType::Note, key.public.clone()));
        own.chain(granted).collect()
    }

    fn binds(&self, subject: &Attested<'_, Statement>, holder_key: &[u8]) -> bool {
        // A field of the subject; or a key bound to the account that the subject discloses, by an entry that shows both.
        let shown = disclosed(subject, tags::HOLDER_KEY).is_some_and(|value| value == holder_key);
        let account = disclosed(subject, tags::ACCOUNT);
        let bound = account.is_some_and(|account| self.bound.contains(&(account, holder_key.to_vec())));
        !holder_key.is_empty() && (shown || bound)
    }
}

#[cfg(test)]
mod tests;
