//! The vectors of formats.md 4 and 5: tree, tiles, notes, receipts, status notes, holder proofs, presentations.

mod common;
mod stand_in;

use common::{array, bytes, expect, integer, list, section, text, unhex, vectors};
use serde_json::Value;
use stand_in::verify_under;
use std::collections::BTreeMap;
use xuefen_core::Hash;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::commitment::Tag;
use xuefen_core::hash::sha256;
use xuefen_core::holder::{self, HolderProof, Request, Shown};
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::presentation::Presentation;
use xuefen_core::proof::{Receipt, ReceiptError};
use xuefen_core::status::{self, Context};
use xuefen_core::tile::{Tile, TileLevel, entries, push_entry};
use xuefen_core::tree::{
    Frontier, LeafIndex, Node, NodeSource, TreeSize, consistency_proof, inclusion_proof, root, verify_consistency,
    verify_inclusion,
};
use xuefen_core::verify::Step;
use xuefen_core::vkey::{KeyName, VerifierKey};
use xuefen_core::{cosignature, note};

fn hash(value: &Value) -> Hash {
    Hash::from_slice(&unhex(value.as_str().expect("text"))).expect("32 bytes")
}

/// `None` if one of the hashes is not 32 bytes long: a typed path cannot hold it.
fn path(case: &Value) -> Option<Vec<Hash>> {
    list(case, "path").iter().map(|hash| Hash::from_slice(&unhex(hash.as_str()?))).collect()
}

fn unsigned(case: &Value, member: &str) -> u64 {
    u64::try_from(integer(case, member)).expect("not negative")
}

/// The vectors' tree of `size`: leaves, and every complete node.
struct Nodes {
    leaves: Vec<Vec<u8>>,
    nodes: BTreeMap<Node, Hash>,
}

impl Nodes {
    fn new(tree: &Value, size: u32) -> Self {
        let key = bytes(tree, "tree_key");
        let leaf = |i: u32| sha256(&[&key, &i.to_be_bytes()]).0[..usize::try_from(i % 33).expect("small")].to_vec();
        let leaves: Vec<_> = (0..size).map(leaf).collect();
        let (mut frontier, mut nodes) = (Frontier::new(), BTreeMap::new());
        for leaf in &leaves {
            frontier.append_with(leaf_hash(leaf), |node, hash| {
                nodes.insert(node, hash);
            });
        }
        Self { leaves, nodes }
    }

    /// Serves the nodes that are complete at `size`, no others.
    fn at(&self, size: TreeSize) -> impl NodeSource<Error = Node> {
        move |node: Node| {
            let complete = (node.index + 1) << node.level <= size.0;
            self.nodes.get(&node).filter(|_| complete).copied().ok_or(node)
        }
    }
}

#[test]
fn roots_of_all_sizes() {
    let tree = &vectors()["tree"];
    let nodes = Nodes::new(tree, 777);
    let roots = tree["roots"].as_object().expect("roots by size");
    let mut frontier = Frontier::new();
    let mut seen = 0;
    for size in 0..=777u64 {
        if let Some(expected) = roots.get(&size.to_string()) {
            assert_eq!(frontier.root(), hash(expected), "size {size}");
            assert_eq!(root(&nodes.at(TreeSize(size)), TreeSize(size)), Ok(hash(expected)));
            seen += 1;
        }
        if let Some(leaf) = nodes.leaves.get(usize::try_from(size).expect("small")) {
            frontier.append(leaf_hash(leaf));
        }
    }
    assert_eq!(seen, roots.len());
}

