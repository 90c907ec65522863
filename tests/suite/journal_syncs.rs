//! The durable order of formats.md 6 as the kernel sees it: a small life of a journal runs under strace, and every system
//! call on its files is held against the order. A sync that is taken out of the code is found here and nowhere else.
//!
//! Not a unit test: a process that starts another one lends it its locks for a moment, which other tests would notice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use xuefen::journal::{
    Appended, FileJournal, FrameBuilder, Head, Journal, Mark, Options, Published, Sealed, Tip, TreeHead, chain_next,
};
use xuefen_core::merkle::leaf_hash;
use xuefen_core::tree::Frontier;

use crate::support::has_strace;

const DIR: &str = "XUEFEN_TEST_JOURNAL";
const OPTIONS: Options = Options { segment_size: 700 };

/// Appends a frame of one entry and a private record to what `tip` says, and publishes it if asked to.
fn write(journal: &mut FileJournal, tip: &mut Tip, tree: &mut Frontier, publish: bool) {
    let entry = format!("entry {}", tip.tree.size);
    let mut builder = FrameBuilder::new(tip.frame.next(), tip.tree.size, tip.frame_hash);
    builder.push_entry(entry.as_bytes(), None).expect("it fits");
    builder.push_private(1, Sealed { slot: 1, bytes: b"private" }).expect("it fits");
    let leaf = leaf_hash(entry.as_bytes());
    tree.append(leaf);
    let frame = builder.finish(chain_next(&tip.chain, &leaf), TreeHead { size: tree.size().0, root: tree.root() });
    assert!(matches!(journal.append(&frame, tip.expected()).expect("appended"), Appended::Done(_)));
    (tip.frame, tip.frame_hash, tip.chain, tip.tree) = (frame.number(), frame.hash(), frame.chain(), frame.tree());
    if publish {
        let (frame, frame_hash, tree_size) = (tip.frame, tip.frame_hash, tip.tree.size);
        let head = Head { frame, frame_hash, tree_size, checkpoint: b"checkpoint".to_vec() };
        assert_eq!(journal.publish(&head).expect("published"), Published::Done);
    }
}

/// Create, write over several segments, crash with a torn tail, open, write. Run by the test below; a test of its own too.
#[test]
fn a_small_life() {
    let temp = tempfile::tempdir().unwrap();
    let dir: PathBuf = std::env::var_os(DIR).map_or_else(|| temp.path().join("journal"), Into::into);
    let origin = "ledger.example/credit";
    let mut journal = FileJournal::create(&dir, origin, OPTIONS).unwrap();
    let (mut tip, mut tree) = (journal.acquire().unwrap(), Frontier::new());
    for number in 0..8 {
        write(&mut journal, &mut tip, &mut tree, number % 2 == 0);
    }
    let torn = dir.join(format!("{:010}.segment", journal.reader().end().segment()));
    drop(journal);
    let whole = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 1]).unwrap();
    let mut journal = FileJournal::open(&dir, origin, Mark::Head, OPTIONS).unwrap();
    assert!(journal.cut().is_some());
    let mut tree = Frontier::new();
    (0..7).for_each(|index| tree.append(leaf_hash(format!("entry {index}").as_bytes())));
    let mut tip = journal.acquire().unwrap();
    write(&mut journal, &mut tip, &mut tree, true);
}

/// What has been changed and not yet synced: files by their content, directories by their names.
#[derive(Default)]
struct Disk {
    dirty: BTreeSet<String>,
    segments_begun: u32,
    heads_written: u32,
    cuts: u32,
}

impl Disk {
    fn clean(&self, what: &str, call: &str) {
        assert!(self.dirty.is_empty(), "{what} while {:?} are not synced: {call}", self.dirty);
    }

    /// One line of strace.
    fn call(&mut self, call: &str, dir: &str) {
        let Some(start) = call.find(dir) else { return };
        let path = call[start..].split(['"', '>']).next().unwrap_or_default().to_owned();
        let name = call.split_whitespace().find(|word| word.contains('(')).unwrap_or_default();
        match name.split('(').next().unwrap_or_default() {
            "fsync" | "fdatasync" => drop(self.dirty.remove(&path)),
            "openat" if call.contains("O_CREAT") && path.ends_with(".segment") && call.contains("O_EXCL") => {
                self.clean("a segment is begun", call);
                self.dirty.insert(dir.to_owned());
                self.segments_begun += 1;
            }
            "rename" => {
                self.clean("the head is put in place", call);
                self.dirty.insert(dir.to_owned());
            }
            "pwrite64" if path.ends_with("head") => {
                self.clean("a head is written", call);
                self.dirty.insert(path);
                self.heads_written += 1;
            }
            "pwrite64" if call.contains("XFFRAME") => {
                self.clean("a frame is written", call);
                self.dirty.insert(path);
            }
            "ftruncate" => {
                self.dirty.insert(path);
                self.cuts += 1;
            }
            // The test's own torn write is a `write` to a segment; `create` writes head.new.
            "write" if path.ends_with("head.new") => drop(self.dirty.insert(path)),
            "pwrite64" => drop(self.dirty.insert(path)),
            _ => {}
        }
    }
}

#[test]
fn every_write_is_synced_before_what_rests_on_it() {
    if !has_strace() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let (dir, log) = (temp.path().join("journal"), temp.path().join("strace"));
    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=openat,write,pwrite64,fsync,fdatasync,rename,ftruncate", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal_syncs::a_small_life"])
        .env(DIR, &dir)
        .output()
        .expect("strace runs");
    assert!(status.status.success(), "{status:?}");
    let disk = replay(&std::fs::read_to_string(log).unwrap(), &dir);
    disk.clean("the end is reached", "");
    assert!(disk.segments_begun >= 2 && disk.heads_written >= 6 && disk.cuts == 1, "the life was seen");
}

fn replay(log: &str, dir: &Path) -> Disk {
    let mut disk = Disk::default();
    let dir = dir.to_str().expect("temporary paths are UTF-8");
    log.lines().for_each(|line| disk.call(line, dir));
    disk
}
