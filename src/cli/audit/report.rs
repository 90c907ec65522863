//! What an audit saw, and how it is told.

use serde_json::json;
use xuefen_core::Hash;
use xuefen_ledger::audit::Counts;

use crate::cli::exit::Exit;
use crate::cli::output::Output;

/// Findings that are printed; all are counted.
pub(super) const SHOWN: usize = 100;

/// One thing that is wrong, and what to do.
#[derive(Debug)]
pub(super) struct Item {
    /// The entry, or the size of the tree, that it is about.
    pub index: u64,
    /// Stable.
    pub code: &'static str,
    /// What ought to hold.
    pub rule: &'static str,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub advice: &'static str,
}

/// What the audit saw.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub frames: u64,
    pub size: u64,
    pub root: Hash,
    pub counts: Counts,
    pub findings: usize,
    /// Payloads that could be neither opened nor told erased.
    pub unopened: u64,
    /// The tree size of the checkpoint that was found right.
    pub signed: Option<u64>,
    /// The tree size at which the index was found right.
    pub index: Option<u64>,
    /// Entries whose rows were derived again, because the index does not reflect them yet, and found right.
    pub derived: u64,
    items: Vec<Item>,
}

impl Report {
    /// Something does not hold.
    pub fn find(&mut self, item: Item) {
        self.findings += 1;
        self.note(item);
    }

    /// Something could not be checked.
    pub fn note(&mut self, item: Item) {
        if self.items.len() < SHOWN {
            self.items.push(item);
        }
    }

    pub const fn exit(&self) -> Exit {
        if self.findings > 0 {
            Exit::Fail
        } else if self.unopened > 0 || (self.size > 0 && self.signed.is_none()) {
            Exit::CouldNotCheck
        } else {
            Exit::Pass
        }
    }

    const fn erased(&self) -> u64 {
        self.counts.erased.saturating_sub(self.unopened)
    }

    pub fn print(&self, output: &mut Output<'_>) -> anyhow::Result<()> {
        if output.is_json() {
            return output.json(&self.value());
        }
        let counts = &self.counts;
        output.line(&format!("{} entries in {} frames, root {}", self.size, self.frames, self.root))?;
        output.line(&format!("{} attestations by {} signatures", counts.attestations, counts.signatures))?;
        output.line(&format!("{} payloads opened, {} erased and skipped", counts.payloads, self.erased()))?;
        output.line(&match self.signed {
            Some(size) => format!("the signed checkpoint over {size} entries is right"),
            None => "no signed checkpoint was found right".to_owned(),
        })?;
        if let Some(size) = self.index {
            output.line(&format!("the index is right as of {size} entries"))?;
        }
        if self.derived > 0 {
            output.line(&format!("what {} later entries add to it is right", self.derived))?;
        }
        for item in &self.items {
            output.line(&format!("entry {}: {}: {} ({})", item.index, item.code, item.rule, item.detail))?;
            output.line(&format!("    {}", item.advice))?;
        }
        output.line(&format!("{} findings", self.findings))?;
        if self.unopened > 0 {
            output.remark(&format!("{} payloads could not be opened: what they say was not checked", self.unopened));
        }
        Ok(())
    }

    fn value(&self) -> serde_json::Value {
        let item = |item: &Item| {
            let Item { index, code, rule, detail, advice } = item;
            json!({ "index": index, "code": code, "rule": rule, "detail": detail, "advice": advice })
        };
        let counts = &self.counts;
        json!({
            "entries": self.size,
            "frames": self.frames,
            "root": self.root.to_string(),
            "attestations": counts.attestations,
            "signatures": counts.signatures,
            "payloads": counts.payloads,
            "erased": self.erased(),
            "unopened": self.unopened,
            "signed_size": self.signed,
            "index_size": self.index,
            "derived": self.derived,
            "findings": self.findings,
            "items": self.items.iter().map(item).collect::<Vec<_>>(),
        })
    }
}
