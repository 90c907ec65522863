//! Presentations that the vectors do not have: keys learned along the log, limits at their edges, and every bit flipped.

mod common;
mod made;

use made::{Chain, Log, NOW, ORIGIN, Says, Who, bound_key, complaints, school_key, secret, verify_file};
use prost::Message;
use prost::bytes::Bytes;
use std::ops::Range;
use xuefen_core::disclosure::Disclosed;
use xuefen_core::entry::Entry;
use xuefen_core::holder::HolderProof;
use xuefen_core::key::Signature;
use xuefen_core::presentation::Presentation;
use xuefen_core::status::StatusWord;
use xuefen_core::text::to_base64;
use xuefen_core::tree::LeafIndex;
use xuefen_core::verify::{CommitmentFault, ItemAt, Reason, Step, Verdict};
use xuefen_core::vkey::KeyName;
use xuefen_core::{Hash, note, prost};

fn holder_key() -> Vec<u8> {
    secret(Who::Holder).public().as_bytes().to_vec()
}

/// 0: the root names the school's key; 1: the school's outcome; 2: the school binds the holder's key.
fn log() -> Log {
    let mut log = Log::default();
    log.add("root", school_key(Who::School), &[Who::Root]);
    log.add("school", Says::Private(holder_key()), &[Who::School, Who::Stranger]);
    log.add("school", bound_key(Who::Holder), &[Who::School]);
    log
}

fn complain(presentation: &Presentation) -> Vec<String> {
    complaints(&verify_file(presentation.to_json().as_bytes(), false, &mut Chain::new()))
}

fn complain_asked(presentation: &Presentation) -> Vec<String> {
    complaints(&verify_file(presentation.to_json().as_bytes(), true, &mut Chain::new()))
}

#[test]
fn keys_are_learned_in_the_order_of_the_log() {
    let presentation = log().presentation(1, &[0, 2]);
    let mut chain = Chain::new();
    let report = verify_file(presentation.to_json().as_bytes(), false, &mut chain);
    assert_eq!((report.verdict(), chain.learned), (Verdict::Pass, vec![0, 2]));
    let shown = report.shown.expect("step 1 passed");
    assert_eq!((shown.index, shown.entry.statement().issuer()), (LeafIndex(1), "school"));
    assert_eq!((shown.cosigned, shown.status.map(|status| status.time)), (vec![("w".to_owned(), NOW)], Some(NOW)));
    // Without the item that names its key, nothing is known about the subject.
    let none = complain(&log().presentation(1, &[]));
    assert_eq!(none, ["3 could-not-check ATTESTATION", "4 could-not-check DEPENDS"]);
}

#[test]
fn what_stands_above_the_subject_teaches_nothing_about_it() {
    let mut log = Log::default();
    log.add("school", Says::Private(holder_key()), &[Who::School]);
    log.add("root", school_key(Who::School), &[Who::Root]);
    let complaint = complain(&log.presentation(0, &[1]));
    assert_eq!(complaint, ["3 could-not-check ATTESTATION", "4 could-not-check DEPENDS"]);
    // Nor does the subject about itself, as an authority item at the same index.
    let mut log = Log::default();
    log.add("root", school_key(Who::School), &[Who::Root, Who::School]);
    let mut chain = Chain::new();
    let report = verify_file(log.presentation(0, &[0]).to_json().as_bytes(), false, &mut chain);
    let complaint = complaints(&report);
    assert!(complaint.is_empty() && chain.learned == [0], "{complaint:?}");
}

