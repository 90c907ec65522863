//! `xuefen verify` as an employer uses it: a file somebody sent, two files of trust, no server.
//!
//! The log is made here by hand, so that the command is checked against the formats and not against our own server.

use std::collections::BTreeMap;

use xuefen_core::Hash;
use xuefen_core::attestation::Attestation;
use xuefen_core::batch::sign_batch;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::commitment::{Seed, Tag};
use xuefen_core::disclosure::Disclosure;
use xuefen_core::entry::{Draft, Entry};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags;
use xuefen_core::origin::Origin;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::presentation::{Item, Presentation};
use xuefen_core::proto::{self, Statement as Message, statement::Body};
use xuefen_core::statement::Statement;
use xuefen_core::status::{Status, StatusWord};
use xuefen_core::time::Timestamp;
use xuefen_core::tree::{Frontier, LeafIndex, Node, inclusion_proof};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_core::{cosignature, note};

use xuefen::cli::secret_key_file::read_key;

use crate::sign::{ISSUER, ORIGIN, Office, json, xuefen};

const NATION: &str = "x-nation";
/// When everything here was logged: 2026-07-05 in UTC+8, Unix seconds.
const LOGGED: i64 = 1_783_180_800;
/// When it is verified, an hour later.
const NOW: u64 = 1_783_184_400;

#[derive(Clone, Copy)]
enum Who {
    Log = 1,
    Status,
    Witness,
    Nation,
}

