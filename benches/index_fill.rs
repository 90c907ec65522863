//! Fills the index with entries of about six rows each and prints entries per second, memory and disk; then look-ups.
//!
//! `cargo bench --bench index_fill [-- entries]`. Measures the index alone: no journal, no signatures.
//! The rows are like the ledger's: random 32-byte ids and hashes as keys, some ordered keys, short values.

use bytes::{Bytes, BytesMut};
use std::path::Path;
use std::time::{Duration, Instant};
use xuefen::index::{Applied, Direction, FrameRows, Index, IndexOptions, Row};
use xuefen_core::Hash;
use xuefen_core::hash::sha256;
use xuefen_core::tree::{LeafIndex, TreeSize};

const FRAME: u64 = 512;
const ISSUERS: u64 = 200;
const LEARNERS: u64 = 50_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entries = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir()?;
    let start = Applied { frame: 0, tree_size: 0, chain: Hash::default(), frame_hash: Hash::default(), position: 0 };
    let index = Index::create(dir.path(), IndexOptions::default(), start)?;
    index.install()?;
    fill(&index, entries, dir.path())?;
    look_up(&index, entries)?;
    drop(index);
    let opened = Instant::now();
    let (index, applied) = Index::open(dir.path(), IndexOptions::default())?;
    println!("open: {:?}, frame {} of {}", opened.elapsed(), applied.frame, entries.div_ceil(FRAME));
    println!("memory after open: {} MiB", resident()? >> 20);
    drop(index);
    Ok(())
}

/// Applies and publishes frame after frame; each entry asks for eight keys first, as the sequencer does, mostly in vain.
fn fill(index: &Index, entries: u64, dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let (mut applying, mut asking, mut worst, mut row_bytes) = (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0);
    let mut peak = 0;
    for frame in 1..=entries.div_ceil(FRAME) {
        let first_index = (frame - 1) * FRAME;
        let count = FRAME.min(entries - first_index);
        let view = index.view();
        let asked = cpu()?;
        for entry in first_index..first_index + count {
            for question in 0..8_u8 {
                let key = if question == 0 { counter_key(entry).to_vec() } else { id_key(question, entry).to_vec() };
                assert!(view.newest(&key, u64::MAX)?.is_none_or(|(index, _)| index < first_index));
            }
        }
        asking += cpu()?.saturating_sub(asked);
        let rows: Vec<_> = (first_index..first_index + count).flat_map(rows).collect();
        row_bytes += rows.iter().map(|row| row.key.len() + 8 + row.value.len()).sum::<usize>();
        let leaf_hashes: Vec<_> = (first_index..first_index + count).map(|i| sha256(&[&i.to_be_bytes()])).collect();
        let positions: Vec<_> = (first_index..first_index + count).map(|i| i * 623).collect();
        let (waited, applied) = (Instant::now(), cpu()?);
        index.apply(FrameRows {
            frame,
            first_index,
            rows,
            leaf_hashes: &leaf_hashes,
            positions: &positions,
            chain: Hash::default(),
            frame_hash: Hash::default(),
            next_position: (first_index + count) * 623,
        })?;
        applying += cpu()?.saturating_sub(applied);
        worst = worst.max(waited.elapsed());
        index.publish(first_index + count)?;
        if frame % 200 == 0 {
            peak = peak.max(resident()?);
        }
    }
    let filled = started.elapsed();
    report("fill", entries, filled);
    report("  asking 8 keys, CPU of this thread", entries, asking);
    report("  apply, CPU of this thread", entries, applying);
    println!("worst apply: {worst:?}; {} bytes of rows an entry", row_bytes as u64 / entries);
    println!("after fill: {} bytes an entry on disk, {:?}", disk(dir)? / entries, index.stats());
    index.settle()?;
    report("settled", entries, started.elapsed());
    println!("memory: peak {} MiB, now {} MiB", peak.max(resident()?) >> 20, resident()? >> 20);
    std::thread::sleep(Duration::from_secs(5));
    println!("5 s later: {} bytes an entry on disk, runs {}", disk(dir)? / entries, index.stats().runs);
    Ok(())
}

