//! Forged and honest chains, one line per case: what the ledger would refuse must teach nothing and pass for nothing.

use super::*;
use crate::batch::sign_batch;
use crate::entry::{Draft, Entry};
use crate::key::SecretKey;
use crate::proto::{
    self, AuthoriseKey, ChangeInstitution, Countersign, EndKey, RecordOutcome, RecordingRule, RenameInstitution,
    statement::Body,
};
use crate::statement::Statement as Parsed;
use crate::time::Timestamp;
use crate::tree::LeafIndex;
use crate::vkey::{KeyName, KeyType};

const LEDGER: &str = "bank.example/test";
const NATION: &str = "x-ministry";
const QINGHAI: &str = "x-qinghai";
const JIANGSU: &str = "x-jiangsu";
const SCHOOL: &str = "x-school";
/// Time of genesis.
const T: i64 = 1_000_000;
const HOUR: i64 = 3_600;

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

const ROOT: u8 = 1;
const QH: u8 = 2;
const JS: u8 = 3;
const INTAKE: u8 = 4;
const STATUS: u8 = 5;
const KEY: u8 = 10;
const NEXT: u8 = 11;
const THIEF: u8 = 12;

fn grant(authority: &str, role: AuthorityRole, region: &str, key: u8) -> AuthorityKeyGrant {
    AuthorityKeyGrant {
        authority: authority.into(),
        role: role as i32,
        region: region.into(),
        algorithm: 1,
        public_key: secret(key).public().as_bytes().to_vec(),
        ..AuthorityKeyGrant::default()
    }
}

fn granted(authority: &str, role: AuthorityRole, region: &str, key: u8) -> Body {
    Body::AuthorityKey(AuthorityKey { action: Some(AuthorityAction::Grant(grant(authority, role, region, key))) })
}

fn ended(key: u8) -> EndKey {
    EndKey { key_id: secret(key).public().id().as_bytes().to_vec(), ground: 1, compromised_since: 0 }
}

fn end_authority(key: u8) -> Body {
    Body::AuthorityKey(AuthorityKey { action: Some(AuthorityAction::End(ended(key))) })
}

fn genesis() -> Body {
    let keys = vec![
        grant(NATION, AuthorityRole::Accredit, "", ROOT),
        grant(QINGHAI, AuthorityRole::Accredit, "630000", QH),
        grant(JIANGSU, AuthorityRole::Accredit, "320000", JS),
        grant(NATION, AuthorityRole::Intake, "", INTAKE),
        grant(NATION, AuthorityRole::Status, "", STATUS),
    ];
    Body::Genesis(Genesis { names: vec![name("Bank")], keys })
}

fn name(text: &str) -> Name {
    Name { language: "en".into(), text: text.into() }
}

fn accredit(region: &str) -> Body {
    Body::AccreditInstitution(AccreditInstitution {
        institution: SCHOOL.into(),
        region: region.into(),
        outcome_kinds: vec![OutcomeKind::Course as i32],
        names: vec![name("School")],
        ..AccreditInstitution::default()
    })
}

fn institution_key(action: KeyAction) -> Body {
    Body::InstitutionKey(InstitutionKey { institution: SCHOOL.into(), action: Some(action) })
}

fn authorise(key: u8, valid_from: i64, valid_until: i64) -> Body {
    let public_key = secret(key).public().as_bytes().to_vec();
    let custodian = SCHOOL.into();
    institution_key(KeyAction::Authorise(AuthoriseKey { algorithm: 1, public_key, custodian, valid_from, valid_until }))
}

fn rotate(old: u8, new: u8) -> Body {
    let old_key_id = secret(old).public().id().as_bytes().to_vec();
    let public_key = secret(new).public().as_bytes().to_vec();
    institution_key(KeyAction::Rotate(RotateKey { old_key_id, algorithm: 1, public_key }))
}

fn end_key(key: u8) -> Body {
    institution_key(KeyAction::End(ended(key)))
}

