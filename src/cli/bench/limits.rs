//! What this machine allows at all, measured in the same run: syncs of the disk and signatures of a core.

use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use xuefen_core::key::SecretKey;

const SYNCS: usize = 500;
const SIGNATURES: u32 = 20_000;

/// Median and 99th percentile of a 4 KiB append with `fdatasync`: what a frame costs at least.
pub fn fdatasync(dir: &Path) -> anyhow::Result<(Duration, Duration)> {
    let path = dir.join("limit");
    let mut file = std::fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.seek(std::io::SeekFrom::End(0))?;
        file.write_all(&[7; 4_096])?;
        let from = Instant::now();
        file.sync_data()?;
        times.push(from.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(quantiles(&mut times))
}

/// Strict Ed25519 verifications a second, one core, the key decompressed before.
#[must_use]
pub fn verify_strict() -> f64 {
    let key = SecretKey::from_seed(&[7; 32]);
    let signature = key.sign(b"a message");
    let from = Instant::now();
    for _ in 0..SIGNATURES {
        assert!(key.public().verify(std::hint::black_box(b"a message"), &signature), "a good signature");
    }
    f64::from(SIGNATURES) / from.elapsed().as_secs_f64()
}

/// Median and 99th percentile.
pub fn quantiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

/// The parts that a posting's work is told by: the thread names they begin with, and the figure of each.
pub const PARTS: [(&str, &str); 6] = [
    ("verify-", "CPU per batch-signed entry: verify pool"),
    ("sequencer", "CPU per batch-signed entry: sequencer"),
    ("committer", "CPU per batch-signed entry: committer"),
    ("index", "CPU per batch-signed entry: index"),
    ("tokio-", "CPU per batch-signed entry: network, both ends"),
    ("", "CPU per batch-signed entry: the sender, and the rest"),
];

/// CPU time of this process's threads so far, by [`PARTS`].
pub fn cpu_time() -> anyhow::Result<[Duration; PARTS.len()]> {
    let mut times = [Duration::ZERO; PARTS.len()];
    for thread in std::fs::read_dir("/proc/self/task").context("cannot list /proc/self/task")? {
        let thread = thread?.path();
        let name = std::fs::read_to_string(thread.join("comm")).context("a thread has no name")?;
        let stat = std::fs::read_to_string(thread.join("schedstat")).context("a thread has no schedstat")?;
        let nanos = stat.split_whitespace().next().context("an empty schedstat")?.parse()?;
        let part = PARTS.iter().position(|(begin, _)| name.starts_with(begin)).expect("every name begins with nothing");
        times[part] += Duration::from_nanos(nanos);
    }
    Ok(times)
}

/// Resident memory of this process, bytes.
pub fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse::<u64>()? << 10)
}

/// Bytes of all files below a directory.
pub fn size_of(dir: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(size)
}