fn secret(who: Who) -> SecretKey {
    SecretKey::from_seed(&[who as u8; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a name")
}

fn vkey(who: Who, text: &str, key_type: KeyType) -> String {
    VerifierKey::new(name(text), key_type, secret(who).public().clone()).to_string()
}

#[derive(Default)]
struct Log {
    entries: Vec<(Entry<Message>, Disclosure)>,
    frontier: Frontier,
    nodes: BTreeMap<Node, Hash>,
}

impl Log {
    fn add(&mut self, draft: Draft<Message>, disclosure: Disclosure) {
        let entry = draft.log(Timestamp::new(LOGGED).expect("a time")).expect("short");
        self.frontier.append_with(entry.leaf_hash(), |node, hash| {
            self.nodes.insert(node, hash);
        });
        self.entries.push((entry, disclosure));
    }

    /// Logs what the nation says, attested by others too.
    fn decree(&mut self, body: Body, others: &[&SecretKey]) {
        let message = Message {
            version: 1,
            ledger: ORIGIN.to_owned(),
            issuer: NATION.to_owned(),
            nonce: vec![u8::try_from(self.entries.len()).expect("few"); 16].into(),
            issued_at: LOGGED,
            body: Some(body),
        };
        let statement = Statement::from_message(message).expect("a good statement");
        let nation = secret(Who::Nation);
        let sign = |key: &&SecretKey| sign_batch(key, vec![statement.leaf_hash()]).expect("one statement").remove(0);
        let mut attestations: Vec<_> = others.iter().chain([&&nation]).map(sign).collect();
        attestations.sort_by_key(Attestation::key_id);
        self.add(Draft::new(statement, attestations).expect("good parts"), Disclosure::default());
    }

    fn item(&self, at: usize) -> Item {
        let index = LeafIndex(at as u64);
        let source = |node| self.nodes.get(&node).copied().ok_or(node);
        let (entry, disclosure) = &self.entries[at];
        Item {
            entry: entry.bytes().clone(),
            index,
            path: inclusion_proof(&source, index, self.frontier.size()).expect("the nodes are there"),
            disclosure: disclosure.clone(),
            tag_too_large: None,
        }
    }

    /// A presentation of the last entry, resting on all others.
    fn presentation(&self, word: StatusWord) -> Presentation {
        let (last, (subject, _)) = (self.entries.len() - 1, self.entries.last().expect("not empty"));
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let text = Checkpoint { origin: Origin::parse(ORIGIN).expect("an origin"), size, root }.text();
        let log = note::sign(&text, &name(ORIGIN), &secret(Who::Log));
        let witness = cosignature::sign(&text, &name("w.example"), &secret(Who::Witness), NOW);
        let (origin, index, leaf_hash) = (ORIGIN.to_owned(), LeafIndex(last as u64), subject.leaf_hash());
        let status = Status { origin, size, root, index, leaf_hash, word, time: NOW }.text();
        let signed = note::sign(&status, &name(&format!("{ORIGIN}/status")), &secret(Who::Status));
        Presentation {
            subject: self.item(last),
            authority: (0..last).map(|at| self.item(at)).collect(),
            checkpoint: note::assemble(&text, [log.as_str(), witness.as_str()]),
            status: Some(note::assemble(&status, [signed.as_str()])),
            holder: None,
        }
    }
}

fn grant(role: proto::AuthorityRole, who: Who) -> proto::AuthorityKeyGrant {
    proto::AuthorityKeyGrant {
        authority: NATION.to_owned(),
        role: role.into(),
        algorithm: proto::Algorithm::Ed25519.into(),
        public_key: secret(who).public().as_bytes().to_vec(),
        ..Default::default()
    }
}

/// A log in which the nation accredits a school, its key and, if `allowed`, course outcomes.
fn log(school: &SecretKey, allowed: bool) -> Log {
    let mut log = Log::default();
    let keys =
        vec![grant(proto::AuthorityRole::Accredit, Who::Nation), grant(proto::AuthorityRole::Status, Who::Status)];
    log.decree(Body::Genesis(proto::Genesis { keys, ..Default::default() }), &[]);
    let kind = if allowed { proto::OutcomeKind::Course } else { proto::OutcomeKind::Module };
    log.decree(
        Body::AccreditInstitution(proto::AccreditInstitution {
            institution: ISSUER.to_owned(),
            outcome_kinds: vec![kind.into()],
            names: vec![proto::Name { language: "zh".to_owned(), text: "某职业学校".to_owned() }],
            ..Default::default()
        }),
        &[],
    );
    let key = proto::AuthoriseKey {
        algorithm: proto::Algorithm::Ed25519.into(),
        public_key: school.public().as_bytes().to_vec(),
        custodian: ISSUER.to_owned(),
        ..Default::default()
    };
    let action = Some(proto::institution_key::Action::Authorise(key));
    log.decree(Body::InstitutionKey(proto::InstitutionKey { institution: ISSUER.to_owned(), action }), &[school]);
    log
}

/// An office with trust files and a presentation of a course that it signed.
fn presented(allowed: bool, word: StatusWord) -> (Office, Presentation) {
    let office = Office::new();
    office.results(&["88"]);
    assert_eq!(office.sign("out.signed", &["--issued-at", &LOGGED.to_string()]).status.code(), Some(0));
    let posting = office.read("out.signed").remove(0);
    let statement = Statement::<Message>::parse(posting.statement).expect("canonical");
    let sent = posting.payload.expect("private");
    let field = |field: proto::PayloadField| Field { tag: Tag::new(field.tag).expect("not 0"), value: field.value };
    let seed = Seed::from_slice(&sent.seed).expect("32 bytes");
    let payload = Payload::new(seed, sent.fields.into_iter().map(field).collect()).expect("ascending");
    let shown = [tags::ACHIEVED_ON, tags::GRADE].map(|tag| Tag::new(tag.number).expect("not 0"));
    let disclosure = payload.disclose(&statement.nonce(), &shown).expect("tags of the kind");
    let attestation = Attestation::parse(&posting.attestations[0]).expect("canonical");
    let school = read_key(&office.dir.path().join("key")).expect("a key file");
    let mut log = log(&school, allowed);
    log.add(Draft::new(statement, vec![attestation]).expect("good parts"), disclosure);

    let witness = format!("w,{},https://w.example/", vkey(Who::Witness, "w.example", KeyType::Cosignature));
    let log_key = vkey(Who::Log, ORIGIN, KeyType::Note);
    let trust =
        ["keys", "policy", "--log", &log_key, "--log-url", "https://xuefen.example/test", "--witness", &witness];
    let nation = vkey(Who::Nation, NATION, KeyType::Note);
    let made = xuefen(office.dir.path(), &[&trust[..], &["--quorum", "1", "--authority", &nation]].concat());
    assert!(made.status.success(), "{made:?}");
    let presentation = log.presentation(word);
    (office, presentation)
}

/// Exit code and report.
fn verify(office: &Office, file: &str, more: &[&str]) -> (i32, serde_json::Value) {
    office.put("course.xuefen.json", file);
    let args = ["--json", "--lang", "en", "verify", "course.xuefen.json", "--at", &NOW.to_string()];
    let output = xuefen(office.dir.path(), &[&args[..], more].concat());
    (output.status.code().expect("not killed"), json(&output))
}

/// Steps that did not pass, as number and code.
fn complaints(report: &serde_json::Value) -> Vec<(u64, String)> {
    let steps = report["steps"].as_array().expect("steps").iter();
    let bad = steps.filter(|step| !step["code"].is_null());
    bad.map(|step| (step["step"].as_u64().expect("a number"), step["code"].as_str().expect("a code").to_owned()))
        .collect()
}

#[test]
fn a_good_presentation_passes_and_shows_what_the_learner_chose() {
    let (office, presentation) = presented(true, StatusWord::Valid);
    let (code, report) = verify(&office, &presentation.to_json(), &[]);
    assert_eq!((code, complaints(&report)), (0, vec![]), "{report:#}");
    let subject = &report["subject"];
    assert_eq!((&subject["outcome_kind"], &subject["issuer"]), (&"course".into(), &ISSUER.into()));
    assert_eq!(subject["issuer_names"][0]["zh"], "某职业学校");
    let shown = subject["disclosed"].as_array().expect("fields").iter();
    let shown: Vec<_> = shown.map(|field| (field["name"].as_str(), field["value"].as_str())).collect();
    assert_eq!(shown, [(Some("achieved_on"), Some("2026-06-30")), (Some("grade"), Some("88"))]);

    // The same in words.
    let args = ["--lang", "zh", "verify", "course.xuefen.json", "--at", &NOW.to_string()];
    let words = String::from_utf8(xuefen(office.dir.path(), &args).stdout).expect("UTF-8");
    for word in ["通过：真实且有效。", "某职业学校", "成绩", "88", "未要求"] {
        assert!(words.contains(word), "{word} in {words}");
    }
}

#[test]
fn a_changed_mark_a_revocation_or_a_missing_right_fails() {
    let (office, mut presentation) = presented(true, StatusWord::Valid);
    presentation.subject.disclosure.disclosed[1].value = b"99".to_vec();
    let (code, report) = verify(&office, &presentation.to_json(), &[]);
    assert_eq!((code, complaints(&report)[0].clone()), (1, (2, "COMMITMENT".to_owned())));
    assert_eq!(report["subject"]["disclosed"], serde_json::json!([]), "a false mark is not shown");

    let (office, presentation) = presented(true, StatusWord::Revoked);
    let (code, report) = verify(&office, &presentation.to_json(), &[]);
    assert_eq!((code, complaints(&report)), (1, vec![(7, "STATUS_revoked".to_owned())]));

    let (office, presentation) = presented(false, StatusWord::Valid);
    let (code, report) = verify(&office, &presentation.to_json(), &[]);
    assert_eq!((code, complaints(&report)), (1, vec![(4, "NOT_ALLOWED".to_owned())]));
}

#[test]
fn what_cannot_be_checked_has_its_own_exit_code() {
    let (office, presentation) = presented(true, StatusWord::Valid);
    let mut without = presentation.clone();
    without.status = None;
    let (code, report) = verify(&office, &without.to_json(), &[]);
    assert_eq!((code, complaints(&report)), (3, vec![(7, "STATUS_ABSENT".to_owned())]));
    let newer = presentation.to_json().replace("xuefen-presentation/v1", "xuefen-presentation/v2");
    assert_eq!(verify(&office, &newer, &[]).0, 3);
    let (code, report) = verify(&office, &presentation.to_json(), &["--audience", "me", "--challenge", "AAAA"]);
    assert_eq!((code, complaints(&report)), (3, vec![(8, "HOLDER_ABSENT".to_owned())]));
    // A day later the status is a day older than it may be.
    let later = (NOW + 25 * 3600).to_string();
    let output = xuefen(office.dir.path(), &["--json", "verify", "course.xuefen.json", "--at", &later]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn files_that_are_not_there_decide_nothing() {
    let (office, presentation) = presented(true, StatusWord::Valid);
    office.put("course.xuefen.json", &presentation.to_json());
    for args in [&["verify", "other.json"][..], &["verify", "course.xuefen.json", "--policy", "none.txt"], &["verify"]]
    {
        let output = xuefen(office.dir.path(), args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
    }
    assert_eq!(verify(&office, "not JSON", &[]).0, 1);
}