#[test]
fn what_is_not_proven_is_not_learned() {
    let good = log().presentation(1, &[0]);
    let with = |change: &dyn Fn(&mut Presentation)| {
        let mut changed = good.clone();
        change(&mut changed);
        let mut chain = Chain::new();
        let complaints = complaints(&verify_file(changed.to_json().as_bytes(), false, &mut chain));
        assert!(chain.learned.is_empty());
        complaints
    };
    let unknown = ["3 could-not-check ATTESTATION", "4 could-not-check DEPENDS"].map(String::from);
    let not_included = with(&|changed| changed.authority[0].path[0] = Hash([1; 32]));
    assert_eq!(not_included, [&unknown[..], &["5 fail INCLUSION".into()]].concat());
    let with_fields = with(&|changed| {
        changed.authority[0].disclosure.disclosed = vec![Disclosed { tag: 1, salt: Hash([1; 32]), value: Vec::new() }];
    });
    assert_eq!(with_fields, [&["2 fail COMMITMENT".into()], &unknown[..]].concat());
    // Named by someone who is not known: neither learned nor a failure of the naming itself.
    let mut log = Log::default();
    log.add("root", school_key(Who::School), &[Who::Stranger]);
    log.add("school", Says::Private(holder_key()), &[Who::School]);
    assert_eq!(complain(&log.presentation(1, &[0])), unknown);
}

#[test]
fn step_4_tells_a_missing_key_from_a_missing_right() {
    let mut log = Log::default();
    log.add("school", Says::Public(Vec::new()), &[Who::Root]);
    log.add("school", Says::Public(Vec::new()), &[Who::Root, Who::Stranger]);
    assert_eq!(complain(&log.presentation(0, &[])), ["4 fail ISSUER"]);
    assert_eq!(complain(&log.presentation(1, &[])), ["4 could-not-check ISSUER_KEY"]);
}

/// Makes the log's item 1 one whose attestation names another algorithm than its known key's.
#[test]
fn a_known_key_with_another_algorithm_fails() {
    #[derive(Clone, PartialEq, Message)]
    struct RawEntry {
        #[prost(bytes = "bytes", tag = "1")]
        statement: Bytes,
        #[prost(message, repeated, tag = "2")]
        attestations: Vec<RawAttestation>,
        #[prost(int64, tag = "3")]
        logged_at: i64,
    }
    #[derive(Clone, PartialEq, Message)]
    struct RawAttestation {
        #[prost(int32, tag = "1")]
        algorithm: i32,
        #[prost(bytes = "bytes", tag = "2")]
        key_id: Bytes,
        #[prost(uint32, tag = "3")]
        batch_size: u32,
        #[prost(bytes = "bytes", tag = "6")]
        signature: Bytes,
    }
    let mut log = Log::default();
    let good = log.add("root", Says::Public(Vec::new()), &[Who::Root]);
    let mut raw = RawEntry::decode(log.item(good).entry).expect("an entry");
    raw.attestations[0].algorithm = 2;
    let entry = Entry::parse(raw.encode_to_vec().into()).expect("still canonical");
    let other = log.add_entry(entry, xuefen_core::disclosure::Disclosure::default());
    assert_eq!(complain(&log.presentation(good, &[])), [""; 0]);
    assert_eq!(complain(&log.presentation(other, &[])), ["3 fail ATTESTATION", "4 could-not-check DEPENDS"]);
}

#[test]
fn a_failure_goes_before_what_cannot_be_checked() {
    let mut presentation = log().presentation(1, &[0, 2]);
    let mut newer = presentation.authority[0].entry.to_vec();
    let version = newer.iter().position(|byte| *byte == 0x08).expect("a version") + 1;
    newer[version] = 2;
    presentation.authority[0].entry = newer.into();
    let report = verify_file(presentation.to_json().as_bytes(), false, &mut Chain::new());
    assert_eq!(report.step(Step::Parse).as_str(), "could-not-check");
    assert_eq!(report.verdict(), Verdict::CouldNotCheck);
    presentation.authority[1].entry = Bytes::from_static(b"no entry");
    let report = verify_file(presentation.to_json().as_bytes(), false, &mut Chain::new());
    let reason = report.step(Step::Parse).reason();
    assert!(matches!(reason, Some(Reason::Entry { item: ItemAt::Authority(LeafIndex(2)), .. })), "{reason:?}");
    assert_eq!(report.verdict(), Verdict::Fail);
}

#[test]
fn at_most_256_items() {
    let mut log = Log::default();
    for _ in 0..257 {
        log.add("root", Says::Public(Vec::new()), &[Who::Root]);
    }
    let below: Vec<u64> = (0..256).collect();
    assert_eq!(complain(&log.presentation(256, &below[1..])), [""; 0]);
    assert_eq!(complain(&log.presentation(256, &below))[0], "1 fail JSON");
}

