//! The chain of authority of formats.md 5, step 4, for the kinds of this ledger: from the keys in `authority.txt` over
//! genesis, authority keys, accreditation and institution keys to the issuer of what is shown.
//!
//! It answers whether the right **existed**. That nothing ended it is proven by the status note (step 7), never here; ends
//! that happen to stand among the items are taken in all the same.

use std::collections::BTreeMap;

use crate::Hash;
use crate::authority_file::AuthorityFile;
use crate::key::{Algorithm, KeyId, PublicKey};
use crate::kinds::{Kind, tags};
use crate::origin::Origin;
use crate::proto::authority_key::Action as AuthorityAction;
use crate::proto::change_institution::Change;
use crate::proto::institution_key::Action as KeyAction;
use crate::proto::statement::Body;
use crate::proto::{
    AccreditInstitution, AuthorityKeyGrant, AuthorityRole, EntryRef, Name, OutcomeKind, RecordOutcome, Statement,
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
    /// GB/T 2260 code of the province it is bound to; empty for the whole country.
    region: String,
    from: i64,
    /// Exclusive; 0 = open.
    until: i64,
}

impl Known {
    /// Valid at both times, as rules.md 2 asks of every key.
    fn valid(&self, issued_at: i64, logged_at: i64) -> bool {
        let at = |time| self.from <= time && (self.until == 0 || time < self.until);
        at(issued_at) && at(logged_at)
    }
}

/// An accreditation, in force once province and nation have signed.
struct Accredited {
    body: AccreditInstitution,
    leaf_hash: Hash,
    by_nation: bool,
    by_province: bool,
    /// When the completing signature was logged.
    since: Option<i64>,
    names: Vec<Name>,
}

/// Knowledge about authority, built up from the verifier's own keys and the items of one presentation.
pub struct Chain {
    trusted: Vec<VerifierKey>,
    keys: BTreeMap<KeyId, Known>,
    accreditations: BTreeMap<u64, Accredited>,
    /// Institution id to the index of its accreditation.
    institutions: BTreeMap<String, u64>,
    status: Vec<PublicKey>,
}

impl Chain {
    /// Starts from the keys of `authority.txt`.
    #[must_use]
    pub fn new(file: &AuthorityFile) -> Self {
        let trusted = file.keys().to_vec();
        let known = |key: &VerifierKey| Known {
            public: key.public_key().clone(),
            owner: key.name().as_str().to_owned(),
            role: Some(AuthorityRole::Accredit),
            region: String::new(),
            from: 0,
            until: 0,
        };
        // A key named `<origin>/status` signs status notes and nothing else.
        let authorities = trusted.iter().filter(|key| !key.name().as_str().ends_with("/status"));
        let keys = authorities.map(|key| (id_of(key.public_key()), known(key))).collect();
        Self { trusted, keys, accreditations: BTreeMap::new(), institutions: BTreeMap::new(), status: Vec::new() }
    }

    /// Names of an institution, if its accreditation is among what was learned.
    #[must_use]
    pub fn names(&self, institution: &str) -> &[Name] {
        self.accreditation(institution).map_or(&[], |accredited| &accredited.names)
    }

    fn accreditation(&self, institution: &str) -> Option<&Accredited> {
        self.accreditations.get(self.institutions.get(institution)?)
    }