fn course() -> Body {
    outcome(OutcomeKind::Course)
}

fn outcome(kind: OutcomeKind) -> Body {
    let commitment = vec![1; 32];
    Body::RecordOutcome(RecordOutcome { commitment, outcome_kind: kind as i32, ..RecordOutcome::default() })
}

/// A log that logs whatever it is given, and what a verifier makes of it.
struct World {
    chain: Chain,
    next: u64,
    now: i64,
    last: EntryRef,
}

impl World {
    /// A verifier who trusts the root, and nothing learned.
    fn empty() -> Self {
        let vkey = |name: &str, key: u8| {
            VerifierKey::new(KeyName::parse(name).unwrap(), KeyType::Note, secret(key).public().clone()).to_string()
        };
        let file = AuthorityFile::parse(&format!("{}\n", vkey(NATION, ROOT))).unwrap();
        Self { chain: Chain::new(&file), next: 0, now: T, last: EntryRef::default() }
    }

    /// Genesis is learned.
    fn new() -> Self {
        Self::empty().says(NATION, &[ROOT], genesis())
    }

    /// The school is accredited in Qinghai and has a key in force.
    fn school() -> Self {
        let world = Self::new().says(QINGHAI, &[QH, ROOT], accredit("630100"));
        world.says(QINGHAI, &[QH, KEY], authorise(KEY, 0, 0)).later(HOUR)
    }

    fn later(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    fn entry(&self, issuer: &str, signers: &[u8], body: Body, issued_at: i64) -> Entry<Statement> {
        let nonce = [u8::try_from(self.next).unwrap(); 16].to_vec().into();
        let (ledger, issuer) = (LEDGER.to_owned(), issuer.to_owned());
        let message = proto::Statement { version: 1, ledger, issuer, nonce, issued_at, body: Some(body) };
        let statement = Parsed::from_message(message).unwrap();
        let sign = |key: &u8| sign_batch(&secret(*key), vec![statement.leaf_hash()]).unwrap().remove(0);
        let mut attestations: Vec<_> = signers.iter().map(sign).collect();
        attestations.sort_by_key(crate::attestation::Attestation::key_id);
        let entry = Draft::new(statement, attestations).unwrap().log(Timestamp::new(self.now).unwrap()).unwrap();
        // Posted in full, and read as a verifier does.
        Entry::parse(entry.bytes().clone()).unwrap()
    }

    /// What step 3 hands over.
    fn attested<T>(&self, entry: &Entry<Statement>, then: impl FnOnce(&Attested<'_, Statement>) -> T) -> T {
        let ids = entry.attestations().iter().map(crate::attestation::Attestation::key_id);
        let (signers, unknown): (Vec<_>, Vec<_>) = ids.partition(|id| self.chain.key(id).is_some());
        let index = LeafIndex(self.next);
        then(&Attested { index, entry, disclosed: &[], signers: &signers, unknown_signers: unknown.len() })
    }

    /// Logs a statement, which the verifier learns from.
    fn says(self, issuer: &str, signers: &[u8], body: Body) -> Self {
        let issued_at = self.now;
        self.says_at(issued_at, issuer, signers, body)
    }

    fn says_at(mut self, issued_at: i64, issuer: &str, signers: &[u8], body: Body) -> Self {
        let entry = self.entry(issuer, signers, body, issued_at);
        let mut chain = std::mem::replace(&mut self.chain, World::empty().chain);
        let ids = entry.attestations().iter().map(crate::attestation::Attestation::key_id);
        let (signers, unknown): (Vec<_>, Vec<_>) = ids.partition(|id| chain.key(id).is_some());
        let index = LeafIndex(self.next);
        if !signers.is_empty() {
            let unknown_signers = unknown.len();
            chain.learn(&Attested { index, entry: &entry, disclosed: &[], signers: &signers, unknown_signers });
        }
        self.chain = chain;
        self.last = EntryRef { index: self.next, leaf_hash: entry.leaf_hash().0.to_vec() };
        self.next += 1;
        self
    }

    /// Countersigns the entry before.
    fn countersigned(self, issuer: &str, signers: &[u8]) -> Self {
        let target = Some(self.last.clone());
        self.says(issuer, signers, Body::Countersign(Countersign { target }))
    }

    /// What comes out for a subject: "pass", or why not.
    fn shows(&self, issuer: &str, signers: &[u8], body: Body) -> &'static str {
        self.shows_at(self.now, issuer, signers, body)
    }

    fn shows_at(&self, issued_at: i64, issuer: &str, signers: &[u8], body: Body) -> &'static str {
        let entry = self.entry(issuer, signers, body, issued_at);
        match self.attested(&entry, |subject| self.chain.judge(subject)) {
            Ok(()) => "pass",
            Err(AuthorityReason::IssuerKeyUnknown { .. }) => "unknown key",
            Err(AuthorityReason::NotByIssuer { .. }) => "not by issuer",
            Err(AuthorityReason::NotAccredited { .. }) => "not accredited",
            Err(AuthorityReason::NotAllowed { .. }) => "not allowed",
            Err(AuthorityReason::ItemMissing { .. }) => "item missing",
            Err(reason) => panic!("{reason:?}"),
        }
    }

