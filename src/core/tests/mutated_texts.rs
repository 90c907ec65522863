//! Parsers of foreign text on mutated input: they never panic, and what they accept has one spelling.

mod common;
mod stand_in;

use common::{section, text, vectors};
use proptest::prelude::*;
use std::sync::LazyLock;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::note::{self, Note};
use xuefen_core::policy::Policy;
use xuefen_core::presentation::Presentation;
use xuefen_core::proof::Receipt;
use xuefen_core::status::Status;
use xuefen_core::tile::{Tile, entries, push_entry};
use xuefen_core::verify::Verdict;
use xuefen_core::vkey::VerifierKey;
use xuefen_core::{json, merkle};

/// Good texts of every format.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = vectors();
    let presentation = &section("presentations")[7]["file_text"];
    let policy = &all["presentation_policy"];
    let mut texts: Vec<String> = ["checkpoint_cases", "status_notes"]
        .map(|name| text(&section(name)[0], "note_text").to_owned())
        .into_iter()
        .chain(section("keys").iter().filter_map(|key| Some(key["vkey"].as_str()?.to_owned())))
        .chain(all["tree"]["tile_paths"].as_array().expect("paths").iter().map(|case| text(case, "path").to_owned()))
        .collect();
    texts.push(text(&section("tlog_proofs")[1], "proof_text").to_owned());
    texts.push(presentation.as_str().expect("a file").to_owned());
    texts.push(text(policy, "tlog_policy").to_owned());
    texts.push(text(policy, "authority").to_owned());
    texts
});

/// Pieces that matter somewhere.
const PIECES: [&str; 20] = [
    "\n",
    "\n\n",
    " ",
    "\t",
    "—",
    "— ",
    "+",
    "=",
    "0",
    "-",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    "null",
    "\\u0000",
    "18446744073709551616",
    "quorum none\n",
];

#[derive(Clone, Debug)]
enum Edit {
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, prop::sample::Index),
    Remove(prop::sample::Index, usize),
    /// Copies a stretch to another place.
    Copy(prop::sample::Index, usize, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<prop::sample::Index>(), 0..8u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (any::<prop::sample::Index>(), 1..80usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<prop::sample::Index>(), 1..80usize, any::<prop::sample::Index>())
            .prop_map(|(from, length, to)| Edit::Copy(from, length, to)),
    ]
}

fn mutated(texts: &'static [String]) -> impl Strategy<Value = Vec<u8>> {
    (any::<prop::sample::Index>(), prop::collection::vec(edit(), 0..4)).prop_map(|(which, edits)| {
        let mut bytes = which.get(texts).clone().into_bytes();
        for edit in edits {
            let length = bytes.len();
            let stretch = |at: usize, count: usize| at..(at + count).min(length);
            match edit {
                Edit::Flip(at, bit) if length > 0 => bytes[at.index(length)] ^= 1 << bit,
                Edit::Insert(at, piece) => {
                    let at = at.index(length + 1);
                    bytes.splice(at..at, piece.get(&PIECES).bytes());
                }
                Edit::Remove(at, count) => drop(bytes.drain(stretch(at.index(length + 1), count))),
                Edit::Copy(from, count, to) => {
                    let copied = bytes[stretch(from.index(length + 1), count)].to_vec();
                    let to = to.index(length + 1);
                    bytes.splice(to..to, copied);
                }
                Edit::Flip(..) => {}
            }
        }
        bytes
    })
}

/// Everything that reads text, on the same text.
fn read_all(text: &str) {
    if let Some(tile) = Tile::parse(text) {
        assert_eq!(tile.path(), text);
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(checkpoint) = Checkpoint::parse_note(text) {
        assert_eq!(Some(checkpoint.text().as_str()), note::split(text).map(|(text, _)| text));
    }
    if let Ok(note) = Note::parse(text) {
        assert!(note::is_text(note.text()));
        if let Ok(status) = Status::parse(note.text()) {
            assert_eq!(status.text(), note.text());
        }
    }
    if let Ok(receipt) = Receipt::parse(text)
        && !text.contains("\nextra ")
    {
        assert_eq!(receipt.to_string(), text);
    }
    if let Ok(policy) = Policy::parse(text) {
        drop(policy.accept(&TEXTS[0]));
    }
    drop(AuthorityFile::parse(text));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_accepted_has_one_spelling(bytes in mutated(&TEXTS)) {
        read_all(&String::from_utf8_lossy(&bytes));
        // Strict JSON is JSON, and says the same.
        if json::parse(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
        if let Ok(read) = Presentation::parse(&bytes) {
            prop_assert_eq!(Presentation::parse(read.to_json().as_bytes()), Ok(read));
        }
        if let Some(entries) = entries(&bytes) {
            let mut again = Vec::new();
            prop_assert!(entries.iter().all(|entry| push_entry(&mut again, entry)));
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn verification_of_anything_ends_in_a_verdict(bytes in mutated(&PRESENTATIONS)) {
        let all = vectors_once();
        let report = stand_in::verify_under(&all.0, all.1, &bytes);
        // A pass says the same as the file that was not mutated.
        if report.verdict() == Verdict::Pass {
            let shown = report.shown.expect("step 1 passed");
            let good = Presentation::parse(PRESENTATIONS[0].as_bytes()).expect("good");
            prop_assert_eq!(shown.entry.leaf_hash(), merkle::leaf_hash(&good.subject.entry));
            prop_assert_eq!(shown.disclosed, good.subject.disclosure.disclosed);
        }
    }
}

/// A presentation of the vectors, with every member.
static PRESENTATIONS: LazyLock<Vec<String>> =
    LazyLock::new(|| vec![section("presentations")[7]["file_text"].as_str().expect("a file").to_owned()]);

/// The policy of the vectors and their time.
fn vectors_once() -> &'static (serde_json::Value, u64) {
    static ONCE: LazyLock<(serde_json::Value, u64)> = LazyLock::new(|| {
        let all = vectors();
        (all["presentation_policy"].clone(), all["presentation_now"].as_u64().expect("a time"))
    });
    &ONCE
}
