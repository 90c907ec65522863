//! The entry that a statement is about: named by index, and by leaf hash so that a mistaken index cannot hit another entry.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use xuefen_core::Hash;
use xuefen_core::proto::EntryRef;

use super::client::Client;
use super::hex::from_hex;
use super::log::entry_at;
use super::registry::statements::entry_ref;

/// Which entry.
#[derive(Debug, Args)]
pub struct Target {
    /// Leaf index of the entry.
    #[arg(value_name = "INDEX")]
    index: u64,
    /// Its leaf hash, 64 hexadecimal digits; without it and --receipts, asked of the server.
    #[arg(long, value_name = "HEX")]
    leaf_hash: Option<String>,
    /// Receipts file of `xuefen post` that has the entry.
    #[arg(long, value_name = "FILE", conflicts_with = "leaf_hash")]
    receipts: Option<PathBuf>,
}

impl Target {
    /// The entry by index and leaf hash.
    pub async fn resolve(&self, client: Option<&Client>) -> anyhow::Result<EntryRef> {
        if let Some(hex) = &self.leaf_hash {
            let hash = hash(hex).with_context(|| format!("--leaf-hash {hex}: not 64 hexadecimal digits"))?;
            return Ok(entry_ref(self.index, hash));
        }
        if let Some(path) = &self.receipts {
            let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let hash = of_receipts(&text, self.index).with_context(|| format!("{}", path.display()))?;
            return Ok(entry_ref(self.index, hash));
        }
        let client = client.context("without a server, name the entry with --leaf-hash or --receipts")?;
        Ok(entry_ref(self.index, entry_at(client, self.index).await?.leaf_hash()))
    }
}

fn of_receipts(text: &[u8], index: u64) -> anyhow::Result<Hash> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = csv::Reader::from_reader(text);
    let columns = reader.headers().context("not a receipts file")?.clone();
    let column = |name| columns.iter().position(|column| column == name).context("not a receipts file");
    let (at_index, at_hash) = (column("index")?, column("leaf_hash")?);
    for record in reader.records() {
        let record = record.context("not a receipts file")?;
        if record.get(at_index).and_then(|cell| cell.parse().ok()) == Some(index) {
            return record.get(at_hash).and_then(hash).context("its leaf hash is damaged");
        }
    }
    bail!("it has no entry {index}")
}

/// A hash of 64 hexadecimal digits.
fn hash(hex: &str) -> Option<Hash> {
    from_hex(hex).map(Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leaf_hash_comes_from_the_receipts() {
        let hex = "ab".repeat(32);
        let text = format!("\u{feff}row,index,leaf_hash\n2,7,{hex}\n3,8,zz\n");
        assert_eq!(of_receipts(text.as_bytes(), 7).unwrap(), Hash([0xab; 32]));
        assert!(of_receipts(text.as_bytes(), 8).unwrap_err().to_string().contains("damaged"));
        assert!(of_receipts(text.as_bytes(), 9).unwrap_err().to_string().contains("no entry 9"));
        assert!(of_receipts(b"a,b\n", 9).is_err());
    }
}
