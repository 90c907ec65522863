//! Mirrors of small logs: honest ones, cut ones, and logs or caches that lie.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::tile::Tile;
use xuefen_core::tree::TreeSize;

use super::testing::{Memory, history, mth, policy, published, signed};
use super::*;

fn followed(source: &dyn Source, dir: &Path) -> Result<Followed, MirrorError> {
    follow(source, &Store::open(dir)?, &policy(1), &|_, _| {})
}

/// Public files below a directory, by path.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            match () {
                () if name.starts_with('.') => {}
                () if path.is_dir() => walk(root, &path, found),
                () => drop(found.insert(name, std::fs::read(&path).unwrap())),
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

#[test]
fn a_mirror_has_the_bytes_of_the_log_at_every_size_it_stops_at() {
    let entries = history("a", 66_000);
    let dir = TempDir::new().unwrap();
    let mut shown = BTreeSet::new();
    for size in [0, 1, 2, 255, 256, 257, 300, 512, 600, 1_000, 65_535, 65_536, 65_537, 66_000] {
        let log = published(&entries[..size]);
        let source = Memory { resources: log.clone(), ..Memory::default() };
        let result = followed(&source, dir.path()).unwrap();
        assert_eq!(result.noted.checkpoint.size.0, size as u64);
        let here = files(dir.path());
        for (path, bytes) in &log {
            assert!(here.get(path) == Some(bytes), "{path} at {size}");
        }
        shown.extend(log.into_keys());
        for path in here.keys() {
            // Nothing else, except partial tiles of sizes that were shown before, as long as there is no full one.
            let full = path.split_once(".p/").map(|(full, _)| full);
            assert!(shown.contains(path), "{path} at {size}");
            assert!(full.is_none_or(|full| !here.contains_key(full)), "{path} at {size}");
        }
    }
    assert_eq!(followed(&Memory::new(&entries), dir.path()).unwrap().state, State::Unchanged);
}

#[test]
fn only_what_is_new_is_asked_for() {
    let entries = history("a", 2_000);
    let dir = TempDir::new().unwrap();
    followed(&Memory::new(&entries[..1_500]), dir.path()).unwrap();
    let source = Memory::new(&entries);
    let result = followed(&source, dir.path()).unwrap();
    // The tile that was partial is read whole.
    assert_eq!((result.state, result.before, result.fetched), (State::Extended, 1_500, 2_000 - 1_280));
    let asked = source.asked.into_inner().unwrap();
    assert!(asked.iter().all(|path| !path.starts_with("tile/entries/000")), "{asked:?}");
    assert!(asked.len() < 12, "{asked:?}");
}

#[test]
fn a_mirror_is_mirrored_from_its_directory() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    followed(&Memory::new(&history("a", 700)), first.path()).unwrap();
    followed(&DirSource::new(first.path()), second.path()).unwrap();
    assert!(files(first.path()) == files(second.path()));
}

