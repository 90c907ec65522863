//! The durable order of formats.md 6 as the kernel sees it: a small life of a journal runs under strace, and every system
//! call on its files is held against the order. A sync that is taken out of the code is found here and nowhere else.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::testing::{Writer, origin, temp_dir};
use super::{FileJournal, Journal, Mark, Options};

const DIR: &str = "XUEFEN_TEST_JOURNAL";
const OPTIONS: Options = Options { segment_size: 1_000 };

/// Create, write over several segments, crash with a torn tail, open, write. Run by the test below; a test of its own too.
#[test]
fn a_small_life() {
    let temp = temp_dir();
    let dir = std::env::var_os(DIR).map_or_else(|| temp.path().join("journal"), Into::into);
    let mut writer = Writer::new(FileJournal::create(&dir, &origin(), OPTIONS).unwrap());
    for number in 0..8 {
        writer.write(number % 4);
        if number % 2 == 0 {
            writer.publish();
        }
    }
    let torn = super::segment::path(&dir, writer.journal.reader().end().segment());
    drop(writer);
    let whole = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 1]).unwrap();
    let mut writer = Writer::new(FileJournal::open(&dir, &origin(), Mark::Head, OPTIONS).unwrap());
    assert!(writer.journal.cut().is_some());
    writer.commit(2);
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
    let temp = temp_dir();
    let (dir, log) = (temp.path().join("journal"), temp.path().join("strace"));
    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=openat,write,pwrite64,fsync,fdatasync,rename,ftruncate", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal::sync_tests::a_small_life"])
        .env(DIR, &dir)
        .output()
        .expect("strace is installed (README, what the tests need)");
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