#[test]
fn inclusion_proofs() {
    let tree = &vectors()["tree"];
    let nodes = Nodes::new(tree, 777);
    let prove = |index, size| inclusion_proof(&nodes.at(size), index, size).expect("the nodes are there");
    let good = |case: &Value, path: &[Hash]| {
        let (index, size) = (unsigned(case, "index"), TreeSize(unsigned(case, "size")));
        let Some(leaf) = nodes.leaves.get(usize::try_from(index).expect("small")) else { return false };
        let root = root(&nodes.at(size), size).expect("the nodes are there");
        verify_inclusion(&leaf_hash(leaf), LeafIndex(index), size, path, &root).is_ok()
    };
    for case in list(tree, "inclusion") {
        let expected = path(case).expect("good hashes");
        assert_eq!(prove(LeafIndex(unsigned(case, "index")), TreeSize(unsigned(case, "size"))), expected, "{case}");
        assert!(good(case, &expected), "{case}");
    }
    for (size, digest) in tree["inclusion_digests"].as_object().expect("digests by size") {
        let size: u64 = size.parse().expect("a size");
        let all: Vec<u8> =
            (0..size).flat_map(|index| prove(LeafIndex(index), TreeSize(size))).flat_map(|hash| hash.0).collect();
        assert_eq!(sha256(&[&all]), hash(digest), "size {size}");
    }
    for case in list(tree, "inclusion_cases") {
        let passed = path(case).is_some_and(|path| good(case, &path));
        assert_eq!(if passed { "OK" } else { "INCLUSION" }, expect(case), "{case}");
    }
}

#[test]
fn consistency_proofs() {
    let tree = &vectors()["tree"];
    let nodes = Nodes::new(tree, 777);
    let prove = |old, new| consistency_proof(&nodes.at(new), old, new).expect("the nodes are there");
    let good = |case: &Value, path: &[Hash]| {
        let (old, new) = (TreeSize(unsigned(case, "old")), TreeSize(unsigned(case, "new")));
        let root = |size| root(&nodes.at(size), size).expect("the nodes are there");
        verify_consistency(old, new, path, &root(old), &root(new)).is_ok()
    };
    for case in list(tree, "consistency") {
        let expected = path(case).expect("good hashes");
        assert_eq!(prove(TreeSize(unsigned(case, "old")), TreeSize(unsigned(case, "new"))), expected, "{case}");
        assert!(good(case, &expected), "{case}");
    }
    for (size, digest) in tree["consistency_digests"].as_object().expect("digests by size") {
        let size: u64 = size.parse().expect("a size");
        let all: Vec<u8> =
            (0..=size).flat_map(|old| prove(TreeSize(old), TreeSize(size))).flat_map(|hash| hash.0).collect();
        assert_eq!(sha256(&[&all]), hash(digest), "size {size}");
    }
    for case in list(tree, "consistency_cases") {
        let passed = path(case).is_some_and(|path| good(case, &path));
        assert_eq!(if passed { "OK" } else { "CONSISTENCY" }, expect(case), "{case}");
    }
}

fn tile_level(value: &Value) -> TileLevel {
    value.as_u64().map_or(TileLevel::Entries, |level| TileLevel::Hashes(u8::try_from(level).expect("a level")))
}

#[test]
fn tiles() {
    let tree = &vectors()["tree"];
    for case in list(tree, "tile_paths") {
        let width = u16::try_from(unsigned(case, "width")).expect("a width");
        let tile = Tile::new(tile_level(&case["level"]), unsigned(case, "n"), width).expect("a tile");
        assert_eq!(tile.path(), text(case, "path"));
        assert_eq!(Tile::parse(text(case, "path")), Some(tile));
    }
    for case in list(tree, "partials") {
        let size = TreeSize(unsigned(case, "size"));
        for (level, (width, full)) in list(case, "widths").iter().zip(list(case, "full")).enumerate() {
            let level = TileLevel::Hashes(u8::try_from(level).expect("a level"));
            assert_eq!(Some(u64::from(level.partial_width(size))), width.as_u64(), "{case}");
            assert_eq!(Some(level.full_tiles(size)), full.as_u64(), "{case}");
        }
    }
    let size = TreeSize(unsigned(tree, "tiles_of_size"));
    let nodes = Nodes::new(tree, u32::try_from(size.0).expect("small"));
    let levels = (0..64).map(TileLevel::Hashes).chain([TileLevel::Entries]);
    let made: BTreeMap<_, _> = levels
        .flat_map(|level| Tile::of_level(level, size))
        .map(|tile| (tile.path(), common::hex(sha256(&[&tile_bytes(&nodes, &tile)]))))
        .collect();
    let expected: BTreeMap<_, _> = tree["tiles_sha256"]
        .as_object()
        .expect("digests by path")
        .iter()
        .map(|(path, digest)| (path.clone(), digest.as_str().expect("hex").to_owned()))
        .collect();
    assert_eq!(made, expected);
}