    /// An outcome of the school's.
    fn outcome(&self, key: u8) -> &'static str {
        self.shows(SCHOOL, &[key], course())
    }
}

#[test]
fn an_accredited_school_with_a_key_in_force_passes() {
    let world = World::school();
    assert_eq!(world.outcome(KEY), "pass");
    assert_eq!(world.shows(SCHOOL, &[KEY], outcome(OutcomeKind::DegreeCertificate)), "not allowed");
    assert_eq!(world.shows(SCHOOL, &[KEY], outcome(OutcomeKind::Unspecified)), "not allowed");
    assert_eq!(world.outcome(THIEF), "unknown key");
    assert_eq!(world.shows("x-other", &[KEY], course()), "not by issuer");
    assert_eq!(world.shows_at(T - 1, SCHOOL, &[KEY], course()), "not by issuer");
}

#[test]
fn genesis_is_entry_0_by_a_key_that_the_verifier_and_genesis_name() {
    let good = |world: World| {
        let world = world.says(QINGHAI, &[QH, ROOT], accredit("630000"));
        world.says(QINGHAI, &[QH, KEY], authorise(KEY, 0, 0)).outcome(KEY) == "pass"
    };
    assert!(good(World::empty().says(NATION, &[ROOT], genesis())));
    assert!(!good(World::empty().says(NATION, &[ROOT], course()).says(NATION, &[ROOT], genesis())), "not at 0");
    assert!(!good(World::empty().says(NATION, &[THIEF], genesis())), "by a stranger");
    let Body::Genesis(mut without) = genesis() else { unreachable!() };
    without.keys.remove(0);
    assert!(!good(World::empty().says(NATION, &[ROOT], Body::Genesis(without))), "does not name the root");
}

#[test]
fn an_accreditation_needs_the_nation_and_the_own_province() {
    let accredited = |world: World| world.says(NATION, &[ROOT, KEY], authorise(KEY, 0, 0)).outcome(KEY);
    let new = World::new;
    assert_eq!(accredited(new().says(QINGHAI, &[QH, ROOT], accredit("630000"))), "pass");
    assert_eq!(accredited(new().says(NATION, &[QH, ROOT], accredit("630000"))), "pass");
    assert_eq!(accredited(new().says(NATION, &[ROOT], accredit(""))), "pass");
    assert_eq!(accredited(new().says(QINGHAI, &[QH], accredit("630000"))), "not accredited");
    assert_eq!(accredited(new().says(NATION, &[ROOT], accredit("630000"))), "not accredited");
    assert_eq!(accredited(new().says(JIANGSU, &[JS, ROOT], accredit("630000"))), "not accredited");
    assert_eq!(accredited(new().says(NATION, &[ROOT, JS], accredit("630000"))), "not accredited");
    assert_eq!(accredited(new().says(SCHOOL, &[QH, ROOT], accredit("630000"))), "not accredited");
    assert_eq!(accredited(new().says(NATION, &[INTAKE], accredit(""))), "not accredited");
}