#[test]
fn whatever_is_wrong_at_the_source_is_named_and_stays_out() {
    let entries = history("a", 600);
    let good = published(&entries);
    for path in good.keys().filter(|path| path.starts_with("tile/")) {
        // Level 0 of full tiles is made from the entries and never asked for.
        let unread = path.starts_with("tile/0/") && !path.contains(".p/");
        let bytes = &good[path];
        let flipped = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            Some(bytes)
        };
        let longer = [&bytes[..], &[0]].concat();
        let changes = [
            flipped(0),
            flipped(bytes.len() - 1),
            flipped(bytes.len() / 2),
            Some(bytes[..bytes.len() - 1].to_vec()),
            Some(longer),
            Some(Vec::new()),
            None,
        ];
        for change in changes {
            let mut resources = good.clone();
            match change {
                Some(bytes) => drop(resources.insert(path.clone(), bytes)),
                None => drop(resources.remove(path)),
            }
            let dir = TempDir::new().unwrap();
            let result = followed(&Memory { resources, ..Memory::default() }, dir.path());
            let here = files(dir.path());
            assert!(here.iter().all(|(path, bytes)| good.get(path) == Some(bytes)), "{path}");
            match result {
                Ok(_) => assert!(unread, "{path}"),
                Err(error) => {
                    assert!(error.is_finding() && !here.contains_key("checkpoint"), "{path}: {error}");
                    let (MirrorError::Wrong { path: named, .. } | MirrorError::Missing { path: named, .. }) = error
                    else {
                        panic!("{path}: {error}");
                    };
                    // Which tile of the edge is at fault cannot be told from the root: any of them is named.
                    assert!(named == *path || path.contains(".p/"), "{path}: {named}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_tile_between_root_and_leaves_is_named() {
    let good = published(&history("a", 66_000));
    for at in [0, 8_191] {
        let mut resources = good.clone();
        resources.get_mut("tile/1/000").unwrap()[at] ^= 1;
        let source = Memory { resources, ..Memory::default() };
        let log = LogAt::open(&source, None, Noted::newest(&source, &policy(1)).unwrap()).unwrap();
        // Whatever lies below it cannot be proven; what lies beside it can.
        for (bundle, proven) in [(0, false), (255, false), (256, true), (257, true)] {
            match log.bundle(bundle) {
                Ok(bundle) => assert!(proven && bundle.bytes == good[&bundle.tile.path()]),
                Err(MirrorError::Wrong { path, .. }) => assert!(!proven && path == "tile/1/000", "{bundle}: {path}"),
                Err(error) => panic!("{bundle}: {error}"),
            }
        }
        assert_eq!(
            log.root_at(TreeSize(65_536)).unwrap(),
            mth_of_first(65_536),
            "the peak above it needs no tile below"
        );
        assert!(log.root_at(TreeSize(65_535)).is_err());
    }
}

fn mth_of_first(count: u64) -> xuefen_core::Hash {
    mth(&history("a", count).iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>())
}

#[test]
fn a_checkpoint_of_another_key_or_log_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let mut source = Memory::new(&history("a", 5));
    let note = String::from_utf8(source.resources["checkpoint"].clone()).unwrap();
    for bad in [
        signed(5, mth(&[]), 2),
        note.replace("log.example", "dog.example"),
        String::new(),
        note.replace("\n5\n", "\n6\n"),
    ] {
        source.resources.insert("checkpoint".to_owned(), bad.clone().into_bytes());
        let error = followed(&source, dir.path()).unwrap_err();
        assert_eq!((error.code(), error.is_finding()), ("CHECKPOINT_NOT_ACCEPTED", true), "{bad}");
    }
    source.resources.remove("checkpoint");
    assert_eq!(followed(&source, dir.path()).unwrap_err().code(), "CHECKPOINT_MISSING");
    assert_eq!(files(dir.path()).len(), 0);
}

/// A log of `size` entries that follows `history("a", _)` up to `same` and another one from there on.
fn forked(same: u64, size: u64) -> Vec<Vec<u8>> {
    let other = history("other", size);
    history("a", same).into_iter().chain(other.into_iter().skip(usize::try_from(same).unwrap())).collect()
}

#[test]
fn a_log_that_contradicts_itself_is_found_and_both_notes_are_kept() {
    let honest = Memory::new(&history("a", 300));
    for (same, size) in [(299, 300), (299, 301), (10, 800), (0, 299), (257, 280), (256, 66_000)] {
        let dir = TempDir::new().unwrap();
        followed(&honest, dir.path()).unwrap();
        let before = files(dir.path());
        let other = Memory::new(&forked(same, size));
        let error = followed(&other, dir.path()).unwrap_err();
        assert_eq!(error.code(), "LOG_CONTRADICTS_ITSELF", "{same} {size}");
        let mut after = files(dir.path());
        let notes: Vec<_> = after.keys().filter(|path| path.starts_with("contradictions/")).cloned().collect();
        let notes: BTreeSet<_> = notes.iter().map(|path| after.remove(path).unwrap()).collect();
        let both = [&honest, &other].map(|source| source.resources["checkpoint"].clone());
        assert_eq!(notes, BTreeSet::from(both), "{same} {size}");
        assert!(after == before, "{same} {size}");
    }
}

#[test]
fn an_older_checkpoint_of_the_same_log_is_no_contradiction() {
    let dir = TempDir::new().unwrap();
    followed(&Memory::new(&history("a", 300)), dir.path()).unwrap();
    for size in [0, 1, 256, 299] {
        let result = followed(&Memory::new(&history("a", size)), dir.path()).unwrap();
        assert_eq!(result.state, State::Behind, "{size}");
    }
    assert!(files(dir.path())["checkpoint"].starts_with(b"log.example/a\n300\n"));
}

#[test]
fn a_run_that_was_cut_goes_on_and_trusts_nothing_it_finds() {
    let entries = history("a", 2_000);
    let good = published(&entries);
    for answers in 0..14 {
        let dir = TempDir::new().unwrap();
        let source = Memory { fails_after: Some(answers), ..Memory::new(&entries) };
        let Err(error) = followed(&source, dir.path()) else { continue };
        assert!(!error.is_finding(), "{error}");
        let here = files(dir.path());
        assert!(here.iter().all(|(path, bytes)| good.get(path) == Some(bytes)));
        assert!(!here.contains_key("checkpoint"));
        // A bundle that a bad disk changed meanwhile.
        let bundles = here.keys().filter(|path| path.starts_with("tile/entries/")).count() as u64;
        if bundles > 0 {
            std::fs::write(dir.path().join("tile/entries/000"), b"damaged").unwrap();
        }
        let result = followed(&Memory::new(&entries), dir.path()).unwrap();
        assert!(files(dir.path()) == good, "{answers}");
        let whole = bundles.saturating_sub(1) * 256;
        assert!(result.fetched <= 2_000 - whole, "{answers}: {} with {bundles} bundles", result.fetched);
    }
}

#[test]
fn another_history_between_a_cut_and_the_next_run_is_found() {
    let dir = TempDir::new().unwrap();
    let source = Memory { fails_after: Some(6), ..Memory::new(&history("a", 2_000)) };
    assert!(!followed(&source, dir.path()).unwrap_err().is_finding());
    let error = followed(&Memory::new(&forked(1_000, 2_100)), dir.path()).unwrap_err();
    assert_eq!(error.code(), "LOG_CONTRADICTS_ITSELF");
    // The first history, grown, goes on.
    followed(&Memory::new(&history("a", 2_200)), dir.path()).unwrap();
}

#[test]
fn a_directory_belongs_to_one_log_and_one_process() {
    let dir = TempDir::new().unwrap();
    followed(&Memory::new(&history("a", 3)), dir.path()).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap_err().code(), "DIRECTORY_IN_USE");
    drop(store);
    let note = std::fs::read_to_string(dir.path().join("checkpoint")).unwrap();
    std::fs::write(dir.path().join("checkpoint"), note.replace("\n3\n", "\n2\n")).unwrap();
    assert_eq!(followed(&Memory::new(&history("a", 3)), dir.path()).unwrap_err().code(), "DIRECTORY_FOREIGN");
}

#[test]
fn partial_tiles_that_are_gone_are_cut_from_the_full_ones() {
    let entries = history("a", 70_000);
    // A checkpoint that was fetched before the log grew.
    let older = |size: usize| {
        let log = published(&entries[..size]);
        let mut source = Memory::new(&entries);
        source.resources.insert("checkpoint".to_owned(), log["checkpoint"].clone());
        (source, log)
    };
    let (source, log) = older(300);
    assert!(["tile/0/001.p/44", "tile/entries/001.p/44", "tile/1/000.p/1"].iter().all(|path| log.contains_key(*path)));
    let dir = TempDir::new().unwrap();
    followed(&source, dir.path()).unwrap();
    assert!(files(dir.path()) == log);
    // As long as there is no full tile, the log owes the partial one.
    let (mut source, log) = older(66_000);
    let error = followed(&source, TempDir::new().unwrap().path()).unwrap_err();
    assert!(matches!(&error, MirrorError::Missing { path, .. } if path == "tile/1/001.p/1"), "{error}");
    source.resources.insert("tile/1/001.p/1".to_owned(), log["tile/1/001.p/1"].clone());
    let dir = TempDir::new().unwrap();
    followed(&source, dir.path()).unwrap();
    assert!(files(dir.path()) == log);
}

#[test]
fn tiles_are_built_as_they_are_published() {
    let entries = history("a", 66_000);
    let mut builder = TileBuilder::default();
    let mut built: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let bytes = |hashes: &[xuefen_core::Hash]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    for entry in &entries {
        let keep = |tile: Tile, hashes: &[_]| {
            built.insert(tile.path(), bytes(hashes));
            Ok::<_, ()>(())
        };
        builder.push(leaf_hash(entry), keep).unwrap();
    }
    built.extend(builder.edge().map(|(tile, hashes)| (tile.path(), bytes(hashes))));
    let mut log = published(&entries);
    log.retain(|path, _| path.starts_with("tile/") && !path.starts_with("tile/entries/"));
    assert!(built == log);
    assert_eq!(builder.size(), TreeSize(66_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever bytes a source gives, what comes out is what was signed, or an error.
    #[test]
    fn foreign_bytes_never_come_out(
        size in 1_usize..600,
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        keep in any::<bool>(),
    ) {
        let entries = history("a", size as u64);
        let good = published(&entries);
        let mut resources = good.clone();
        let path = pick.get(&good.keys().cloned().collect::<Vec<_>>()).clone();
        let resource = resources.get_mut(&path).unwrap();
        // Put in between, or in place of what was there.
        let from = at.index(resource.len() + 1);
        let to = if keep { from } else { (from + bytes.len()).min(resource.len()) };
        resource.splice(from..to, bytes);
        let source = Memory { resources, ..Memory::default() };
        if let Ok(noted) = Noted::newest(&source, &policy(1)) {
            prop_assert_eq!(noted.checkpoint.size.0, size as u64);
            if let Ok(log) = LogAt::open(&source, None, noted) {
                for index in 0..log.bundles() {
                    if let Ok(bundle) = log.bundle(index) {
                        prop_assert_eq!(&bundle.bytes, &good[&bundle.tile.path()]);
                    }
                }
            }
        }
    }
}
