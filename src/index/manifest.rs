//! The manifest: the one value that says what the index consists of and which journal position it reflects
//! (docs/spec/index.md 2). Written in one batch with nothing that it does not name.

use super::codec::{Reader, put_varint};
use super::error::Result;
use super::store::{Batch, Kind, MAX_STORED, Store, Sum, damaged, key, seal};
use super::types::Applied;
use xuefen_core::Hash;

/// Changed with every change of the stored format: another one means rebuild.
const FORMAT: &[u8; 8] = b"xfindex3";
/// Most runs a manifest has room for.
pub(super) const MAX_RUNS: usize = 80;

/// What the manifest says of a run. Together with the checksums of its sparse index it fixes every byte of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunMeta {
    /// Number of the run. After a crash that of an unfinished run is used again; checksums tell them apart.
    pub id: u64,
    /// 0 for a flushed memtable, one more for each merge.
    pub tier: u64,
    pub rows: u64,
    pub keys: u64,
    pub blocks: u64,
    pub sparse_pieces: u64,
    pub filter_pieces: u64,
    pub lowest_index: u64,
    /// Checksums over all pieces of the sparse index and of the filter.
    pub sparse_sum: Sum,
    pub filter_sum: Sum,
}

/// The manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub applied: Applied,
    /// Number for the next run.
    pub next_run: u64,
    /// Newest first.
    pub runs: Vec<RunMeta>,
}

impl Manifest {
    /// The manifest in the store, if there is one.
    pub fn load(store: &Store) -> Result<Option<Self>> {
        let Some(bytes) = store.get_sealed(&key(Kind::Manifest, 0, 0))? else { return Ok(None) };
        let manifest = Self::decode(&bytes).ok_or_else(|| damaged("the manifest is of another format"))?;
        Ok(Some(manifest))
    }

    /// Adds the manifest to a batch.
    pub fn put(&self, batch: &mut Batch) -> Result<()> {
        let key = key(Kind::Manifest, 0, 0);
        let value = seal(&key, self.encode());
        if value.len() > MAX_STORED {
            return Err(damaged("too many runs for a manifest"));
        }
        batch.put(&key, value);
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = FORMAT.to_vec();
        let applied = &self.applied;
        out.extend_from_slice(applied.chain.as_ref());
        out.extend_from_slice(applied.frame_hash.as_ref());
        for number in [applied.frame, applied.tree_size, applied.position, self.next_run, self.runs.len() as u64] {
            put_varint(&mut out, number);
        }
        for run in &self.runs {
            for number in [
                run.id,
                run.tier,
                run.rows,
                run.keys,
                run.blocks,
                run.sparse_pieces,
                run.filter_pieces,
                run.lowest_index,
            ] {
                put_varint(&mut out, number);
            }
            out.extend_from_slice(&run.sparse_sum);
            out.extend_from_slice(&run.filter_sum);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.take(FORMAT.len())? != FORMAT {
            return None;
        }
        let (chain, frame_hash) = (Hash(reader.array()?), Hash(reader.array()?));
        let mut next = || reader.varint();
        let applied = Applied { frame: next()?, tree_size: next()?, position: next()?, chain, frame_hash };
        let next_run = next()?;
        let count = reader.length()?;
        let run = |reader: &mut Reader<'_>| {
            Some(RunMeta {
                id: reader.varint()?,
                tier: reader.varint()?,
                rows: reader.varint()?,
                keys: reader.varint()?,
                blocks: reader.varint()?,
                sparse_pieces: reader.varint()?,
                filter_pieces: reader.varint()?,
                lowest_index: reader.varint()?,
                sparse_sum: reader.array()?,
                filter_sum: reader.array()?,
            })
        };
        let runs = (0..count).map(|_| run(&mut reader)).collect::<Option<_>>()?;
        reader.0.is_empty().then_some(Self { applied, next_run, runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(runs: usize) -> Manifest {
        let run = RunMeta {
            id: u64::MAX,
            tier: 9,
            rows: u64::MAX,
            keys: u64::MAX,
            blocks: u64::MAX,
            sparse_pieces: 1 << 40,
            filter_pieces: 1 << 40,
            lowest_index: u64::MAX,
            sparse_sum: [1; 8],
            filter_sum: [2; 8],
        };
        let applied =
            Applied { frame: 1, tree_size: 2, chain: Hash([3; 32]), frame_hash: Hash([4; 32]), position: u64::MAX };
        Manifest { applied, next_run: 5, runs: vec![run; runs] }
    }

    #[test]
    fn round_trips_and_fits_with_the_most_runs() {
        for runs in [0, 1, MAX_RUNS] {
            let given = manifest(runs);
            let bytes = given.encode();
            assert!(bytes.len() + 8 <= MAX_STORED, "{}", bytes.len());
            assert_eq!(Manifest::decode(&bytes), Some(given));
            assert!((0..bytes.len()).all(|end| Manifest::decode(&bytes[..end]).is_none()));
        }
        let mut other = manifest(1).encode();
        other[7] ^= 1;
        assert_eq!(Manifest::decode(&other), None);
    }
}