#[test]
fn a_countersignature_completes_it_if_it_is_the_missing_one() {
    let half = || World::new().says(QINGHAI, &[QH], accredit("630000"));
    let accredited = |world: World| world.says(NATION, &[ROOT, KEY], authorise(KEY, 0, 0)).outcome(KEY);
    assert_eq!(accredited(half().countersigned(NATION, &[ROOT])), "pass");
    assert_eq!(accredited(half().countersigned(QINGHAI, &[QH])), "not accredited");
    assert_eq!(accredited(half().countersigned(JIANGSU, &[JS])), "not accredited");
    assert_eq!(accredited(half().countersigned(NATION, &[INTAKE])), "not accredited");
    let mut world = half();
    world.last.leaf_hash = vec![0; 32];
    assert_eq!(accredited(world.countersigned(NATION, &[ROOT])), "not accredited", "names another entry");
    let late = half().later(HOUR).countersigned(NATION, &[ROOT]).says(NATION, &[ROOT, KEY], authorise(KEY, 0, 0));
    assert_eq!(late.shows_at(T + HOUR - 1, SCHOOL, &[KEY], course()), "not by issuer");
}

#[test]
fn a_waiting_accreditation_changes_nothing() {
    // Else a province could cut off, or take over, a school of another.
    let world = World::school().says(JIANGSU, &[JS], accredit("320000"));
    assert_eq!(world.outcome(KEY), "pass");
    let world = world.says(JIANGSU, &[JS, THIEF], authorise(THIEF, 0, 0)).later(HOUR);
    assert_eq!(world.outcome(THIEF), "unknown key");
}

#[test]
fn a_key_that_another_province_authorised_is_not_the_schools() {
    let world = World::new().says(JIANGSU, &[JS, THIEF], authorise(THIEF, 0, 0));
    let world = world.says(QINGHAI, &[QH, ROOT], accredit("630000")).later(HOUR);
    assert_eq!(world.outcome(THIEF), "not by issuer");
    let world = world.says(SCHOOL, &[THIEF, NEXT], rotate(THIEF, NEXT)).later(73 * HOUR);
    assert_ne!(world.outcome(NEXT), "pass");
}

#[test]
fn the_order_of_key_and_accreditation_does_not_matter_where_the_province_is_its_own() {
    // A presentation holds the newest accreditation; the key may be older.
    let world = World::new().says(QINGHAI, &[QH, KEY], authorise(KEY, 0, 0));
    assert_eq!(world.says(QINGHAI, &[QH, ROOT], accredit("630000")).outcome(KEY), "pass");
}

#[test]
fn a_new_accreditation_keeps_the_time_of_the_first() {
    let world = World::school().says(QINGHAI, &[QH, ROOT], accredit("630000"));
    assert_eq!(world.shows_at(world.now - 60, SCHOOL, &[KEY], course()), "pass");
}

#[test]
fn a_key_is_authorised_by_an_authority_over_the_school_and_has_signed_itself() {
    let base = || World::new().says(QINGHAI, &[QH, ROOT], accredit("630000"));
    let outcome = |world: World| world.later(HOUR).outcome(KEY);
    assert_eq!(outcome(base().says(QINGHAI, &[QH, KEY], authorise(KEY, 0, 0))), "pass");
    assert_eq!(outcome(base().says(NATION, &[ROOT, KEY], authorise(KEY, 0, 0))), "pass");
    assert_eq!(outcome(base().says(JIANGSU, &[JS, KEY], authorise(KEY, 0, 0))), "unknown key");
    assert_eq!(outcome(base().says(SCHOOL, &[ROOT, KEY], authorise(KEY, 0, 0))), "unknown key");
    assert_eq!(outcome(base().says(QINGHAI, &[QH], authorise(KEY, 0, 0))), "unknown key", "possession");
    assert_eq!(outcome(base().says(NATION, &[INTAKE, KEY], authorise(KEY, 0, 0))), "unknown key");
    let self_made = World::school().says(SCHOOL, &[KEY, NEXT], authorise(NEXT, 0, 0)).later(HOUR);
    assert_eq!(self_made.outcome(NEXT), "unknown key", "an institution authorises nothing");
}

