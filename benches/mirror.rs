//! Follows a log from local files and prints entries per second, beside what hashing alone takes on this machine.
//!
//! `cargo bench --bench mirror [-- entries]`. Every entry is read, hashed and proven against a signed checkpoint, and every
//! file written, synced and named: the same as `xuefen mirror DIR --dir OUT`. On a machine with neighbours the CPU time says
//! more than the clock: it is what the clock would say if all cores were free.

use std::path::Path;
use std::time::{Duration, Instant};

use xuefen::mirror::{DirSource, Store, TileBuilder, follow};
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::{leaf_hash, node_hash};
use xuefen_core::note;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel, push_entry};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

/// Bytes of an entry: as of an outcome in a large batch.
const ENTRY: usize = 508;
const ORIGIN: &str = "bench.example/log";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let entries: u64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let dir = tempfile::tempdir()?;
    let (source, out) = (dir.path().join("log"), dir.path().join("mirror"));
    let key = SecretKey::from_seed(&[1; 32]);
    publish(&source, entries, &key)?;
    let cores = std::thread::available_parallelism()?.get();
    println!("{entries} entries of {ENTRY} bytes, {cores} cores");

    let limit = measure("SHA-256 alone: leaves and nodes from memory", entries, cores, || {
        hash_all(entries, cores);
        Ok(())
    })?;
    let vkey = VerifierKey::new(KeyName::parse(ORIGIN)?, KeyType::Note, key.public().clone());
    let policy = Policy::parse(&format!("log {vkey} https://{ORIGIN}\nquorum none\n"))?;
    let mirrored = measure("mirror from local files", entries, cores, || {
        let followed = follow(&DirSource::new(&source), &Store::open(&out)?, &policy, &|_, _| {})?;
        assert_eq!(followed.fetched, entries);
        Ok(())
    })?;
    println!("share of the hashing limit, by CPU time: {:.0} %", 100.0 * limit.as_secs_f64() / mirrored.as_secs_f64());
    measure("the same again, nothing new", entries, cores, || {
        let followed = follow(&DirSource::new(&source), &Store::open(&out)?, &policy, &|_, _| {})?;
        assert_eq!(followed.fetched, 0);
        Ok(())
    })?;
    Ok(())
}

fn entry(number: u64) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    for (at, chunk) in entry.chunks_mut(8).enumerate() {
        let mixed = (number + at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
    }
    entry
}

/// Writes a log as files.
fn publish(dir: &Path, entries: u64, key: &SecretKey) -> Result<(), Failure> {
    let write = |tile: Tile, bytes: &[u8]| -> std::io::Result<()> {
        let path = dir.join(tile.path());
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        std::fs::write(path, bytes)
    };
    let bytes = |hashes: &[xuefen_core::Hash]| -> Vec<u8> { hashes.iter().flat_map(|hash| hash.0).collect() };
    let (mut tiles, mut bundle) = (TileBuilder::default(), Vec::new());
    for number in 0..entries {
        let entry = entry(number);
        assert!(push_entry(&mut bundle, &entry));
        tiles.push(leaf_hash(&entry), |tile, hashes| write(tile, &bytes(hashes)))?;
        if (number + 1) % u64::from(TILE_WIDTH) == 0 || number + 1 == entries {
            let width = u16::try_from(number % u64::from(TILE_WIDTH) + 1)?;
            let tile = Tile::new(TileLevel::Entries, number / u64::from(TILE_WIDTH), width);
            write(tile.ok_or("a tile")?, &std::mem::take(&mut bundle))?;
        }
    }
    for (tile, hashes) in tiles.edge() {
        write(tile, &bytes(hashes))?;
    }
    let text = Checkpoint { origin: Origin::parse(ORIGIN)?, size: tiles.size(), root: tiles.root() }.text();
    let line = note::sign(&text, &KeyName::parse(ORIGIN)?, key);
    std::fs::write(dir.join("checkpoint"), note::assemble(&text, [line.as_str()]))?;
    Ok(())
}

/// A leaf hash for each entry and as many node hashes, which is what any verifier owes.
fn hash_all(entries: u64, threads: usize) {
    let share = entries / threads as u64;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let entry = entry(1);
                let mut hash = leaf_hash(&entry);
                for _ in 0..share {
                    hash = node_hash(&leaf_hash(std::hint::black_box(&entry)), &hash);
                }
                std::hint::black_box(hash)
            });
        }
    });
}

/// Runs something and prints its speed; answers its CPU time.
fn measure(
    what: &str,
    entries: u64,
    cores: usize,
    run: impl FnOnce() -> Result<(), Failure>,
) -> Result<Duration, Failure> {
    let (started, before) = (Instant::now(), cpu()?);
    run()?;
    let (clock, spent) = (started.elapsed(), cpu()?.saturating_sub(before));
    // Thousands a second.
    let rate = |time: Duration| u128::from(entries) * 1_000_000 / time.as_nanos().max(1);
    println!(
        "{what}: {clock:.2?}, {} k entries/s; {spent:.2?} of CPU, {} k entries/s on {cores} free cores",
        rate(clock),
        rate(spent / u32::try_from(cores)?)
    );
    Ok(spent)
}

/// CPU time of this process, system calls included.
fn cpu() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name in brackets: state, ten numbers, then user and system time in hundredths of a second.
    let times = stat.rsplit_once(") ").ok_or("no name")?.1;
    let ticks: u64 = times.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks))
}