    /// Whether a valid key of `owner` with this role signed, and for which region ("" = the whole country).
    fn regions<'a>(&'a self, item: &'a Attested<'_, Statement>, role: AuthorityRole) -> impl Iterator<Item = &'a str> {
        let (issued_at, logged_at) = times(item);
        item.signers.iter().filter_map(move |id| {
            let key = self.keys.get(id)?;
            (key.role == Some(role) && key.valid(issued_at, logged_at)).then_some(key.region.as_str())
        })
    }

    fn by_nation(&self, item: &Attested<'_, Statement>) -> bool {
        self.regions(item, AuthorityRole::Accredit).any(str::is_empty)
    }

    fn by_province(&self, item: &Attested<'_, Statement>, region: &str) -> bool {
        let own = |key: &str| !key.is_empty() && province(key) == province(region);
        !region.is_empty() && self.regions(item, AuthorityRole::Accredit).any(own)
    }

    /// Whether a valid key of `institution` itself signed.
    fn by_institution(&self, item: &Attested<'_, Statement>, institution: &str) -> bool {
        let (issued_at, logged_at) = times(item);
        item.signers
            .iter()
            .filter_map(|id| self.keys.get(id))
            .any(|key| key.role.is_none() && key.owner == institution && key.valid(issued_at, logged_at))
    }

    fn grant(&mut self, grant: &AuthorityKeyGrant, logged_at: i64) {
        let Ok(public) = PublicKey::parse(&grant.public_key) else { return };
        let Ok(role) = AuthorityRole::try_from(grant.role) else { return };
        if role == AuthorityRole::Status {
            self.status.push(public);
            return;
        }
        // A verifier's own key stays as trusted as it was, whatever the log says about it.
        self.keys.entry(id_of(&public)).or_insert(Known {
            public,
            owner: grant.authority.clone(),
            role: Some(role),
            region: grant.region.clone(),
            from: if grant.valid_from == 0 { logged_at } else { grant.valid_from },
            until: grant.valid_until,
        });
    }

    fn end(&mut self, key_id: &[u8], owner: Option<&str>, logged_at: i64) {
        let Some(id) = KeyId::from_slice(key_id) else { return };
        if let Some(key) = self.keys.get_mut(&id)
            && owner.is_none_or(|owner| key.owner == owner)
            && (key.until == 0 || key.until > logged_at)
        {
            key.until = logged_at;
        }
    }

    fn institution_key(&mut self, public_key: &[u8], institution: &str, from: i64, until: i64) {
        let Ok(public) = PublicKey::parse(public_key) else { return };
        let known = Known { public, owner: institution.to_owned(), role: None, region: String::new(), from, until };
        self.keys.entry(id_of(&known.public)).or_insert(known);
    }

    fn learn_key(&mut self, item: &Attested<'_, Statement>, institution: &str, action: &KeyAction) {
        let (_, logged_at) = times(item);
        let region = self.accreditation(institution).map_or("", |accredited| &accredited.body.region).to_owned();
        let by_authority = self.by_nation(item) || self.by_province(item, &region);
        match action {
            KeyAction::Authorise(key) if by_authority => {
                let from = if key.valid_from == 0 { logged_at } else { key.valid_from };
                self.institution_key(&key.public_key, institution, from, key.valid_until);
            }
            KeyAction::Rotate(key) if self.by_institution(item, institution) => {
                let from = logged_at.saturating_add(ROTATION_SECONDS);
                self.institution_key(&key.public_key, institution, from, 0);
                self.end(&key.old_key_id, Some(institution), from);
            }
            KeyAction::End(end) if by_authority || self.by_institution(item, institution) => {
                self.end(&end.key_id, Some(institution), logged_at);
            }
            KeyAction::Authorise(_) | KeyAction::Rotate(_) | KeyAction::End(_) => {}
        }
    }

    fn accredit(&mut self, item: &Attested<'_, Statement>, body: &AccreditInstitution) {
        let mut accredited = Accredited {
            body: body.clone(),
            leaf_hash: item.entry.leaf_hash(),
            by_nation: self.by_nation(item),
            by_province: body.region.is_empty() || self.by_province(item, &body.region),
            since: None,
            names: body.names.clone(),
        };
        if accredited.by_nation || accredited.by_province {
            accredited.complete(times(item).1);
            self.institutions.insert(body.institution.clone(), item.index.0);
            self.accreditations.insert(item.index.0, accredited);
        }
    }

    fn countersign(&mut self, item: &Attested<'_, Statement>, target: &EntryRef) {
        let Some(region) = self.accreditations.get(&target.index).map(|known| known.body.region.clone()) else {
            return;
        };
        let (by_nation, by_province) = (self.by_nation(item), self.by_province(item, &region));
        let logged_at = times(item).1;
        if let Some(accredited) = self.accreditations.get_mut(&target.index)
            && accredited.leaf_hash.as_ref() == &target.leaf_hash[..]
        {
            accredited.by_nation |= by_nation;
            accredited.by_province |= by_province;
            accredited.complete(logged_at);
        }
    }

    fn rename(&mut self, item: &Attested<'_, Statement>, institution: &str, names: &[Name]) {
        let Some(index) = self.institutions.get(institution).copied() else { return };
        let region = self.accreditations.get(&index).map_or("", |known| &known.body.region).to_owned();
        if (self.by_nation(item) || self.by_province(item, &region))
            && let Some(accredited) = self.accreditations.get_mut(&index)
        {
            accredited.names = names.to_vec();
        }
    }

    fn judge_outcome(&self, subject: &Attested<'_, Statement>, body: &RecordOutcome) -> Result<(), AuthorityReason> {
        let issuer = subject.entry.statement().issuer().to_owned();
        let (issued_at, _) = times(subject);
        let accredited =
            self.accreditation(&issuer).filter(|known| known.since.is_some_and(|since| since <= issued_at));
        let Some(accredited) = accredited else { return Err(AuthorityReason::NotAccredited { issuer }) };
        if accredited.body.outcome_kinds.contains(&body.outcome_kind)
            && body.outcome_kind != OutcomeKind::Unspecified as i32
        {
            return Ok(());
        }
        Err(AuthorityReason::NotAllowed { issuer, kind: Kind::RecordOutcome.name() })
    }
}