#[test]
fn a_key_is_in_force_from_its_entry_or_later_until_its_end() {
    let base = || World::new().says(QINGHAI, &[QH, ROOT], accredit("630000")).later(HOUR);
    let key = |from, until| base().says(QINGHAI, &[QH, KEY], authorise(KEY, from, until)).later(HOUR);
    assert_eq!(key(0, 0).shows_at(T + HOUR, SCHOOL, &[KEY], course()), "pass");
    assert_eq!(key(T, 0).shows_at(T + HOUR - 1, SCHOOL, &[KEY], course()), "not by issuer", "dated back");
    assert_eq!(key(T + 3 * HOUR, 0).outcome(KEY), "not by issuer");
    assert_eq!(key(T + 3 * HOUR, 0).later(HOUR).outcome(KEY), "pass");
    assert_eq!(key(0, T + 2 * HOUR).outcome(KEY), "not by issuer");
    assert_eq!(key(0, T + 2 * HOUR + 1).outcome(KEY), "pass");
    let dated_back = granted(QINGHAI, AuthorityRole::Accredit, "630000", NEXT);
    let Body::AuthorityKey(AuthorityKey { action: Some(AuthorityAction::Grant(mut grant)) }) = dated_back else {
        unreachable!()
    };
    grant.valid_from = T;
    let dated_back = Body::AuthorityKey(AuthorityKey { action: Some(AuthorityAction::Grant(grant)) });
    let world = base().says(NATION, &[ROOT], dated_back);
    let world = world.says_at(T + HOUR - 1, QINGHAI, &[NEXT, KEY], authorise(KEY, 0, 0)).later(HOUR);
    assert_eq!(world.outcome(KEY), "unknown key", "an authority's key dated back");
}

#[test]
fn a_rotated_key_waits_72_hours() {
    let rotated = || World::school().says(SCHOOL, &[KEY, NEXT], rotate(KEY, NEXT));
    assert_eq!(rotated().later(72 * HOUR - 1).outcome(NEXT), "not by issuer");
    assert_eq!(rotated().later(72 * HOUR - 1).outcome(KEY), "pass");
    assert_eq!(rotated().later(72 * HOUR).outcome(NEXT), "pass");
    assert_eq!(rotated().later(72 * HOUR).outcome(KEY), "not by issuer");
    let unproven = World::school().says(SCHOOL, &[KEY], rotate(KEY, NEXT)).later(73 * HOUR);
    assert_eq!(unproven.outcome(NEXT), "unknown key", "possession");
    let stranger = World::school().says(QINGHAI, &[QH, NEXT], rotate(KEY, NEXT)).later(73 * HOUR);
    assert_eq!(stranger.outcome(NEXT), "unknown key", "an authority authorises, it does not rotate");
    let cancelled = rotated().later(HOUR).says(QINGHAI, &[QH], end_key(NEXT)).later(73 * HOUR);
    assert_eq!((cancelled.outcome(NEXT), cancelled.outcome(KEY)), ("not by issuer", "pass"));
}

#[test]
fn a_key_that_runs_out_before_72_hours_is_not_rotated() {
    let world = World::new().says(QINGHAI, &[QH, ROOT], accredit("630000"));
    let world = world.says(QINGHAI, &[QH, KEY], authorise(KEY, 0, T + 72 * HOUR));
    let world = world.later(HOUR).says(SCHOOL, &[KEY, NEXT], rotate(KEY, NEXT)).later(73 * HOUR);
    assert_eq!(world.outcome(NEXT), "unknown key");
}

