//! Monitors of small logs that behave, and of some that do not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::cosignature;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::note;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::tile::{Tile, TileLevel, push_entry};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_ledger::testing::World;

use super::*;
use crate::mirror::{Source, SourceError, Store, TileBuilder};

const ORIGIN: &str = "ledger.example/test";
const NOW: u64 = 1_800_000_000;

/// What a source shows; `None` = it is away.
type Files = Arc<Mutex<Option<BTreeMap<String, Vec<u8>>>>>;

#[derive(Debug)]
struct Shared(&'static str, Files);

impl Source for Shared {
    fn get(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let files = self.1.lock().unwrap();
        let away = || SourceError::Status { url: path.to_owned(), status: 503 };
        Ok(files.as_ref().ok_or_else(away)?.get(path).cloned())
    }

    fn width(&self) -> usize {
        2
    }

    fn name(&self) -> String {
        self.0.to_owned()
    }
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

/// A log's resources under a checkpoint, cosigned at a time or not.
fn log(entries: &[Vec<u8>], cosigned: Option<u64>) -> BTreeMap<String, Vec<u8>> {
    let (mut tiles, mut files) = (TileBuilder::default(), BTreeMap::new());
    let mut put = |tile: Tile, bytes: Vec<u8>| drop(files.insert(tile.path(), bytes));
    let bytes = |hashes: &[xuefen_core::Hash]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    for entry in entries {
        let full = |tile: Tile, hashes: &[_]| {
            put(tile, bytes(hashes));
            Ok::<_, ()>(())
        };
        tiles.push(leaf_hash(entry), full).unwrap();
    }
    tiles.edge().for_each(|(tile, hashes)| put(tile, bytes(hashes)));
    for (index, entries) in (0..).zip(entries.chunks(256)) {
        let mut bundle = Vec::new();
        for entry in entries {
            assert!(push_entry(&mut bundle, entry));
        }
        put(Tile::new(TileLevel::Entries, index, u16::try_from(entries.len()).unwrap()).unwrap(), bundle);
    }
    let text = Checkpoint { origin: Origin::parse(ORIGIN).unwrap(), size: tiles.size(), root: tiles.root() }.text();
    let mut lines = vec![note::sign(&text, &name(ORIGIN), &key(1))];
    lines.extend(cosigned.map(|time| cosignature::sign(&text, &name("w.example"), &key(2), time)));
    files.insert("checkpoint".to_owned(), note::assemble(&text, lines.iter().map(String::as_str)).into_bytes());
    files
}

fn policy() -> Policy {
    let log = VerifierKey::new(name(ORIGIN), KeyType::Note, key(1).public().clone());
    let witness = VerifierKey::new(name("w.example"), KeyType::Cosignature, key(2).public().clone());
    Policy::parse(&format!("log {log} https://l.example\nwitness w {witness} https://w.example\nquorum w\n")).unwrap()
}

fn entries(history: &str, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("{history} {number}").into_bytes()).collect()
}

/// A monitor of two views.
struct Desk {
    dir: TempDir,
    views: [Files; 2],
    monitor: Monitor,
}

impl Desk {
    fn new(issuer: Option<&str>) -> Self {
        let views = [Files::default(), Files::default()];
        let dir = TempDir::new().unwrap();
        let monitor = Self::monitor(&dir, &views, issuer);
        Self { dir, views, monitor }
    }

    fn monitor(dir: &TempDir, views: &[Files; 2], issuer: Option<&str>) -> Monitor {
        let source = |name, view: &Files| Box::new(Shared(name, Arc::clone(view))) as Box<dyn Source>;
        let watch = Watch {
            sources: vec![source("one", &views[0]), source("two", &views[1])],
            policy: policy(),
            stale_after: Some(600),
            issuer: issuer.map(str::to_owned),
        };
        Monitor::new(watch, Store::open(dir.path()).unwrap()).unwrap()
    }

    fn show(&self, one: BTreeMap<String, Vec<u8>>, two: BTreeMap<String, Vec<u8>>) {
        *self.views[0].lock().unwrap() = Some(one);
        *self.views[1].lock().unwrap() = Some(two);
    }

    /// Codes and sources of new alerts.
    fn look(&mut self, now: u64) -> Vec<(Code, String)> {
        let seen = self.monitor.look(&Known::default(), now).unwrap();
        self.monitor.remember().unwrap();
        seen.new.into_iter().map(|alert| (alert.code, alert.source)).collect()
    }
}

fn told(code: Code, source: &str) -> (Code, String) {
    (code, source.to_owned())
}

#[test]
fn a_log_that_only_grows_is_quiet() {
    let mut desk = Desk::new(None);
    for (one, two) in [(0, 0), (1, 1), (300, 256), (256 + 300, 300), (556, 556), (70_000, 556)] {
        desk.show(log(&entries("a", one), Some(NOW)), log(&entries("a", two), Some(NOW)));
        assert_eq!(desk.look(NOW), [], "{one} {two}");
    }
}

#[test]
fn two_views_are_found_whoever_shows_them_first() {
    for (one, two) in [(300, 300), (300, 200), (200, 300), (10, 600)] {
        let mut desk = Desk::new(None);
        desk.show(log(&entries("a", one), Some(NOW)), log(&entries("b", two), Some(NOW)));
        assert_eq!(desk.look(NOW), [told(Code::LogContradictsItself, "two")], "{one} {two}");
        let notes = std::fs::read_dir(desk.dir.path().join("contradictions")).unwrap().count();
        assert_eq!(notes, 2, "{one} {two}");
        // Told once, as long as it lasts, also by the next process.
        assert_eq!(desk.look(NOW), []);
    }
}

#[test]
fn a_log_that_shrinks_or_is_rewritten_is_found() {
    let mut desk = Desk::new(None);
    let good = || log(&entries("a", 300), Some(NOW));
    desk.show(good(), good());
    assert_eq!(desk.look(NOW), []);
    desk.show(log(&entries("a", 299), Some(NOW)), good());
    assert_eq!(desk.look(NOW), [told(Code::LogShrank, "one")]);
    desk.show(log(&entries("b", 301), Some(NOW)), good());
    assert_eq!(desk.look(NOW), [told(Code::LogContradictsItself, "one")]);
    desk.show(good(), good());
    assert_eq!(desk.look(NOW), []);
    desk.show(log(&entries("a", 299), Some(NOW)), good());
    assert_eq!(desk.look(NOW), [told(Code::LogShrank, "one")], "over in between, so told again");
}

#[test]
fn witnesses_time_and_silence_are_watched() {
    let mut desk = Desk::new(None);
    let at = |count, time| log(&entries("a", count), time);
    desk.show(at(5, Some(NOW)), at(5, Some(NOW)));
    assert_eq!(desk.look(NOW + 600), []);
    assert_eq!(desk.look(NOW + 601), [told(Code::Stale, "one")]);
    // Signed again, without a new entry.
    desk.show(at(5, Some(NOW + 700)), at(5, Some(NOW + 700)));
    assert_eq!(desk.look(NOW + 701), []);
    desk.show(at(6, None), at(6, Some(NOW + 700)));
    assert_eq!(desk.look(NOW + 701), [told(Code::Unwitnessed, "one")]);
    *desk.views[1].lock().unwrap() = None;
    assert_eq!(desk.look(NOW + 702), [told(Code::SourceUnreadable, "two")]);
    let mut forged = at(7, Some(NOW));
    let note = String::from_utf8(forged["checkpoint"].clone()).unwrap().replace("\n7\n", "\n8\n");
    forged.insert("checkpoint".to_owned(), note.into_bytes());
    *desk.views[0].lock().unwrap() = Some(forged);
    assert_eq!(desk.look(NOW + 703), [told(Code::CheckpointNotAccepted, "one")]);
    let mut broken = at(300, Some(NOW + 700));
    broken.remove("tile/0/001.p/44");
    *desk.views[0].lock().unwrap() = Some(broken);
    assert_eq!(desk.look(NOW + 704), [told(Code::ResourceWrong, "one")]);
}

#[test]
fn who_is_behind_is_not_blamed_for_the_tiles_of_who_went_ahead() {
    let mut desk = Desk::new(None);
    let at = |count| log(&entries("a", count), Some(NOW));
    desk.show(at(310), at(300));
    assert_eq!(desk.look(NOW), []);
    // It shows its checkpoint and no longer what it rests on.
    let mut empty = at(310);
    empty.retain(|path, _| path == "checkpoint");
    desk.show(empty, at(300));
    assert_eq!(desk.look(NOW), [told(Code::ResourceWrong, "one")]);
}

/// Garbage is the source's fault: it is told, it never passes for the log's own word, and when it is over nothing of it
/// is left.
#[test]
fn garbage_accuses_the_source_and_never_the_log() {
    let mut desk = Desk::new(None);
    let good = || log(&entries("a", 300), Some(NOW));
    desk.show(log(&entries("a", 260), Some(NOW)), good());
    assert_eq!(desk.look(NOW), []);
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for round in 0..300 {
        let mut fed = log(&entries("a", 300 + round % 7), Some(NOW));
        for bytes in fed.values_mut() {
            match random(6) {
                0 => bytes.clear(),
                1 => bytes.truncate(random(bytes.len() + 1)),
                2 => (0..random(9)).for_each(|_| bytes.push(random(256).to_le_bytes()[0])),
                3 => *bytes = (0..random(5_000)).map(|_| random(256).to_le_bytes()[0]).collect(),
                4 if !bytes.is_empty() => {
                    let at = random(bytes.len());
                    bytes[at] ^= 1 << random(8);
                }
                _ => {}
            }
        }
        if random(3) == 0 {
            let note = String::from_utf8_lossy(&good()["checkpoint"]).replace("\n300\n", "\n18446744073709551615\n");
            fed.insert("checkpoint".to_owned(), note.into_bytes());
        }
        *desk.views[0].lock().unwrap() = Some(fed);
        for (code, source) in desk.look(NOW) {
            // It has shown larger trees by then, where a round left it whole.
            let accused = [Code::LogContradictsItself, Code::Stale, Code::UnknownStatement, Code::AboutIssuer];
            assert!(!accused.contains(&code) && source == "one", "round {round}: {code:?} of {source}");
        }
    }
    assert!(!desk.dir.path().join("contradictions").exists());
    desk.show(log(&entries("a", 310), Some(NOW)), log(&entries("a", 310), Some(NOW)));
    assert_eq!(desk.look(NOW), []);
    desk.show(log(&entries("b", 311), Some(NOW)), log(&entries("a", 310), Some(NOW)));
    assert_eq!(desk.look(NOW), [told(Code::LogContradictsItself, "one")], "and what is one is found as ever");
}

#[test]
fn a_new_process_remembers() {
    let mut desk = Desk::new(None);
    desk.show(log(&entries("a", 9), Some(NOW)), log(&entries("a", 9), None));
    assert_eq!(desk.look(NOW), [told(Code::Unwitnessed, "two")]);
    let Desk { dir, views, monitor } = desk;
    drop(monitor);
    let monitor = Desk::monitor(&dir, &views, None);
    let mut desk = Desk { dir, views, monitor };
    assert_eq!(desk.look(NOW), []);
    desk.show(log(&entries("b", 12), Some(NOW)), log(&entries("a", 9), Some(NOW)));
    assert_eq!(desk.look(NOW), [told(Code::LogContradictsItself, "one")]);
}

#[test]
fn what_somebody_says_in_ones_name_is_told_once_unless_it_is_known() {
    let world = World::furnished();
    let school = world.school.id.clone();
    let all: Vec<Vec<u8>> = world.entries.iter().map(|(entry, _)| entry.bytes().to_vec()).collect();
    let files = || log(&all, Some(NOW));
    let mut desk = Desk::new(Some(&school));
    desk.show(files(), files());
    let seen = desk.monitor.look(&Known::default(), NOW).unwrap();
    let found =
        |code| seen.new.iter().filter(|alert| alert.code == code).map(|alert| alert.index.unwrap()).collect::<Vec<_>>();
    let mut own = vec![world.named["course"], world.named["account"]];
    own.sort_unstable();
    assert_eq!(found(Code::UnknownStatement), own);
    assert_eq!(found(Code::AboutIssuer).len(), 2, "its accreditation and its key: {:?}", seen.new);
    assert_eq!(seen.new.len(), 4);
    assert_eq!(desk.monitor.look(&Known::default(), NOW).unwrap().new.len(), 0);
    // Not remembered as long as nobody was told.
    desk.monitor.forget().unwrap();
    assert_eq!(desk.monitor.look(&Known::default(), NOW).unwrap().new, seen.new);
    let Desk { dir, views, monitor } = desk;
    drop(monitor);
    let mut monitor = Desk::monitor(&dir, &views, Some(&school));
    let mut known = Known::default();
    let hashes: Vec<String> = seen.new[1..].iter().map(|alert| alert.leaf_hash.clone().unwrap()).collect();
    known.add(&hashes.join("\n")).unwrap();
    let again = monitor.look(&known, NOW).unwrap().new;
    assert_eq!(again, seen.new[..1]);
}