fn tile_bytes(nodes: &Nodes, tile: &Tile) -> Vec<u8> {
    let first = tile.first_cell().expect("small");
    let cells = first..first + u64::from(tile.width());
    match tile.level() {
        TileLevel::Hashes(level) => cells.flat_map(|index| nodes.nodes[&Node { level: 8 * level, index }].0).collect(),
        TileLevel::Entries => {
            let leaves: Vec<_> = cells.map(|i| nodes.leaves[usize::try_from(i).expect("small")].as_slice()).collect();
            let mut bundle = Vec::new();
            assert!(leaves.iter().all(|leaf| push_entry(&mut bundle, leaf)));
            assert_eq!(entries(&bundle), Some(leaves));
            bundle
        }
    }
}

fn secret(name: &str) -> SecretKey {
    let keys = section("keys");
    let key = keys.iter().find(|key| text(key, "name") == name).unwrap_or_else(|| panic!("no key {name}"));
    SecretKey::from_seed(&array(key, "seed"))
}

#[test]
fn keys_of_notes() {
    let mut seen = 0;
    for key in section("keys") {
        let Some(vkey) = key["vkey"].as_str() else { continue };
        let parsed = VerifierKey::parse(vkey).expect("a vkey");
        assert_eq!(parsed.to_string(), vkey);
        assert_eq!(parsed.public_key(), secret(text(&key, "name")).public());
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn cosignatures() {
    for case in section("cosignatures") {
        let (checkpoint, time) = (text(&case, "checkpoint_body_text"), unsigned(&case, "time"));
        assert_eq!(cosignature::message(checkpoint, time), bytes(&case, "signed_message"));
        let vkey = VerifierKey::parse(text(&case, "vkey")).expect("a vkey");
        let line = cosignature::sign(checkpoint, vkey.name(), &secret(text(&case, "witness")), time);
        assert_eq!(line, text(&case, "line_text"));
        let note = note::assemble(checkpoint, [line.as_str()]);
        let signed = note::Note::parse(&note).and_then(|note| Ok(note.verify(&[&vkey])?[0].time));
        assert_eq!(signed, Ok(Some(time)));
    }
}

fn policy() -> Policy {
    Policy::parse(text(&vectors(), "policy")).expect("the vectors' policy is good")
}

#[test]
fn checkpoints() {
    let policy = policy();
    for case in section("checkpoint_cases") {
        let accepted = policy.accept(text(&case, "note_text"));
        assert_eq!(accepted.map_or_else(|error| error.as_str(), |_| "OK"), expect(&case), "{}", case["case"]);
    }
    let good = &section("checkpoint_cases")[0];
    let accepted = policy.accept(text(good, "note_text")).expect("the good case");
    let log = note::sign(
        &accepted.checkpoint.text(),
        &KeyName::parse(accepted.checkpoint.origin.as_str()).expect("a name"),
        &secret("log"),
    );
    assert!(text(good, "note_text").starts_with(&note::assemble(&accepted.checkpoint.text(), [log.as_str()])));
}

#[test]
fn receipts() {
    let policy = policy();
    for case in section("tlog_proofs") {
        let leaf = leaf_hash(&bytes(&case, "leaf"));
        let result = Receipt::parse(text(&case, "proof_text")).and_then(|receipt| {
            receipt.verify(&policy, &leaf)?;
            Ok(receipt)
        });
        assert_eq!(result.as_ref().map_or_else(ReceiptError::as_str, |_| "OK"), expect(&case), "{}", case["case"]);
        if text(&case, "case") == "good" {
            assert_eq!(result.expect("good").to_string(), text(&case, "proof_text"));
        }
    }
}

#[test]
fn status_notes() {
    let context = &vectors()["status_context"];
    let keys = text(context, "authority_text").lines().map(|line| VerifierKey::parse(line).expect("a vkey"));
    let keys: Vec<_> = keys.collect();
    let checkpoint = Checkpoint {
        origin: Origin::parse(text(context, "origin_text")).expect("an origin"),
        size: TreeSize(unsigned(context, "checkpoint_size")),
        root: hash(&context["checkpoint_root"]),
    };
    let context = Context {
        checkpoint: &checkpoint,
        index: LeafIndex(unsigned(context, "subject_index")),
        leaf_hash: hash(&context["subject_leaf_hash"]),
        now: unsigned(context, "now"),
        max_age: unsigned(context, "status_max_age"),
    };
    for case in section("status_notes") {
        let note_text = text(&case, "note_text");
        let (status, judged) = status::check(note_text, &keys.iter().collect::<Vec<_>>(), context);
        let got = match &judged {
            Ok(()) => ["pass", ""],
            Err(problem) if problem.is_failure() => ["fail", problem.as_str()],
            Err(problem) => ["could-not-check", problem.as_str()],
        };
        assert_eq!(case["expect"], serde_json::json!(got), "{}", case["case"]);
        if judged.is_ok() {
            let signed = note::sign(&status.expect("it passed").text(), keys[0].name(), &secret("status"));
            assert!(note_text.ends_with(&signed), "{}", case["case"]);
        }
    }
}

#[test]
fn holder_proof() {
    let case = &vectors()["holder_proof"];
    let fields: Vec<_> = list(case, "disclosed")
        .iter()
        .map(|field| (Tag::new(common::number(field, "tag")).expect("a tag"), hash(&field["c"])))
        .collect();
    assert_eq!(holder::fields_hash(&fields), hash(&case["fields_hash"]));
    let challenge = bytes(case, "challenge");
    let request = Request { audience: text(case, "audience_text"), challenge: &challenge };
    let shown = Shown { origin: text(case, "origin_text"), subject: hash(&case["subject_leaf_hash"]), fields: &fields };
    let time = unsigned(case, "time");
    assert_eq!(holder::message(request, time, shown), Ok(bytes(case, "signed_message")));
    let key = SecretKey::from_seed(&array(case, "holder_seed"));
    let proof = HolderProof::sign(&key, request, time, shown).expect("short");
    assert_eq!(proof.signature.as_bytes(), &array(case, "signature"));
    assert!(proof.verify(shown));
}

#[test]
fn presentations() {
    let all = vectors();
    let cases = section("presentations");
    let now = unsigned(&all, "presentation_now");
    let (mut passed, mut failed) = (0, 0);
    for case in &cases {
        let mut policy = all["presentation_policy"].clone();
        for (member, change) in case["policy_changes"].as_object().expect("changes") {
            policy[member] = change.clone();
        }
        let mut file = case["file_text"].as_str().unwrap_or_else(|| text(&cases[0], "file_text")).to_owned();
        if let Some(size) = case["size"].as_u64() {
            let spaces = usize::try_from(size).expect("small") - file.len();
            file.extend(std::iter::repeat_n(' ', spaces));
        }
        let report = verify_under(&policy, now, file.as_bytes());
        let steps: serde_json::Map<_, _> = report
            .steps()
            .map(|(step, result)| {
                let code = result.reason().map_or("", |reason| reason.as_str());
                (step.number().to_string(), serde_json::json!([result.as_str(), code]))
            })
            .collect();
        let got = serde_json::json!({
            "result": report.verdict().as_str(), "quorum_none": report.quorum_none, "steps": steps
        });
        assert_eq!(got, case["expect"], "{}", case["case"]);
        if report.step(Step::Parse).as_str() == "pass" {
            let read = Presentation::parse(file.as_bytes()).expect("step 1 passed");
            assert_eq!(Presentation::parse(read.to_json().as_bytes()), Ok(read), "{}", case["case"]);
            passed += 1;
        } else {
            failed += 1;
        }
    }
    assert_eq!((passed + failed, cases.len()), (88, 88));
    // The writer's form is the vectors'.
    let first = text(&cases[0], "file_text");
    assert_eq!(Presentation::parse(first.as_bytes()).expect("good").to_json(), first);
}