#[test]
fn keys_end_by_who_may_end_them() {
    let ended = |issuer, key, body| World::school().says(issuer, &[key], body).later(HOUR).outcome(KEY);
    assert_eq!(ended(SCHOOL, KEY, end_key(KEY)), "not by issuer");
    assert_eq!(ended(QINGHAI, QH, end_key(KEY)), "not by issuer");
    assert_eq!(ended(JIANGSU, JS, end_key(KEY)), "pass");
    assert_eq!(ended(NATION, INTAKE, end_key(KEY)), "pass");
    assert_eq!(ended(NATION, ROOT, end_authority(KEY)), "pass", "not an authority's key");
    let backdated = World::school().says(SCHOOL, &[KEY], end_key(KEY)).later(-60);
    assert_eq!(backdated.outcome(KEY), "not by issuer", "an entry claims a time before the one that it follows");
}

#[test]
fn only_the_nation_makes_authorities_and_owners_replace_their_own() {
    let made = |issuer, key, body| {
        let world = World::new().says(issuer, &[key], body);
        let world = world.says(QINGHAI, &[NEXT, ROOT], accredit("630000"));
        world.says(NATION, &[ROOT, KEY], authorise(KEY, 0, 0)).outcome(KEY)
    };
    let accredit_key = |authority, region| granted(authority, AuthorityRole::Accredit, region, NEXT);
    assert_eq!(made(NATION, ROOT, accredit_key(QINGHAI, "630000")), "pass");
    assert_eq!(made(QINGHAI, QH, accredit_key(QINGHAI, "630000")), "pass");
    assert_eq!(made(QINGHAI, QH, accredit_key(QINGHAI, "")), "not accredited");
    assert_eq!(made(JIANGSU, JS, accredit_key(QINGHAI, "630000")), "not accredited");
    assert_eq!(made(JIANGSU, JS, accredit_key(JIANGSU, "630000")), "not accredited");
    assert_eq!(made(QINGHAI, INTAKE, accredit_key(QINGHAI, "630000")), "not accredited");
}

#[test]
fn a_key_does_not_change_hands() {
    let world = World::school().says(NATION, &[ROOT], granted("x-thief", AuthorityRole::Accredit, "", KEY));
    assert_eq!(world.outcome(KEY), "pass");
    assert_eq!(world.shows("x-thief", &[KEY], accredit("")), "not by issuer");
    let world = World::school().says(NATION, &[ROOT], granted(QINGHAI, AuthorityRole::Accredit, "", QH));
    assert_eq!(world.shows(QINGHAI, &[QH], accredit("")), "not allowed", "nor does it grow");
}

#[test]
fn the_root_key_can_end() {
    let world = World::school().says(NATION, &[ROOT], end_authority(ROOT)).later(HOUR);
    assert_eq!(world.shows(NATION, &[ROOT], accredit("")), "not by issuer");
    assert_eq!(world.outcome(KEY), "pass", "what it did stands");
    let world = World::new().says(QINGHAI, &[QH], end_authority(ROOT)).later(HOUR);
    assert_eq!(world.shows(NATION, &[ROOT], accredit("")), "pass", "not by a province");
}

#[test]
fn status_keys_are_the_nations_to_grant_and_end() {
    let origin = Origin::parse(LEDGER).unwrap();
    let keys = |world: World| world.chain.status_keys(&origin).len();
    let grant = || granted(NATION, AuthorityRole::Status, "", NEXT);
    assert_eq!(keys(World::new()), 1);
    assert_eq!(keys(World::new().says(NATION, &[ROOT], grant())), 2);
    assert_eq!(keys(World::new().says(QINGHAI, &[QH], grant())), 1);
    assert_eq!(keys(World::school().says(SCHOOL, &[KEY], grant())), 1);
    assert_eq!(keys(World::new().says(NATION, &[ROOT], end_authority(STATUS))), 0);
    assert_eq!(keys(World::school().says(NATION, &[ROOT], granted(NATION, AuthorityRole::Status, "", KEY))), 1);
}