#[test]
fn at_most_100_signature_lines() {
    let mut presentation = log().presentation(1, &[0]);
    let stranger =
        |text: &str, who: &str| note::sign(text, &KeyName::parse(who).expect("a name"), &secret(Who::Stranger));
    for line in 2..100 {
        presentation.checkpoint.push_str(&stranger("x\n", &format!("stranger{line}")));
    }
    assert_eq!(complain(&presentation), [""; 0]);
    presentation.checkpoint.push_str(&stranger("x\n", "one-more"));
    assert_eq!(complain(&presentation), ["6 fail NOTE"]);
}

#[test]
fn signature_lines_belong_to_step_6_and_the_text_to_step_1() {
    let good = log().presentation(1, &[0]);
    let with = |checkpoint: String| complain(&Presentation { checkpoint, ..good.clone() });
    assert_eq!(with(good.checkpoint.replace("— w", "- w")), ["6 fail NOTE"]);
    assert_eq!(with(format!("{}\t", good.checkpoint)), ["6 fail NOTE"]);
    assert_eq!(with(good.checkpoint.replace("\n\n", "\n"))[0], "1 fail CHECKPOINT");
    assert_eq!(with(good.checkpoint.replace("\n\n", "\nmore\n\n"))[0], "1 fail CHECKPOINT");
    assert_eq!(with(good.checkpoint.replacen("\n3\n", "\n03\n", 1))[0], "1 fail DECIMAL");
    assert_eq!(with(String::new())[0], "1 fail CHECKPOINT");
}

#[test]
fn tags_fail_in_step_2() {
    let good = log().presentation(1, &[0]).to_json();
    for tag in ["0", "2", "4294967296", "9007199254740991"] {
        let file = good.replacen("{\"tag\":1,", &format!("{{\"tag\":{tag},"), 1);
        let report = verify_file(file.as_bytes(), false, &mut Chain::new());
        assert_eq!(complaints(&report), ["2 fail COMMITMENT"], "{tag}");
        let Some(Reason::Commitment { item: ItemAt::Subject, fault }) = report.step(Step::Commitment).reason() else {
            panic!("another reason")
        };
        assert_eq!(matches!(fault, CommitmentFault::TagTooLarge(_)), tag.len() > 1);
    }
}

#[test]
fn holder_proofs_have_their_time() {
    let log = log();
    let at = |time| complain_asked(&Presentation { holder: Some(log.holder(1, time)), ..log.presentation(1, &[0]) });
    for time in [NOW - 600, NOW, NOW + 300] {
        assert_eq!(at(time), [""; 0], "{time}");
    }
    for time in [0, NOW - 601, NOW + 301, (1 << 53) - 1] {
        assert_eq!(at(time), ["8 could-not-check HOLDER_TIME"], "{time}");
    }
}

#[test]
fn a_holder_key_may_be_bound_by_a_later_entry() {
    let mut log = log();
    let subject = log.add("school", Says::Private(b"no key here".to_vec()), &[Who::School]);
    log.add("school", bound_key(Who::Holder), &[Who::School]);
    let with = |items: &[u64]| {
        complain_asked(&Presentation { holder: Some(log.holder(subject, NOW)), ..log.presentation(subject, items) })
    };
    assert_eq!(with(&[0, 4]), [""; 0]);
    assert_eq!(with(&[0]), ["8 could-not-check HOLDER_KEY"]);
}

#[test]
fn a_bad_holder_signature_fails_whatever_else_is_missing() {
    let mut log = Log::default();
    log.add("root", Says::Private(vec![1; 31]), &[Who::Root]);
    let proof = HolderProof { key: vec![1; 31], ..log.holder(0, NOW) };
    let presentation = |holder| Presentation { holder: Some(holder), ..log.presentation(0, &[]) };
    assert_eq!(complain_asked(&presentation(proof)), ["8 fail SIGNATURE"]);
    let unbound = log.holder(0, 0);
    assert_eq!(complain_asked(&presentation(unbound.clone())), ["8 could-not-check HOLDER_KEY"]);
    let wrong = HolderProof { signature: Signature([1; 64]), ..unbound };
    assert_eq!(complain_asked(&presentation(wrong)), ["8 fail SIGNATURE"]);
}