fn look_up(index: &Index, entries: u64) -> Result<(), Box<dyn std::error::Error>> {
    let view = index.view();
    let pick = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % entries;
    let timed = |what: &str, count: u64, ask: &dyn Fn(u64) -> xuefen::index::Result<()>| {
        let started = cpu().unwrap_or_default();
        (0..count).try_for_each(ask)?;
        println!(
            "{what}: {:?} CPU each",
            cpu().unwrap_or_default().saturating_sub(started) / u32::try_from(count).unwrap_or(u32::MAX)
        );
        xuefen::index::Result::Ok(())
    };
    timed("newest, absent", 1_000_000, &|i| view.newest(&id_key(9, i), u64::MAX).map(drop))?;
    timed("newest, anywhere", 50_000, &|i| {
        assert!(view.newest(&id_key(0, pick(i)), u64::MAX)?.is_some());
        Ok(())
    })?;
    timed("newest, 100 hot keys", 200_000, &|i| view.newest(&id_key(0, pick(i % 100)), u64::MAX).map(drop))?;
    timed("history of 20", 5_000, &|i| {
        view.history(&counter_key(pick(i)), u64::MAX, None, Direction::Descending)
            .take(20)
            .try_for_each(|row| row.map(drop))
    })?;
    timed("scan of a learner", 5_000, &|i| {
        let prefix = learner_key(pick(i));
        view.scan_prefix(&prefix[..17], u64::MAX, None).take(20).try_for_each(|row| row.map(drop))
    })?;
    timed("inclusion proof", 5_000, &|i| view.inclusion_proof(LeafIndex(pick(i)), TreeSize(entries)).map(drop))?;
    println!("memory: {} MiB", resident()? >> 20);
    Ok(())
}

fn rows(entry: u64) -> Vec<Row> {
    // One buffer for the entry's rows.
    let mut buffer = BytesMut::with_capacity(512);
    let mut cut = |key: &[u8], value: &[u8]| {
        buffer.extend_from_slice(key);
        buffer.extend_from_slice(value);
        let row = buffer.split().freeze();
        Row { key: row.slice(..key.len()), index: entry, value: row.slice(key.len()..) }
    };
    let numbers = [entry.to_be_bytes(), (entry * 7).to_be_bytes()].concat();
    let mut rows = vec![
        cut(&id_key(0, entry), &numbers),
        cut(&id_key(100, entry), &numbers[..9]),
        cut(&id_key(101, entry), b"valid"),
        cut(&learner_key(entry), &numbers[..12]),
        cut(&counter_key(entry), &numbers),
    ];
    rows.push(cut(&[b"D", &counter_key(entry)[1..], &entry.to_be_bytes()].concat(), &[]));
    rows
}

fn id_key(table: u8, entry: u64) -> [u8; 33] {
    let mut key = [table; 33];
    key[1..].copy_from_slice(sha256(&[&entry.to_be_bytes(), &[table]]).as_ref());
    key
}

fn learner_key(entry: u64) -> Bytes {
    let learner = sha256(&[&(entry.wrapping_mul(0x9e37_79b9) % LEARNERS).to_be_bytes()]);
    [&b"L"[..], &learner.0[..16], &entry.to_be_bytes()].concat().into()
}

fn counter_key(entry: u64) -> Bytes {
    format!("C/issuer-{:04}", entry / 30 % ISSUERS).into()
}

fn report(what: &str, entries: u64, time: Duration) {
    let nanos = time.as_nanos() / u128::from(entries);
    println!("{what}: {time:?}, {nanos} ns an entry, {} k entries/s", 1_000_000 / nanos.max(1));
}

/// CPU time of this thread: neighbours on the machine disturb it less than the clock.
fn cpu() -> std::io::Result<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(times.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)))
}

/// Resident memory of this process in bytes.
fn resident() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) << 10)
}

/// Bytes of all files under `dir`, as allocated.
fn disk(dir: &Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        sum += if entry.path().is_dir() { disk(&entry.path())? } else { entry.metadata()?.blocks() * 512 };
    }
    Ok(sum)
}