#[test]
fn names_are_given_by_authorities_over_the_school() {
    let rename = || {
        let rename = RenameInstitution { names: vec![name("Other")] };
        Body::ChangeInstitution(ChangeInstitution { institution: SCHOOL.into(), change: Some(Change::Rename(rename)) })
    };
    let named = |world: World| world.chain.names(SCHOOL)[0].text.clone();
    assert_eq!(named(World::school().says(QINGHAI, &[QH], rename())), "Other");
    assert_eq!(named(World::school().says(JIANGSU, &[JS], rename())), "School");
    assert_eq!(named(World::school().says(SCHOOL, &[KEY], rename())), "School");
    assert_eq!(named(World::school().says(SCHOOL, &[QH], rename())), "School", "co-signed is not said");
    assert_eq!(named(World::school().says(JIANGSU, &[JS], accredit("320000"))), "School");
}

#[test]
fn a_subject_of_the_registry_is_judged_by_the_same_rules() {
    let world = World::school();
    let national = || granted(QINGHAI, AuthorityRole::Accredit, "", NEXT);
    assert_eq!(world.shows(NATION, &[ROOT], national()), "pass");
    assert_eq!(world.shows(QINGHAI, &[QH], national()), "not allowed");
    assert_eq!(world.shows(JIANGSU, &[JS], accredit("630000")), "not allowed");
    assert_eq!(world.shows(JIANGSU, &[JS, NEXT], authorise(NEXT, 0, 0)), "not allowed");
    let rule = || Body::RecordingRule(RecordingRule::default());
    assert_eq!(world.shows(QINGHAI, &[QH], rule()), "pass");
    assert_eq!(world.shows(SCHOOL, &[KEY], rule()), "not allowed");
    assert_eq!(world.shows(NATION, &[INTAKE], rule()), "not by issuer", "not what its role is for");
    assert_eq!(world.shows(NATION, &[STATUS], rule()), "not by issuer");
    assert_eq!(world.shows(NATION, &[ROOT], course()), "not accredited", "authorities record no outcomes");
}

/// A consortium of a school and a works, both of which must sign.
const PARK: &str = "x-park";
const WORKS: &str = "x-works";
const WORKS_KEY: u8 = 20;

fn park(version: u32, seats: &[(&str, i32)], threshold: u32) -> Body {
    let seat = |(institution, kind): &(&str, i32)| crate::proto::CharterSeat {
        institution: (*institution).to_owned(),
        kind: *kind,
    };
    let seats = seats.iter().map(seat).collect();
    Body::Charter(Charter { consortium: PARK.into(), version, seats, threshold, minimums: Vec::new() })
}

fn of(institution: &str, body: Body) -> Body {
    match body {
        Body::AccreditInstitution(body) => {
            Body::AccreditInstitution(AccreditInstitution { institution: institution.to_owned(), ..body })
        }
        Body::InstitutionKey(body) => {
            Body::InstitutionKey(InstitutionKey { institution: institution.to_owned(), ..body })
        }
        body => body,
    }
}

impl World {
    /// The school's world with a works and an accredited consortium.
    fn park() -> Self {
        let world = Self::school().says(QINGHAI, &[QH, ROOT], of(WORKS, accredit("630100")));
        let world = world.says(QINGHAI, &[QH, WORKS_KEY], of(WORKS, authorise(WORKS_KEY, 0, 0)));
        world.says(QINGHAI, &[QH, ROOT], of(PARK, accredit("630100"))).later(HOUR)
    }
}