#[test]
fn status_notes_need_a_key_of_their_own() {
    let log = log();
    let with = |status: String, keys: &[(&str, Who)]| {
        let mut chain = Chain::new();
        chain.status = keys.iter().map(|(name, who)| ((*name).to_owned(), *who)).collect();
        let presentation = Presentation { status: Some(status), ..log.presentation(1, &[0]) };
        complaints(&verify_file(presentation.to_json().as_bytes(), false, &mut chain))
    };
    let own = format!("{ORIGIN}/status");
    let valid = || log.status(1, StatusWord::Valid, Who::Status);
    assert_eq!(with(valid(), &[(&own, Who::Stranger), (&own, Who::Status)]), [""; 0]);
    assert_eq!(with(valid(), &[(&own, Who::Stranger)]), ["7 fail NOTE"]);
    assert_eq!(with(valid(), &[]), ["7 could-not-check STATUS_KEY"]);
    // A key under another name is none, even the log's own.
    assert_eq!(with(valid(), &[(ORIGIN, Who::Status)]), ["7 could-not-check STATUS_KEY"]);
    // What would fail under any key fails without one; what could not be checked stays so.
    assert_eq!(with(log.status(1, StatusWord::Revoked, Who::Status), &[]), ["7 fail STATUS_revoked"]);
    assert_eq!(with(log.status(1, StatusWord::NeedsReview, Who::Status), &[]), ["7 could-not-check STATUS_KEY"]);
    assert_eq!(with(log.status(0, StatusWord::Valid, Who::Status), &[]), ["7 fail STATUS_SUBJECT"]);
    assert_eq!(with("nonsense".into(), &[]), ["7 fail NOTE"]);
}

/// Flips every bit of a stretch of a file; returns the places (byte, bit) where the result still is a pass.
fn still_passing(file: &str, stretch: Range<usize>) -> Vec<(usize, u8)> {
    let asked = |bytes: &[u8]| verify_file(bytes, true, &mut Chain::new()).verdict();
    assert_eq!(asked(file.as_bytes()), Verdict::Pass);
    let mut bytes = file.as_bytes().to_vec();
    let mut passing = Vec::new();
    for at in stretch {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            if asked(&bytes) == Verdict::Pass {
                passing.push((at, bit));
            }
            bytes[at] ^= 1 << bit;
        }
    }
    passing
}

#[test]
fn every_flipped_bit_shows() {
    let log = log();
    let good = Presentation { holder: Some(log.holder(1, NOW)), ..log.presentation(1, &[0]) };
    let file = good.to_json();
    assert_eq!(still_passing(&file, 0..file.len()), []);
}

/// The one thing a note may carry that nobody vouches for: signature lines of keys that the verifier does not know. They
/// must be well formed and say nothing. (A line of a key that is known cannot be made one of an unknown key unnoticed:
/// the log's is needed, and so is each witness that the quorum needs.)
#[test]
fn only_lines_of_unknown_keys_may_change_unnoticed() {
    let log = log();
    let mut good = Presentation { holder: Some(log.holder(1, NOW)), ..log.presentation(1, &[0]) };
    let unknown = format!("— nobody.example {}\n", to_base64([9; 7]));
    good.checkpoint.push_str(&unknown);
    let file = good.to_json();
    let start = file.find("— nobody").expect("it was added");
    // The name and the base64; not the dash, the spaces, the newline.
    let free = start + "— ".len()..start + unknown.len() - 1;
    // The rest of the file is as above.
    let checkpoint = file.find("\"checkpoint\"").expect("a member")..file.find("\"status\"").expect("a member");
    let passing = still_passing(&file, checkpoint);
    assert!(passing.iter().all(|(at, _)| free.contains(at)), "{passing:?}");
    assert!(passing.len() > 20);
}