impl Accredited {
    fn complete(&mut self, logged_at: i64) {
        if self.by_nation && self.by_province && self.since.is_none() {
            self.since = Some(logged_at);
        }
    }
}

fn id_of(key: &PublicKey) -> KeyId {
    KeyId::of(Algorithm::Ed25519, key.as_bytes())
}

/// The first two digits of a GB/T 2260 code name the province.
fn province(region: &str) -> &str {
    region.get(..2).unwrap_or(region)
}

/// `issued_at` and `logged_at`, Unix seconds.
fn times(item: &Attested<'_, Statement>) -> (i64, i64) {
    (item.entry.statement().issued_at().seconds(), item.entry.logged_at().seconds())
}

impl Authority<Statement> for Chain {
    fn key(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(id).map(|key| &key.public)
    }

    fn learn(&mut self, item: &Attested<'_, Statement>) {
        let Some(body) = item.entry.statement().message().body.as_ref() else { return };
        let (_, logged_at) = times(item);
        match body {
            // Trusted only through the verifier's own keys: nobody else's signature is known yet.
            Body::Genesis(genesis) if item.index.0 == 0 && self.by_nation(item) => {
                genesis.keys.iter().for_each(|grant| self.grant(grant, logged_at));
            }
            Body::AuthorityKey(key) if self.by_nation(item) => match &key.action {
                Some(AuthorityAction::Grant(grant)) => self.grant(grant, logged_at),
                Some(AuthorityAction::End(end)) => self.end(&end.key_id, None, logged_at),
                None => {}
            },
            Body::AccreditInstitution(body) => self.accredit(item, body),
            Body::ChangeInstitution(change) => {
                if let Some(Change::Rename(rename)) = &change.change {
                    self.rename(item, &change.institution, &rename.names);
                }
            }
            Body::InstitutionKey(key) => {
                if let Some(action) = &key.action {
                    self.learn_key(item, &key.institution, action);
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

    fn judge(&self, subject: &Attested<'_, Statement>) -> Result<(), AuthorityReason> {
        let statement = subject.entry.statement();
        let issuer = statement.issuer();
        let (issued_at, logged_at) = times(subject);
        let owned = |id: &KeyId| self.keys.get(id).filter(|key| key.owner == issuer);
        if !subject.signers.iter().filter_map(owned).any(|key| key.valid(issued_at, logged_at)) {
            let issuer = issuer.to_owned();
            // An unknown key may be the issuer's, known to someone with more items.
            return Err(if subject.unknown_signers > 0 {
                AuthorityReason::IssuerKeyUnknown { issuer }
            } else {
                AuthorityReason::NotByIssuer { issuer }
            });
        }
        match statement.message().body.as_ref() {
            Some(Body::RecordOutcome(body)) => self.judge_outcome(subject, body),
            // Anything else that an authority says is said by right of its key.
            _ if subject.signers.iter().filter_map(owned).any(|key| key.role.is_some()) => Ok(()),
            _ => match self.accreditation(issuer) {
                Some(known) if known.since.is_some_and(|since| since <= issued_at) => Ok(()),
                _ => Err(AuthorityReason::NotAccredited { issuer: issuer.to_owned() }),
            },
        }
    }

    fn status_keys(&self, origin: &Origin) -> Vec<VerifierKey> {
        let name = format!("{origin}/status");
        let own = self.trusted.iter().filter(|key| key.name().as_str() == name).cloned();
        let name = crate::vkey::KeyName::parse(&name).expect("an origin with a suffix is a key name");
        let granted = self.status.iter();
        let granted = granted.map(|key| VerifierKey::new(name.clone(), crate::vkey::KeyType::Note, key.clone()));
        own.chain(granted).collect()
    }

    fn binds(&self, subject: &Attested<'_, Statement>, holder_key: &[u8]) -> bool {
        // Keys bound by an entry of their own come with the rules of BindKey, which must tie them to the subject's account.
        let shown = subject.disclosed.iter().filter(|field| field.tag == tags::HOLDER_KEY.number);
        !holder_key.is_empty() && shown.map(|field| field.value.as_slice()).any(|value| value == holder_key)
    }
}