#[test]
fn a_consortium_speaks_with_the_seats_that_its_charter_asks_for() {
    let both = [(SCHOOL, 4), (WORKS, 10)];
    let world = World::park();
    assert_eq!(world.shows(PARK, &[KEY, WORKS_KEY], course()), "not by issuer", "no charter is known");
    let world = world.says(QINGHAI, &[QH, KEY, WORKS_KEY], park(1, &both, 2)).later(HOUR);
    assert_eq!(world.shows(PARK, &[KEY, WORKS_KEY], course()), "pass");
    assert_eq!(world.shows(PARK, &[KEY], course()), "not by issuer");
    assert_eq!(world.shows(PARK, &[THIEF], course()), "unknown key");
    // Changed by as many as it asks for; not by one of them, nor by another province.
    let one = park(2, &both, 1);
    for (issuer, signers) in [(PARK, &[KEY][..]), (JIANGSU, &[JS]), (SCHOOL, &[KEY])] {
        let world = World::park().says(QINGHAI, &[QH, KEY, WORKS_KEY], park(1, &both, 2)).later(HOUR);
        let world = world.says(issuer, signers, one.clone()).later(HOUR);
        assert_eq!(world.shows(PARK, &[KEY], course()), "not by issuer", "{issuer}");
    }
    let world = world.says(PARK, &[KEY, WORKS_KEY], one).later(HOUR);
    assert_eq!(world.shows(PARK, &[KEY], course()), "pass");
    // Who did not sign has no seat.
    let world = World::park().says(QINGHAI, &[QH, KEY], park(1, &both, 1)).later(HOUR);
    assert_eq!(world.shows(PARK, &[KEY], course()), "not by issuer");
    let world = World::park().says(QINGHAI, &[QH, KEY, WORKS_KEY], park(1, &both, 1)).later(HOUR);
    let world = world.says(SCHOOL, &[KEY], park(2, &both[1..], 1)).later(HOUR);
    assert_eq!(world.shows(PARK, &[KEY], course()), "not by issuer", "it left");
    assert_eq!(world.shows(PARK, &[WORKS_KEY], course()), "pass");
}

#[test]
fn a_key_bound_to_the_account_that_is_shown_is_the_holders() {
    use crate::disclosure::Disclosed;
    let field =
        |tag: tags::Tag, value: &[u8]| Disclosed { tag: tag.number, salt: Hash([0; 32]), value: value.to_vec() };
    let (account, device) = ([7; 16], secret(50).public().as_bytes().to_vec());
    let bind = Body::BindKey(crate::proto::BindKey { commitment: vec![1; 32] });
    let binds = |by: &[u8], shown: &[Disclosed], subject: &[Disclosed]| {
        let mut world = World::school();
        let entry = world.entry(SCHOOL, by, bind.clone(), world.now);
        let ids: Vec<_> = entry.attestations().iter().map(crate::attestation::Attestation::key_id).collect();
        let index = LeafIndex(world.next);
        world.chain.learn(&Attested { index, entry: &entry, disclosed: shown, signers: &ids, unknown_signers: 0 });
        world.next += 1;
        let outcome = world.entry(SCHOOL, &[KEY], outcome(OutcomeKind::Course), world.now);
        let index = LeafIndex(world.next);
        let subject = Attested { index, entry: &outcome, disclosed: subject, signers: &ids, unknown_signers: 0 };
        world.chain.binds(&subject, &device)
    };
    let shown = [field(tags::ACCOUNT, &account), field(tags::HOLDER_KEY, &device)];
    let subject = [field(tags::ACCOUNT, &account)];
    assert!(binds(&[KEY], &shown, &subject));
    assert!(!binds(&[KEY], &shown, &[]), "the subject shows no account");
    assert!(!binds(&[KEY], &shown, &[field(tags::ACCOUNT, &[8; 16])]), "another account");
    assert!(!binds(&[KEY], &shown[..1], &subject), "the entry shows no key");
    assert!(!binds(&[THIEF], &shown, &subject), "said by nobody who may");
    assert!(!binds(&[KEY], &shown[1..], &subject), "the entry shows no account");
}
