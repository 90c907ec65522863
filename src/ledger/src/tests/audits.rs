//! The audit against the machine it audits: what is accepted gives no finding and the same state, what is refused and
//! logged all the same is found under the same name.

use super::histories::{Deed, posting};
use super::rejections::case;
use crate::audit::{Auditor, Fault, Finding, NoPayloads, PayloadOf, compare};
use crate::digest::state_digest;
use crate::testing::{TestSecrets, World};
use crate::{Decision, Message, RawPosting, Rejection};
use proptest::prelude::*;
use prost::bytes::Bytes;
use xuefen_core::payload::Payload;

/// Everything of a world's log, pushed.
fn audit(world: &World) -> (Auditor<TestSecrets>, Vec<Finding>) {
    let context = world.context.clone();
    let mut auditor = Auditor::new(context.origin, context.genesis_keys, TestSecrets);
    let mut findings = Vec::new();
    for (index, (entry, payload)) in (0_u64..).zip(&world.entries) {
        let payload = payload_of(payload.clone());
        findings.extend(auditor.push(index, entry.bytes().clone(), &payload).err());
    }
    (auditor, findings)
}

/// A world's log is good to the audit, and makes its state.
pub(super) fn assert_audited(world: &World) {
    let (auditor, findings) = audit(world);
    assert_eq!(findings, []);
    assert_eq!(compare(&auditor, &world.state, |_| false, 9).expect("memory"), []);
    assert_eq!(auditor.state_digest(), state_digest(&world.state, |_| false).expect("memory"));
}

/// What the audit finds in a posting that is logged now, whatever is wrong with it.
pub(super) fn finding(world: &World, posting: &RawPosting) -> Option<Rejection> {
    let (mut auditor, findings) = audit(world);
    assert_eq!(findings, []);
    let found = auditor.push(auditor.size(), logged(posting, world.now), &payload_of(posting.payload.clone()));
    match found.err()?.fault {
        Fault::Refusable(rejection) => Some(rejection),
        fault => panic!("{fault:?}"),
    }
}

pub(super) fn payload_of(payload: Option<Payload>) -> PayloadOf {
    payload.map_or(PayloadOf::None, PayloadOf::Present)
}

/// A posting as an entry, whatever is wrong with it.
pub(super) fn logged(posting: &RawPosting, logged_at: i64) -> Bytes {
    fn field(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
        out.push(number << 3 | 2);
        prost::encoding::encode_varint(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    }
    let mut out = Vec::new();
    field(1, &posting.statement, &mut out);
    for attestation in &posting.attestations {
        field(2, attestation, &mut out);
    }
    out.push(3 << 3);
    prost::encoding::encode_varint(u64::try_from(logged_at).expect("after 1970"), &mut out);
    out.into()
}

#[test]
fn a_furnished_world_is_found_good() {
    let world = World::furnished();
    let (auditor, findings) = audit(&world);
    assert_eq!(findings, []);
    assert_eq!(compare(&auditor, &world.state, |_| false, 9).expect("memory"), []);
}

#[test]
fn what_was_refused_is_found_under_the_same_name() {
    let mut wrong = Vec::new();
    for rejection in Rejection::ALL {
        // Whether a payload was erased before or after it was used, the log does not say.
        if *rejection == Rejection::SourceErased {
            continue;
        }
        let (world, posting) = case(*rejection);
        let (mut auditor, findings) = audit(&world);
        assert_eq!(findings, [], "{rejection:?}");
        let index = auditor.size();
        let found = auditor.push(index, logged(&posting, world.now), &payload_of(posting.payload.clone()));
        if found.as_ref().err().map(|finding| finding.fault) != Some(Fault::Refusable(*rejection)) {
            wrong.push(format!("{rejection:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A world's log from outside.
fn public_audit(world: &World) -> (Auditor<NoPayloads>, Vec<Finding>) {
    let context = world.context.clone();
    let mut auditor = Auditor::new(context.origin, context.genesis_keys, NoPayloads);
    let entries = (0_u64..).zip(&world.entries);
    let findings = entries.filter_map(|(index, (entry, _))| auditor.push_public(index, entry.bytes().clone()).err());
    let findings = findings.collect();
    (auditor, findings)
}

#[test]
fn without_payloads_a_log_is_judged_by_what_it_shows() {
    let (mut found, mut wrong) = (0, Vec::new());
    for rejection in Rejection::ALL {
        let (world, posting) = case(*rejection);
        let (mut auditor, findings) = public_audit(&world);
        assert_eq!(findings, [], "{rejection:?}");
        let private = world.entries.iter().filter(|(_, payload)| payload.is_some()).count() as u64;
        assert_eq!((auditor.counts().erased, auditor.counts().payloads), (private, 0), "{rejection:?}");
        let entry = logged(&posting, world.now);
        let (mut full, _) = audit(&world);
        let full = full.push(full.size(), entry.clone(), &payload_of(posting.payload.clone()));
        match (auditor.push_public(auditor.size(), entry), full) {
            // Nothing is called wrong that is not, and less is seen, never something else.
            (Err(public), Err(full)) if public.faults.iter().all(|fault| full.faults.contains(fault)) => found += 1,
            (Err(public), full) => wrong.push(format!("{rejection:?}: {public:?} but {full:?}")),
            (Ok(()), _) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 40, "{found} of {} refusals are seen from outside", Rejection::ALL.len());
}

proptest! {
    #![proptest_config(super::reproducible(24))]

    #[test]
    fn audit_and_machine_agree(deeds in proptest::collection::vec((any::<Deed>(), 0_i64..4_000), 1..90)) {
        let mut world = World::furnished();
        let (mut auditor, findings) = audit(&world);
        prop_assert_eq!(findings, vec![]);
        for (deed, later) in deeds {
            let posting = posting(&mut world, deed);
            world.now += later;
            let verdict = world.decide(posting.clone());
            match verdict {
                Decision::Accept(_) => {
                    let (index, _) = world.try_post(posting).expect("accepted a moment ago");
                    let (entry, payload) = world.entries.last().expect("just posted");
                    let found = auditor.push(index, entry.bytes().clone(), &payload_of(payload.clone()));
                    prop_assert_eq!(found, Ok(()), "{:?}", entry.statement().message() as &Message);
                    let differences = compare(&auditor, &world.state, |_| false, 3).expect("memory");
                    prop_assert_eq!(differences, vec![], "{:?}", entry.statement().message() as &Message);
                    prop_assert_eq!(auditor.state_digest(), state_digest(&world.state, |_| false).expect("memory"));
                }
                Decision::Replay { .. } | Decision::Refuse(_) => {}
            }
        }
    }
}

/// The audit may share parsing, hashes, names of rejections and flags, and the format of rows with what it audits, and
/// nothing else.
#[test]
fn the_audit_imports_nothing_that_it_audits() {
    let mut open = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).expect("the sources are there").map(|it| it.expect("a file").path()));
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a source file");
        // Every path into the crate, in `use` lines or not.
        for (at, _) in source.match_indices("crate::").chain(source.match_indices("super::super::")) {
            let from = source[at..].trim_start_matches("crate::").trim_start_matches("super::super::");
            let module: String = from.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let allowed = ["audit", "flag", "posting", "rejection", "rows", "state"].contains(&module.as_str());
            assert!(allowed, "{}: {module}", path.display());
        }
        assert!(!source.contains("use crate::{"), "{}: a list of modules is not read here", path.display());
    }
}
